// The one place where an error that came from another isolate or from C++ becomes a JavaScript object.
import { DOMException } from "./web.js";

// An AggregateError's constructor begins with its errors; they are properties like others here.
class Aggregate {
  constructor(message) { return bare(new AggregateError([], message)); }
}
const CLASSES = { __proto__: null, Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };
// Those of WebAssembly (which is not there while the snapshot is made); errors with all they have do not keep them.
const OF_WASM = { __proto__: null, CompileError: true, LinkError: true, RuntimeError: true };

/** The class of errors with this name, as far as they keep it on their way; undefined for all others. */
export function errorClass(name) {
  return name === "AggregateError" ? Aggregate : CLASSES[name];
}

/**
 * What a class shows as the constructor of its instances: a function that can be neither called nor constructed, where
 * the class itself would say that it cannot be called.
 */
export function hideConstructor(Class, name) {
  const shown = { [name]: function () { throw new TypeError("Illegal constructor"); } }[name];
  Object.defineProperty(shown, "prototype", { value: Class.prototype, writable: false });
  Object.defineProperty(Class.prototype, "constructor",
    { value: shown, writable: true, enumerable: false, configurable: true });
  return shown;
}

/** A method called on something that is not its object. */
export function illegalInvocation() {
  return new TypeError("Illegal invocation: function called with incorrect `this` reference. See " +
    "https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.");
}

/** Parameter `number` is missing, or nothing that can become a `type`. */
export function wrongType(method, of, number, type) {
  return new TypeError(`Failed to execute '${method}' on '${of}': parameter ${number} is not of type '${type}'.`);
}

/**
 * flags: 1 retryable, 2 overloaded, 4 remote, 8 durableObjectReset, 16 DOMException. `detail`: what was thrown, as it
 * arrived with all it had; it counts when it is an object.
 */
export function makeError(name, message, flags, durableObjectId, detail = undefined) {
  const error = typeof detail === "object" && detail !== null ? detail : withoutFrames(() => ofText(name, message, flags));
  if (flags & 4) error.remote = true;
  if (flags & 1) error.retryable = true;
  if (flags & 2) error.overloaded = true;
  if (flags & 8) error.durableObjectReset = true;
  if (durableObjectId !== "") error.durableObjectId = durableObjectId;
  return error;
}

/** What `make` gives, an error whose stack does not tell of the runtime. */
export function withoutFrames(make) {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function ofText(name, message, flags) {
  if (flags & 16) return new DOMException(message, name);
  if (name === "AggregateError") return bare(new AggregateError([], message));
  const Class = OF_WASM[name] ? globalThis.WebAssembly?.[name] : CLASSES[name];
  if (Class !== undefined) return new Class(message);
  // An own class stays behind, its name is part of the text.
  return new Error(message === "" ? name : `${name}: ${message}`);
}

function bare(aggregate) {
  delete aggregate.errors;
  return aggregate;
}
