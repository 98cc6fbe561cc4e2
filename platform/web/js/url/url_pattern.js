// URLPattern (URL Pattern standard). Each component is a list of parts with a regular expression.
import { RegExpExec, RegExpTest, StringEndsWith, StringLastIndexOf, StringSlice, StringStartsWith }
  from "../primordials.js";
import { brand, toUSVString } from "../webidl.js";
import { parseURL } from "./parser.js";
import { hasOpaquePath, isSpecial, serializePath } from "./record.js";
import {
  canonicalCredential, canonicalHash, canonicalHostname, canonicalIPv6, canonicalOpaqueHostname,
  canonicalOpaquePathname, canonicalPathname, canonicalPort, canonicalProtocol, canonicalSearch,
} from "./pattern/canonical.js";
import { lowerClassSets } from "./pattern/class_sets.js";
import { parseConstructorString } from "./pattern/constructor_string.js";
import { REGEXP_PART, escapePattern, parseParts, patternOfParts, regexpOfParts } from "./pattern/parts.js";

const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
const DEFAULT = { delimiter: "", prefix: "" };
const HOSTNAME = { delimiter: ".", prefix: "" };
const PATHNAME = { delimiter: "/", prefix: "/" };
const SPECIAL_SCHEMES = ["ftp", "file", "http", "https", "ws", "wss"];
const DEFAULT_PORTS = { __proto__: null, ftp: "21", http: "80", https: "443", ws: "80", wss: "443" };
const RegExpConstructor = RegExp;

function compile(input, encode, options, ignoreCase) {
  const parts = parseParts(input, options, encode);
  const { source, names } = regexpOfParts(parts, options);
  let regexp;
  try {
    regexp = new RegExpConstructor(lowerClassSets(source), ignoreCase ? "ui" : "u");
  } catch {
    throw new TypeError(`Invalid URL pattern: "${input}" holds an invalid regular expression.`);
  }
  let hasGroups = false;
  for (let i = 0; i < parts.length; i++) hasGroups ||= parts[i].type === REGEXP_PART;
  return { pattern: patternOfParts(parts, options), regexp, names, hasGroups };
}

function matchesSpecialScheme(component) {
  for (let i = 0; i < SPECIAL_SCHEMES.length; i++) {
    if (RegExpTest(component.regexp, SPECIAL_SCHEMES[i])) return true;
  }
  return false;
}

const isSpecialProtocolPattern = (text) =>
  matchesSpecialScheme(compile(text, canonicalProtocol, DEFAULT, false));

/** A dictionary's members as texts, absent ones undefined. */
function readInit(object) {
  const init = { __proto__: null };
  const names = ["baseURL", ...COMPONENTS];
  for (let i = 0; i < names.length; i++) {
    const value = object[names[i]];
    if (value !== undefined) init[names[i]] = toUSVString(value);
  }
  return init;
}

function isAbsolutePathname(text, isPattern) {
  if (text[0] === "/") return true;
  return isPattern && (StringStartsWith(text, "\\/") || StringStartsWith(text, "{/"));
}

const withoutPrefix = (text, prefix) => (text[0] === prefix ? StringSlice(text, 1) : text);

/** Completes a dictionary by its base URL, and canonicalises it when it is a URL and no pattern. */
function processInit(init, isPattern) {
  const result = { __proto__: null };
  const inherit = (text) => (isPattern ? escapePattern(text) : text);
  const given = (...names) => {
    for (let i = 0; i < names.length; i++) {
      if (init[names[i]] !== undefined) return true;
    }
    return false;
  };
  if (!isPattern) {
    for (let i = 0; i < COMPONENTS.length; i++) result[COMPONENTS[i]] = "";
  }
  let base = null;
  if (init.baseURL !== undefined) {
    base = parseURL(init.baseURL);
    if (base === null) throw new TypeError("Invalid base URL.");
    if (!given("protocol")) result.protocol = inherit(base.scheme);
    if (!isPattern && !given("protocol", "hostname", "port", "username")) result.username = base.username;
    if (!isPattern && !given("protocol", "hostname", "port", "username", "password")) result.password = base.password;
    if (!given("protocol", "hostname")) result.hostname = inherit(base.host ?? "");
    if (!given("protocol", "hostname", "port")) result.port = base.port === null ? "" : `${base.port}`;
    if (!given("protocol", "hostname", "port", "pathname")) result.pathname = inherit(serializePath(base));
    if (!given("protocol", "hostname", "port", "pathname", "search")) result.search = inherit(base.query ?? "");
    if (!given("protocol", "hostname", "port", "pathname", "search", "hash")) {
      result.hash = inherit(base.fragment ?? "");
    }
  }
  const keep = (text) => text;
  const pick = (canonical) => (isPattern ? keep : canonical);
  if (given("protocol")) {
    const text = init.protocol;
    result.protocol = pick(canonicalProtocol)(StringEndsWith(text, ":") ? StringSlice(text, 0, -1) : text);
  }
  if (given("username")) result.username = pick(canonicalCredential)(init.username);
  if (given("password")) result.password = pick(canonicalCredential)(init.password);
  const protocol = result.protocol ?? "";
  const special = protocol === "" || isSpecial(protocol);
  if (given("hostname")) result.hostname = pick(special ? canonicalHostname : canonicalOpaqueHostname)(init.hostname);
  if (given("port")) result.port = isPattern ? init.port : canonicalPort(init.port, protocol);
  if (given("pathname")) {
    let text = init.pathname;
    if (base !== null && !hasOpaquePath(base) && !isAbsolutePathname(text, isPattern)) {
      const basePath = inherit(serializePath(base));
      const slash = StringLastIndexOf(basePath, "/");
      if (slash >= 0) text = StringSlice(basePath, 0, slash + 1) + text;
    }
    result.pathname = pick(special ? canonicalPathname : canonicalOpaquePathname)(text);
  }
  if (given("search")) result.search = pick(canonicalSearch)(withoutPrefix(init.search, "?"));
  if (given("hash")) result.hash = pick(canonicalHash)(withoutPrefix(init.hash, "#"));
  return result;
}

const isIPv6Pattern = (text) => text[0] === "[" || StringStartsWith(text, "{[") || StringStartsWith(text, "\\[");

/** The components of an input to match, or null when it is no valid URL. */
function componentsOf(input, base) {
  if (typeof input === "object" && input !== null || typeof input === "function") {
    const init = readInit(input);
    try {
      return processInit(init, false);
    } catch {
      return null;
    }
  }
  let baseRecord = null;
  if (base !== undefined) {
    baseRecord = parseURL(base);
    if (baseRecord === null) return null;
  }
  const url = parseURL(input, baseRecord);
  if (url === null) return null;
  return {
    protocol: url.scheme, username: url.username, password: url.password, hostname: url.host ?? "",
    port: url.port === null ? "" : `${url.port}`, pathname: serializePath(url), search: url.query ?? "",
    hash: url.fragment ?? "",
  };
}

export class URLPattern {
  #components = { __proto__: null };

  constructor(input = {}, baseOrOptions = undefined, options = undefined) {
    let base;
    let settings = options;
    if (typeof baseOrOptions === "string" || arguments.length > 2) {
      base = toUSVString(baseOrOptions);
    } else if (baseOrOptions !== undefined) {
      settings = baseOrOptions;
      if (settings !== null && typeof settings !== "object") base = toUSVString(settings);
    }
    const ignoreCase = Boolean(settings?.ignoreCase);
    let init;
    if (typeof input === "object" && input !== null || typeof input === "function") {
      if (base !== undefined) throw new TypeError("A base URL cannot be given beside a URLPatternInit.");
      init = readInit(input);
    } else {
      init = parseConstructorString(toUSVString(input), isSpecialProtocolPattern);
      if (base === undefined && init.protocol === undefined) {
        throw new TypeError("A relative URLPattern needs a base URL.");
      }
      if (base !== undefined) init.baseURL = base;
    }
    this.#compile(processInit(init, true), ignoreCase);
  }

  #compile(init, ignoreCase) {
    for (let i = 0; i < COMPONENTS.length; i++) init[COMPONENTS[i]] ??= "*";
    if (init.port !== "" && DEFAULT_PORTS[init.protocol] === init.port) init.port = "";
    const components = this.#components;
    components.protocol = compile(init.protocol, canonicalProtocol, DEFAULT, false);
    components.username = compile(init.username, canonicalCredential, DEFAULT, false);
    components.password = compile(init.password, canonicalCredential, DEFAULT, false);
    const special = matchesSpecialScheme(components.protocol);
    components.hostname = compile(init.hostname, isIPv6Pattern(init.hostname) ? canonicalIPv6
      : special ? canonicalHostname : canonicalOpaqueHostname, HOSTNAME, false);
    components.port = compile(init.port, canonicalPort, DEFAULT, false);
    components.pathname = special ? compile(init.pathname, canonicalPathname, PATHNAME, ignoreCase)
      : compile(init.pathname, canonicalOpaquePathname, DEFAULT, ignoreCase);
    components.search = compile(init.search, canonicalSearch, DEFAULT, ignoreCase);
    components.hash = compile(init.hash, canonicalHash, DEFAULT, ignoreCase);
  }

  #match(input, base) {
    const isInit = typeof input === "object" && input !== null || typeof input === "function";
    if (isInit && base !== undefined) throw new TypeError("A base URL cannot be given beside a URLPatternInit.");
    const text = isInit ? input : toUSVString(input);
    const baseText = base === undefined ? undefined : toUSVString(base);
    const values = componentsOf(text, baseText);
    if (values === null) return null;
    const result = { inputs: baseText === undefined ? [text] : [text, baseText] };
    for (let i = 0; i < COMPONENTS.length; i++) {
      const name = COMPONENTS[i];
      const component = this.#components[name];
      const match = RegExpExec(component.regexp, values[name]);
      if (match === null) return null;
      const groups = {};
      for (let k = 0; k < component.names.length; k++) groups[component.names[k]] = match[k + 1];
      result[name] = { input: values[name], groups };
    }
    return result;
  }

  test(input = {}, base = undefined) { return this.#match(input, base) !== null; }
  exec(input = {}, base = undefined) { return this.#match(input, base); }

  get protocol() { return this.#components.protocol.pattern; }
  get username() { return this.#components.username.pattern; }
  get password() { return this.#components.password.pattern; }
  get hostname() { return this.#components.hostname.pattern; }
  get port() { return this.#components.port.pattern; }
  get pathname() { return this.#components.pathname.pattern; }
  get search() { return this.#components.search.pattern; }
  get hash() { return this.#components.hash.pattern; }
  get hasRegExpGroups() {
    for (let i = 0; i < COMPONENTS.length; i++) {
      if (this.#components[COMPONENTS[i]].hasGroups) return true;
    }
    return false;
  }
}
brand(URLPattern, "URLPattern");
