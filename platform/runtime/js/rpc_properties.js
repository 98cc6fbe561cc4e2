// What a caller sees of RPC: stubs, the promises of calls, and properties of either that are not fetched yet. All three
// are callable, and every name on them that they do not have themselves is a property on the other side.
//
// Each is a Proxy over one shared function, with a handler object that holds the state. `handlerOf` finds the
// handler of a Proxy by a symbol that nobody outside this file has.
import { hideConstructor } from "./errors.js";
import { promiseFinally, promiseThen, reflectGet, SafePromise, setPrototypeOf } from "./safe.js";

const HANDLER = Symbol("handler");
const shell = () => {};
const propertyOf = (root, parent, name) => new Proxy(shell, new PropertyHandler(root, parent, name));

/** Whether a key is one of those that never reach the other side: array indices and symbols. */
function isLocalKey(key) {
  if (typeof key === "symbol") return true;
  if (key === "") return false;
  for (let i = 0; i < key.length; i++) {
    const c = key.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return key === "0" || key.charCodeAt(0) !== 48;
}

// The traps that all have in common: there is nothing of their own to see or to change.
class Handler {
  has(target, key) { return !isLocalKey(key) || key in this.shape(); }
  ownKeys() { return []; }
  getOwnPropertyDescriptor() { return undefined; }
  getPrototypeOf() { return this.shape(); }
  setPrototypeOf() { return false; }
  defineProperty() { return false; }
  deleteProperty() { return true; }
  set() { return true; }
  preventExtensions() { return false; }
  get(target, key, receiver) {
    if (key === HANDLER) return this;
    const shape = this.shape();
    if (key in shape || isLocalKey(key)) return reflectGet(shape, key, receiver);
    return propertyOf(this, null, key);
  }
}
setPrototypeOf(Handler.prototype, null);

/** The handler behind a stub, promise or property; undefined for everything else. */
export function handlerOf(value) {
  return typeof value === "function" ? value[HANDLER] : undefined;
}

function expect(value, shape) {
  const handler = handlerOf(value);
  if (handler === undefined || handler.shape() !== shape) throw new TypeError("Illegal invocation");
  return handler;
}

class PropertyHandler {
  constructor(root, parent, name) {
    this.root = root;
    this.parent = parent;
    this.name = name;
  }
  shape() { return RpcProperty.prototype; }
  path() {
    let depth = 0;
    for (let at = this; at !== null; at = at.parent) ++depth;
    const path = [];
    for (let at = this; at !== null; at = at.parent) path[--depth] = at.name;
    return path;
  }
  get(target, key, receiver) {
    if (key === HANDLER) return this;
    const shape = RpcProperty.prototype;
    if (key in shape || isLocalKey(key)) return reflectGet(shape, key, receiver);
    return propertyOf(this.root, this, key);
  }
  apply(target, self, args) {
    return this.root.send(this.parent === null ? [this.name] : this.path(), args, false);
  }
  fetch() { return handlerOf(this.root.send(this.path(), [], true)).promise; }
}

/** A property of a stub or result that is not fetched yet: `await` fetches it, calling it calls it. */
export class RpcProperty {
  constructor() { throw new TypeError("Illegal constructor"); }
  then(fulfilled, rejected) { return promiseThen(expect(this, propertyMethods).fetch(), fulfilled, rejected); }
  catch(rejected) { return promiseThen(expect(this, propertyMethods).fetch(), undefined, rejected); }
  finally(done) { return promiseFinally(expect(this, propertyMethods).fetch(), done); }
  get [Symbol.toStringTag]() { return "JsRpcProperty"; }
}

/** A promise of a call's result. What it stands for can be used before it is there (pipelining). */
export class RpcPromise {
  constructor() { throw new TypeError("Illegal constructor"); }
  then(fulfilled, rejected) { return promiseThen(expect(this, promiseMethods).promise, fulfilled, rejected); }
  catch(rejected) { return promiseThen(expect(this, promiseMethods).promise, undefined, rejected); }
  finally(done) { return promiseFinally(expect(this, promiseMethods).promise, done); }
  [Symbol.dispose]() { expect(this, promiseMethods).dispose(); }
  get [Symbol.toStringTag]() { return "JsRpcPromise"; }
}

// Apart from the classes: a class that names itself gets another name from the bundler.
hideConstructor(RpcProperty, "RpcProperty");
hideConstructor(RpcPromise, "RpcPromise");
const propertyMethods = RpcProperty.prototype;
const promiseMethods = RpcPromise.prototype;

const NO_STUBS = Object.freeze([]);
let calls = null;
/** What calls do is in rpc_calls.js. */
export function setCalls(implementation) { calls = implementation; }

/** The state of a call. It is what waits for the operation's answer: settle.js calls resolve, resolveRpc or reject. */
export class PromiseHandler {
  constructor() {
    this.state = 0;           // 1: there is a value, 2: it failed
    this.value = undefined;
    this.disposed = false;
    this.stubs = NO_STUBS;    // those in the value
    this.context = null;
    this.route = null;        // where the call went
    this.operation = 0;
    this.kept = 0;            // 1: the other side keeps the result for calls on it, 2: it does not
    this.promise = new SafePromise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }
  shape() { return RpcPromise.prototype; }
  get(target, key, receiver) {
    if (key === HANDLER) return this;
    if (key === "then") return promiseMethods.then;  // what nearly everybody wants
    if (key in promiseMethods || isLocalKey(key)) return reflectGet(promiseMethods, key, receiver);
    return propertyOf(this, null, key);
  }
  apply(target, self, args) { return calls.pipeline(this, [], args, false); }
  send(path, args, isGet) { return calls.pipeline(this, path, args, isGet); }
  resolve(value) {
    this.state = 1;
    this.value = value;
    if (this.context !== null) calls.arrived(this, value);
    this.settle(value);
  }
  resolveRpc(message, imports) {
    let value;
    try {
      value = calls.received(this, message, imports);
    } catch (error) {
      // An odd error in it that cannot be read.
      return void this.reject(error);
    }
    this.resolve(value);
  }
  reject(error) {
    this.state = 2;
    this.value = error;
    this.fail(error);
  }
  dispose() { calls.dispose(this); }
}

// Not by `extends`: these two are made with every call, and a derived constructor costs more.
setPrototypeOf(PropertyHandler.prototype, Handler.prototype);
setPrototypeOf(PromiseHandler.prototype, Handler.prototype);

export const promiseProxy = (handler) => new Proxy(shell, handler);

/** What stubs have in common; a subclass says how calls are sent (rpc_calls.js). */
export class StubHandler extends Handler {
  constructor(shape) {
    super();
    this.stubShape = shape;
    this.disposed = false;
  }
  shape() { return this.stubShape; }
  get(target, key, receiver) {
    if (key === HANDLER) return this;
    const shape = this.stubShape;
    // A stub is no promise.
    if (key === "then") return undefined;
    if (key in shape || isLocalKey(key)) return reflectGet(shape, key, receiver);
    return propertyOf(this, null, key);
  }
  apply(target, self, args) { return this.send([], args, false); }
}
export const stubProxy = promiseProxy;

/**
 * Makes every unknown property of a class's instances remote. The Proxy sits behind the prototype, so that the
 * properties that exist cost nothing extra. `rootOf(instance)` gives what sends.
 */
export function addRemoteProperties(Class, rootOf) {
  setPrototypeOf(Class.prototype, new Proxy(Object.create(Object.prototype), {
    __proto__: null,
    get(target, key, receiver) {
      if (key === "then" || key in target || isLocalKey(key)) return reflectGet(target, key, receiver);
      return propertyOf(rootOf(receiver), null, key);
    },
    has(target, key) { return key in target || !(isLocalKey(key) || key === "then"); },
  }));
}
