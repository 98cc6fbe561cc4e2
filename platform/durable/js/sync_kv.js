// `ctx.storage.kv`: the synchronous key-value API (durable-objects.md 3.12).
import { natives } from "../../runtime/js/natives.js";
import { listFlat } from "./entries.js";

export class SyncKvStorage {
  #actor;
  #lists = 0;
  constructor(actor) {
    this.#actor = actor;
  }

  get(key) {
    return natives.storageGet(this.#actor, `${key}`);
  }
  put(key, value) {
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    natives.storagePut(this.#actor, `${key}`, value, false);
  }
  delete(key) {
    return natives.storageDelete(this.#actor, `${key}`, false);
  }
  list(options) {
    const flat = listFlat(this.#actor, options);
    const mine = ++this.#lists;
    let at = 0;
    const next = () => {
      if (mine !== this.#lists) {
        throw new Error(
          "kv.list() iterator was invalidated because a new call to kv.list() was started. Only " +
          "one kv.list() iterator can exist at a time.");
      }
      if (at >= flat.length) return { done: true, value: undefined };
      const value = [flat[at], flat[at + 1]];
      at += 2;
      return { done: false, value };
    };
    return { next, [Symbol.iterator]() { return this; } };
  }
}
