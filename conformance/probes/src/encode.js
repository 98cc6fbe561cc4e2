// Values as JSON that tells apart what JSON does not: what is no plain JSON value is an object with one key "$".

const FLAGS = ["remote", "retryable", "overloaded", "durableObjectReset"];
// Only the product gives it; workerd never does.
const UNSHOWN = ["stack", "durableObjectId"];

const shownKeys = (value) => Object.keys(value).filter((key) => key !== "durableObjectId");

// A name in a log that is another one each time.
const shownMessage = (text) => text.replace(/reference = [0-9a-z]+/, "reference = ...");

/** { threw, message, ... }: the class and name of an error, its flags and own properties but the stack. */
export function encodeError(error) {
  if (!(error instanceof Error)) return { threw: encode(error) };
  const shown = { threw: error.name, message: shownMessage(error.message) };
  if (error.constructor.name !== error.name) shown.class = error.constructor.name;
  for (const flag of FLAGS) if (error[flag] !== undefined) shown[flag] = error[flag];
  if (!(error instanceof DOMException)) {
    for (const key of Object.keys(error)) if (!UNSHOWN.includes(key) && !(key in shown)) shown[key] = encode(error[key]);
  }
  if (error.cause !== undefined) shown.cause = encode(error.cause);
  return shown;
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const long = (text) => (text.length > 1000 ? { $: `text of ${text.length}, begins ${text.slice(0, 40)}` } : text);

export function encode(value, path = []) {
  switch (typeof value) {
    case "string": return long(value);
    case "boolean": return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: Object.is(value, -0) ? "-0" : `${value}` };
    case "undefined": return { $: "undefined" };
    case "bigint": return { $: `${value}n` };
    case "symbol": return { $: value.toString() };
    case "function": return { $: `function ${value.name}` };
  }
  if (value === null) return null;
  const at = path.indexOf(value);
  if (at >= 0) return { $: `cycle to level ${at}` };
  const inside = [...path, value];
  const each = (list) => Array.from(list, (item) => encode(item, inside));
  if (Array.isArray(value)) return encodeArray(value, inside);
  if (value instanceof Date) return { $: `Date ${value.getTime()}` };
  if (value instanceof RegExp) return { $: `RegExp ${value} lastIndex ${value.lastIndex}` };
  if (value instanceof Map) return { $: "Map", entries: each(value) };
  if (value instanceof Set) return { $: "Set", items: each(value) };
  if (value instanceof Error) return { $: "Error", ...encodeError(value) };
  if (value instanceof ArrayBuffer) return { $: "ArrayBuffer", bytes: long(hex(new Uint8Array(value))) };
  if (ArrayBuffer.isView(value)) {
    return { $: value.constructor.name, offset: value.byteOffset, bytes: long(hex(bytesOf(value))) };
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return { $: `boxed ${value.constructor.name}`, value: encode(value.valueOf(), inside) };
  }
  const plain = Object.fromEntries(shownKeys(value).map((key) => [key, encode(value[key], inside)]));
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return plain;
  return { $: prototype === null ? "no prototype" : value.constructor?.name ?? "odd", value: plain };
}

function encodeArray(list, inside) {
  // Array.from would fill holes.
  const items = [];
  for (let i = 0; i < list.length; i++) items.push(i in list ? encode(list[i], inside) : { $: "hole" });
  return items;
}
