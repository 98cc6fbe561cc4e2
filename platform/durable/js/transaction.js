// What the callback of `storage.transaction()` gets (durable-objects.md section 5).
import { natives } from "../../runtime/js/natives.js";
import { listEntries, putEntries, sortedMap } from "./entries.js";
import { deleteAlarm, getAlarm, setAlarm } from "./alarm.js";

const { isArray } = Array;

export class Transaction {
  #actor;
  #context;
  #state = "open";
  constructor(actor, context) {
    this.#actor = actor;
    this.#context = context;
  }

  #check(operation) {
    if (this.#state === "rolled back") {
      throw new Error(`Cannot ${operation} on rolled back transaction`);
    }
    if (this.#state === "done") {
      throw new Error(`Cannot call ${operation} on transaction that has already committed: ` +
        "did you move `txn` outside of the closure?");
    }
  }

  async get(key) {
    this.#check("get()");
    return isArray(key) ? sortedMap(this.#actor, key) : natives.storageGet(this.#actor, `${key}`);
  }
  async put(key, value, options) {
    this.#check("put()");
    if (typeof key === "object" && key !== null) return void putEntries(this.#actor, key, value);
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    natives.storagePut(this.#actor, `${key}`, value, options?.allowUnconfirmed === true);
  }
  async delete(key, options) {
    this.#check("delete()");
    const unconfirmed = options?.allowUnconfirmed === true;
    if (!isArray(key)) return natives.storageDelete(this.#actor, `${key}`, unconfirmed);
    let count = 0;
    for (let i = 0; i < key.length; i++) {
      if (natives.storageDelete(this.#actor, `${key[i]}`, unconfirmed)) count++;
    }
    return count;
  }
  async list(options) {
    this.#check("list()");
    return listEntries(this.#actor, options);
  }
  async getAlarm(options) {
    this.#check("getAlarm()");
    return getAlarm(this.#actor);
  }
  async setAlarm(time, options) {
    this.#check("setAlarm()");
    setAlarm(this.#context, this.#actor, time, options);
  }
  async deleteAlarm(options) {
    this.#check("deleteAlarm()");
    deleteAlarm(this.#actor, options);
  }
  async deleteAll() {
    throw new Error("Cannot call deleteAll() within a transaction");
  }
  rollback() {
    if (this.#state === "rolled back") return;
    this.#check("rollback()");
    natives.storageSavepoint(this.#actor, 2);
    this.#state = "rolled back";
  }

  /** The callback ended: commits, or rolls back unless that was done by hand. */
  finish(success) {
    if (this.#state === "open") natives.storageSavepoint(this.#actor, success ? 1 : 2);
    if (this.#state !== "rolled back") this.#state = "done";
    natives.storageTransactionEnded(this.#actor);
  }
}
