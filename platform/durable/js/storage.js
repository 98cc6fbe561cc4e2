// `ctx.storage` of a Durable Object (durable-objects.md sections 3 to 5): a thin layer over natives. Every
// operation is answered at once, so `await storage.get()` resumes in the same turn.
import { natives } from "../../runtime/js/natives.js";
import { runSection } from "../../runtime/js/execution_context.js";
import { SqlStorage } from "./sql.js";
import { SyncKvStorage } from "./sync_kv.js";
import { listEntries, putEntries, sortedMap } from "./entries.js";
import { Transaction } from "./transaction.js";
import { deleteAlarm, getAlarm, setAlarm } from "./alarm.js";

const { isArray } = Array;

export class DurableObjectStorage {
  #actor;
  #context;
  #sql;
  #kv;
  #depth = 0;
  constructor(actor, context) {
    this.#actor = actor;
    this.#context = context;
  }

  async get(key, options) {
    if (!isArray(key)) return natives.storageGet(this.#actor, `${key}`);
    return sortedMap(this.#actor, key);
  }

  async put(key, value, options) {
    if (typeof key === "object" && key !== null) {
      putEntries(this.#actor, key, value);
      return;
    }
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    natives.storagePut(this.#actor, `${key}`, value, options?.allowUnconfirmed === true);
  }

  async delete(key, options) {
    const unconfirmed = options?.allowUnconfirmed === true;
    if (!isArray(key)) return natives.storageDelete(this.#actor, `${key}`, unconfirmed);
    let count = 0;
    for (let i = 0; i < key.length; i++) {
      if (natives.storageDelete(this.#actor, `${key[i]}`, unconfirmed)) count++;
    }
    return count;
  }

  async list(options) {
    return listEntries(this.#actor, options);
  }

  async deleteAll(options) {
    if (this.#depth > 0) throw new Error("Cannot call deleteAll() within a transaction");
    natives.storageDeleteAll(this.#actor);
  }

  /** Resolves when everything written so far is durable. */
  sync() {
    return this.#context.operation((operation) => natives.storageSync(this.#actor, operation));
  }

  /** A critical section with a savepoint; a throw rolls back and leaves the object alive. */
  transaction(callback) {
    const actor = this.#actor;
    const finished = runSection(this.#context, async () => {
      natives.storageSavepoint(actor, 3);
      this.#depth++;
      const transaction = new Transaction(actor, this.#context);
      try {
        const value = await callback(transaction);
        transaction.finish(true);
        return { value };
      } catch (error) {
        transaction.finish(false);
        return { error, failed: true };
      } finally {
        this.#depth--;
      }
    });
    return unwrap(finished);
  }

  /** Runs the callback at once between savepoints. */
  transactionSync(callback) {
    natives.storageSavepoint(this.#actor, 0);
    let value;
    try {
      value = callback();
    } catch (error) {
      natives.storageSavepoint(this.#actor, 2);
      throw error;
    }
    natives.storageSavepoint(this.#actor, 1);
    return value;
  }

  get sql() { return (this.#sql ??= new SqlStorage(this.#actor)); }
  get kv() { return (this.#kv ??= new SyncKvStorage(this.#actor)); }

  async getAlarm(options) { return getAlarm(this.#actor); }
  async setAlarm(time, options) { setAlarm(this.#context, this.#actor, time, options); }
  async deleteAlarm(options) { deleteAlarm(this.#actor, options); }
}

async function unwrap(finished) {
  const result = await finished;
  if (result.failed) throw result.error;
  return result.value;
}

export function makeStorage(actor, _natives, context) {
  return new DurableObjectStorage(actor, context);
}

