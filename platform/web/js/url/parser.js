// The basic URL parser (URL standard, section 4.4).
//
// A record (record.js) is filled state by state. Setters pass a record and the state to start in.
import {
  ArrayPop, ArrayPush, RegExpTest, StringCharCodeAt, StringCodePointAt, StringSlice,
  StringToLowerCase, fromCodePoint,
} from "../primordials.js";
import {
  C0_CONTROL, FRAGMENT, PATH, QUERY, SPECIAL_QUERY, USERINFO, encodePoint, encodeString,
} from "./percent_encoding.js";
import { parseHost } from "./host.js";
import { DEFAULT_PORTS, copyPath, hasOpaquePath, includesCredentials, isSpecial, newRecord } from "./record.js";

const SCHEME_START = 1;
const SCHEME = 2;
const NO_SCHEME = 3;
const SPECIAL_RELATIVE_OR_AUTHORITY = 4;
const PATH_OR_AUTHORITY = 5;
const RELATIVE = 6;
const RELATIVE_SLASH = 7;
const SPECIAL_AUTHORITY_SLASHES = 8;
const SPECIAL_AUTHORITY_IGNORE_SLASHES = 9;
const AUTHORITY = 10;
const HOST = 11;
const HOSTNAME = 12;
const PORT = 13;
const FILE = 14;
const FILE_SLASH = 15;
const FILE_HOST = 16;
const PATH_START = 17;
const PATH_STATE = 18;
const OPAQUE_PATH = 19;
const QUERY_STATE = 20;
const FRAGMENT_STATE = 21;
export const OVERRIDE = {
  SCHEME_START, HOST, HOSTNAME, PORT, PATH_START, OPAQUE_PATH, QUERY: QUERY_STATE,
  FRAGMENT: FRAGMENT_STATE,
};

const EOF = -1;
const SINGLE_DOT = /^(?:\.|%2e)$/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i;
const DRIVE_LETTER = /^[a-zA-Z][:|]$/;
const NORMAL_DRIVE_LETTER = /^[a-zA-Z]:$/;
const STARTS_WITH_DRIVE_LETTER = /^[a-zA-Z][:|](?:[/\\?#]|$)/;
const TAB_OR_NEWLINE = /[\t\n\r]/;

const isAlpha = (c) => (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
const isDigit = (c) => c >= 48 && c <= 57;

function stripTabsAndNewlines(input) {
  if (!RegExpTest(TAB_OR_NEWLINE, input)) return input;
  let result = "";
  for (let i = 0; i < input.length; i++) {
    const c = StringCharCodeAt(input, i);
    if (c !== 9 && c !== 10 && c !== 13) result += input[i];
  }
  return result;
}

function trimControls(input) {
  let start = 0;
  let end = input.length;
  while (start < end && StringCharCodeAt(input, start) <= 0x20) start++;
  while (end > start && StringCharCodeAt(input, end - 1) <= 0x20) end--;
  return start === 0 && end === input.length ? input : StringSlice(input, start, end);
}

/** Parses a well-formed string against an optional base record. Null for failure. */
export function parseURL(input, base = null) {
  const url = newRecord();
  return run(stripTabsAndNewlines(trimControls(input)), base, url, 0) ? url : null;
}

/** Runs the parser in a setter's state over an existing record; false when it failed. */
export function parseInto(url, input, override) {
  return run(stripTabsAndNewlines(input), null, url, override);
}

function shortenPath(url) {
  const path = url.path;
  if (url.scheme === "file" && path.length === 1 && RegExpTest(NORMAL_DRIVE_LETTER, path[0])) return;
  if (path.length > 0) ArrayPop(path);
}

function run(input, base, url, override) {
  const size = input.length;
  let state = override === 0 ? SCHEME_START : override;
  let buffer = "";
  let atSignSeen = false;
  let insideBrackets = false;
  let passwordTokenSeen = false;

  // `at` is an index of UTF-16 units; only states that see non-ASCII text read whole code points.
  for (let at = 0; at <= size; at++) {
    let c = at < size ? StringCharCodeAt(input, at) : EOF;
    const start = at;
    if (c >= 0xd800 && c <= 0xdbff) {
      c = StringCodePointAt(input, at);
      if (c > 0xffff) at++;
    }
    switch (state) {
      case SCHEME_START:
        if (isAlpha(c)) {
          buffer += StringToLowerCase(input[at]);
          state = SCHEME;
        } else if (override === 0) {
          state = NO_SCHEME;
          at = start - 1;
        } else {
          return false;
        }
        break;

      case SCHEME:
        if (isAlpha(c) || isDigit(c) || c === 0x2b || c === 0x2d || c === 0x2e) {
          buffer += StringToLowerCase(input[at]);
        } else if (c === 0x3a) {
          if (override !== 0) {
            if (isSpecial(url.scheme) !== isSpecial(buffer)) return true;
            if ((includesCredentials(url) || url.port !== null) && buffer === "file") return true;
            if (url.scheme === "file" && url.host === "") return true;
          }
          url.scheme = buffer;
          if (override !== 0) {
            if (url.port === DEFAULT_PORTS[url.scheme]) url.port = null;
            return true;
          }
          buffer = "";
          if (url.scheme === "file") {
            state = FILE;
          } else if (isSpecial(url.scheme)) {
            state = base !== null && base.scheme === url.scheme
              ? SPECIAL_RELATIVE_OR_AUTHORITY : SPECIAL_AUTHORITY_SLASHES;
          } else if (input[at + 1] === "/") {
            state = PATH_OR_AUTHORITY;
            at++;
          } else {
            url.path = "";
            state = OPAQUE_PATH;
          }
        } else if (override === 0) {
          buffer = "";
          state = NO_SCHEME;
          at = -1;
        } else {
          return false;
        }
        break;

      case NO_SCHEME:
        if (base === null || (hasOpaquePath(base) && c !== 0x23)) return false;
        if (hasOpaquePath(base)) {
          url.scheme = base.scheme;
          url.path = base.path;
          url.query = base.query;
          url.fragment = "";
          state = FRAGMENT_STATE;
        } else {
          state = base.scheme === "file" ? FILE : RELATIVE;
          at = start - 1;
        }
        break;

      case SPECIAL_RELATIVE_OR_AUTHORITY:
        if (c === 0x2f && input[at + 1] === "/") {
          state = SPECIAL_AUTHORITY_IGNORE_SLASHES;
          at++;
        } else {
          state = RELATIVE;
          at = start - 1;
        }
        break;

      case PATH_OR_AUTHORITY:
        if (c === 0x2f) {
          state = AUTHORITY;
        } else {
          state = PATH_STATE;
          at = start - 1;
        }
        break;

      case RELATIVE:
        url.scheme = base.scheme;
        if (c === 0x2f) {
          state = RELATIVE_SLASH;
        } else if (isSpecial(url.scheme) && c === 0x5c) {
          state = RELATIVE_SLASH;
        } else {
          url.username = base.username;
          url.password = base.password;
          url.host = base.host;
          url.port = base.port;
          url.path = copyPath(base.path);
          url.query = base.query;
          if (c === 0x3f) {
            url.query = "";
            state = QUERY_STATE;
          } else if (c === 0x23) {
            url.fragment = "";
            state = FRAGMENT_STATE;
          } else if (c !== EOF) {
            url.query = null;
            shortenPath(url);
            state = PATH_STATE;
            at = start - 1;
          }
        }
        break;

      case RELATIVE_SLASH:
        if (isSpecial(url.scheme) && (c === 0x2f || c === 0x5c)) {
          state = SPECIAL_AUTHORITY_IGNORE_SLASHES;
        } else if (c === 0x2f) {
          state = AUTHORITY;
        } else {
          url.username = base.username;
          url.password = base.password;
          url.host = base.host;
          url.port = base.port;
          state = PATH_STATE;
          at = start - 1;
        }
        break;

      case SPECIAL_AUTHORITY_SLASHES:
        state = SPECIAL_AUTHORITY_IGNORE_SLASHES;
        if (c === 0x2f && input[at + 1] === "/") {
          at++;
        } else {
          at = start - 1;
        }
        break;

      case SPECIAL_AUTHORITY_IGNORE_SLASHES:
        if (c !== 0x2f && c !== 0x5c) {
          state = AUTHORITY;
          at = start - 1;
        }
        break;

      case AUTHORITY:
        if (c === 0x40) {
          const text = atSignSeen ? `%40${buffer}` : buffer;
          atSignSeen = true;
          let from = 0;
          if (!passwordTokenSeen) {
            while (from < text.length && text[from] !== ":") from++;
            url.username += encodeString(StringSlice(text, 0, from), USERINFO);
            passwordTokenSeen = from < text.length;
            from++;
          }
          if (passwordTokenSeen) url.password += encodeString(StringSlice(text, from), USERINFO);
          buffer = "";
        } else if (c === EOF || c === 0x2f || c === 0x3f || c === 0x23 ||
                   (isSpecial(url.scheme) && c === 0x5c)) {
          if (atSignSeen && buffer === "") return false;
          at = start - buffer.length - 1;
          buffer = "";
          state = HOST;
        } else {
          buffer += fromCodePoint(c);
        }
        break;

      case HOST:
      case HOSTNAME:
        if (override !== 0 && url.scheme === "file") {
          state = FILE_HOST;
          at = start - 1;
        } else if (c === 0x3a && !insideBrackets) {
          if (buffer === "") return false;
          if (override === HOSTNAME) return false;
          const host = parseHost(buffer, !isSpecial(url.scheme));
          if (host === null) return false;
          url.host = host;
          buffer = "";
          state = PORT;
        } else if (c === EOF || c === 0x2f || c === 0x3f || c === 0x23 ||
                   (isSpecial(url.scheme) && c === 0x5c)) {
          at = start - 1;
          if (isSpecial(url.scheme) && buffer === "") return false;
          if (override !== 0 && buffer === "" && (includesCredentials(url) || url.port !== null)) {
            return false;
          }
          const host = buffer === "" ? "" : parseHost(buffer, !isSpecial(url.scheme));
          if (host === null) return false;
          url.host = host;
          buffer = "";
          state = PATH_START;
          if (override !== 0) return true;
        } else {
          if (c === 0x5b) insideBrackets = true;
          if (c === 0x5d) insideBrackets = false;
          buffer += fromCodePoint(c);
        }
        break;

      case PORT:
        if (isDigit(c)) {
          buffer += input[at];
        } else if (c === EOF || c === 0x2f || c === 0x3f || c === 0x23 ||
                   (isSpecial(url.scheme) && c === 0x5c) || override !== 0) {
          if (buffer !== "") {
            let port = 0;
            for (let i = 0; i < buffer.length; i++) {
              port = port * 10 + StringCharCodeAt(buffer, i) - 48;
              if (port > 65535) return false;
            }
            url.port = port === DEFAULT_PORTS[url.scheme] ? null : port;
            buffer = "";
            if (override !== 0) return true;
          }
          if (override !== 0) return false;
          state = PATH_START;
          at = start - 1;
        } else {
          return false;
        }
        break;

      case FILE:
        url.scheme = "file";
        url.host = "";
        if (c === 0x2f || c === 0x5c) {
          state = FILE_SLASH;
        } else if (base !== null && base.scheme === "file") {
          url.host = base.host;
          url.path = copyPath(base.path);
          url.query = base.query;
          if (c === 0x3f) {
            url.query = "";
            state = QUERY_STATE;
          } else if (c === 0x23) {
            url.fragment = "";
            state = FRAGMENT_STATE;
          } else if (c !== EOF) {
            url.query = null;
            if (!RegExpTest(STARTS_WITH_DRIVE_LETTER, StringSlice(input, start))) {
              shortenPath(url);
            } else {
              url.path = [];
            }
            state = PATH_STATE;
            at = start - 1;
          }
        } else {
          state = PATH_STATE;
          at = start - 1;
        }
        break;

      case FILE_SLASH:
        if (c === 0x2f || c === 0x5c) {
          state = FILE_HOST;
        } else {
          if (base !== null && base.scheme === "file") {
            url.host = base.host;
            if (!RegExpTest(STARTS_WITH_DRIVE_LETTER, StringSlice(input, start)) &&
                base.path.length > 0 && RegExpTest(NORMAL_DRIVE_LETTER, base.path[0])) {
              ArrayPush(url.path, base.path[0]);
            }
          }
          state = PATH_STATE;
          at = start - 1;
        }
        break;

      case FILE_HOST:
        if (c === EOF || c === 0x2f || c === 0x5c || c === 0x3f || c === 0x23) {
          at = start - 1;
          if (override === 0 && RegExpTest(DRIVE_LETTER, buffer)) {
            state = PATH_STATE;
          } else if (buffer === "") {
            url.host = "";
            if (override !== 0) return true;
            state = PATH_START;
          } else {
            const host = parseHost(buffer, !isSpecial(url.scheme));
            if (host === null) return false;
            url.host = host === "localhost" ? "" : host;
            if (override !== 0) return true;
            buffer = "";
            state = PATH_START;
          }
        } else {
          buffer += fromCodePoint(c);
        }
        break;

      case PATH_START:
        if (isSpecial(url.scheme)) {
          state = PATH_STATE;
          if (c !== 0x2f && c !== 0x5c) at = start - 1;
        } else if (override === 0 && c === 0x3f) {
          url.query = "";
          state = QUERY_STATE;
        } else if (override === 0 && c === 0x23) {
          url.fragment = "";
          state = FRAGMENT_STATE;
        } else if (c !== EOF) {
          state = PATH_STATE;
          if (c !== 0x2f) at = start - 1;
        } else if (override !== 0 && url.host === null) {
          ArrayPush(url.path, "");
        }
        break;

      case PATH_STATE: {
        const slash = c === 0x2f || (isSpecial(url.scheme) && c === 0x5c);
        if (c === EOF || slash || (override === 0 && (c === 0x3f || c === 0x23))) {
          if (RegExpTest(DOUBLE_DOT, buffer)) {
            shortenPath(url);
            if (!slash) ArrayPush(url.path, "");
          } else if (RegExpTest(SINGLE_DOT, buffer)) {
            if (!slash) ArrayPush(url.path, "");
          } else {
            if (url.scheme === "file" && url.path.length === 0 && RegExpTest(DRIVE_LETTER, buffer)) {
              buffer = `${buffer[0]}:`;
            }
            ArrayPush(url.path, buffer);
          }
          buffer = "";
          if (c === 0x3f) {
            url.query = "";
            state = QUERY_STATE;
          } else if (c === 0x23) {
            url.fragment = "";
            state = FRAGMENT_STATE;
          }
        } else {
          buffer += encodePoint(c, PATH);
        }
        break;
      }

      case OPAQUE_PATH:
        if (c === 0x3f) {
          url.query = "";
          state = QUERY_STATE;
        } else if (c === 0x23) {
          url.fragment = "";
          state = FRAGMENT_STATE;
        } else if (c === 0x20) {
          const next = input[at + 1];
          url.path += next === "?" || next === "#" ? "%20" : " ";
        } else if (c !== EOF) {
          url.path += encodePoint(c, C0_CONTROL);
        }
        break;

      case QUERY_STATE:
        if (c === EOF || (override === 0 && c === 0x23)) {
          url.query += encodeString(buffer, isSpecial(url.scheme) ? SPECIAL_QUERY : QUERY);
          buffer = "";
          if (c === 0x23) {
            url.fragment = "";
            state = FRAGMENT_STATE;
          }
        } else {
          buffer += fromCodePoint(c);
        }
        break;

      default:
        if (c !== EOF) url.fragment += encodePoint(c, FRAGMENT);
    }
    if (c === EOF && at >= size) return true;
  }
  return true;
}
