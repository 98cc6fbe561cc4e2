// Tokens of a URLPattern string (URL Pattern standard, section 2.1).
import { ArrayPush, RegExpTest, StringCodePointAt, StringSlice, fromCodePoint } from "../../primordials.js";

export const OPEN = 1;
export const CLOSE = 2;
export const REGEXP = 3;
export const NAME = 4;
export const CHAR = 5;
export const ESCAPED_CHAR = 6;
export const OTHER_MODIFIER = 7;
export const ASTERISK = 8;
export const END = 9;
export const INVALID_CHAR = 10;

const NAME_START = /^[$_\p{ID_Start}]$/u;
const NAME_PART = /^[$_\u200c\u200d\p{ID_Continue}]$/u;

/** Whether the character may begin (or go on) a group's name. */
export const isNameCharacter = (character, first) =>
  RegExpTest(first ? NAME_START : NAME_PART, character);

const characterAt = (text, at) => fromCodePoint(StringCodePointAt(text, at));

/**
 * The tokens {type, index, value} of a pattern, with an END token last. Errors throw a TypeError, or
 * become INVALID_CHAR tokens when lenient.
 */
export function tokenize(input, lenient) {
  const tokens = [];
  const size = input.length;
  const add = (type, index, value) => { ArrayPush(tokens, { type, index, value }); };
  let at = 0;
  const bad = (next, value) => {
    if (!lenient) throw new TypeError(`Invalid URL pattern: unexpected character at ${at} in "${input}".`);
    add(INVALID_CHAR, at, value);
    at = next;
  };
  while (at < size) {
    const c = characterAt(input, at);
    if (c === "*") {
      add(ASTERISK, at++, c);
    } else if (c === "+" || c === "?") {
      add(OTHER_MODIFIER, at++, c);
    } else if (c === "{") {
      add(OPEN, at++, c);
    } else if (c === "}") {
      add(CLOSE, at++, c);
    } else if (c === "\\") {
      if (at === size - 1) {
        bad(size, c);
        continue;
      }
      const escaped = characterAt(input, at + 1);
      add(ESCAPED_CHAR, at, escaped);
      at += 1 + escaped.length;
    } else if (c === ":") {
      let end = at + 1;
      while (end < size) {
        const next = characterAt(input, end);
        if (!isNameCharacter(next, end === at + 1)) break;
        end += next.length;
      }
      if (end === at + 1) {
        bad(end, c);
        continue;
      }
      add(NAME, at, StringSlice(input, at + 1, end));
      at = end;
    } else if (c === "(") {
      const end = endOfRegexp(input, at + 1);
      if (end < 0) {
        bad(at + 1, c);
        continue;
      }
      add(REGEXP, at, StringSlice(input, at + 1, end - 1));
      at = end;
    } else {
      add(CHAR, at, c);
      at += c.length;
    }
  }
  add(END, size, "");
  return tokens;
}

/** The position behind the ")" that ends the group whose text starts at `start`, or -1 when malformed. */
function endOfRegexp(input, start) {
  let depth = 1;
  for (let at = start; at < input.length; at++) {
    const c = characterAt(input, at);
    if (c > "\x7f" || (at === start && c === "?")) return -1;
    if (c === "\\") {
      at++;
      if (at >= input.length || characterAt(input, at) > "\x7f") return -1;
    } else if (c === ")") {
      depth--;
      if (depth === 0) return at === start ? -1 : at + 1;
    } else if (c === "(") {
      depth++;
      if (input[at + 1] !== "?") return -1;
    }
  }
  return -1;
}
