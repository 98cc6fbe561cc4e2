// What `new WebSocket(url, protocols)` may ask for (WHATWG WebSockets, section 3).
import { RegExpTest } from "../primordials.js";
import { sequenceOf } from "../webidl.js";
import { DOMException } from "../dom_exception.js";
import { canonicalHref } from "../url/url.js";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SCHEME = /^(?:wss?|https?):/;

const refuse = (message) => new DOMException(`WebSocket Constructor: ${message}`, "SyntaxError");

/** The address as it is connected to. */
export function handshakeUrl(url) {
  const href = canonicalHref(url);
  if (href === null) throw refuse("The url is invalid.");
  if (!RegExpTest(SCHEME, href)) throw refuse("The url scheme must be ws or wss.");
  if (RegExpTest(/#/, href)) throw refuse("The url fragment must be empty.");
  return href;
}

/** The protocols offered, a string or a sequence of strings, as a header's value; "": none. */
export function checkProtocols(protocols) {
  if (protocols === undefined) return "";
  const list = typeof protocols === "string" ? [protocols] : sequenceOf(protocols, "protocols");
  let header = "";
  for (let i = 0; i < list.length; i++) {
    const protocol = `${list[i]}`;
    if (!RegExpTest(TOKEN, protocol)) throw refuse("The protocol header token is invalid.");
    for (let j = 0; j < i; j++) {
      if (`${list[j]}` === protocol) throw refuse("The protocols header cannot have repeating values.");
    }
    header += i === 0 ? protocol : `, ${protocol}`;
  }
  return header;
}
