// IoContext on the JavaScript side: the table of contexts by slot, the promises that wait in each, and which
// one is current. C++ decides which turns may run; a slot is reused only after its context is closed.
import { natives } from "./natives.js";
import { SafeMap, SafePromise } from "./safe.js";

const slots = { __proto__: null };
let nextOperation = 1;

/** The context of the running turn, or null at global scope. */
export let current = null;

class Waiting {
  constructor(resolve, reject) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

export class IoContext {
  constructor(slot) {
    this.slot = slot;
    this.operations = null;
    this.waitingUntil = 0;
    this.instance = null;      // the Durable Object, for an actor
    this.state = null;         // its DurableObjectState
    this.actorClass = null;
    this.actor = 0;            // the number that the storage natives know the object by
    this.sections = null;
    this.keys = 0;
    this.props = null;         // what the binding gives to ctx.props
    this.exports = null;       // what others may refer to, by number (rpc_calls.js)
    this.sockets = null;       // WebSockets that are read, by their end (sockets.js)
    this.awaited = null;       // what its events' answers wait for, by event (awaited.js)
    this.awaitedAlarm = undefined;
    this.answers = null;       // results that their callers make calls on (rpc_serve.js)
  }

  /** Begins an operation: call `start(id)`; the promise settles when C++ settles the id. */
  operation(start) {
    let waiting;
    const promise = new SafePromise((resolve, reject) => {
      waiting = new Waiting(resolve, reject);
    });
    const id = this.track(waiting);
    try {
      start(id);
    } catch (error) {
      this.operations.delete(id);
      throw error;
    }
    return promise;
  }

  /** Begins an operation that `waiting` hears of; its id. Take it away again if it does not start after all. */
  track(waiting) {
    const id = nextOperation;
    nextOperation = id >= 0x3fffffff ? 1 : id + 1;
    if (this.operations === null) this.operations = new SafeMap();
    this.operations.set(id, waiting);
    return id;
  }

  /** Rejects an operation without waiting for its answer. */
  abandon(id, reason) {
    const waiting = this.take(id);
    if (waiting !== undefined) waiting.reject(reason);
  }

  /** Others may refer to the value by this number. */
  giveOut(number, value) {
    if (this.exports === null) this.exports = new SafeMap();
    this.exports.set(number, value);
  }

  take(id) {
    const waiting = this.operations === null ? undefined : this.operations.get(id);
    if (waiting !== undefined) this.operations.delete(id);
    return waiting;
  }
}

export function openContext(slot) {
  const context = new IoContext(slot);
  slots[slot] = context;
  current = context;
  return context;
}

export function contextAt(slot) {
  return slots[slot];
}

/** Makes the slot's context the current one. Every hook that C++ calls begins with this. */
export function enter(slot) {
  current = slots[slot];
  return current;
}

export function closeContext(slot) {
  const context = slots[slot];
  if (current === context) current = null;
  slots[slot] = undefined;
}

export function leaveGlobalScope() {
  current = null;
}

const GLOBAL_SCOPE =
  "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), " +
  "setting a timeout, and generating random values are not allowed within global scope. To fix this " +
  "error, perform this operation within a handler. " +
  "https://developers.cloudflare.com/workers/runtime-apis/handlers/";

/** A promise that settles in a later turn of the current context; null at global scope. */
export function ioTurn() {
  if (current === null || !natives.inContext()) return null;
  return current.operation((operation) => natives.startTurn(operation));
}

/** The current context; throws at global scope, where no I/O is allowed. */
export function requireContext() {
  if (current === null || !natives.inContext()) throw new Error(GLOBAL_SCOPE);
  return current;
}

/** What the use of something that belongs to another context throws. */
export function foreign(context) {
  const object = context.instance !== null;
  const things = object ? "Durable Object" : "request";
  return new Error(`Cannot perform I/O on behalf of a different ${things}. I/O objects (such as streams, ` +
    "request/response bodies, and others) created in the context of one " +
    (object ? "Durable Object cannot be accessed from a different Durable Object in the same isolate. "
            : "request handler cannot be accessed from a different request's handler. ") +
    "This is a limitation of Cloudflare Workers which allows us to improve overall performance. (I/O type: Client)");
}
