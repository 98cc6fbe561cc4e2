// The hooks that C++ calls to answer what JavaScript asked for. Each is one turn.
import { natives } from "./natives.js";
import { enter } from "./io_context.js";
import { makeError } from "./errors.js";
import { enterSection, leaveSection } from "./execution_context.js";
import { receiveSocket } from "./sockets.js";
import { receiveBody } from "./streams.js";
import { fireTimer, responseFromParts } from "./web.js";

// What an answer without a text of its own says when it has come over HTTP.
const STATUS_TEXTS = {
  __proto__: null,
  100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created",
  202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content",
  206: "Partial Content", 207: "Multi-Status", 208: "Already Reported", 226: "IM Used", 300: "Multiple Choices",
  301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 305: "Use Proxy",
  307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
  402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
  407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
  412: "Precondition Failed", 413: "Payload Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
  416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a teapot", 421: "Misdirected Request",
  422: "Unprocessable Entity", 423: "Locked", 424: "Failed Dependency", 425: "Too Early", 426: "Upgrade Required",
  428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
  503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates", 507: "Insufficient Storage", 508: "Loop Detected", 510: "Not Extended",
  511: "Network Authentication Required",
};

export function settleFetch(slot, operation, status, statusText, headers, body, socket = undefined) {
  const context = enter(slot);
  const waiting = context.take(operation);
  if (waiting === undefined) return;
  const text = statusText !== "" ? statusText : status === 200 ? "OK" : STATUS_TEXTS[status] ?? "";
  waiting.resolve(responseFromParts(status, text, headers, receiveBody(context, body),
    receiveSocket(context, socket)));
}

/** `unread`: the value cannot be read, and this is why. */
export function settleValue(slot, operation, value, unread = false) {
  const waiting = enter(slot).take(operation);
  if (waiting === undefined) return;
  if (unread) waiting.reject(value);
  else waiting.resolve(value);
}

/** The answer of an RPC call with more in it than plain values. */
export function settleRpc(slot, operation, message, imports) {
  const waiting = enter(slot).take(operation);
  if (waiting !== undefined) waiting.resolveRpc(message, imports);
}

export function failOperation(slot, operation, name, message, flags, durableObjectId, detail = undefined) {
  const waiting = enter(slot).take(operation);
  if (waiting !== undefined) waiting.reject(makeError(name, message, flags, durableObjectId, detail));
}

export function timerFired(slot, timer) {
  enter(slot);
  try {
    fireTimer(timer);
  } catch (error) {
    natives.reportError(error);
  }
}

export function sectionEntered(slot, section) {
  enterSection(enter(slot), section);
}

export function sectionLeft(slot, section) {
  leaveSection(enter(slot), section);
}
