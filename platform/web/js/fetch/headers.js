// Headers, kept as one flat array [name, value, name, value, ...] with lower-case names.
//
// Between JavaScript and C++ headers travel as one text, "name\nvalue\nname\nvalue\n" (neither part can
// hold a line feed), which is split only when somebody looks. As on the real platform there are two
// guards: headers of received messages are immutable, all others may be changed freely (there are no
// forbidden names on a server).
import {
  ArrayPush, ArraySort, RegExpTest, StringCharCodeAt, StringIndexOf, StringSlice, StringToLowerCase, SymbolIterator,
  apply, getOwnPropertyDescriptor, ownKeys,
} from "../primordials.js";
import { ENTRIES, KEYS, VALUES, alias, brand, pairIteratorClass, sequenceOf } from "../webidl.js";

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const LOWER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const BAD_VALUE = /[\0\n\r]/;
const NOT_LATIN1 = /[^\0-\xff]/;

function normalizeName(value) {
  const name = `${value}`;
  if (RegExpTest(LOWER_NAME, name)) return name;
  if (!RegExpTest(NAME, name)) throw new TypeError(`Invalid header name: ${printable(name)}`);
  return StringToLowerCase(name);
}

const isSpace = (unit) => unit === 32 || unit === 9 || unit === 10 || unit === 13;

function normalizeValue(value) {
  const text = `${value}`;
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(StringCharCodeAt(text, start))) start++;
  while (end > start && isSpace(StringCharCodeAt(text, end - 1))) end--;
  const trimmed = start === 0 && end === text.length ? text : StringSlice(text, start, end);
  if (RegExpTest(BAD_VALUE, trimmed) || RegExpTest(NOT_LATIN1, trimmed)) {
    throw new TypeError(`Invalid header value: ${printable(trimmed)}`);
  }
  return trimmed;
}

const printable = (text) => (text.length > 100 ? `${StringSlice(text, 0, 100)}...` : text);

/** Appends the pairs of a HeadersInit (Headers, sequence of pairs, or record) to a flat array. */
export function fillFlat(flat, init) {
  const given = flatOf(init);
  if (given !== null && init[SymbolIterator] === defaultIterator) {
    for (let i = 0; i < given.length; i++) ArrayPush(flat, given[i]);
    return;
  }
  if (typeof init !== "object" && typeof init !== "function" || init === null) {
    throw new TypeError("Headers can be made from an object, an iterable of pairs, or other Headers.");
  }
  const method = init[SymbolIterator];
  if (method !== undefined && method !== null) {
    const pairs = sequenceOf(init, "The argument of Headers");
    for (let i = 0; i < pairs.length; i++) {
      const item = pairs[i];
      const pair = typeof item === "object" && item !== null ? sequenceOf(item, "Each header") : [];
      if (pair.length !== 2) {
        throw new TypeError("Each header must be an iterable [name, value] tuple.");
      }
      const name = normalizeName(pair[0]);
      ArrayPush(flat, name, normalizeValue(pair[1]));
    }
    return;
  }
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = getOwnPropertyDescriptor(init, keys[i]);
    if (descriptor === undefined || !descriptor.enumerable) continue;
    const name = normalizeName(keys[i]);
    ArrayPush(flat, name, normalizeValue(init[keys[i]]));
  }
}

/** The flat array of a header text. Names may be in any case. */
export function textToFlat(text) {
  const flat = [];
  let start = 0;
  for (let isName = true; start < text.length; isName = !isName) {
    let end = StringIndexOf(text, "\n", start);
    if (end < 0) end = text.length;
    const part = StringSlice(text, start, end);
    ArrayPush(flat, isName ? StringToLowerCase(part) : part);
    start = end + 1;
  }
  return flat;
}

/** The header text of a flat array. */
export function flatToText(flat) {
  let text = "";
  for (let i = 0; i < flat.length; i++) text += `${flat[i]}\n`;
  return text;
}

/** The first value for a lower-case name in a flat array, or null. */
export function flatFirst(flat, name) {
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] === name) return flat[i + 1];
  }
  return null;
}

const HAS_CONTENT_TYPE = /(?:^|\n)content-type\n/i;
const TEXT_TYPE = "text/plain;charset=UTF-8";
const TEXT_HEADERS = `content-type\n${TEXT_TYPE}\n`;

/** The header text with a content type, unless it has one. */
export function withContentType(text, type) {
  if (text === "") return type === TEXT_TYPE ? TEXT_HEADERS : `content-type\n${type}\n`;
  // A value can equal "content-type" too, so a match is looked at closely.
  if (RegExpTest(HAS_CONTENT_TYPE, text) && flatFirst(textToFlat(text), "content-type") !== null) return text;
  return `${text}content-type\n${type}\n`;
}

let flatOf;
let headersFromFlat;
let sortedOf;

export class Headers {
  #flat = [];
  #immutable = false;
  #sorted = null;      // [[name, value], ...] as iteration sees it; null after a change

  constructor(init = undefined) {
    if (init !== undefined) fillFlat(this.#flat, init);
  }

  #beforeChange() {
    if (this.#immutable) throw new TypeError("Can't modify immutable headers.");
    this.#sorted = null;
  }

  append(name, value) {
    if (arguments.length < 2) throw new TypeError("Headers.append requires 2 arguments.");
    const key = normalizeName(name);
    const text = normalizeValue(value);
    this.#beforeChange();
    ArrayPush(this.#flat, key, text);
  }

  delete(name) {
    if (arguments.length < 1) throw new TypeError("Headers.delete requires 1 argument.");
    const key = normalizeName(name);
    this.#beforeChange();
    const flat = this.#flat;
    let kept = 0;
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] === key) continue;
      flat[kept++] = flat[i];
      flat[kept++] = flat[i + 1];
    }
    flat.length = kept;
  }

  get(name) {
    if (arguments.length < 1) throw new TypeError("Headers.get requires 1 argument.");
    const key = normalizeName(name);
    const flat = this.#flat;
    let value = null;
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] === key) value = value === null ? flat[i + 1] : `${value}, ${flat[i + 1]}`;
    }
    return value;
  }

  getSetCookie() {
    const flat = this.#flat;
    const values = [];
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] === "set-cookie") ArrayPush(values, flat[i + 1]);
    }
    return values;
  }

  /** The real platform's older spelling of getSetCookie; only Set-Cookie is allowed. */
  getAll(name) {
    if (normalizeName(name) !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return this.getSetCookie();
  }

  has(name) {
    if (arguments.length < 1) throw new TypeError("Headers.has requires 1 argument.");
    return flatFirst(this.#flat, normalizeName(name)) !== null;
  }

  set(name, value) {
    if (arguments.length < 2) throw new TypeError("Headers.set requires 2 arguments.");
    const key = normalizeName(name);
    const text = normalizeValue(value);
    this.#beforeChange();
    const flat = this.#flat;
    let kept = 0;
    let found = false;
    for (let i = 0; i < flat.length; i += 2) {
      const same = flat[i] === key;
      if (same && found) continue;
      flat[kept++] = flat[i];
      flat[kept++] = same ? text : flat[i + 1];
      found ||= same;
    }
    flat.length = kept;
    if (!found) ArrayPush(flat, key, text);
  }

  forEach(callback, thisArgument = undefined) {
    if (typeof callback !== "function") {
      throw new TypeError("Headers.forEach: the callback is not a function.");
    }
    for (let i = 0; i < sortedOf(this).length; i++) {
      const pair = sortedOf(this)[i];
      apply(callback, thisArgument, [pair[1], pair[0], this]);
    }
  }

  keys() { this.#flat; return new HeadersIterator(this, KEYS); }
  values() { this.#flat; return new HeadersIterator(this, VALUES); }
  entries() { this.#flat; return new HeadersIterator(this, ENTRIES); }

  static {
    flatOf = (value) =>
      (typeof value === "object" && value !== null && #flat in value ? value.#flat : null);
    headersFromFlat = (flat, immutable) => {
      const headers = new Headers();
      headers.#flat = flat;
      headers.#immutable = immutable;
      return headers;
    };
    sortedOf = (headers) => (headers.#sorted ??= sortAndCombine(headers.#flat));
  }
}

function sortAndCombine(flat) {
  const pairs = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    let at = pairs.length;
    if (name !== "set-cookie") {
      at = 0;
      while (at < pairs.length && pairs[at][0] !== name) at++;
    }
    if (at < pairs.length) {
      pairs[at][1] = `${pairs[at][1]}, ${flat[i + 1]}`;
    } else {
      ArrayPush(pairs, [name, flat[i + 1]]);
    }
  }
  return ArraySort(pairs, (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}

const HeadersIterator = pairIteratorClass("Headers", (headers, index) => {
  const pairs = sortedOf(headers);
  return index < pairs.length ? [pairs[index][0], pairs[index][1]] : null;
});
brand(Headers, "Headers");
alias(Headers.prototype, SymbolIterator, Headers.prototype.entries);
const defaultIterator = Headers.prototype.entries;

/** flatOf(value): the live flat array of a Headers object, or null. headersFromFlat adopts an array. */
export { flatOf, headersFromFlat };
