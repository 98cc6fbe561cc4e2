// The URL record and its serialisers (URL standard, sections 4.1, 4.5 and 4.6).
//
// A record is a plain object: scheme (without ":"), username, password, host (serialised, or null),
// port (number or null), path (an array of segments, or a string when opaque), query and fragment
// (string or null).
import { ArrayPush } from "../primordials.js";

// The default port of each special scheme; -1 for none.
export const DEFAULT_PORTS = { __proto__: null, ftp: 21, file: -1, http: 80, https: 443, ws: 80, wss: 443 };

export const isSpecial = (scheme) => DEFAULT_PORTS[scheme] !== undefined;
export const hasOpaquePath = (url) => typeof url.path === "string";
export const includesCredentials = (url) => url.username !== "" || url.password !== "";
export const cannotHaveCredentials = (url) =>
  url.host === null || url.host === "" || url.scheme === "file";

export function newRecord() {
  return {
    scheme: "", username: "", password: "", host: null, port: null, path: [], query: null,
    fragment: null,
  };
}

export function copyPath(path) {
  if (typeof path === "string") return path;
  const copy = [];
  for (let i = 0; i < path.length; i++) ArrayPush(copy, path[i]);
  return copy;
}

/** The path as text. */
export function serializePath(url) {
  const path = url.path;
  if (typeof path === "string") return path;
  let text = "";
  for (let i = 0; i < path.length; i++) text += `/${path[i]}`;
  return text;
}

/** The whole record as text. */
export function serializeURL(url, excludeFragment = false) {
  let text = `${url.scheme}:`;
  if (url.host !== null) {
    text += "//";
    if (includesCredentials(url)) {
      text += url.username;
      if (url.password !== "") text += `:${url.password}`;
      text += "@";
    }
    text += url.host;
    if (url.port !== null) text += `:${url.port}`;
  } else if (typeof url.path !== "string" && url.path.length > 1 && url.path[0] === "") {
    text += "/.";
  }
  text += serializePath(url);
  if (url.query !== null) text += `?${url.query}`;
  if (!excludeFragment && url.fragment !== null) text += `#${url.fragment}`;
  return text;
}
