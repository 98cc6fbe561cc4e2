// The URL class, and the cheap path from a string to a canonical one that Request uses.
import { MapClear, MapConstructor, MapGet, MapSet, MapSize, RegExpTest, StringSlice }
  from "../primordials.js";
import { brand, toUSVString } from "../webidl.js";
import { serializeOrigin } from "./origin.js";
import { OVERRIDE, parseInto, parseURL } from "./parser.js";
import { cannotHaveCredentials, hasOpaquePath, serializePath, serializeURL } from "./record.js";
import { USERINFO, encodeString } from "./percent_encoding.js";
import { paramsOfURL, refillParams } from "./search_params.js";

function parseArguments(input, base) {
  let baseRecord = null;
  if (base !== undefined) {
    baseRecord = parseURL(toUSVString(base));
    if (baseRecord === null) return null;
  }
  return parseURL(toUSVString(input), baseRecord);
}

let recordToStartWith = null;
let isURL;
let hrefOf;

export class URL {
  #url;
  #href = null;        // cached serialisation; null after a change
  #params = null;

  constructor(input, base = undefined) {
    if (recordToStartWith !== null) {
      this.#url = recordToStartWith;
      recordToStartWith = null;
      return;
    }
    if (arguments.length === 0) throw new TypeError("URL requires at least 1 argument.");
    const url = parseArguments(input, base);
    if (url === null) throw new TypeError("Invalid URL string.");
    this.#url = url;
  }

  static canParse(input, base = undefined) {
    if (arguments.length === 0) throw new TypeError("URL.canParse requires at least 1 argument.");
    return parseArguments(input, base) !== null;
  }

  static parse(input, base = undefined) {
    if (arguments.length === 0) throw new TypeError("URL.parse requires at least 1 argument.");
    recordToStartWith = parseArguments(input, base);
    return recordToStartWith === null ? null : new URL("");
  }

  #refillParams() {
    if (this.#params !== null) refillParams(this.#params, this.#url.query ?? "");
  }

  get href() { return (this.#href ??= serializeURL(this.#url)); }
  set href(value) {
    const url = parseURL(toUSVString(value));
    if (url === null) throw new TypeError("Invalid URL string.");
    this.#url = url;
    this.#href = null;
    this.#refillParams();
  }

  get origin() { return serializeOrigin(this.#url); }

  get protocol() { return `${this.#url.scheme}:`; }
  set protocol(value) {
    this.#href = null;
    parseInto(this.#url, `${toUSVString(value)}:`, OVERRIDE.SCHEME_START);
  }

  get username() { return this.#url.username; }
  set username(value) {
    if (cannotHaveCredentials(this.#url)) return;
    this.#href = null;
    this.#url.username = encodeString(toUSVString(value), USERINFO);
  }

  get password() { return this.#url.password; }
  set password(value) {
    if (cannotHaveCredentials(this.#url)) return;
    this.#href = null;
    this.#url.password = encodeString(toUSVString(value), USERINFO);
  }

  get host() {
    const url = this.#url;
    if (url.host === null) return "";
    return url.port === null ? url.host : `${url.host}:${url.port}`;
  }
  set host(value) {
    if (hasOpaquePath(this.#url)) return;
    this.#href = null;
    parseInto(this.#url, toUSVString(value), OVERRIDE.HOST);
  }

  get hostname() { return this.#url.host ?? ""; }
  set hostname(value) {
    if (hasOpaquePath(this.#url)) return;
    this.#href = null;
    parseInto(this.#url, toUSVString(value), OVERRIDE.HOSTNAME);
  }

  get port() { return this.#url.port === null ? "" : `${this.#url.port}`; }
  set port(value) {
    if (cannotHaveCredentials(this.#url)) return;
    this.#href = null;
    const text = toUSVString(value);
    if (text === "") {
      this.#url.port = null;
    } else {
      parseInto(this.#url, text, OVERRIDE.PORT);
    }
  }

  get pathname() { return serializePath(this.#url); }
  set pathname(value) {
    if (hasOpaquePath(this.#url)) return;
    this.#href = null;
    this.#url.path = [];
    parseInto(this.#url, toUSVString(value), OVERRIDE.PATH_START);
  }

  get search() {
    const query = this.#url.query;
    return query === null || query === "" ? "" : `?${query}`;
  }
  set search(value) {
    this.#href = null;
    const text = toUSVString(value);
    if (text === "") {
      this.#url.query = null;
    } else {
      this.#url.query = "";
      parseInto(this.#url, text[0] === "?" ? StringSlice(text, 1) : text, OVERRIDE.QUERY);
    }
    this.#refillParams();
  }

  get searchParams() {
    return (this.#params ??= paramsOfURL(this.#url.query ?? "", (query) => {
      this.#href = null;
      this.#url.query = query === "" ? null : query;
    }));
  }

  get hash() {
    const fragment = this.#url.fragment;
    return fragment === null || fragment === "" ? "" : `#${fragment}`;
  }
  set hash(value) {
    this.#href = null;
    const text = toUSVString(value);
    if (text === "") {
      this.#url.fragment = null;
      return;
    }
    this.#url.fragment = "";
    parseInto(this.#url, text[0] === "#" ? StringSlice(text, 1) : text, OVERRIDE.FRAGMENT);
  }

  toString() { return this.href; }
  toJSON() { return this.href; }

  static {
    isURL = (value) => typeof value === "object" && value !== null && #url in value;
    hrefOf = (url) => (url.#href ??= serializeURL(url.#url));
  }
}
brand(URL, "URL");
export { isURL, hrefOf };

// A URL of this shape is its own canonical form: no tables, no percent-encoding, no dot segments,
// no port (it might be the default one), no label that could be a number or punycode at the end.
const CANONICAL = new RegExp("^https?://(?:(?!xn--)[a-z0-9_-]+\\.)*(?!xn--)[a-z][a-z0-9_-]*" +
  "(?:/(?!\\.|%2[eE])[A-Za-z0-9\\-._~!$&()*+,;=:@%]*)+" +
  "(?:\\?[A-Za-z0-9\\-._~!$&()*+,;=:@%/?]*)?$");
const CACHE_SIZE = 256;
const cache = new MapConstructor();

/** The canonical form of an absolute URL string, or null when it does not parse. Cheap and cached. */
export function canonicalHref(text) {
  if (RegExpTest(CANONICAL, text)) return text;
  const known = MapGet(cache, text);
  if (known !== undefined) return known;
  const record = parseURL(toUSVString(text));
  const href = record === null ? null : serializeURL(record);
  if (MapSize(cache) >= CACHE_SIZE) MapClear(cache);
  MapSet(cache, text, href);
  return href;
}

