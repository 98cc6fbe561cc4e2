// What handlers get as `ctx`: ExecutionContext for stateless events, DurableObjectState for objects.
import { natives } from "./natives.js";
import { apply, defineProperty, promiseReject, promiseResolve, promiseThen, SafeMap, SafePromise } from "./safe.js";
import { current, requireContext } from "./io_context.js";
import { makeId } from "./durable_object.js";
import { illegalInvocation, wrongType } from "./errors.js";
import { makeStorage } from "./storage.js";
import { addPlatformClass } from "./platform_classes.js";

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

export class ExecutionContext {
  #context;
  constructor(context) {
    this.#context = context;
  }
  static of(self) {
    if (typeof self !== "object" || self === null || !(#context in self)) throw illegalInvocation();
    return self.#context;
  }
  waitUntil(promise) {
    const context = contextOf(this);
    if (arguments.length === 0) throw wrongType("waitUntil", "ExecutionContext", 1, "Promise");
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
addPlatformClass(ExecutionContext);

class Section {
  constructor(callback, resolve) {
    this.callback = callback;
    this.resolve = resolve;
    this.value = undefined;
  }
}

// What compatibility flags add; they are not known while the snapshot is made.
class Replication {
  /** Read replicas on ("auto") or off ("disabled"); resolves when that is durable. */
  configureReadReplication(options) {
    try {
      const context = stateContextOf(this);
      if (typeof options !== "object" || options === null) {
        throw wrongType("configureReadReplication", "DurableObjectState", 1, "ReadReplicationOptions");
      }
      const mode = options.mode === undefined ? undefined : `${options.mode}`;
      if (natives.storageIsReplica(context.actor)) {
        throw new Error("Replica Durable Objects cannot call configureReadReplication().");
      }
      if (mode !== "auto" && mode !== "disabled") {
        throw new TypeError(`configureReadReplication() called with unknown mode setting: ${mode}.`);
      }
      return promiseThen(
        context.operation((operation) => natives.storageReplicas(context.actor, operation, mode === "auto")), () => undefined);
    } catch (error) {
      return promiseReject(error);
    }
  }
}
const { configureReadReplication } = Replication.prototype;
let experimental;  // undefined: the flags were not looked at yet

function addFlagged() {
  experimental = natives.hasFlag("experimental");
  if (!natives.hasFlag("replica_routing")) return;
  defineProperty(configureReadReplication, "length", { value: 0, configurable: true });
  defineProperty(DurableObjectState.prototype, "configureReadReplication",
    { value: configureReadReplication, writable: true, configurable: true, enumerable: false });
}

export class DurableObjectState {
  #context;
  #id;
  #storage;
  constructor(context, raw, name, jurisdiction) {
    if (experimental === undefined) addFlagged();
    if (experimental) {
      defineProperty(this, "primaryStub", { get: () => this.storage.primary, enumerable: true, configurable: true });
    }
    this.#context = context;
    this.#id = makeId(raw, name, jurisdiction);
    this.#storage = undefined;
  }

  static of(self) {
    if (typeof self !== "object" || self === null || !(#context in self)) throw illegalInvocation();
    return self.#context;
  }

  get id() { return this.#id; }

  get storage() {
    if (this.#storage === undefined) this.#storage = makeStorage(this.#context.actor, natives, this.#context);
    return this.#storage;
  }

  waitUntil(promise) {
    const context = stateContextOf(this);
    if (arguments.length === 0) throw wrongType("waitUntil", "DurableObjectState", 1, "Promise");
    waitUntil(context, promise);
  }

  abort(reason, options) {
    const context = stateContextOf(this);
    if (options?.retryAlarm === false) natives.alarmNoRetry?.(context.actor);
    natives.abort(reason);
  }

  get props() { return {}; }
  get exports() {
    throw new Error("ctx.exports is not supported yet: use a binding of the wrangler file");
  }

  /** The callback runs in a turn of its own once the input gate grants the section. */
  blockConcurrencyWhile(callback) {
    const context = stateContextOf(this);
    if (typeof callback !== "function") {
      return promiseReject(wrongType("blockConcurrencyWhile", "DurableObjectState", 1, "function"));
    }
    return runSection(context, callback);
  }

  acceptWebSocket() { throw new Error("Hibernation of WebSockets is not supported yet: use ws.accept()"); }
  getWebSockets() { return []; }
}

const { of: stateContextOf } = DurableObjectState;
delete DurableObjectState.of;
defineProperty(DurableObjectState.prototype, Symbol.toStringTag, { value: "DurableObjectState", configurable: true });

/** Asks for a critical section; the promise resolves in the turn that ends it. */
export function runSection(context, callback) {
  if (context.sections === null) context.sections = new SafeMap();
  const id = natives.beginSection();
  if (id === 0) return promiseReject(new Error("blockConcurrencyWhile() calls are nested too deeply."));
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
    result = apply(section.callback, globalThis, []);
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
addPlatformClass(DurableObjectState);
