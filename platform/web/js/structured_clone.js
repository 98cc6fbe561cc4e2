// structuredClone: the engine's serializer does the work, this gives its refusal the right form.
import { ArrayPush } from "./primordials.js";
import { sequenceOf } from "./webidl.js";
import { DOMException } from "./dom_exception.js";
import { natives } from "./natives.js";

/** What the embedder throws where the engine refuses to clone a value. */
export function dataCloneError(message) {
  return new DOMException(message, "DataCloneError");
}

// Objects of the platform have their state in private fields, which a serializer would silently drop.
const checks = [];

/** Registers a test for objects that cannot be cloned; `name` is their class. */
export function refuseCloning(name, test) {
  ArrayPush(checks, { name, test });
}

/** Throws when the value itself is an object of the platform that cannot be cloned. */
export function checkCloneable(value) {
  if (typeof value !== "object" || value === null) return;
  for (let i = 0; i < checks.length; i++) {
    if (checks[i].test(value)) {
      throw dataCloneError(`Could not serialize object of type "${checks[i].name}". This type does not ` +
        "support serialization.");
    }
  }
}

export const { structuredClone } = {
  structuredClone(value, options = undefined) {
    if (arguments.length === 0) throw new TypeError("structuredClone requires at least 1 argument.");
    const transfer = options?.transfer === undefined ? [] : sequenceOf(options.transfer, "transfer");
    checkCloneable(value);
    return natives.structuredClone(value, transfer, dataCloneError);
  },
};
