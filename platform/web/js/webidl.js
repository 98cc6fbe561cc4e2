// Small conversions of Web IDL that many classes share.
import {
  ArrayBufferByteLength, ArrayPush, DataViewBuffer, DataViewByteLength, DataViewByteOffset,
  RegExpTest, StringCharCodeAt, SymbolIterator, SymbolToStringTag,
  TypedArrayBuffer, TypedArrayByteLength, TypedArrayByteOffset, U8, apply, defineProperty,
  fromCharCode, getOwnPropertyDescriptor, isView, ownKeys, setPrototypeOf, typedArrayName,
} from "./primordials.js";

const SURROGATE = /[\uD800-\uDFFF]/;

/** The string with lone surrogates replaced by U+FFFD (USVString). Free for one-byte strings. */
export function wellFormed(string) {
  if (!RegExpTest(SURROGATE, string)) return string;
  let result = "";
  for (let i = 0; i < string.length; i++) {
    const unit = StringCharCodeAt(string, i);
    if (unit < 0xd800 || unit > 0xdfff) {
      result += fromCharCode(unit);
      continue;
    }
    const next = i + 1 < string.length ? StringCharCodeAt(string, i + 1) : 0;
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
      result += fromCharCode(unit, next);
      i++;
    } else {
      result += "\uFFFD";
    }
  }
  return result;
}

/** Conversion to USVString. */
export const toUSVString = (value) =>
  wellFormed(typeof value === "string" ? value : `${value}`);

/** Whether the value is an ArrayBuffer (of any realm), without running user code. */
export function isArrayBuffer(value) {
  if (typeof value !== "object" || value === null) return false;
  try {
    ArrayBufferByteLength(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether the value is a BufferSource. */
export const isBufferSource = (value) => isView(value) || isArrayBuffer(value);

/** A Uint8Array over the same memory as the view or buffer, or null when it is neither. */
export function bytesOf(value) {
  if (isView(value)) {
    return typedArrayName(value) === undefined
      ? new U8(DataViewBuffer(value), DataViewByteOffset(value), DataViewByteLength(value))
      : new U8(TypedArrayBuffer(value), TypedArrayByteOffset(value), TypedArrayByteLength(value));
  }
  return isArrayBuffer(value) ? new U8(value) : null;
}

/** Web IDL's class shape: methods and accessors enumerable, and a Symbol.toStringTag. */
export function brand(constructor, name) {
  const prototype = constructor.prototype;
  const keys = ownKeys(prototype);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (key === "constructor" || typeof key === "symbol") continue;
    const descriptor = getOwnPropertyDescriptor(prototype, key);
    descriptor.enumerable = true;
    defineProperty(prototype, key, descriptor);
  }
  defineProperty(prototype, SymbolToStringTag,
    { __proto__: null, value: name, configurable: true });
}

/** For internal classes: their objects inherit nothing, so that no setter of Object.prototype sees them. */
export function withoutInheritance(constructor) {
  setPrototypeOf(constructor.prototype, null);
}

/** Defines an alias method that is not enumerable, as Web IDL does for iterators. */
export function alias(prototype, key, value) {
  defineProperty(prototype, key,
    { __proto__: null, value, configurable: true, writable: true, enumerable: false });
}

/** An array of the values of an iterable: a Web IDL sequence. `what` names it in errors. */
export function sequenceOf(iterable, what) {
  const method = iterable[SymbolIterator];
  if (typeof method !== "function") throw new TypeError(`${what} is not iterable.`);
  const iterator = apply(method, iterable, []);
  const next = iterator.next;
  const result = [];
  for (;;) {
    const step = apply(next, iterator, []);
    if (step.done) return result;
    ArrayPush(result, step.value);
  }
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][SymbolIterator]()));

/**
 * Makes the iterator class of a pair-iterable. `pairAt(target, index)` gives [key, value] or null
 * at the end, and is asked at each step, so that iteration sees changes made meanwhile.
 */
export function pairIteratorClass(name, pairAt) {
  class PairIterator {
    #target;
    #kind;
    #index = 0;
    constructor(target, kind) {
      this.#target = target;
      this.#kind = kind;
    }
    next() {
      const pair = this.#target === null ? null : pairAt(this.#target, this.#index);
      if (pair === null) {
        this.#target = null;
        return { value: undefined, done: true };
      }
      this.#index++;
      const value = this.#kind === 0 ? pair[0] : this.#kind === 1 ? pair[1] : pair;
      return { value, done: false };
    }
  }
  setPrototypeOf(PairIterator.prototype, IteratorPrototype);
  delete PairIterator.prototype.constructor;
  brand(PairIterator, `${name} Iterator`);
  return PairIterator;
}
export const KEYS = 0;
export const VALUES = 1;
export const ENTRIES = 2;
