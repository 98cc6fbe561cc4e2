// The classes that user code extends (cloudflare:workers).

export class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class DurableObject {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class RpcTarget {}

export class WorkflowEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

// Names that RPC never calls, whatever the class defines.
const RESERVED = {
  __proto__: null,
  fetch: 1, connect: 1, alarm: 1, webSocketMessage: 1, webSocketClose: 1, webSocketError: 1, dup: 1,
  constructor: 1,
};
const { getPrototypeOf, hasOwn, prototype: objectPrototype } = Object;

function refuseReserved(name) {
  if (RESERVED[name] === 1) {
    throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
  }
}

/** The method of an entrypoint or object that a caller named; throws what the caller must see. */
export function remoteMethod(instance, name) {
  refuseReserved(name);
  // Only what the class defines: instance properties and Object.prototype are private.
  if (!hasOwn(instance, name)) {
    for (let p = getPrototypeOf(instance); p !== null && p !== objectPrototype; p = getPrototypeOf(p)) {
      if (hasOwn(p, name)) {
        const method = instance[name];
        if (typeof method === "function") return method;
        throw new TypeError(`"${name}" is not a function.`);
      }
    }
  }
  throw new TypeError(`The RPC receiver does not implement the method "${name}".`);
}

/** The same for a plain exported object: its own functions. */
export function remoteFunction(handler, name) {
  refuseReserved(name);
  if (handler !== null && hasOwn(handler, name)) {
    if (typeof handler[name] === "function") return handler[name];
    throw new TypeError(`"${name}" is not a function.`);
  }
  throw new TypeError(`The RPC receiver does not implement the method "${name}".`);
}
