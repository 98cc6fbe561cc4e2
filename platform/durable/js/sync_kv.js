// `ctx.storage.kv`: the synchronous key-value API (durable-objects.md 3.12).
import { natives } from "../../runtime/js/natives.js";
import { illegalInvocation, listOptions, named, namedIterator, wrongType } from "./arguments.js";
import { emptyRange, listFlat } from "./entries.js";

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
    const handle = SyncKvStorage.#of(this);
    const range = listOptions(options, OF);
    refuseLegacy(handle.actor);
    return new ListIterator(handle, range);
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

// The first entry is found when the list is begun. Each step after it asks for the next one after the last: it sees
// what was written meanwhile.
class ListIterator {
  #handle;
  #range;
  #mine;
  #left;
  #found;  // and not given yet
  constructor(handle, range) {
    this.#handle = handle;
    this.#range = range;
    this.#left = range.limit ?? Infinity;
    // A range that is empty whatever is stored, or a list where nothing ever was, does not reach the database.
    if (emptyRange(range) || !natives.storageHasKeys(handle.actor)) this.#left = 0;
    else {
      this.#mine = ++handle.lists;
      this.#found = this.#find();
    }
  }

  // The next entry, flat; empty at the end.
  #find() {
    const range = this.#range;
    range.limit = 1;
    const flat = listFlat(this.#handle.actor, range);
    if (flat.length === 0) return flat;
    if (range.reverse) {
      range.end = flat[0];
    } else {
      range.start = undefined;
      range.startAfter = flat[0];
    }
    return flat;
  }

  next() {
    if (this.#left <= 0) return { done: true, value: undefined };
    if (this.#mine !== this.#handle.lists) {
      throw new Error(
        "kv.list() iterator was invalidated because a new call to kv.list() was started. Only " +
        "one kv.list() iterator can exist at a time.");
    }
    const flat = this.#found ?? this.#find();
    this.#found = undefined;
    if (flat.length === 0) {
      this.#left = 0;
      return { done: true, value: undefined };
    }
    this.#left--;
    return { done: false, value: [flat[0], flat[1]] };
  }

}

named(SyncKvStorage, OF);
namedIterator(ListIterator, "ListIterator");
