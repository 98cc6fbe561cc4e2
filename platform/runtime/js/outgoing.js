// Calls that leave the isolate: the global fetch, service bindings and Durable Object stubs.
import { natives } from "./natives.js";
import { requireContext } from "./io_context.js";
import { Request, partsOfRequest } from "./web.js";

export const GLOBAL = 0;
export const SERVICE = 1;
export const OBJECT = 2;

const redirects = { __proto__: null, follow: 0, manual: 1, error: 2 };

/** Starts a fetch to a target and returns the promise of its Response. */
export function startFetch(kind, binding, stub, id, name, input, init) {
  const context = requireContext();
  const request = new Request(input, init);
  const parts = partsOfRequest(request);
  return send(context, kind, binding, stub, id, name, parts);
}

async function sendLater(context, kind, binding, stub, id, name, parts) {
  parts.body = await parts.body;
  return send(context, kind, binding, stub, id, name, parts);
}

function send(context, kind, binding, stub, id, name, parts) {
  const { body } = parts;
  if (body !== null && typeof body === "object" && parts.pendingBody) {
    parts.pendingBody = false;
    return sendLater(context, kind, binding, stub, id, name, parts);
  }
  return context.operation((operation) => {
    natives.startFetch(operation, kind, binding, stub, id, name, parts.method, parts.url,
      parts.headers, body, parts.cf ?? "", redirects[parts.redirect] ?? 0);
  });
}

/** Starts an RPC call and returns the promise of its result. */
export function startRpc(kind, binding, stub, id, name, method, args) {
  return requireContext().operation((operation) => {
    natives.startRpc(operation, kind, binding, stub, id, name, method, args);
  });
}

export const fetch = {
  async fetch(input, init = undefined) {
    return startFetch(GLOBAL, 0, 0, "", "", input, init);
  },
}.fetch;
