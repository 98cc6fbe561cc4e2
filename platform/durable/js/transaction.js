// What the callback of `storage.transaction()` gets (durable-objects.md section 5).
import { natives } from "../../runtime/js/natives.js";
import { promiseResolve } from "../../runtime/js/safe.js";
import { illegalInvocation, named } from "./arguments.js";
import { get, list, put, remove } from "./entries.js";
import { deleteAlarm, getAlarm, setAlarm } from "./alarm.js";
import { addPlatformClass } from "../../runtime/js/platform_classes.js";

/** The inside of a transaction; user code cannot reach it. */
export class TransactionHandle {
  of = "DurableObjectTransaction";
  state = "open";
  constructor(storage) {
    this.storage = storage;
    this.actor = storage.actor;
    this.context = storage.context;
  }

  get open() { return this.state === "open"; }

  /** Throws when it is over. */
  check(operation) {
    if (this.state === "rolled back") throw new Error(`Cannot ${operation} on rolled back transaction`);
    if (this.state === "done") {
      throw new Error(`Cannot call ${operation} on transaction that has already committed: ` +
        "did you move `txn` outside of the closure?");
    }
  }

  rollback() {
    if (this.state === "rolled back") return;
    this.check("rollback()");
    const { transactions } = this.storage;
    if (transactions[transactions.length - 1] !== this) {
      throw new Error("Cannot roll back an outer transaction while a nested transaction is still running.");
    }
    this.state = "rolled back";
    natives.storageSavepoint(this.actor, 2);
  }

  /** The callback ended: commits, or rolls back unless that was done by hand. */
  finish(success) {
    const { open } = this;
    if (open) this.state = success ? "done" : "rolled back";
    try {
      if (open) natives.storageSavepoint(this.actor, success ? 1 : 2);
    } finally {
      natives.storageTransactionEnded(this.actor);
    }
  }
}

export class DurableObjectTransaction {
  #handle;
  constructor(handle) {
    this.#handle = handle;
  }
  static #of(transaction) {
    if (typeof transaction !== "object" || transaction === null || !(#handle in transaction)) {
      throw illegalInvocation();
    }
    return transaction.#handle;
  }

  get(key, options) { return get(DurableObjectTransaction.#of(this), arguments.length, key, options); }
  put(key, value, options) {
    return put(DurableObjectTransaction.#of(this), arguments.length, key, value, options);
  }
  delete(key, options) { return remove(DurableObjectTransaction.#of(this), arguments.length, key, options); }
  list(options) { return list(DurableObjectTransaction.#of(this), options); }
  deleteAll() { throw new Error("Cannot call deleteAll() within a transaction"); }
  rollback() { DurableObjectTransaction.#of(this).rollback(); }

  getAlarm(options) { return alarmOf(DurableObjectTransaction.#of(this), options); }
  setAlarm(time, options) { return alarmTo(DurableObjectTransaction.#of(this), time, options); }
  deleteAlarm(options) { return noAlarm(DurableObjectTransaction.#of(this), options); }

}

async function alarmOf(handle, options) {
  return promiseResolve(getAlarm(handle, options));
}
async function alarmTo(handle, time, options) {
  return promiseResolve(setAlarm(handle, time, options));
}
async function noAlarm(handle, options) {
  return promiseResolve(deleteAlarm(handle, options));
}

named(DurableObjectTransaction, "DurableObjectTransaction");
addPlatformClass(DurableObjectTransaction);
