// multipart/form-data: writing (Fetch and HTML standards) and reading (RFC 7578).
//
// The boundary comes from the isolate's own randomness, so it repeats with the seed.
import { ArrayPush, RegExpExec, TypedArraySet, TypedArraySubarray, U8 } from "../primordials.js";
import { blobBytes, blobType, fileName } from "../file/blob.js";
import { utf8DecodeBody } from "../encoding/text_decoder.js";
import { natives } from "../natives.js";

const HEX = "0123456789abcdef";

function newBoundary() {
  const bytes = new U8(16);
  natives.randomBytes(bytes);
  let text = "----OrreryFormBoundary";
  for (let i = 0; i < 16; i++) text += HEX[bytes[i] >> 4] + HEX[bytes[i] & 15];
  return text;
}

/** Names and file names are written with carriage return, line feed and the quote escaped. */
function escapeName(text) {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    result += c === "\r" ? "%0D" : c === "\n" ? "%0A" : c === '"' ? "%22" : c;
  }
  return result;
}

function normalizeNewlines(text) {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\r" || c === "\n") {
      if (c === "\r" && text[i + 1] === "\n") i++;
      result += "\r\n";
    } else {
      result += c;
    }
  }
  return result;
}

/** The bytes and the content type of FormData entries. */
export function serializeMultipart(entries) {
  const boundary = newBoundary();
  const chunks = [];
  let size = 0;
  const add = (bytes) => {
    ArrayPush(chunks, bytes);
    size += bytes.length;
  };
  for (let i = 0; i < entries.length; i++) {
    const name = escapeName(normalizeNewlines(entries[i][0]));
    const value = entries[i][1];
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    if (typeof value === "string") {
      add(natives.utf8Encode(`${head}\r\n\r\n${normalizeNewlines(value)}\r\n`));
      continue;
    }
    const type = blobType(value) === "" ? "application/octet-stream" : blobType(value);
    add(natives.utf8Encode(
      `${head}; filename="${escapeName(fileName(value))}"\r\nContent-Type: ${type}\r\n\r\n`));
    add(blobBytes(value));
    add(natives.utf8Encode("\r\n"));
  }
  add(natives.utf8Encode(`--${boundary}--\r\n`));
  const bytes = new U8(size);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    TypedArraySet(bytes, chunks[i], at);
    at += chunks[i].length;
  }
  return { bytes, type: `multipart/form-data; boundary=${boundary}` };
}

const BOUNDARY = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i;
const DISPOSITION = /^content-disposition:\s*form-data\s*(;.*)?$/i;
const NAME = /;\s*name="([^"]*)"/i;
const FILENAME = /;\s*filename="([^"]*)"/i;
const CONTENT_TYPE = /^content-type:\s*(.*?)\s*$/i;

const malformed = () => new TypeError("Failed to parse the body as multipart/form-data.");

/** The parts of a body, as [{name, filename (or null), type, content}]. */
export function parseMultipart(bytes, contentType) {
  const match = RegExpExec(BOUNDARY, contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || boundary === "" || boundary.length > 70) {
    throw new TypeError("No boundary string in Content-Type header. The multipart/form-data MIME " +
      "type requires a boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'.");
  }
  const dashes = natives.utf8Encode(`--${boundary}`);
  const parts = [];
  let at = find(bytes, dashes, 0);
  if (at < 0) throw malformed();
  at += dashes.length;
  for (;;) {
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return parts;
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a) throw malformed();
    at += 2;
    const part = { name: null, filename: null, type: "text/plain", content: null };
    for (;;) {
      let end = at;
      while (end + 1 < bytes.length && !(bytes[end] === 0x0d && bytes[end + 1] === 0x0a)) end++;
      if (end + 1 >= bytes.length) throw malformed();
      if (end === at) {
        at += 2;
        break;
      }
      readHeader(part, utf8DecodeBody(TypedArraySubarray(bytes, at, end)));
      at = end + 2;
    }
    if (part.name === null) throw malformed();
    const end = findBoundary(bytes, dashes, at);
    if (end < 0) throw malformed();
    part.content = new U8(TypedArraySubarray(bytes, at, end));
    ArrayPush(parts, part);
    at = end + 2 + dashes.length;
  }
}

function readHeader(part, line) {
  const disposition = RegExpExec(DISPOSITION, line);
  if (disposition !== null) {
    const rest = disposition[1] ?? "";
    const name = RegExpExec(NAME, rest);
    const filename = RegExpExec(FILENAME, rest);
    if (name !== null) part.name = unescapeName(name[1]);
    if (filename !== null) part.filename = unescapeName(filename[1]);
    return;
  }
  const type = RegExpExec(CONTENT_TYPE, line);
  if (type !== null) part.type = type[1];
}

function unescapeName(text) {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const escape = text[i] === "%" ? `${text[i + 1]}${text[i + 2]}` : "";
    const c = escape === "22" ? '"' : escape === "0D" || escape === "0d" ? "\r"
      : escape === "0A" || escape === "0a" ? "\n" : "";
    result += c === "" ? text[i] : c;
    if (c !== "") i += 2;
  }
  return result;
}

function find(bytes, wanted, from) {
  for (let i = from; i + wanted.length <= bytes.length; i++) {
    let k = 0;
    while (k < wanted.length && bytes[i + k] === wanted[k]) k++;
    if (k === wanted.length) return i;
  }
  return -1;
}

/** Where "\r\n--boundary" begins at or after a position, or -1. */
function findBoundary(bytes, dashes, from) {
  for (let at = find(bytes, dashes, from); at >= 0; at = find(bytes, dashes, at + 1)) {
    if (at - 2 >= from && bytes[at - 2] === 0x0d && bytes[at - 1] === 0x0a) return at - 2;
  }
  return -1;
}
