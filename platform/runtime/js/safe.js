// Containers that user code cannot reach: a Map whose methods are its own copies, so that a patched
// Map.prototype (or Array.prototype, Object.prototype) neither breaks nor observes the runtime.

export const { defineProperty, getOwnPropertyDescriptor, ownKeys, getPrototypeOf, setPrototypeOf } = Reflect;
export const reflectGet = Reflect.get;
const { freeze } = Object;

function seal(target, source) {
  const keys = ownKeys(source.prototype);
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] === "constructor") continue;
    defineProperty(target.prototype, keys[i], getOwnPropertyDescriptor(source.prototype, keys[i]));
  }
  setPrototypeOf(target.prototype, null);
  freeze(target.prototype);
}

export class SafeMap extends Map {
  // A plain Map constructor would look up `set` for its argument; it is never given one.
  constructor() {
    super();
  }
}
seal(SafeMap, Map);

const { bind, call } = Function.prototype;
export const uncurryThis = bind.bind(call);
export const promiseFinally = uncurryThis(Promise.prototype.finally);
export const promiseThen = uncurryThis(Promise.prototype.then);
export const SafePromise = Promise;
export const promiseResolve = Promise.resolve.bind(Promise);
export const promiseReject = Promise.reject.bind(Promise);
export const apply = Reflect.apply;
export const construct = Reflect.construct;
export const stringOf = String;
