// DOMException, with its names and legacy codes, per Web IDL.
//
// An instance is a real Error object (it has a stack, and the engine treats it as an error) whose prototype is
// DOMException.prototype. As in workerd its properties are its own, and there is no `cause`.
import { SymbolToStringTag, captureStackTrace, defineProperty, setPrototypeOf } from "./primordials.js";

const LEGACY_CODES = {
  __proto__: null,
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
  NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
  InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
  InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
  URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24,
  DataCloneError: 25,
};

const CONSTANTS = [
  "INDEX_SIZE_ERR", "DOMSTRING_SIZE_ERR", "HIERARCHY_REQUEST_ERR", "WRONG_DOCUMENT_ERR",
  "INVALID_CHARACTER_ERR", "NO_DATA_ALLOWED_ERR", "NO_MODIFICATION_ALLOWED_ERR", "NOT_FOUND_ERR",
  "NOT_SUPPORTED_ERR", "INUSE_ATTRIBUTE_ERR", "INVALID_STATE_ERR", "SYNTAX_ERR",
  "INVALID_MODIFICATION_ERR", "NAMESPACE_ERR", "INVALID_ACCESS_ERR", "VALIDATION_ERR",
  "TYPE_MISMATCH_ERR", "SECURITY_ERR", "NETWORK_ERR", "ABORT_ERR", "URL_MISMATCH_ERR",
  "QUOTA_EXCEEDED_ERR", "TIMEOUT_ERR", "INVALID_NODE_TYPE_ERR", "DATA_CLONE_ERR",
];

class ReturnGiven {
  constructor(object) {
    return object;
  }
}

class Mark extends ReturnGiven {
  #mark;
  constructor(object) {
    super(object);  // written out: without it the arguments go through an array that may be patched
  }
  static has(object) { return #mark in object; }
}

function show(error, key, value) {
  defineProperty(error, key, { __proto__: null, value, enumerable: true, configurable: true });
}

/** Whether the value is a DOMException of this isolate, whatever its prototype became. */
export function isDOMException(value) {
  return typeof value === "object" && value !== null && Mark.has(value);
}

export class DOMException {
  constructor(message = "", name = "Error") {
    const error = new Error();
    setPrototypeOf(error, new.target.prototype);
    new Mark(error);
    captureStackTrace(error, new.target);
    const text = `${name}`;
    show(error, "message", `${message}`);
    show(error, "name", text);
    show(error, "code", LEGACY_CODES[text] ?? 0);
    defineProperty(error, "stack", { __proto__: null, enumerable: true });
    return error;
  }

  static {
    setPrototypeOf(this.prototype, Error.prototype);
    defineProperty(this.prototype, SymbolToStringTag, { __proto__: null, value: "DOMException", configurable: true });
    for (let i = 0; i < CONSTANTS.length; i++) {
      const constant = { __proto__: null, value: i + 1, enumerable: true };
      defineProperty(this, CONSTANTS[i], constant);
      defineProperty(this.prototype, CONSTANTS[i], constant);
    }
  }
}
