// What byte streams take as chunks: views, buffers, and strings, which become UTF-8.
import { bytesOf } from "../webidl.js";
import { natives } from "../natives.js";

/** A chunk as bytes; null when it is none of these. */
export const chunkBytes = (chunk) => (typeof chunk === "string" ? natives.utf8Encode(chunk) : bytesOf(chunk));

/** A chunk as bytes; throws what writers of byte streams see. */
export function needBytes(chunk) {
  const bytes = chunkBytes(chunk);
  if (bytes !== null) return bytes;
  throw new TypeError("This TransformStream is being used as a byte stream, but received an object of " +
    "non-ArrayBuffer/ArrayBufferView/string type on its writable side.");
}
