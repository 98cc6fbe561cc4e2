// FormData, and reading one from a body.
import { ArrayPush, ArraySplice, RegExpTest, SymbolIterator, apply } from "../primordials.js";
import { ENTRIES, KEYS, VALUES, alias, brand, pairIteratorClass, toUSVString } from "../webidl.js";
import { blobBytes, blobType, fileFromBytes, fileName, isFile } from "../file/blob.js";
import { utf8DecodeBody } from "../encoding/text_decoder.js";
import { parseForm } from "../url/search_params.js";
import { parseMultipart } from "./multipart.js";

let formEntries;

/** An entry's value as stored: a string, or a File (a plain Blob becomes one). */
function entryValue(value, filename, hasFilename) {
  const bytes = blobBytes(value);
  if (bytes === null) {
    if (hasFilename) throw new TypeError("A file name was given for a value that is not a Blob.");
    return toUSVString(value);
  }
  if (isFile(value) && !hasFilename) return value;
  const name = hasFilename ? toUSVString(filename) : isFile(value) ? fileName(value) : "blob";
  return fileFromBytes(bytes, blobType(value), name);
}

export class FormData {
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError("FormData cannot be made from a form here.");
  }

  append(name, value, filename = undefined) {
    if (arguments.length < 2) throw new TypeError("FormData.append requires 2 arguments.");
    ArrayPush(this.#entries, [toUSVString(name), entryValue(value, filename, arguments.length > 2)]);
  }

  delete(name) {
    if (arguments.length < 1) throw new TypeError("FormData.delete requires 1 argument.");
    const wanted = toUSVString(name);
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i][0] === wanted) ArraySplice(this.#entries, i, 1);
    }
  }

  get(name) {
    if (arguments.length < 1) throw new TypeError("FormData.get requires 1 argument.");
    const wanted = toUSVString(name);
    for (let i = 0; i < this.#entries.length; i++) {
      if (this.#entries[i][0] === wanted) return this.#entries[i][1];
    }
    return null;
  }

  getAll(name) {
    if (arguments.length < 1) throw new TypeError("FormData.getAll requires 1 argument.");
    const wanted = toUSVString(name);
    const values = [];
    for (let i = 0; i < this.#entries.length; i++) {
      if (this.#entries[i][0] === wanted) ArrayPush(values, this.#entries[i][1]);
    }
    return values;
  }

  has(name) {
    if (arguments.length < 1) throw new TypeError("FormData.has requires 1 argument.");
    const wanted = toUSVString(name);
    for (let i = 0; i < this.#entries.length; i++) {
      if (this.#entries[i][0] === wanted) return true;
    }
    return false;
  }

  set(name, value, filename = undefined) {
    if (arguments.length < 2) throw new TypeError("FormData.set requires 2 arguments.");
    const wanted = toUSVString(name);
    const entry = [wanted, entryValue(value, filename, arguments.length > 2)];
    const entries = this.#entries;
    let at = 0;
    while (at < entries.length && entries[at][0] !== wanted) at++;
    if (at === entries.length) {
      ArrayPush(entries, entry);
      return;
    }
    entries[at] = entry;
    for (let i = entries.length - 1; i > at; i--) {
      if (entries[i][0] === wanted) ArraySplice(entries, i, 1);
    }
  }

  forEach(callback, thisArgument = undefined) {
    if (typeof callback !== "function") throw new TypeError("FormData.forEach: the callback is not a function.");
    for (let i = 0; i < this.#entries.length; i++) {
      apply(callback, thisArgument, [this.#entries[i][1], this.#entries[i][0], this]);
    }
  }

  keys() { this.#entries; return new FormDataIterator(this, KEYS); }
  values() { this.#entries; return new FormDataIterator(this, VALUES); }
  entries() { this.#entries; return new FormDataIterator(this, ENTRIES); }

  static {
    formEntries = (value) => (#entries in value ? value.#entries : null);
  }
}
const FormDataIterator = pairIteratorClass("FormData", (form, index) => {
  const entries = formEntries(form);
  return index < entries.length ? [entries[index][0], entries[index][1]] : null;
});
brand(FormData, "FormData");
alias(FormData.prototype, SymbolIterator, FormData.prototype.entries);

const MULTIPART = /^\s*multipart\/form-data\s*(?:;|$)/i;
const URLENCODED = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** The FormData in a body of the given content type. */
export function parseFormData(bytes, contentType) {
  const form = new FormData();
  const entries = formEntries(form);
  if (contentType !== null && RegExpTest(MULTIPART, contentType)) {
    const parts = parseMultipart(bytes, contentType);
    for (let i = 0; i < parts.length; i++) {
      const { name, filename, type, content } = parts[i];
      ArrayPush(entries, [name, filename === null ? utf8DecodeBody(content)
        : fileFromBytes(content, type, filename)]);
    }
    return form;
  }
  if (contentType !== null && RegExpTest(URLENCODED, contentType)) {
    const pairs = parseForm(utf8DecodeBody(bytes));
    for (let i = 0; i < pairs.length; i++) ArrayPush(entries, pairs[i]);
    return form;
  }
  throw new TypeError("Unrecognized Content-Type header value. FormData can only parse the following " +
    "MIME types: multipart/form-data, application/x-www-form-urlencoded");
}

/** formEntries(value): the [name, string or File] pairs of a FormData, or null for other objects. */
export { formEntries };
