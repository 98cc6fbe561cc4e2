// Blob and File: immutable bytes held in memory.
import { StringToLowerCase, TypedArraySet, TypedArraySlice, TypedArraySubarray, RegExpTest, U8, dateNow,
  max, min, trunc, TypedArrayBuffer } from "../primordials.js";
import { brand, bytesOf, sequenceOf, toUSVString } from "../webidl.js";
import { utf8DecodeBody } from "../encoding/text_decoder.js";
import { natives } from "../natives.js";
import { streamOfBytes } from "../streams/readable.js";

const UNPRINTABLE = /[^\x20-\x7e]/;

function joinParts(parts, endings) {
  const items = sequenceOf(parts, "The first argument of Blob");
  const chunks = [];
  let size = 0;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    let bytes = blobBytes(item) ?? bytesOf(item);
    if (bytes === null) {
      let text = toUSVString(item);
      if (endings === "native") text = nativeEndings(text);
      bytes = natives.utf8Encode(text);
    }
    chunks[i] = bytes;
    size += bytes.length;
  }
  const all = new U8(size);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    TypedArraySet(all, chunks[i], at);
    at += chunks[i].length;
  }
  return all;
}

function nativeEndings(text) {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\r") {
      result += "\n";
      if (text[i + 1] === "\n") i++;
    } else {
      result += text[i];
    }
  }
  return result;
}

function normalizeType(type) {
  const text = `${type}`;
  return RegExpTest(UNPRINTABLE, text) ? "" : StringToLowerCase(text);
}

/** A relative index clamped to [0, size], as slice() counts. */
function clampIndex(value, size) {
  let number = trunc(+value);
  if (number !== number) number = 0;
  return number < 0 ? max(size + number, 0) : min(number, size);
}

let blobBytes;
let blobType;
let adoptBytes;
let blobFromBytes;

export class Blob {
  #bytes;
  #type = "";

  constructor(parts = undefined, options = undefined) {
    if (options !== undefined && options !== null && typeof options !== "object" &&
        typeof options !== "function") {
      throw new TypeError("The options of Blob are not an object.");
    }
    const endings = options?.endings === undefined ? "transparent" : `${options.endings}`;
    if (endings !== "transparent" && endings !== "native") {
      throw new TypeError(`"${endings}" is not a valid value of endings.`);
    }
    if (options?.type !== undefined) this.#type = normalizeType(options.type);
    if (parts !== undefined && (typeof parts !== "object" || parts === null)) {
      throw new TypeError("The first argument of Blob is not iterable.");
    }
    this.#bytes = parts === undefined ? new U8(0) : joinParts(parts, endings);
  }

  get size() { return this.#bytes.length; }
  get type() { return this.#type; }

  slice(start = 0, end = undefined, type = "") {
    const size = this.#bytes.length;
    const from = clampIndex(start, size);
    const to = end === undefined ? size : clampIndex(end, size);
    return blobFromBytes(TypedArraySubarray(this.#bytes, from, max(from, to)), normalizeType(type));
  }

  async arrayBuffer() { return TypedArrayBuffer(TypedArraySlice(this.#bytes)); }
  async bytes() { return TypedArraySlice(this.#bytes); }
  async text() { return utf8DecodeBody(this.#bytes); }
  stream() { return streamOfBytes(TypedArraySlice(this.#bytes)); }

  static {
    blobBytes = (value) =>
      (typeof value === "object" && value !== null && #bytes in value ? value.#bytes : null);
    blobType = (blob) => blob.#type;
    adoptBytes = (blob, bytes, type) => {
      blob.#bytes = bytes;
      blob.#type = type;
    };
    blobFromBytes = (bytes, type) => {
      const blob = new Blob();
      adoptBytes(blob, bytes, type);
      return blob;
    };
  }
}
brand(Blob, "Blob");

/** blobBytes(value): the bytes behind a Blob (not to be changed), or null for anything else. */
export { blobBytes, blobFromBytes, blobType };

let isFile;
let fileName;
let fileFromBytes;

export class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    if (arguments.length < 2) throw new TypeError("File requires at least 2 arguments.");
    super(parts, options);
    this.#name = toUSVString(name);
    this.#lastModified = options?.lastModified === undefined ? dateNow() : trunc(+options.lastModified) || 0;
  }

  get name() { return this.#name; }
  get lastModified() { return this.#lastModified; }
  get webkitRelativePath() { return ""; }

  static {
    fileName = (file) => file.#name;
    fileFromBytes = (bytes, type, name) => {
      const file = new File([], name);
      adoptBytes(file, bytes, type);
      return file;
    };
    isFile = (value) => typeof value === "object" && value !== null && #name in value;
  }
}
brand(File, "File");
/** fileFromBytes(bytes, type, name): a File that adopts the bytes. */
export { fileFromBytes, fileName, isFile };
