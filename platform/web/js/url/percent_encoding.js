// Percent-encoding sets and the two directions of percent-encoding (URL standard, section 1.3).
import { StringCharCodeAt, StringIncludes, U8, TypedArraySlice, fromCharCode }
  from "../primordials.js";
import { natives } from "../natives.js";

export const C0_CONTROL = 1;
export const FRAGMENT = 2;
export const QUERY = 4;
export const SPECIAL_QUERY = 8;
export const PATH = 16;
export const USERINFO = 32;
export const COMPONENT = 64;
export const FORM = 128;

// One bit per set for each ASCII character. Beyond ASCII everything is in every set.
const SETS = new Uint8Array(128);
const add = (characters, bits) => {
  for (let i = 0; i < characters.length; i++) SETS[characters.charCodeAt(i)] |= bits;
};
for (let i = 0; i < 0x20; i++) SETS[i] = 255;
SETS[0x7f] = 255;
add(' "<>', FRAGMENT | QUERY | SPECIAL_QUERY | PATH | USERINFO | COMPONENT | FORM);
add("`", FRAGMENT | PATH | USERINFO | COMPONENT | FORM);
add("#", QUERY | SPECIAL_QUERY | PATH | USERINFO | COMPONENT | FORM);
add("'", SPECIAL_QUERY | FORM);
add("?^{}", PATH | USERINFO | COMPONENT | FORM);
add("/:;=@[\\]|", USERINFO | COMPONENT | FORM);
add("$%&+,", COMPONENT | FORM);
add("!()~", FORM);

const HEX = [];
for (let i = 0; i < 256; i++) HEX[i] = `%${i < 16 ? "0" : ""}${i.toString(16).toUpperCase()}`;

/** Whether an ASCII character is in the set. */
export const inSet = (point, set) => point > 127 || (SETS[point] & set) !== 0;

/** UTF-8 percent-encodes one code point (a lone surrogate counts as U+FFFD). */
export function encodePoint(point, set) {
  if (point < 0x80) return (SETS[point] & set) !== 0 ? HEX[point] : fromCharCode(point);
  if (point < 0x800) return HEX[0xc0 | (point >> 6)] + HEX[0x80 | (point & 63)];
  if (point >= 0xd800 && point <= 0xdfff) return "%EF%BF%BD";
  if (point < 0x10000) {
    return HEX[0xe0 | (point >> 12)] + HEX[0x80 | ((point >> 6) & 63)] + HEX[0x80 | (point & 63)];
  }
  return HEX[0xf0 | (point >> 18)] + HEX[0x80 | ((point >> 12) & 63)] +
    HEX[0x80 | ((point >> 6) & 63)] + HEX[0x80 | (point & 63)];
}

/** UTF-8 percent-encodes a string; `plus` writes a space as "+". */
export function encodeString(string, set, plus = false) {
  let result = "";
  for (let i = 0; i < string.length; i++) {
    let point = StringCharCodeAt(string, i);
    if (plus && point === 0x20) {
      result += "+";
      continue;
    }
    if (point >= 0xd800 && point <= 0xdbff && i + 1 < string.length) {
      const next = StringCharCodeAt(string, i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
        i++;
      }
    }
    result += encodePoint(point, set);
  }
  return result;
}

/** The value of a hex digit, or -1. */
export function hexValue(unit) {
  if (unit >= 48 && unit <= 57) return unit - 48;
  if (unit >= 65 && unit <= 70) return unit - 55;
  if (unit >= 97 && unit <= 102) return unit - 87;
  return -1;
}

/** Percent-decodes to text by UTF-8 without a byte order mark's special role. */
export function decodeToText(string) {
  if (!StringIncludes(string, "%")) return string;
  const input = natives.utf8Encode(string);
  const output = new U8(input.length);
  let size = 0;
  for (let i = 0; i < input.length; i++) {
    let byte = input[i];
    if (byte === 0x25 && i + 2 < input.length) {
      const high = hexValue(input[i + 1]);
      const low = hexValue(input[i + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        i += 2;
      }
    }
    output[size++] = byte;
  }
  return natives.utf8Decode(TypedArraySlice(output, 0, size), false);
}

