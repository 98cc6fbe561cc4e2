// URLSearchParams and the application/x-www-form-urlencoded format.
import {
  ArrayPush, ArraySort, ArraySplice, StringSlice, SymbolIterator, apply, ownKeys,
  getOwnPropertyDescriptor,
} from "../primordials.js";
import { ENTRIES, KEYS, VALUES, alias, brand, pairIteratorClass, sequenceOf, toUSVString } from "../webidl.js";
import { FORM, decodeToText, encodeString } from "./percent_encoding.js";

/** The pairs of a form-urlencoded string, as [[name, value], ...]. */
export function parseForm(input) {
  const pairs = [];
  let start = 0;
  for (let i = 0; i <= input.length; i++) {
    if (i < input.length && input[i] !== "&") continue;
    if (i > start) {
      let split = start;
      while (split < i && input[split] !== "=") split++;
      ArrayPush(pairs, [
        decodePart(StringSlice(input, start, split)),
        split < i ? decodePart(StringSlice(input, split + 1, i)) : "",
      ]);
    }
    start = i + 1;
  }
  return pairs;
}

function decodePart(text) {
  let spaced = "";
  for (let i = 0; i < text.length; i++) spaced += text[i] === "+" ? " " : text[i];
  return decodeToText(spaced);
}

/** Pairs in form-urlencoded form. */
export function serializeForm(pairs) {
  let text = "";
  for (let i = 0; i < pairs.length; i++) {
    if (i > 0) text += "&";
    text += `${encodeString(pairs[i][0], FORM, true)}=${encodeString(pairs[i][1], FORM, true)}`;
  }
  return text;
}

/** Orders by UTF-16 units, as sort() of the standard does. */
function compareUnits(a, b) {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

let pairsOf;
let replacePairs;
let bindToURL;

export class URLSearchParams {
  #pairs = [];
  #onChange = null;    // the URL that owns this object, with its update(query) function

  constructor(init = "") {
    if (typeof init === "object" && init !== null || typeof init === "function") {
      if (init[SymbolIterator] !== undefined && init[SymbolIterator] !== null) {
        const items = sequenceOf(init, "The argument of URLSearchParams");
        for (let i = 0; i < items.length; i++) {
          const item = items[i];
          if (typeof item !== "object" || item === null) {
            throw new TypeError("Each query pair must be an iterable [name, value] tuple.");
          }
          const pair = sequenceOf(item, "Each query pair");
          if (pair.length !== 2) {
            throw new TypeError("Each query pair must be an iterable [name, value] tuple.");
          }
          ArrayPush(this.#pairs, [toUSVString(pair[0]), toUSVString(pair[1])]);
        }
      } else {
        this.#fromRecord(init);
      }
      return;
    }
    const text = toUSVString(init);
    this.#pairs = parseForm(text[0] === "?" ? StringSlice(text, 1) : text);
  }

  #fromRecord(record) {
    const keys = ownKeys(record);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = getOwnPropertyDescriptor(record, keys[i]);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      const name = toUSVString(keys[i]);
      const value = toUSVString(record[keys[i]]);
      let at = 0;
      while (at < this.#pairs.length && this.#pairs[at][0] !== name) at++;
      if (at < this.#pairs.length) {
        this.#pairs[at][1] = value;
      } else {
        ArrayPush(this.#pairs, [name, value]);
      }
    }
  }

  #changed() {
    if (this.#onChange !== null) this.#onChange(serializeForm(this.#pairs));
  }

  get size() { return this.#pairs.length; }

  append(name, value) {
    if (arguments.length < 2) throw new TypeError("URLSearchParams.append requires 2 arguments.");
    ArrayPush(this.#pairs, [toUSVString(name), toUSVString(value)]);
    this.#changed();
  }

  delete(name, value = undefined) {
    if (arguments.length < 1) throw new TypeError("URLSearchParams.delete requires 1 argument.");
    const wanted = toUSVString(name);
    const wantedValue = value === undefined ? undefined : toUSVString(value);
    const kept = [];
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i];
      if (pair[0] !== wanted || (wantedValue !== undefined && pair[1] !== wantedValue)) {
        ArrayPush(kept, pair);
      }
    }
    this.#pairs = kept;
    this.#changed();
  }

  get(name) {
    if (arguments.length < 1) throw new TypeError("URLSearchParams.get requires 1 argument.");
    const wanted = toUSVString(name);
    for (let i = 0; i < this.#pairs.length; i++) {
      if (this.#pairs[i][0] === wanted) return this.#pairs[i][1];
    }
    return null;
  }

  getAll(name) {
    if (arguments.length < 1) throw new TypeError("URLSearchParams.getAll requires 1 argument.");
    const wanted = toUSVString(name);
    const values = [];
    for (let i = 0; i < this.#pairs.length; i++) {
      if (this.#pairs[i][0] === wanted) ArrayPush(values, this.#pairs[i][1]);
    }
    return values;
  }

  has(name, value = undefined) {
    if (arguments.length < 1) throw new TypeError("URLSearchParams.has requires 1 argument.");
    const wanted = toUSVString(name);
    const wantedValue = value === undefined ? undefined : toUSVString(value);
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i];
      if (pair[0] === wanted && (wantedValue === undefined || pair[1] === wantedValue)) return true;
    }
    return false;
  }

  set(name, value) {
    if (arguments.length < 2) throw new TypeError("URLSearchParams.set requires 2 arguments.");
    const wanted = toUSVString(name);
    const text = toUSVString(value);
    let found = false;
    for (let i = 0; i < this.#pairs.length; i++) {
      if (this.#pairs[i][0] !== wanted) continue;
      if (!found) {
        this.#pairs[i][1] = text;
        found = true;
      } else {
        ArraySplice(this.#pairs, i--, 1);
      }
    }
    if (!found) ArrayPush(this.#pairs, [wanted, text]);
    this.#changed();
  }

  sort() {
    ArraySort(this.#pairs, compareUnits);
    this.#changed();
  }

  forEach(callback, thisArgument = undefined) {
    if (typeof callback !== "function") {
      throw new TypeError("URLSearchParams.forEach: the callback is not a function.");
    }
    for (let i = 0; i < this.#pairs.length; i++) {
      apply(callback, thisArgument, [this.#pairs[i][1], this.#pairs[i][0], this]);
    }
  }

  keys() { this.#pairs; return new PairIterator(this, KEYS); }
  values() { this.#pairs; return new PairIterator(this, VALUES); }
  entries() { this.#pairs; return new PairIterator(this, ENTRIES); }
  toString() { return serializeForm(this.#pairs); }

  static {
    pairsOf = (params) => (#pairs in params ? params.#pairs : null);
    replacePairs = (params, pairs) => { params.#pairs = pairs; };
    bindToURL = (params, onChange) => { params.#onChange = onChange; };
  }
}

const PairIterator = pairIteratorClass("URLSearchParams", (params, index) => {
  const pairs = pairsOf(params);
  return index < pairs.length ? [pairs[index][0], pairs[index][1]] : null;
});
brand(URLSearchParams, "URLSearchParams");
alias(URLSearchParams.prototype, SymbolIterator, URLSearchParams.prototype.entries);

/** The text of a URLSearchParams, or null for any other object. */
export function searchParamsText(value) {
  const pairs = pairsOf(value);
  return pairs === null ? null : serializeForm(pairs);
}

/** Makes the object of a URL: changes call onChange(query), and refill() follows url.search. */
export function paramsOfURL(query, onChange) {
  const params = new URLSearchParams("");
  replacePairs(params, parseForm(query));
  bindToURL(params, onChange);
  return params;
}

export function refillParams(params, query) {
  replacePairs(params, parseForm(query));
}

