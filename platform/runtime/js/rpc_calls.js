// The calling side of RPC: sending calls, stubs for what lives elsewhere, what is given out, pipelining.
//
// What a context gives out (a function, an RpcTarget, a stub) gets a number in its `exports`; the other side knows it by
// a number of its own, an import (platform/rpc). Stubs of one import share it and release it with the last of them.
// Nothing here depends on garbage collection: what nobody disposes of lasts as long as its context.
import { natives } from "./natives.js";
import { apply, defineProperty, getPrototypeOf, promiseThen, SafeMap } from "./safe.js";
import { current, foreign, requireContext } from "./io_context.js";
import { RpcTarget } from "./entrypoints.js";
import { needsPacking, Packer, unpack } from "./rpc_pack.js";
import { handlerOf, PromiseHandler, promiseProxy, setCalls, StubHandler, stubProxy } from "./rpc_properties.js";
import { CALL_VALUE, receiveStream, sendStream, sinkStream, SinkTarget } from "./streams.js";
import { makeError } from "./errors.js";

export const CAPABILITY = 4;  // a kind of target beside those of outgoing.js
const { hasOwn, prototype: objectPrototype } = Object;
const DISPOSE = Symbol.dispose;

let lastExport = 0;
const PASSED_ON = 0x20000000;  // marks the numbers of stubs that are given out again (platform/worker/capability.h)

const STUB_DISPOSED = "RPC stub used after being disposed.";

// ---- stubs ---------------------------------------------------------------------------------------

class Import {
  constructor(context, number) {
    this.context = context;
    this.number = number;
    this.stubs = 0;
    // The route of its calls, as that of an entrypoint.
    this.kind = CAPABILITY;
    this.binding = number;
    this.stub = 0;
    this.id = "";
    this.name = "";
  }
}

class ImportedStub extends StubHandler {
  constructor(shape, imported) {
    super(shape);
    this.imported = imported;
    ++imported.stubs;
  }
  check() {
    if (this.disposed) throw new Error(STUB_DISPOSED);
    if (this.imported.context !== current) throw foreign(this.imported.context);
  }
  send(path, args, isGet) {
    try {
      this.check();
    } catch (error) {
      return failed(error);
    }
    return call(this.imported, 0, path, args, isGet);
  }
  dispose() {
    if (this.disposed) return;
    this.disposed = true;
    if (--this.imported.stubs === 0) natives.releaseImport(this.imported.number);
  }
}

const stubOf = (imported) => stubProxy(new ImportedStub(RpcStub.prototype, imported));

function disposeAll(stubs) {
  for (let i = 0; i < stubs.length; i++) stubs[i].dispose();
}

/** A reference to something that lives in another context (or, made by hand, in this one). */
export class RpcStub {
  constructor(target) {
    const kind = typeof target;
    if ((kind !== "object" || target === null) && kind !== "function") {
      throw new TypeError("Failed to construct 'JsRpcStub': constructor parameter 1 is not of type 'Object'.");
    }
    if (kind === "object" && !(target instanceof RpcTarget) && getPrototypeOf(target) !== objectPrototype) {
      throw new TypeError("RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.");
    }
    const context = requireContext();
    const number = exportValue(context, target, false);
    return stubOf(new Import(context, natives.importOwn(number)));
  }
  dup() {
    const { imported } = handlerOf(this);
    return stubOf(imported);
  }
  [DISPOSE]() { handlerOf(this).dispose(); }
  get [Symbol.toStringTag]() { return "JsRpcStub"; }
}

// ---- giving out ----------------------------------------------------------------------------------

/** The number under which others reach a value. `move`: a stub goes with the message. */
function exportValue(context, value, move) {
  const stub = handlerOf(value);
  let target = value;
  let number = ++lastExport;
  if (stub !== undefined) {
    stub.check();
    target = stubOf(stub.imported);
    if (move) stub.dispose();
    number += PASSED_ON;
  }
  context.giveOut(number, target);
  return number;
}

/** Nobody refers to what was given out under this number any more. */
export function dropExport(context, number) {
  const target = context.exports?.get(number);
  if (target === undefined) return;
  context.exports.delete(number);
  const stub = handlerOf(target);
  if (stub !== undefined) return void stub.dispose();
  try {
    const dispose = target[DISPOSE];
    if (typeof dispose === "function") apply(dispose, target, []);
  } catch (error) {
    natives.reportRejection(error);
  }
}

/** Arguments or a result on their way: the message to send and the numbers of what it gives out. */
export function pack(context, value, move) {
  const moving = [];
  const packer = new Packer((special) => {
    const stub = handlerOf(special);
    if (move && stub !== undefined) moving[moving.length] = stub;
    return exportValue(context, special, false);
  }, (state) => sendStream(context, state, CALL_VALUE),
    (writable) => exportValue(context, new SinkTarget(writable), false));
  packer.copied = packer.copy(value);
  packer.moving = moving;
  return packer;
}

function importSink(context, number) {
  const route = new Import(context, number);
  return sinkStream((method, args) => handlerOf(call(route, 0, [method], args, false)).promise,
    () => natives.releaseImport(number));
}

/** The value of a message that came; its stubs are put into `stubs`. */
export function received(context, message, imports, stubs) {
  let next = 0;
  return unpack(message[0], message[1], message[2], {
    __proto__: null,
    stub() {
      const stub = stubOf(new Import(context, imports[next++]));
      stubs[stubs.length] = handlerOf(stub);
      return stub;
    },
    stream: () => receiveStream(context, imports[next++], true),
    sink: () => importSink(context, imports[next++]),
  });
}

/** A path as error messages have it. */
export function textOf(path) {
  let text = path.length === 0 ? "(this)" : path[0];
  for (let i = 1; i < path.length; i++) text += `.${path[i]}`;
  return text;
}

// ---- calls ---------------------------------------------------------------------------------------

function failed(error) {
  const handler = new PromiseHandler();
  handler.reject(error);
  return promiseProxy(handler);
}

/** Sends a call or (isGet) a read along `route`; `on`: the operation whose result it is made on, 0: none. */
export function call(route, on, path, args, isGet) {
  const handler = new PromiseHandler();
  try {
    const context = requireContext();
    handler.context = context;
    handler.route = route;
    transmit(handler, context, route, on, path, args, isGet);
  } catch (error) {
    handler.reject(error);
  }
  return promiseProxy(handler);
}

function transmit(handler, context, route, on, path, args, isGet) {
  let special = false;
  for (let i = 0; i < args.length; i++) {
    if (needsPacking(args[i])) special = true;
  }
  if (!special && on === 0 && path.length === 1 && !isGet) {
    const operation = context.track(handler);
    try {
      natives.startRpc(operation, route.kind, route.binding, route.stub, route.id, route.name, path[0], args);
    } catch (error) {
      context.take(operation);
      throw error;
    }
    handler.operation = operation;
    return;
  }
  const packer = special ? pack(context, args, false) : null;
  const operation = context.track(handler);
  const label = textOf(path);
  const message = packer === null ? [args, null, null, path, isGet]
    : [packer.copied, packer.places, packer.what, path, isGet];
  try {
    natives.startRpcCall(operation, route.kind, route.binding, route.stub, route.id, route.name, label, message,
      packer === null ? [] : packer.exports, on);
  } catch (error) {
    context.take(operation);
    throw error;
  }
  handler.operation = operation;
}

// ---- pipelining ----------------------------------------------------------------------------------

export function missing(name) {
  return new TypeError(`The RPC receiver does not implement the method "${name}".`);
}

/** A call on a result that is here. */
function onValue(value, path, args, isGet) {
  let at = value;
  for (let i = 0; ; i++) {
    const stub = handlerOf(at);
    if (stub !== undefined && (i < path.length || !isGet)) {
      const rest = [];
      for (let k = i; k < path.length; k++) rest[k - i] = path[k];
      return stub.send(rest, args, isGet);
    }
    if (i === path.length) break;
    if (typeof at !== "object" || at === null) {
      if (i === 0) return failed(new TypeError("Can't pipeline on RPC that did not return an object."));
      return failed(remote(missing(path[i - 1])));
    }
    if (getPrototypeOf(at) !== objectPrototype || !hasOwn(at, path[i]) || at[path[i]] === undefined) {
      return failed(remote(missing(path[i])));
    }
    at = at[path[i]];
  }
  if (!isGet) return failed(remote(new TypeError(`"${textOf(path)}" is not a function.`)));
  const handler = new PromiseHandler();
  handler.resolve(at);
  return promiseProxy(handler);
}

function remote(error) {
  return makeError(error.name, error.message, 4, "");
}

setCalls({
  __proto__: null,
  pipeline(handler, path, args, isGet) {
    if (handler.disposed) return failed(new Error("RPC promise used after being disposed."));
    if (handler.state === 2) return failed(handler.value);
    if (handler.state === 1) return onValue(handler.value, path, args, isGet);
    if (handler.context !== current) return failed(foreign(handler.context));
    // The other side keeps the result for us when it is told before the call leaves; else we wait here.
    if (handler.kept === 0) handler.kept = handler.operation !== 0 && natives.keepResult(handler.operation) ? 1 : 2;
    if (handler.kept === 1) return call(handler.route, handler.operation, path, args, isGet);
    const later = new PromiseHandler();
    promiseThen(handler.promise, (value) => {
      const made = handlerOf(onValue(value, path, args, isGet));
      promiseThen(made.promise, (result) => later.resolve(result), (error) => later.reject(error));
    }, (error) => later.reject(error));
    return promiseProxy(later);
  },
  arrived(handler, value) {
    // Whoever disposes of a result that is an object disposes of the stubs in it.
    if (typeof value === "object" && value !== null) {
      const { stubs } = handler;
      defineProperty(value, DISPOSE, {
        __proto__: null, value() { disposeAll(stubs); }, writable: true, enumerable: false, configurable: true,
      });
    }
    if (handler.disposed) disposeAll(handler.stubs);
  },
  received(handler, message, imports) {
    handler.stubs = [];
    return received(handler.context, message, imports, handler.stubs);
  },
  dispose(handler) {
    if (handler.disposed) return;
    handler.disposed = true;
    disposeAll(handler.stubs);
  },
});
