// The key-value operations, the same for storage and transactions. Each converts all its arguments, asks whether
// it may (`handle.check`), and is answered at once. What is put is converted first even where it can no longer be stored.
import { natives } from "../../runtime/js/natives.js";
import { promiseResolve } from "../../runtime/js/safe.js";
import { listOptions, readOptions, writeOptions, wrongType } from "./arguments.js";

const { isArray } = Array;
const { keys } = Object;

/** What an operation gives after the three microtasks that it takes in the real runtime. */
export async function later(value) {
  return promiseResolve(value);
}

export function mapOf(flat) {
  const map = new Map();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}

function texts(list) {
  const all = [];
  for (let i = 0; i < list.length; i++) all[i] = `${list[i]}`;
  return all;
}

export async function get(handle, count, key, options) {
  if (count === 0) throw wrongType("get", handle.of, 1, "string or Array");
  const several = isArray(key);
  const wanted = several ? texts(key) : `${key}`;
  readOptions(options, "get", handle.of, 2);
  handle.check("get()");
  // A Map of the keys that exist, ordered by the UTF-8 bytes of the key.
  if (several) return promiseResolve(mapOf(natives.storageGetMany(handle.actor, wanted)));
  return promiseResolve(natives.storageGet(handle.actor, wanted));
}

export async function list(handle, options) {
  const range = listOptions(options, handle.of);
  // Nobody is asked about a range that is empty whatever is stored, which takes a microtask less.
  if (emptyRange(range)) return await new Map();
  handle.check("list()");
  return promiseResolve(mapOf(natives.storageList(handle.actor, ...parts(range))));
}

const isSurrogate = (unit) => unit >= "\ud800" && unit <= "\udfff";

/**
 * Whether a key is before another in the order of their bytes in UTF-8. JavaScript's strings compare by UTF-16, where what
 * needs two units comes before the last of what needs one.
 */
function isBefore(a, b) {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  if (at === a.length || at === b.length) return a.length < b.length;
  return isSurrogate(a[at]) === isSurrogate(b[at]) ? a[at] < b[at] : isSurrogate(b[at]);
}

// Whether nothing can be in a checked range.
function emptyRange({ start, startAfter, end }) {
  const first = start ?? startAfter;
  return end !== undefined && first !== undefined && !isBefore(first, end);
}

const parts = (range) => [range.start, range.startAfter, range.end, range.prefix, range.reverse, range.limit];

/** The number of a list over a checked range whose entries are asked for one by one; 0 when it has none. */
export function listBegun(actor, range) { return natives.storageListOpen(actor, ...parts(range)); }

export async function put(handle, count, key, value, options) {
  if (count === 0) throw wrongType("put", handle.of, 1, "string or object");
  if ((typeof key === "object" || typeof key === "function") && key !== null && !isArray(key)) {
    return promiseResolve(putEntries(handle, key, value, options));
  }
  const name = `${key}`;
  const unconfirmed = writeOptions(options, "put", handle.of, 3);
  if (value === undefined) throw new TypeError("put() called with undefined value.");
  if (!handle.open) natives.storageConverts(value);
  handle.check("put()");
  return promiseResolve(natives.storagePut(handle.actor, name, value, unconfirmed));
}

/** put(entries, options): all or none (3.10). */
function putEntries(handle, entries, options, third) {
  const names = keys(entries);
  const values = [];
  for (let i = 0; i < names.length; i++) values[i] = entries[names[i]];
  if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function") {
    throw new TypeError(
      "put() may only be called with a single key-value pair and optional options as " +
      "put(key, value, options) or with multiple key-value pairs and optional options as " +
      "put(entries, options)");
  }
  writeOptions(third, "put", handle.of, 3);
  const unconfirmed = writeOptions(options, "put", handle.of, 2);
  if (!handle.open) {
    for (let i = 0; i < values.length; i++) if (values[i] !== undefined) natives.storageConverts(values[i]);
  }
  handle.check("put()");
  natives.storagePairs(handle.actor, names.length);
  natives.storageSavepoint(handle.actor, 0);
  try {
    for (let i = 0; i < names.length; i++) {
      if (values[i] !== undefined) natives.storagePut(handle.actor, names[i], values[i], unconfirmed);
    }
  } catch (error) {
    natives.storageSavepoint(handle.actor, 2);
    throw error;
  }
  natives.storageSavepoint(handle.actor, 1);
}

/** Unlike the others its errors are thrown at once. */
export function remove(handle, count, key, options) {
  if (count === 0) throw wrongType("delete", handle.of, 1, "string or Array");
  const several = isArray(key);
  const wanted = several ? texts(key) : `${key}`;
  const unconfirmed = writeOptions(options, "delete", handle.of, 2);
  handle.check("delete()");
  if (!several) return later(natives.storageDelete(handle.actor, wanted, unconfirmed));
  natives.storagePairs(handle.actor, wanted.length);
  let removed = 0;
  for (let i = 0; i < wanted.length; i++) {
    if (natives.storageDelete(handle.actor, wanted[i], unconfirmed)) removed++;
  }
  return later(removed);
}
