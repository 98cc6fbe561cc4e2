// Canonical forms of component texts inside a URLPattern (URL Pattern standard, section 3.1).
import { RegExpTest, StringSlice, StringToLowerCase } from "../../primordials.js";
import { OVERRIDE, parseInto, parseURL } from "../parser.js";
import { serializePath } from "../record.js";
import { USERINFO, encodeString } from "../percent_encoding.js";

const invalid = (what, value) => new TypeError(`Invalid URL pattern: "${value}" is not a valid ${what}.`);
const dummy = () => parseURL("https://dummy.invalid/");
const IPV6_TEXT = /^[0-9a-fA-F[\]:]*$/;

export function canonicalProtocol(value) {
  if (value === "") return "";
  const url = parseURL(`${value}://dummy.invalid/`);
  if (url === null) throw invalid("protocol", value);
  return url.scheme;
}

export const canonicalCredential = (value) => encodeString(value, USERINFO);

export function canonicalHostname(value) {
  if (value === "") return "";
  const url = dummy();
  if (!parseInto(url, value, OVERRIDE.HOSTNAME)) throw invalid("hostname", value);
  return url.host;
}

/** Hostnames of schemes that are not special are opaque. */
export function canonicalOpaqueHostname(value) {
  if (value === "") return "";
  const url = dummy();
  url.scheme = "orrery-opaque";
  if (!parseInto(url, value, OVERRIDE.HOSTNAME)) throw invalid("hostname", value);
  return url.host;
}

export function canonicalIPv6(value) {
  if (!RegExpTest(IPV6_TEXT, value)) throw invalid("IPv6 address", value);
  return StringToLowerCase(value);
}

export function canonicalPort(value, protocol = "") {
  if (value === "") return "";
  const url = dummy();
  if (protocol !== "") url.scheme = protocol;
  if (!parseInto(url, value, OVERRIDE.PORT)) throw invalid("port", value);
  return url.port === null ? "" : `${url.port}`;
}

export function canonicalPathname(value) {
  if (value === "") return "";
  const absolute = value[0] === "/";
  const url = dummy();
  url.path = [];
  if (!parseInto(url, absolute ? value : `/-${value}`, OVERRIDE.PATH_START)) throw invalid("pathname", value);
  return absolute ? serializePath(url) : StringSlice(serializePath(url), 2);
}

export function canonicalOpaquePathname(value) {
  if (value === "") return "";
  const url = dummy();
  url.path = "";
  if (!parseInto(url, value, OVERRIDE.OPAQUE_PATH)) throw invalid("pathname", value);
  return serializePath(url);
}

export function canonicalSearch(value) {
  if (value === "") return "";
  const url = dummy();
  url.query = "";
  parseInto(url, value, OVERRIDE.QUERY);
  return url.query;
}

export function canonicalHash(value) {
  if (value === "") return "";
  const url = dummy();
  url.fragment = "";
  parseInto(url, value, OVERRIDE.FRAGMENT);
  return url.fragment;
}
