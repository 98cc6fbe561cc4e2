// Operations on several keys, the same for storage, transactions and the synchronous API.
import { natives } from "../../runtime/js/natives.js";

const { keys } = Object;

/** A Map of the keys that exist, ordered by the UTF-8 bytes of the key. */
export function sortedMap(actor, wanted) {
  const flat = natives.storageGetMany(actor, wanted.map((key) => `${key}`));
  return mapOf(flat);
}

export function mapOf(flat) {
  const map = new Map();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}

/** put(entries, options): all or none (3.10). */
export function putEntries(actor, entries, options) {
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw new TypeError(
      "put() may only be called with a single key-value pair and optional options as " +
      "put(key, value, options) or with multiple key-value pairs and optional options as " +
      "put(entries, options)");
  }
  const unconfirmed = options?.allowUnconfirmed === true;
  const names = keys(entries);
  natives.storageSavepoint(actor, 0);
  try {
    for (let i = 0; i < names.length; i++) {
      const value = entries[names[i]];
      if (value !== undefined) natives.storagePut(actor, names[i], value, unconfirmed);
    }
  } catch (error) {
    natives.storageSavepoint(actor, 2);
    throw error;
  }
  natives.storageSavepoint(actor, 1);
}

const text = (value) => (value === undefined ? undefined : `${value}`);

/** Flat [key, value, ...] of list(options) (3.11). */
export function listFlat(actor, options) {
  const { start, startAfter, end, prefix, reverse, limit } = options ?? {};
  if (start !== undefined && startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  if (limit !== undefined && !(limit > 0)) throw new TypeError("List limit must be positive.");
  return natives.storageList(actor, text(start), text(startAfter), text(end), text(prefix),
    reverse === true, limit === undefined ? undefined : Number(limit));
}

export function listEntries(actor, options) {
  return mapOf(listFlat(actor, options));
}
