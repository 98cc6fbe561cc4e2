// What handlers get as `ctx`: ExecutionContext for stateless events, DurableObjectState for objects.
import { natives } from "./natives.js";
import { promiseResolve, promiseThen, SafeMap, SafePromise } from "./safe.js";
import { current, requireContext } from "./io_context.js";
import { makeId } from "./durable_object.js";
import { makeStorage } from "./storage.js";

function changed(context, by) {
  context.waitingUntil += by;
  natives.waitUntilChanged(context.slot, context.waitingUntil);
}

/** Keeps the context alive until the promise settles; its rejection is only reported. */
export function waitUntil(context, promise) {
  changed(context, 1);
  const done = () => changed(context, -1);
  promiseThen(promiseResolve(promise), done, (error) => {
    natives.reportRejection(error);
    done();
  });
}

export function waitUntilCurrent(promise) {
  waitUntil(requireContext(), promise);
}

const ILLEGAL_INVOCATION = "Illegal invocation: function called with incorrect `this` reference. See " +
  "https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";

export class ExecutionContext {
  #context;
  constructor(context) {
    this.#context = context;
  }
  static of(self) {
    if (typeof self !== "object" || self === null || !(#context in self)) throw new TypeError(ILLEGAL_INVOCATION);
    return self.#context;
  }
  waitUntil(promise) {
    const context = contextOf(this);
    if (arguments.length === 0) {
      throw new TypeError("Failed to execute 'waitUntil' on 'ExecutionContext': parameter 1 is not of type 'Promise'.");
    }
    waitUntil(context, promise);
  }
  passThroughOnException() {
    contextOf(this);
  }
  abort(reason) {
    contextOf(this);
    natives.abort(reason);
  }
  get props() { return (contextOf(this).props ??= {}); }
  get exports() {
    throw new Error("ctx.exports is not supported yet: use a binding of the wrangler file");
  }
}

const { of: contextOf } = ExecutionContext;
delete ExecutionContext.of;

class Section {
  constructor(callback, resolve) {
    this.callback = callback;
    this.resolve = resolve;
    this.value = undefined;
  }
}

export class DurableObjectState {
  #context;
  #id;
  #storage;
  constructor(context, raw, name) {
    this.#context = context;
    this.#id = makeId(raw, name);
    this.#storage = undefined;
  }

  get id() { return this.#id; }

  get storage() {
    if (this.#storage === undefined) this.#storage = makeStorage(this.#context.actor, natives, this.#context);
    return this.#storage;
  }

  waitUntil(promise) { waitUntil(this.#context, promise); }

  abort(reason, options) {
    if (options?.retryAlarm === false) natives.alarmNoRetry?.(this.#context.actor);
    natives.abort(reason);
  }

  get props() { return {}; }
  get exports() {
    throw new Error("ctx.exports is not supported yet: use a binding of the wrangler file");
  }

  /** The callback runs in a turn of its own once the input gate grants the section. */
  blockConcurrencyWhile(callback) {
    return runSection(this.#context, callback);
  }

  acceptWebSocket() { throw new Error("WebSockets of Durable Objects are not supported yet: acceptWebSocket()"); }
  getWebSockets() { return []; }
}

/** Asks for a critical section; the promise resolves in the turn that ends it. */
export function runSection(context, callback) {
  if (context.sections === null) context.sections = new SafeMap();
  const id = natives.beginSection();
  return new SafePromise((resolve) => context.sections.set(id, new Section(callback, resolve)));
}

export function enterSection(context, id) {
  const section = context.sections?.get(id);
  if (section === undefined) return;
  const failed = (error) => {
    context.sections.delete(id);
    natives.endSection(id, false, error);
  };
  let result;
  try {
    result = section.callback();
  } catch (error) {
    failed(error);
    return;
  }
  promiseThen(promiseResolve(result), (value) => {
    section.value = value;
    natives.endSection(id, true, undefined);
  }, failed);
}

export function leaveSection(context, id) {
  const section = context.sections?.get(id);
  if (section === undefined) return;
  context.sections.delete(id);
  section.resolve(section.value);
}

export function currentContext() {
  return current;
}
