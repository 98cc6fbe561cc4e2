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

export function refuseReserved(name) {
  if (RESERVED[name] === 1) {
    throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
  }
}

/**
 * Whether others may see a property of an instance: only what its class defines. Instance properties and what
 * Object.prototype has are private.
 */
export function isShown(instance, name) {
  if (hasOwn(instance, name)) return false;
  for (let p = getPrototypeOf(instance); p !== null && p !== objectPrototype; p = getPrototypeOf(p)) {
    if (hasOwn(p, name)) return true;
  }
  return false;
}
