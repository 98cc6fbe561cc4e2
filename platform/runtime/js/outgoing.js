// Fetches and operations that leave the isolate; method calls are in rpc_calls.js.
import { natives } from "./natives.js";
import { apply, promiseReject, promiseThen, uncurryThis } from "./safe.js";
import { requireContext } from "./io_context.js";
import { call } from "./rpc_calls.js";
import { REQUEST_BODY, sendStream, withdrawStream } from "./streams.js";
import { DOMException, EventTarget, Request, partsOfRequest } from "./web.js";

export const GLOBAL = 0;
export const SERVICE = 1;
export const OBJECT = 2;

/** Where the method calls of a binding or a Durable Object stub go. */
export class Route {
  constructor(kind, binding, stub, id, name) {
    this.kind = kind;
    this.binding = binding;
    this.stub = stub;
    this.id = id;
    this.name = name;
  }
  send(path, args, isGet) { return call(this, 0, path, args, isGet); }
}

const addEventListener = uncurryThis(EventTarget.prototype.addEventListener);
const redirects = { __proto__: null, follow: 0, manual: 1, error: 2 };

/**
 * Starts a fetch to a target and returns the promise of its Response. Not an async function: the promise of
 * the operation goes to the caller as it is, so that no patched `then` is ever looked at.
 */
export function startFetch(kind, binding, stub, id, name, input, init) {
  try {
    const context = requireContext();
    const parts = partsOfRequest(new Request(input, init), (state) => sendStream(context, state, REQUEST_BODY));
    return send(context, kind, binding, stub, id, name, parts);
  } catch (error) {
    return promiseReject(error);
  }
}

function send(context, kind, binding, stub, id, name, parts) {
  const { signal } = parts;
  if (signal !== null && signal !== undefined) {
    if (signal.aborted) throw signal.reason ?? new DOMException("The operation was aborted", "AbortError");
  }
  let started = 0;
  const promise = context.operation((operation) => {
    started = operation;
    natives.startFetch(operation, kind, binding, stub, id, name, parts.method, parts.url,
      parts.headers, parts.body, parts.cf ?? "", redirects[parts.redirect] ?? 0);
  });
  if (signal !== null && signal !== undefined) {
    // The answer, when it comes, finds nobody waiting.
    addEventListener(signal, "abort", () => context.abandon(started, signal.reason), { once: true });
  }
  if (typeof parts.body === "number") {
    // Whoever was to read it has answered, or never will.
    const withdraw = () => withdrawStream(context, parts.body);
    promiseThen(promise, withdraw, withdraw);
  }
  return promise;
}

export const fetch = {
  fetch(input, init = undefined) {
    return startFetch(GLOBAL, 0, 0, "", "", input, init);
  },
}.fetch;

/** Asks a ws: or wss: address for a WebSocket; the promise of its Response. */
export function upgrade(url, protocols) {
  const headers = { Upgrade: "websocket" };
  if (protocols !== "") headers["Sec-WebSocket-Protocol"] = protocols;
  return fetch(apply(replace, url, [/^ws/, "http"]), { headers });
}
const { replace } = String.prototype;

/**
 * Starts an operation of a service's binding; `args` and the result are arrays of simple values (cells.h).
 * `gated`: from a Durable Object it waits for the output gate. Throws at global scope.
 */
export function startBinding(binding, method, args, gated) {
  return requireContext().operation((operation) => natives.startBinding(operation, binding, method, args, gated));
}
