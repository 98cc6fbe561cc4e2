// Adds a method that the engine lacks, in the shape of a built-in: not enumerable, not constructible.
import { defineProperty, objectKeys } from "../primordials.js";

/** Defines each method of `methods` on the object unless it has one. Arity is the method's own. */
export function addMissing(object, methods) {
  const names = objectKeys(methods);
  for (let i = 0; i < names.length; i++) {
    if (names[i] in object) continue;
    defineProperty(object, names[i],
      { __proto__: null, value: methods[names[i]], writable: true, configurable: true });
  }
}
