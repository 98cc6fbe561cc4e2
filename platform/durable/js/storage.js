// `ctx.storage` of a Durable Object (durable-objects.md sections 3 to 5): a thin layer over natives. Every
// operation is answered at once, so `await storage.get()` resumes in the same turn.
import { natives } from "../../runtime/js/natives.js";
import { runSection } from "../../runtime/js/execution_context.js";
import { addPlatformClass } from "../../runtime/js/platform_classes.js";
import { apply, promiseResolve } from "../../runtime/js/safe.js";
import { SqlStorage } from "./sql.js";
import { SyncKvStorage } from "./sync_kv.js";
import { illegalInvocation, named, writeOptions, wrongType } from "./arguments.js";
import { get, list, put, remove } from "./entries.js";
import { DurableObjectTransaction, TransactionHandle } from "./transaction.js";
import { deleteAlarm, getAlarm, setAlarm } from "./alarm.js";
import { addFlagged, primaryOf } from "./replicas.js";

const { defineProperty } = Reflect;

// What the methods of one storage share; user code cannot reach it.
class Handle {
  of = "DurableObjectStorage";
  open = true;
  transactions = [];  // open ones, the outermost first
  constructor(actor, context) {
    this.actor = actor;
    this.context = context;
    this.storage = this;
  }
  check() {}
}

export class DurableObjectStorage {
  #handle;
  constructor(actor, context) {
    const handle = new Handle(actor, context);
    this.#handle = handle;
    if (addFlagged(DurableObjectStorage)) ownGetter(this, "primary", () => primaryOf(handle));
    ownGetter(this, "kv", () => new SyncKvStorage(handle));
    ownGetter(this, "sql", () => new SqlStorage(actor));
  }
  static #of(storage) {
    if (typeof storage !== "object" || storage === null || !(#handle in storage)) throw illegalInvocation();
    return storage.#handle;
  }

  static handleOf(storage) { return DurableObjectStorage.#of(storage); }

  get(key, options) { return get(DurableObjectStorage.#of(this), arguments.length, key, options); }
  put(key, value, options) { return put(DurableObjectStorage.#of(this), arguments.length, key, value, options); }
  delete(key, options) { return remove(DurableObjectStorage.#of(this), arguments.length, key, options); }
  list(options) { return list(DurableObjectStorage.#of(this), options); }
  deleteAll(options) { return deleteAll(DurableObjectStorage.#of(this), options); }

  /** Resolves when everything written so far is durable. */
  sync() {
    const { actor, context } = DurableObjectStorage.#of(this);
    return context.operation((operation) => natives.storageSync(actor, operation));
  }

  /** A critical section with a savepoint; a throw rolls back and leaves the object alive. */
  transaction(callback) { return transaction(DurableObjectStorage.#of(this), callback); }

  /** Runs the callback at once between savepoints. */
  transactionSync(callback) {
    const { actor, of } = DurableObjectStorage.#of(this);
    if (typeof callback !== "function") throw wrongType("transactionSync", of, 1, "function");
    natives.storageSavepoint(actor, 0);
    let value;
    try {
      value = callback();
    } catch (error) {
      natives.storageSavepoint(actor, 2);
      throw error;
    }
    natives.storageSavepoint(actor, 1);
    return value;
  }

  getAlarm(options) { return alarmOf(DurableObjectStorage.#of(this), options); }
  setAlarm(time, options) { return alarmTo(DurableObjectStorage.#of(this), time, options); }
  deleteAlarm(options) { return noAlarm(DurableObjectStorage.#of(this), options); }

  /** A bookmark of everything written up to the end of this turn. */
  getCurrentBookmark() { return bookmark(DurableObjectStorage.#of(this), undefined); }
  /** The bookmark of a time within the last 30 days, a Date or milliseconds since 1970. */
  getBookmarkForTime(timestamp) { return bookmark(DurableObjectStorage.#of(this), +timestamp); }
  /** The object begins its next start with what it had at the bookmark; gives the one that undoes that. */
  onNextSessionRestoreBookmark(text) { return bookmark(DurableObjectStorage.#of(this), `${text}`); }

}

export const handleOf = DurableObjectStorage.handleOf;
delete DurableObjectStorage.handleOf;

async function bookmark({ actor, context }, what) {
  return (await context.operation((operation) => natives.storageBookmark(actor, operation, what)))[0];
}

// A property of the object itself that is made when it is first asked for.
function ownGetter(target, name, make) {
  let made;
  defineProperty(target, name, { get: () => (made ??= make()), enumerable: true, configurable: true });
}

async function deleteAll(handle, options) {
  writeOptions(options, "deleteAll", handle.of, 1);
  if (handle.transactions.length > 0) throw new Error("Cannot call deleteAll() within a transaction");
  return promiseResolve(natives.storageDeleteAll(handle.actor));
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

async function transaction(handle, callback) {
  if (typeof callback !== "function") throw wrongType("transaction", handle.of, 1, "function");
  const result = await runSection(handle.context, async () => {
    natives.storageSavepoint(handle.actor, 3);
    const own = new TransactionHandle(handle);
    handle.transactions[handle.transactions.length] = own;
    let value;
    try {
      value = await begun(callback, new DurableObjectTransaction(own));
      await undefined;
      own.finish(true);
    } catch (error) {
      await undefined;
      own.finish(false);
      return { error, failed: true };
    } finally {
      handle.transactions.length--;
    }
    // A commit is waited for, with the lock.
    await handle.context.operation((operation) => natives.storageNextTurn(handle.actor, operation));
    return { value };
  });
  if (result.failed) throw result.error;
  return result.value;
}

// Calls it a microtask later, and what it gives is here three after it is known: with one more before the end of the
// transaction these are the microtasks that the real runtime takes.
async function begun(callback, given) {
  await undefined;
  return apply(callback, globalThis, [given]);
}

addPlatformClass(DurableObjectStorage);

export function makeStorage(actor, _natives, context) {
  return new DurableObjectStorage(actor, context);
}

named(DurableObjectStorage, "DurableObjectStorage");
