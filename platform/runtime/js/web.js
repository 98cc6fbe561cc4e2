// The seam to platform/web: the only file here that knows where its modules are.
export {
  DOMException, EventTarget, Headers, Request, Response, checkCloneable, dataCloneError, fireTimer, flatOf as headersOf,
  installWeb, isRequest, isResponse, isSignal as checkSignal, isStream, isWritable, partsOfRequest, partsOfResponse,
  requestFromParts, responseFromParts,
} from "orrery:web";
import { DOMException as WebException, flatOf } from "orrery:web";

export const isDOMException = (value) => value instanceof WebException;

/** A copy of the names and values, as pairs. */
export function flatHeaders(headers) {
  const flat = flatOf(headers);
  const pairs = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i], flat[i + 1]]);
  return pairs;
}
