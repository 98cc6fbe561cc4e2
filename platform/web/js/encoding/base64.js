// atob and btoa: forgiving base64 per the Infra standard.
import { StringCharCodeAt, fromCharCode } from "../primordials.js";
import { DOMException } from "../dom_exception.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

export function btoa(data) {
  if (arguments.length === 0) throw new TypeError("btoa() requires 1 argument.");
  const input = `${data}`;
  let output = "";
  for (let i = 0; i < input.length; i += 3) {
    const left = input.length - i;
    const a = StringCharCodeAt(input, i);
    const b = left > 1 ? StringCharCodeAt(input, i + 1) : 0;
    const c = left > 2 ? StringCharCodeAt(input, i + 2) : 0;
    if (a > 255 || b > 255 || c > 255) {
      throw new DOMException("btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.",
        "InvalidCharacterError");
    }
    output += ALPHABET[a >> 2] + ALPHABET[((a & 3) << 4) | (b >> 4)] +
      (left > 1 ? ALPHABET[((b & 15) << 2) | (c >> 6)] : "=") + (left > 2 ? ALPHABET[c & 63] : "=");
  }
  return output;
}

export function atob(data) {
  if (arguments.length === 0) throw new TypeError("atob() requires 1 argument.");
  const input = `${data}`;
  let output = "";
  let bits = 0;
  let count = 0;
  let digits = 0;
  let padding = 0;
  for (let i = 0; i < input.length; i++) {
    const unit = StringCharCodeAt(input, i);
    if (unit === 32 || unit === 9 || unit === 10 || unit === 12 || unit === 13) continue;
    if (unit === 61) {
      padding++;
      continue;
    }
    const value = unit < 128 ? VALUES[unit] : 255;
    if (value === 255 || padding > 0) throw invalidBase64();
    bits = (bits << 6) | value;
    digits++;
    count += 6;
    if (count >= 8) {
      count -= 8;
      output += fromCharCode((bits >> count) & 255);
      bits &= (1 << count) - 1;
    }
  }
  if (digits % 4 === 1 || (padding > 0 && (padding > 2 || (digits + padding) % 4 !== 0))) {
    throw invalidBase64();
  }
  return output;
}

function invalidBase64() {
  return new DOMException("atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', " +
    "alphanumeric ASCII, and up to two terminal '=' signs when the input data length is divisible " +
    "by 4 are allowed.)", "InvalidCharacterError");
}
