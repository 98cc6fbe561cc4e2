// Host parsing and serialising (URL standard, section 3). A host is kept in its serialised form.
import {
  ArrayPop, ArrayPush, RegExpTest, StringCharCodeAt, StringSlice,
  StringToLowerCase, floor, pow,
} from "../primordials.js";
import { C0_CONTROL, decodeToText, encodeString, hexValue } from "./percent_encoding.js";
import { natives } from "../natives.js";

const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_DOMAIN = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/;
const PLAIN_DOMAIN = /^[\0-\x7f]+$/;
const PUNYCODE_LABEL = /(?:^|\.)xn--/i;
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?$/;

/** The serialised host, or null for failure. */
export function parseHost(input, isOpaque) {
  if (StringCharCodeAt(input, 0) === 0x5b) {
    if (StringCharCodeAt(input, input.length - 1) !== 0x5d) return null;
    const pieces = parseIPv6(StringSlice(input, 1, -1));
    return pieces === null ? null : `[${serializeIPv6(pieces)}]`;
  }
  if (isOpaque) {
    return RegExpTest(FORBIDDEN_HOST, input) ? null : encodeString(input, C0_CONTROL);
  }
  const ascii = domainToASCII(decodeToText(input), false);
  if (ascii === null || RegExpTest(FORBIDDEN_DOMAIN, ascii)) return null;
  return RegExpTest(NUMERIC_END, ascii) ? parseIPv4(ascii) : ascii;
}

/** Domain to ASCII; ASCII domains without punycode labels need no tables. Null for failure. */
export function domainToASCII(domain, beStrict) {
  if (!beStrict && RegExpTest(PLAIN_DOMAIN, domain) && !RegExpTest(PUNYCODE_LABEL, domain)) {
    return StringToLowerCase(domain);
  }
  const result = natives.idnaToAscii(domain, beStrict);
  return result === "" ? null : result;
}

function parseIPv4(input) {
  const parts = splitDots(input);
  if (parts[parts.length - 1] === "" && parts.length > 1) ArrayPop(parts);
  if (parts.length > 4) return null;
  let address = 0;
  for (let i = 0; i < parts.length; i++) {
    const number = parseIPv4Number(parts[i]);
    if (number === -1) return null;
    if (i < parts.length - 1) {
      if (number > 255) return null;
      address += number * pow(256, 3 - i);
    } else {
      if (number >= pow(256, 5 - parts.length)) return null;
      address += number;
    }
  }
  return `${floor(address / 16777216)}.${floor(address / 65536) % 256}.${floor(address / 256) % 256}.${address % 256}`;
}

/** The number, or -1. Large numbers may round, but stay too large. */
function parseIPv4Number(text) {
  if (text === "") return -1;
  let radix = 10;
  let start = 0;
  if (text.length >= 2 && text[0] === "0") {
    radix = text[1] === "x" || text[1] === "X" ? 16 : 8;
    start = radix === 16 ? 2 : 1;
  }
  let value = 0;
  for (let i = start; i < text.length; i++) {
    const digit = hexValue(StringCharCodeAt(text, i));
    if (digit < 0 || digit >= radix) return -1;
    value = value * radix + digit;
  }
  return value;
}

function splitDots(text) {
  const parts = [];
  let part = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ".") {
      ArrayPush(parts, part);
      part = "";
    } else {
      part += text[i];
    }
  }
  ArrayPush(parts, part);
  return parts;
}

function parseIPv6(input) {
  const address = [0, 0, 0, 0, 0, 0, 0, 0];
  let piece = 0;
  let compress = -1;
  let at = 0;
  const size = input.length;
  const unit = (index) => (index < size ? StringCharCodeAt(input, index) : -1);
  const colon = 0x3a;
  if (unit(at) === colon) {
    if (unit(at + 1) !== colon) return null;
    at += 2;
    compress = ++piece;
  }
  while (at < size) {
    if (piece === 8) return null;
    if (unit(at) === colon) {
      if (compress !== -1) return null;
      at++;
      compress = ++piece;
      continue;
    }
    let value = 0;
    let length = 0;
    while (length < 4 && hexValue(unit(at)) >= 0) {
      value = value * 16 + hexValue(unit(at));
      at++;
      length++;
    }
    if (unit(at) === 0x2e) {
      if (length === 0) return null;
      return finishIPv6WithIPv4(address, input, at - length, piece, compress);
    }
    if (unit(at) === colon) {
      at++;
      if (at >= size) return null;
    } else if (at < size) {
      return null;
    }
    address[piece++] = value;
  }
  return expandIPv6(address, piece, compress);
}

function finishIPv6WithIPv4(address, input, start, piece, compress) {
  if (piece > 6) return null;
  let at = start;
  const size = input.length;
  let seen = 0;
  while (at < size) {
    if (seen > 0) {
      if (input[at] !== "." || seen >= 4) return null;
      at++;
    }
    let value = -1;
    while (at < size) {
      const digit = StringCharCodeAt(input, at) - 48;
      if (digit < 0 || digit > 9) break;
      if (value === 0) return null;
      value = value === -1 ? digit : value * 10 + digit;
      if (value > 255) return null;
      at++;
    }
    if (value === -1) return null;
    address[piece] = address[piece] * 256 + value;
    seen++;
    if (seen === 2 || seen === 4) piece++;
  }
  return seen === 4 ? expandIPv6(address, piece, compress) : null;
}

/** Moves the pieces behind "::" to the end. */
function expandIPv6(address, pieces, compress) {
  if (compress === -1) return pieces === 8 ? address : null;
  let swaps = pieces - compress;
  for (let to = 7; to !== 0 && swaps > 0; to--, swaps--) {
    const from = compress + swaps - 1;
    const value = address[to];
    address[to] = address[from];
    address[from] = value;
  }
  return address;
}

function serializeIPv6(address) {
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && address[i + length] === 0) length++;
    if (length > bestLength) {
      bestStart = i;
      bestLength = length;
    }
    if (length > 0) i += length - 1;
  }
  let result = "";
  for (let i = 0; i < 8; i++) {
    if (i === bestStart) {
      result += i === 0 ? "::" : ":";
      i += bestLength - 1;
      continue;
    }
    result += uint16ToHex(address[i]);
    if (i !== 7) result += ":";
  }
  return result;
}

const HEX_DIGITS = "0123456789abcdef";
function uint16ToHex(value) {
  let text = HEX_DIGITS[value & 15];
  for (let rest = value >> 4; rest > 0; rest >>= 4) text = HEX_DIGITS[rest & 15] + text;
  return text;
}

