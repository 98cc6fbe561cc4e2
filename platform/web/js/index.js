// The entry of the web platform: installWeb puts it on a global object, and the hooks and internal
// functions that the runtime uses are exported from here.
import { defineProperty, objectKeys } from "./primordials.js";
import { setNatives } from "./natives.js";
import { DOMException } from "./dom_exception.js";
import { Headers, flatOf } from "./fetch/headers.js";
import { Request, isRequest } from "./fetch/request.js";
import { Response, isResponse } from "./fetch/response.js";
import { FormData } from "./fetch/form_data.js";
import { URL } from "./url/url.js";
import { URLPattern } from "./url/url_pattern.js";
import { URLSearchParams } from "./url/search_params.js";
import { TextEncoder } from "./encoding/text_encoder.js";
import { TextDecoder } from "./encoding/text_decoder.js";
import { atob, btoa } from "./encoding/base64.js";
import { CloseEvent, CustomEvent, ErrorEvent, Event, MessageEvent } from "./events/event.js";
import { EventTarget } from "./events/event_target.js";
import { AbortController, AbortSignal } from "./events/abort_signal.js";
import { Blob, File } from "./file/blob.js";
import {
  ReadableByteStreamController, ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader, stateOf,
} from "./streams/readable.js";
import {
  FixedLengthStream, IdentityTransformStream, TextDecoderStream, TextEncoderStream, TransformStream,
  TransformStreamDefaultController,
} from "./streams/transform.js";
import {
  ByteLengthQueuingStrategy, CountQueuingStrategy, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "./streams/writable.js";
import { Crypto, SubtleCrypto, crypto } from "./crypto/crypto.js";
import { WebSocket, WebSocketPair } from "./sockets/web_socket.js";
import { Navigator, Performance, makeSingletons, queueMicrotask, reportError } from "./misc.js";
import { Scheduler } from "./timers/scheduler.js";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "./timers/timers.js";
import { structuredClone } from "./structured_clone.js";
import { createConsole } from "./console/console.js";
import { installArrays } from "./builtins/arrays.js";
import { installIterators } from "./builtins/iterators.js";
import { installOthers } from "./builtins/others.js";
import { installSets } from "./builtins/sets.js";
import { notSupported } from "./not_supported.js";

export { DOMException, Headers, Request, Response, URL, flatOf };
export {
  acquireReader, cancelState, enqueueChunk, errorState, newSource, readOnce, requestClose,
} from "./streams/readable_state.js";
export { fromState, stateOf } from "./streams/readable.js";
export { fromWritable, writableOf } from "./streams/writable.js";
export { abortWritable, closeWritable, newWritable, startWritable, writeChunk } from "./streams/writable_state.js";
export { chunkBytes, needBytes } from "./streams/chunks.js";
export const isStream = (value) => stateOf(value) !== null;
export const isWritable = (value) => value instanceof WritableStream;
export const isSignal = (value) => value instanceof AbortSignal;
export { partsOfRequest, requestFromParts, isRequest } from "./fetch/request.js";
export { partsOfResponse, responseFromParts, isResponse } from "./fetch/response.js";
export { deliverFrame, handOver as endOfSocket, makeSocket } from "./sockets/web_socket.js";
export { canonicalHref } from "./url/url.js";
export { activeTimers, fireTimer, forgetTimer } from "./timers/timers.js";
export { dataCloneError } from "./structured_clone.js";
export { isDOMException } from "./dom_exception.js";
export { blobBytes, blobFromBytes, blobType, isFile } from "./file/blob.js";
export { formatLog } from "./console/format.js";
export { inspect } from "./console/inspect.js";
export { signalAbort } from "./events/abort_signal.js";
export { EventTarget, Event, MessageEvent, CloseEvent, ErrorEvent };
export { defineHandler, dispatch } from "./events/event_target.js";

const ABSENT = ["ReadableStreamBYOBReader", "CompressionStream", "DecompressionStream", "MessageChannel", "EventSource",
  "HTMLRewriter"];

/**
 * Puts the whole platform on `global` as Web IDL does (writable, configurable, not enumerable), bound to
 * the embedder's functions (natives.md). Call once for each global object, before any user code.
 */
export function installWeb(global, natives) {
  setNatives(natives);
  const { navigator, performance } = makeSingletons();
  const names = {
    __proto__: null,
    AbortController, AbortSignal, Blob, ByteLengthQueuingStrategy, CloseEvent, CountQueuingStrategy, Crypto,
    CustomEvent, DOMException, ErrorEvent, Event, EventTarget, File, FixedLengthStream, FormData, Headers,
    IdentityTransformStream, MessageEvent, Navigator, Performance, ReadableByteStreamController,
    ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader, Request, Response,
    Scheduler, SubtleCrypto, TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream,
    TransformStream, TransformStreamDefaultController, URL, URLPattern, URLSearchParams, WritableStream,
    WebSocket, WebSocketPair, WritableStreamDefaultController, WritableStreamDefaultWriter,
    atob, btoa, clearInterval, clearTimeout, console: createConsole(), crypto, navigator, performance,
    queueMicrotask, reportError, scheduler: new Scheduler(), self: global, setInterval, setTimeout,
    structuredClone,
  };
  for (let i = 0; i < ABSENT.length; i++) names[ABSENT[i]] = notSupported(ABSENT[i]);
  const keys = objectKeys(names);
  for (let i = 0; i < keys.length; i++) {
    const value = names[keys[i]];
    // A minified bundle has lost the names of classes and functions.
    if (typeof value === "function") {
      defineProperty(value, "name", { __proto__: null, value: keys[i], configurable: true });
    }
    defineProperty(global, keys[i],
      { __proto__: null, value, writable: true, configurable: true, enumerable: false });
  }
  installArrays();
  installSets();
  installOthers();
  installIterators(global);
}
