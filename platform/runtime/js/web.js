// The seam to platform/web: the only file here that knows where its modules are.
export {
  DOMException, EventTarget, Headers, Request, Response, abortWritable, acquireReader, cancelState,
  blobBytes, blobFromBytes, blobType, chunkBytes, closeWritable, dataCloneError, deliverFrame, endOfSocket, enqueueChunk,
  errorState, fireTimer, flatOf as headersOf, fromState, fromWritable, installWeb, isDOMException, isFile, isRequest,
  isResponse, isSignal as checkSignal, isStream, isWritable, makeSocket, needBytes, newSource, newWritable,
  partsOfRequest, partsOfResponse, readOnce, requestClose, requestFromParts,
  responseFromParts, startWritable, stateOf, writableOf, writeChunk,
} from "orrery:web";
import { flatOf } from "orrery:web";

/** A copy of the names and values, as pairs. */
export function flatHeaders(headers) {
  const flat = flatOf(headers);
  const pairs = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i], flat[i + 1]]);
  return pairs;
}
