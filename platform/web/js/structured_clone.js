// structuredClone: the engine's serializer does the work, this gives its refusal the right form.
import { sequenceOf } from "./webidl.js";
import { DOMException } from "./dom_exception.js";
import { natives } from "./natives.js";

/** What the embedder throws where the engine refuses to clone a value. */
export function dataCloneError(message) {
  return new DOMException(message, "DataCloneError");
}

export const { structuredClone } = {
  structuredClone(value, options = undefined) {
    if (arguments.length === 0) throw new TypeError("structuredClone requires at least 1 argument.");
    const transfer = options?.transfer === undefined ? [] : sequenceOf(options.transfer, "transfer");
    return natives.structuredClone(value, transfer, dataCloneError);
  },
};
