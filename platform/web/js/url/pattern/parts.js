// Parts of a URLPattern component: parsing, and turning parts into a regular expression and back into
// canonical pattern text (URL Pattern standard, sections 2.1.3 to 2.2).
import { ArrayPush, StringIncludes, StringCodePointAt, StringLastIndexOf, fromCodePoint }
  from "../../primordials.js";
import {
  ASTERISK, CHAR, CLOSE, END, ESCAPED_CHAR, NAME, OPEN, OTHER_MODIFIER, REGEXP, isNameCharacter, tokenize,
} from "./tokenizer.js";

export const FIXED = 0;
export const REGEXP_PART = 1;
export const SEGMENT = 2;
export const FULL = 3;

function escapeWith(text, special) {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    result += StringIncludes(special, text[i]) ? `\\${text[i]}` : text[i];
  }
  return result;
}
const escapeRegexp = (text) => escapeWith(text, ".+*?^${}()[]|/\\");
/** Text with everything that means something in a pattern escaped. */
export const escapePattern = (text) => escapeWith(text, "+*?:{}()\\");

const segmentWildcard = (options) => `[^${escapeRegexp(options.delimiter)}]+?`;
const FULL_WILDCARD = ".*";

class Parser {
  constructor(input, options, encode) {
    this.input = input;
    this.tokens = tokenize(input, false);
    this.options = options;
    this.encode = encode;
    this.at = 0;
    this.parts = [];
    this.pending = "";
    this.nextName = 0;
  }

  take(type) {
    const token = this.tokens[this.at];
    if (token.type !== type) return null;
    this.at++;
    return token;
  }

  require(type) {
    const token = this.take(type);
    if (token === null) throw new TypeError(`Invalid URL pattern: "${this.input}".`);
    return token;
  }

  takeRegexpOrWildcard(name) {
    const token = this.take(REGEXP);
    return token === null && name === null ? this.take(ASTERISK) : token;
  }

  takeModifier() {
    const token = this.take(OTHER_MODIFIER) ?? this.take(ASTERISK);
    return token === null ? "" : token.value;
  }

  takeText() {
    let text = "";
    for (;;) {
      const token = this.take(CHAR) ?? this.take(ESCAPED_CHAR);
      if (token === null) return text;
      text += token.value;
    }
  }

  flushPending() {
    if (this.pending === "") return;
    const value = this.encode(this.pending);
    this.pending = "";
    this.push(FIXED, value, "", "", "", "");
  }

  push(type, value, modifier, name, prefix, suffix) {
    ArrayPush(this.parts, { type, value, modifier, name, prefix, suffix });
  }

  addPart(prefix, name, matcher, suffix, modifier) {
    if (name === null && matcher === null && modifier === "") {
      this.pending += prefix;
      return;
    }
    this.flushPending();
    if (name === null && matcher === null) {
      if (prefix !== "") this.push(FIXED, this.encode(prefix), modifier, "", "", "");
      return;
    }
    let value = matcher === null ? segmentWildcard(this.options)
      : matcher.type === ASTERISK ? FULL_WILDCARD : matcher.value;
    let type = REGEXP_PART;
    if (value === segmentWildcard(this.options)) {
      type = SEGMENT;
      value = "";
    } else if (value === FULL_WILDCARD) {
      type = FULL;
      value = "";
    }
    const label = name !== null ? name.value : `${this.nextName++}`;
    for (let i = 0; i < this.parts.length; i++) {
      if (this.parts[i].name === label) {
        throw new TypeError(`Invalid URL pattern: the name "${label}" appears twice.`);
      }
    }
    this.push(type, value, modifier, label, this.encode(prefix), this.encode(suffix));
  }

  run() {
    while (this.at < this.tokens.length) {
      const character = this.take(CHAR);
      let name = this.take(NAME);
      let matcher = this.takeRegexpOrWildcard(name);
      if (name !== null || matcher !== null) {
        let prefix = character === null ? "" : character.value;
        if (prefix !== "" && prefix !== this.options.prefix) {
          this.pending += prefix;
          prefix = "";
        }
        this.flushPending();
        this.addPart(prefix, name, matcher, "", this.takeModifier());
        continue;
      }
      const fixed = character ?? this.take(ESCAPED_CHAR);
      if (fixed !== null) {
        this.pending += fixed.value;
        continue;
      }
      if (this.take(OPEN) !== null) {
        const prefix = this.takeText();
        name = this.take(NAME);
        matcher = this.takeRegexpOrWildcard(name);
        const suffix = this.takeText();
        this.require(CLOSE);
        this.addPart(prefix, name, matcher, suffix, this.takeModifier());
        continue;
      }
      this.flushPending();
      this.require(END);
    }
    return this.parts;
  }
}

/** The parts of a component's pattern. `options` is {delimiter, prefix}; `encode` canonicalises text. */
export const parseParts = (input, options, encode) => new Parser(input, options, encode).run();

/** The source of a regular expression for the parts, and the names of its groups in order. */
export function regexpOfParts(parts, options) {
  let source = "^";
  const names = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const { modifier } = part;
    if (part.type === FIXED) {
      source += modifier === "" ? escapeRegexp(part.value) : `(?:${escapeRegexp(part.value)})${modifier}`;
      continue;
    }
    ArrayPush(names, part.name);
    const value = part.type === SEGMENT ? segmentWildcard(options)
      : part.type === FULL ? FULL_WILDCARD : part.value;
    const once = modifier === "" || modifier === "?";
    if (part.prefix === "" && part.suffix === "") {
      source += once ? `(${value})${modifier}` : `((?:${value})${modifier})`;
      continue;
    }
    const prefix = escapeRegexp(part.prefix);
    const suffix = escapeRegexp(part.suffix);
    if (once) {
      source += `(?:${prefix}(${value})${suffix})${modifier}`;
    } else {
      source += `(?:${prefix}((?:${value})(?:${suffix}${prefix}(?:${value}))*)${suffix})${modifier === "*" ? "?" : ""}`;
    }
  }
  return { source: `${source}$`, names };
}

const firstCharacter = (text) => (text === "" ? "" : fromCodePoint(StringCodePointAt(text, 0)));
const isDigit = (text) => text[0] >= "0" && text[0] <= "9";

/** The canonical pattern text of parts. */
export function patternOfParts(parts, options) {
  let result = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const previous = i > 0 ? parts[i - 1] : null;
    const next = i + 1 < parts.length ? parts[i + 1] : null;
    if (part.type === FIXED) {
      result += part.modifier === "" ? escapePattern(part.value) : `{${escapePattern(part.value)}}${part.modifier}`;
      continue;
    }
    const custom = !isDigit(part.name);
    let grouping = part.suffix !== "" || (part.prefix !== "" && part.prefix !== options.prefix);
    if (!grouping && custom && part.type === SEGMENT && part.modifier === "" && next !== null &&
        next.prefix === "" && next.suffix === "") {
      grouping = next.type === FIXED
        ? next.value !== "" && isNameCharacter(firstCharacter(next.value), false) : isDigit(next.name);
    }
    if (!grouping && part.prefix === "" && previous !== null && previous.type === FIXED && options.prefix !== "" &&
        StringLastIndexOf(previous.value, options.prefix) === previous.value.length - 1 && previous.value !== "") {
      grouping = true;
    }
    if (grouping) result += "{";
    result += escapePattern(part.prefix);
    if (custom) result += `:${part.name}`;
    if (part.type === REGEXP_PART) {
      result += `(${part.value})`;
    } else if (part.type === SEGMENT && !custom) {
      result += `(${segmentWildcard(options)})`;
    } else if (part.type === FULL) {
      const star = !custom && (previous === null || previous.type === FIXED || previous.modifier !== "" ||
        grouping || part.prefix !== "");
      result += star ? "*" : "(.*)";
    }
    if (part.type === SEGMENT && custom && part.suffix !== "" && isNameCharacter(firstCharacter(part.suffix), false)) {
      result += "\\";
    }
    result += escapePattern(part.suffix);
    if (grouping) result += "}";
    result += part.modifier;
  }
  return result;
}
