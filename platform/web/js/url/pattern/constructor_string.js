// A URLPattern written as one string, split into components (URL Pattern standard, section 2.1.2).
import { StringSlice } from "../../primordials.js";
import { ASTERISK, CHAR, CLOSE, END, ESCAPED_CHAR, INVALID_CHAR, NAME, OPEN, REGEXP, tokenize } from "./tokenizer.js";

// States in the order of the components, so that "before" and "after" are comparisons.
const INIT = 0;
const PROTOCOL = 1;
const AUTHORITY = 2;
const USERNAME = 3;
const PASSWORD = 4;
const HOSTNAME = 5;
const PORT = 6;
const PATHNAME = 7;
const SEARCH = 8;
const HASH = 9;
const DONE = 10;
const NAMES = ["", "protocol", "", "username", "password", "hostname", "port", "pathname", "search", "hash"];

class StringParser {
  constructor(input, isSpecialProtocol) {
    this.input = input;
    this.tokens = tokenize(input, true);
    this.isSpecialProtocol = isSpecialProtocol;
    this.result = { __proto__: null };
    this.start = 0;         // token where the component began
    this.at = 0;
    this.step = 1;
    this.depth = 0;         // of {groups}
    this.brackets = 0;      // of [IPv6] in a hostname
    this.special = false;
    this.state = INIT;
  }

  is(index, value) {
    const token = this.tokens[index < this.tokens.length ? index : this.tokens.length - 1];
    return token.value === value &&
      (token.type === CHAR || token.type === ESCAPED_CHAR || token.type === INVALID_CHAR);
  }

  isSearchPrefix() {
    if (this.is(this.at, "?")) return true;
    if (this.tokens[this.at].value !== "?" || this.tokens[this.at].type === NAME) return false;
    if (this.at === 0) return true;
    const { type } = this.tokens[this.at - 1];
    return type !== NAME && type !== REGEXP && type !== CLOSE && type !== ASTERISK;
  }

  text() {
    return StringSlice(this.input, this.tokens[this.start].index, this.tokens[this.at].index);
  }

  rewindTo(state) {
    this.at = this.start;
    this.step = 0;
    this.state = state;
  }

  change(state, skip) {
    const { result } = this;
    if (NAMES[this.state] !== "" && this.state !== DONE) result[NAMES[this.state]] = this.text();
    if (this.state !== INIT && state !== DONE) {
      if (this.state <= PASSWORD && state >= PORT) result.hostname ??= "";
      if (this.state <= PORT && state >= SEARCH) result.pathname ??= this.special ? "/" : "";
      if (this.state <= PATHNAME && state === HASH) result.search ??= "";
    }
    this.state = state;
    this.at += skip;
    this.start = this.at;
    this.step = 0;
  }

  /** Goes on to search or hash when the token says so. */
  laterComponent() {
    if (this.state < SEARCH && this.isSearchPrefix()) {
      this.change(SEARCH, 1);
    } else if (this.is(this.at, "#")) {
      this.change(HASH, 1);
    }
  }

  atToken() {
    const { at } = this;
    switch (this.state) {
      case INIT:
        if (this.is(at, ":")) this.rewindTo(PROTOCOL);
        break;
      case PROTOCOL:
        if (!this.is(at, ":")) break;
        this.special = this.isSpecialProtocol(this.text());
        if (this.is(at + 1, "/") && this.is(at + 2, "/")) {
          this.change(AUTHORITY, 3);
        } else {
          this.change(this.special ? AUTHORITY : PATHNAME, 1);
        }
        break;
      case AUTHORITY:
        if (this.is(at, "@")) {
          this.rewindTo(USERNAME);
        } else if (this.is(at, "/") || this.isSearchPrefix() || this.is(at, "#")) {
          this.rewindTo(HOSTNAME);
        }
        break;
      case USERNAME:
        if (this.is(at, ":")) {
          this.change(PASSWORD, 1);
        } else if (this.is(at, "@")) {
          this.change(HOSTNAME, 1);
        }
        break;
      case PASSWORD:
        if (this.is(at, "@")) this.change(HOSTNAME, 1);
        break;
      case HOSTNAME:
        if (this.is(at, "[")) {
          this.brackets++;
        } else if (this.is(at, "]")) {
          this.brackets--;
        } else if (this.is(at, ":") && this.brackets === 0) {
          this.change(PORT, 1);
        } else if (this.is(at, "/")) {
          this.change(PATHNAME, 0);
        } else {
          this.laterComponent();
        }
        break;
      case PORT:
        if (this.is(at, "/")) {
          this.change(PATHNAME, 0);
        } else {
          this.laterComponent();
        }
        break;
      case PATHNAME:
      case SEARCH:
        this.laterComponent();
        break;
    }
  }

  run() {
    while (this.at < this.tokens.length) {
      this.step = 1;
      const { type } = this.tokens[this.at];
      if (type === END) {
        if (this.state === INIT) {
          this.rewindTo(INIT);
          if (this.is(this.at, "#")) {
            this.change(HASH, 1);
          } else if (this.isSearchPrefix()) {
            this.change(SEARCH, 1);
          } else {
            this.change(PATHNAME, 0);
          }
        } else if (this.state === AUTHORITY) {
          this.rewindTo(HOSTNAME);
        } else {
          this.change(DONE, 0);
          break;
        }
      } else if (type === OPEN) {
        this.depth++;
      } else if (this.depth > 0 && type !== CLOSE) {
        // Inside a group nothing separates components.
      } else {
        if (this.depth > 0) this.depth--;
        this.atToken();
      }
      this.at += this.step;
    }
    if (this.result.hostname !== undefined) this.result.port ??= "";
    return this.result;
  }
}

/** The components a pattern string names. `isSpecialProtocol(text)` tells whether a protocol may be special. */
export const parseConstructorString = (input, isSpecialProtocol) =>
  new StringParser(input, isSpecialProtocol).run();
