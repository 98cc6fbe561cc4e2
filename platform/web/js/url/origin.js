// Origins of URLs (URL standard, section 4.7).
import { parseURL } from "./parser.js";
import { isSpecial } from "./record.js";

/** The origin as text ("null" when opaque). */
export function serializeOrigin(url) {
  const scheme = url.scheme;
  if (scheme === "blob") {
    const inner = typeof url.path === "string" ? parseURL(url.path) : null;
    if (inner === null || (inner.scheme !== "http" && inner.scheme !== "https")) return "null";
    return serializeOrigin(inner);
  }
  if (!isSpecial(scheme) || scheme === "file") return "null";
  return `${scheme}://${url.host}${url.port === null ? "" : `:${url.port}`}`;
}
