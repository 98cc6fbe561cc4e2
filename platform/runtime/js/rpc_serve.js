// The called side of RPC: finding what a caller named, calling it, sending the result, and what is kept meanwhile.
import { natives } from "./natives.js";
import { apply, getPrototypeOf, promiseResolve, promiseReject, promiseThen, SafeMap } from "./safe.js";
import { awaitAnswer } from "./awaited.js";
import { enter } from "./io_context.js";
import { isShown, refuseReserved, RpcTarget } from "./entrypoints.js";
import { needsPacking } from "./rpc_pack.js";
import { dropExport, missing, pack, received, textOf } from "./rpc_calls.js";
import { handlerOf } from "./rpc_properties.js";
import { makeError } from "./errors.js";

const { hasOwn, prototype: objectPrototype } = Object;
const ignore = () => {};

const isOpen = (value) => typeof value === "function" || getPrototypeOf(value) === objectPrototype;

/** One step of a path. Functions and plain objects show their own properties, instances what their class defines. */
function memberOf(at, name) {
  refuseReserved(name);
  if ((typeof at !== "object" && typeof at !== "function") || at === null) throw missing(name);
  if (!(isOpen(at) ? hasOwn(at, name) : isShown(at, name))) throw missing(name);
  const member = at[name];
  if (member === undefined) throw missing(name);
  return member;
}

function mayGoThrough(value) {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && (isOpen(value) || value instanceof RpcTarget);
}

/** Calls (or reads) what `path` leads to from `root`; `entry`: an entrypoint or Durable Object. */
export function invoke(root, path, args, isGet, entry = false) {
  let at = root;
  let parent = undefined;
  for (let i = 0; i < path.length; i++) {
    if (!(i === 0 && entry) && !mayGoThrough(at)) throw missing(path[i === 0 ? 0 : i - 1]);
    const stub = handlerOf(at);
    if (stub !== undefined) {
      const rest = [];
      for (let k = i; k < path.length; k++) rest[k - i] = path[k];
      return stub.send(rest, args, isGet);
    }
    parent = at;
    at = memberOf(at, path[i]);
  }
  if (isGet) return at;
  if (typeof at !== "function") {
    throw new TypeError(`"${textOf(path)}" is not a function.`);
  }
  return apply(at, parent, args);
}

/** A function of a plain exported object: its own only. */
export function lookUp(handler, path) {
  refuseReserved(path[0]);
  if (handler === null || !hasOwn(handler, path[0])) throw missing(path[0]);
  if (typeof handler[path[0]] !== "function") throw new TypeError(`"${path[0]}" is not a function.`);
  return handler[path[0]];
}

/** The arguments of a message that came. */
export function arguments_(context, message, imports, stubs) {
  return message[1] === null ? message[0] : received(context, message, imports, stubs);
}

// ---- results -------------------------------------------------------------------------------------

// A result that its caller makes calls on before it has it.
class Kept {
  constructor(promise) {
    this.promise = promise;
    this.moving = null;
  }
}

export function onAnswer(context, number, path, args, isGet) {
  const kept = context.answers?.get(number);
  if (kept === undefined) throw makeError("Error", "Network connection lost.", 1, "");
  return promiseThen(kept.promise, (root) => invoke(root, path, args, isGet));
}

function disposeAll(stubs) {
  if (stubs === null) return;
  for (let i = 0; i < stubs.length; i++) stubs[i].dispose();
}

function sendResult(context, event, value, kept) {
  if (!needsPacking(value)) return void natives.respondValue(event, value, true);
  const packer = pack(context, value, true);
  natives.respondRpc(event, [packer.copied, packer.places, packer.what], packer.exports);
  // What was returned belongs to the caller now.
  if (kept === null) disposeAll(packer.moving);
  else kept.moving = packer.moving;
}

/** Sends a call's result when it is there; the stubs that came with the call end with it. */
export function answerRpc(context, event, result, keep, stubs, error = undefined) {
  const promise = error === undefined ? promiseResolve(result) : promiseReject(error);
  let kept = null;
  if (keep !== 0) {
    if (context.answers === null) context.answers = new SafeMap();
    kept = new Kept(promise);
    context.answers.set(keep, kept);
  }
  if (error !== undefined) {
    promiseThen(promise, ignore, ignore);
    return void disposeAll(stubs);
  }
  awaitAnswer(context, event, promise);
  promiseThen(promise, (value) => {
    awaitAnswer(context, event, undefined);
    try {
      sendResult(context, event, value, kept);
    } catch (failure) {
      natives.respondError(event, failure);
    }
    disposeAll(stubs);
  }, (failure) => {
    awaitAnswer(context, event, undefined);
    natives.respondError(event, failure);
    disposeAll(stubs);
  });
}

/** Others have let go of what was given out under a number, or of a kept result. */
export function rpcReleased(slot, number, isResult) {
  const context = enter(slot);
  if (!isResult) return void dropExport(context, number);
  const kept = context.answers?.get(number);
  if (kept === undefined) return;
  context.answers.delete(number);
  disposeAll(kept.moving);
}
