// TextDecoder for UTF-8, UTF-16 (both byte orders) and windows-1252.
//
// Other encodings of the Encoding standard give a RangeError that says so. Streaming keeps the
// undecided tail of a chunk here, so that the native decoder only ever sees whole sequences.
import { StringSlice, StringToLowerCase, StringTrim, TypedArraySet, TypedArraySubarray, U8, fromCharCode }
  from "../primordials.js";
import { brand, bytesOf } from "../webidl.js";
import { natives } from "../natives.js";

const LABELS = {
  __proto__: null,
  "utf-8": ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"],
  "utf-16le": ["utf-16le", "utf-16", "csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff"],
  "utf-16be": ["utf-16be", "unicodefffe"],
  "windows-1252": ["windows-1252", "ansi_x3.4-1968", "ascii", "cp1252", "cp819", "csisolatin1", "ibm819",
    "iso-8859-1", "iso-ir-100", "iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987", "l1",
    "latin1", "us-ascii", "x-cp1252"],
};
const ENCODING_BY_LABEL = { __proto__: null };
for (const encoding in LABELS) {
  for (const label of LABELS[encoding]) ENCODING_BY_LABEL[label] = encoding;
}

// What windows-1252 makes of the bytes 0x80 to 0x9F.
const WINDOWS_1252 = "\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F" +
  "\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178";

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #pending = null;     // bytes of an unfinished sequence
  #bomSeen = false;
  #streaming = false;

  constructor(label = "utf-8", options = undefined) {
    const name = StringToLowerCase(StringTrim(`${label}`));
    const encoding = ENCODING_BY_LABEL[name];
    if (encoding === undefined) {
      throw new RangeError(`"${label}" is not a supported encoding.`);
    }
    this.#encoding = encoding;
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input = undefined, options = undefined) {
    let bytes = input === undefined ? new U8(0) : bytesOf(input);
    if (bytes === null) {
      throw new TypeError("TextDecoder.decode: the input is neither an ArrayBuffer nor a view.");
    }
    const stream = Boolean(options?.stream);
    if (!this.#streaming) {
      this.#bomSeen = false;
      this.#pending = null;
    }
    this.#streaming = stream;
    if (this.#pending !== null) {
      bytes = concat(this.#pending, bytes);
      this.#pending = null;
    }
    const encoding = this.#encoding;
    if (encoding === "windows-1252") return decodeWindows1252(bytes);
    if (stream) {
      const keep = encoding === "utf-8" ? unfinishedUtf8(bytes) : unfinishedUtf16(bytes, encoding);
      if (keep > 0) {
        this.#pending = new U8(TypedArraySubarray(bytes, bytes.length - keep));
        bytes = TypedArraySubarray(bytes, 0, bytes.length - keep);
      }
    }
    let text;
    if (encoding === "utf-8") {
      text = natives.utf8Decode(bytes, this.#fatal);
    } else {
      text = decodeUtf16(bytes, encoding === "utf-16be", this.#fatal);
    }
    if (text === null) {
      this.#streaming = false;
      throw new TypeError(`The encoded data was not valid for encoding ${encoding}`);
    }
    if (!this.#bomSeen && text.length > 0) {
      this.#bomSeen = true;
      if (!this.#ignoreBOM && text[0] === "\uFEFF") text = StringSlice(text, 1);
    }
    return text;
  }
}
brand(TextDecoder, "TextDecoder");

/** UTF-8 decoding as bodies do it: replacement characters, byte order mark dropped. */
export function utf8DecodeBody(bytes) {
  const text = natives.utf8Decode(bytes, false);
  return text[0] === "\uFEFF" ? StringSlice(text, 1) : text;
}

function concat(a, b) {
  const both = new U8(a.length + b.length);
  TypedArraySet(both, a, 0);
  TypedArraySet(both, b, a.length);
  return both;
}

function decodeWindows1252(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    text += byte >= 0x80 && byte < 0xa0 ? WINDOWS_1252[byte - 0x80] : fromCharCode(byte);
  }
  return text;
}

/** How many bytes at the end may still become a valid UTF-8 sequence with what follows. */
function unfinishedUtf8(bytes) {
  const size = bytes.length;
  for (let back = 1; back <= 3 && back <= size; back++) {
    const lead = bytes[size - back];
    if (lead >= 0x80 && lead < 0xc0) continue;
    const needed = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    if (lead > 0xf4 || needed <= back) return 0;
    if (back === 1) return 1;
    // The second byte may already rule the sequence out.
    const second = bytes[size - back + 1];
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high ? back : 0;
  }
  return 0;
}

function unfinishedUtf16(bytes, encoding) {
  const odd = bytes.length % 2;
  const whole = bytes.length - odd;
  if (whole < 2) return odd;
  const high = bytes[encoding === "utf-16be" ? whole - 2 : whole - 1];
  return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
}

function decodeUtf16(bytes, bigEndian, fatal) {
  let text = "";
  let lead = 0;
  const whole = bytes.length - (bytes.length % 2);
  for (let i = 0; i < whole; i += 2) {
    const unit = bigEndian ? (bytes[i] << 8) | bytes[i + 1] : (bytes[i + 1] << 8) | bytes[i];
    const isTrail = unit >= 0xdc00 && unit <= 0xdfff;
    if (lead !== 0 && isTrail) {
      text += fromCharCode(lead, unit);
      lead = 0;
      continue;
    }
    if (lead !== 0 || isTrail) {
      if (fatal) return null;
      text += "\uFFFD";
    }
    lead = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
    if (lead === 0 && !isTrail) text += fromCharCode(unit);
  }
  if (lead !== 0 || whole < bytes.length) {
    if (fatal) return null;
    text += "\uFFFD";
  }
  return text;
}
