// `ctx.storage.kv`: the synchronous key-value API (durable-objects.md 3.12).
import { natives } from "../../runtime/js/natives.js";
import { illegalInvocation, listOptions, named, namedIterator, wrongType } from "./arguments.js";
import { listBegun } from "./entries.js";
import { addPlatformClass } from "../../runtime/js/platform_classes.js";

const OF = "SyncKvStorage";

export class SyncKvStorage {
  #handle;
  constructor(handle) {
    this.#handle = handle;
  }
  static #of(storage) {
    if (typeof storage !== "object" || storage === null || !(#handle in storage)) throw illegalInvocation();
    return storage.#handle;
  }

  get(key) {
    const { actor } = SyncKvStorage.#of(this);
    if (arguments.length === 0) throw wrongType("get", OF, 1, "string");
    const name = `${key}`;
    refuseLegacy(actor);
    return natives.storageGet(actor, name);
  }
  put(key, value) {
    const { actor } = SyncKvStorage.#of(this);
    if (arguments.length === 0) throw wrongType("put", OF, 1, "string");
    const name = `${key}`;
    if (arguments.length === 1) throw wrongType("put", OF, 2, "Value");
    refuseLegacy(actor);
    natives.storagePut(actor, name, value, false);
  }
  delete(key) {
    const { actor } = SyncKvStorage.#of(this);
    if (arguments.length === 0) throw wrongType("delete", OF, 1, "string");
    const name = `${key}`;
    refuseLegacy(actor);
    return natives.storageDelete(actor, name, false);
  }
  list(options) {
    const { actor } = SyncKvStorage.#of(this);
    const range = listOptions(options, OF);
    refuseLegacy(actor);
    return new ListIterator(actor, listBegun(actor, range));
  }

}

function refuseLegacy(actor) {
  if (!natives.storageHasSql(actor)) {
    throw new Error(
      "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's " +
      "namespace is not declared to use SQLite. You can use the older, asyncronous interface via methods of " +
      "`storage` itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change `new_classes` to " +
      "`new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using " +
      "workerd directly, set `enableSql = true` in your workerd config for the class. Note that this change cannot " +
      "be made after the class is already deployed to production.");
  }
}

// Goes over a list of the database's that is asked for its entries one by one. Where it is at its end, no other list
// ends it any more.
class ListIterator {
  #actor;
  #list;  // its number, 0 at the end
  constructor(actor, list) {
    this.#actor = actor;
    this.#list = list;
  }

  next() {
    const value = this.#list === 0 ? undefined : natives.storageListNext(this.#actor, this.#list);
    if (value === undefined) this.#list = 0;
    return { done: value === undefined, value };
  }

}

named(SyncKvStorage, OF);
namedIterator(ListIterator, "ListIterator");
addPlatformClass(SyncKvStorage);
