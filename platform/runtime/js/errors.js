// The one place where an error that came from another isolate or from C++ becomes a JavaScript object.
import { DOMException } from "./web.js";

const CLASSES = { __proto__: null, Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

/** A method called on something that is not its object. */
export function illegalInvocation() {
  return new TypeError("Illegal invocation: function called with incorrect `this` reference. See " +
    "https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.");
}

/** Parameter `number` is missing, or nothing that can become a `type`. */
export function wrongType(method, of, number, type) {
  return new TypeError(`Failed to execute '${method}' on '${of}': parameter ${number} is not of type '${type}'.`);
}

/** flags: 1 retryable, 2 overloaded, 4 remote, 8 durableObjectReset, 16 DOMException. */
export function makeError(name, message, flags, durableObjectId) {
  let error;
  if (flags & 16) {
    error = new DOMException(message, name);
  } else {
    const Class = CLASSES[name];
    error = Class === undefined ? new Error(message) : new Class(message);
    // The class of a caller's own error stays behind, its name does not.
    if (Class === undefined) error.name = name;
  }
  if (flags & 1) error.retryable = true;
  if (flags & 2) error.overloaded = true;
  if (flags & 4) error.remote = true;
  if (flags & 8) error.durableObjectReset = true;
  if (durableObjectId !== "") error.durableObjectId = durableObjectId;
  return error;
}
