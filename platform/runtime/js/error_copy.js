// Errors in messages and clones with all they have (compatibility flag enhanced_error_serialization): class by their name,
// message, own properties, cause and errors among them. Own classes stay behind: what arrives is an Error with their name.
import { natives } from "./natives.js";
import { defineProperty, getOwnPropertyDescriptor } from "./safe.js";
import { errorClass, withoutFrames } from "./errors.js";
import { dataCloneError } from "./web.js";

const { getOwnPropertyNames, hasOwn, keys: keysOf } = Object;
const { isInteger } = Number;

/** The kind of an error's place in a message: [ERROR, name, message, properties], and that of one without the flag. */
export const ERROR = 8;
const OLD_ERROR = 9;

/** Puts an error into a message of `packer`; the mark that stands for it. Its getters run. */
export function copyError(packer, error) {
  if (!natives.hasEnhancedErrors()) return copyOldError(packer, error);
  const what = [ERROR, error.name, error.message, null];
  const mark = packer.place(error, what);
  if (typeof what[1] !== "string") what[1] = packer.copy(what[1]);
  if (typeof what[2] !== "string") what[2] = packer.copy(what[2]);
  const properties = {};
  const names = getOwnPropertyNames(error);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === "name" || name === "message" || name === "__proto__" || isInteger(+name)) continue;
    properties[name] = packer.copy(error[name]);
  }
  what[3] = properties;
  return mark;
}

/** As the engine clones errors: of the standard classes, with text, cause and stack alone. */
function copyOldError(packer, error) {
  const { name } = error;
  const old = [OLD_ERROR, isEngines(name) ? name : "Error", null, null];
  const mark = packer.place(error, old);
  const message = getOwnPropertyDescriptor(error, "message");
  if (message !== undefined && "value" in message) old[2] = `${message.value}`;
  const properties = {};
  if (typeof error.stack === "string") properties.stack = error.stack;
  if (hasOwn(error, "cause")) properties.cause = packer.copy(error.cause);
  old[3] = properties;
  return mark;
}

const isEngines = (name) => typeof name === "string" && name !== "AggregateError" && errorClass(name) !== undefined;

// In the place of ERROR while the error is being made.
const UNDER_WAY = -1;

/**
 * The error of a place. `restore` gives a part of the message as it arrives. Stacks stay with whoever trusts the thrower.
 * An error among its own causes cannot be read.
 */
export function makeCopiedError(what, restore, keepStacks) {
  if (what[0] === UNDER_WAY) throw new Error("Unable to deserialize cloned data.");
  const old = what[0] === OLD_ERROR;
  what[0] = UNDER_WAY;
  const name = restore(what[1]);
  const message = restore(what[2]);
  if (typeof message !== "string" && !old) {
    throw dataCloneError("Deserialization failed: error message is not a string");
  }
  const error = withoutFrames(() => newError(name, message));
  const properties = restore(what[3]);
  const names = keysOf(properties);
  for (let i = 0; i < names.length; i++) {
    if (names[i] === "stack" && !keepStacks && !old) continue;
    define(error, names[i], properties[names[i]], !old);
  }
  if (old && !hasOwn(properties, "stack")) define(error, "stack", undefined, false);
  return error;
}

function newError(name, message) {
  const Class = typeof name === "string" ? errorClass(name) : undefined;
  const error = message === null ? new (Class ?? Error)() : new (Class ?? Error)(message);
  if (Class === undefined) define(error, "name", name, true);
  return error;
}

function define(object, key, value, enumerable) {
  defineProperty(object, key, { __proto__: null, value, writable: true, enumerable, configurable: true });
}
