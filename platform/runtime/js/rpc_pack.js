// What is sent, stored and cloned beyond the engine's structured clone: functions, RpcTargets and stubs (by RPC alone),
// errors with all they have, and objects of the web platform.
//
// A message with such values is [value, places, what]: `value` is a copy in which an empty object stands for
// each of them; `places` lists these objects (a clone keeps who is who), and `what` says what belongs there.
// Values without anything special are sent as they are, after a look whether they can be sent at all.
import { natives } from "./natives.js";
import { apply, defineProperty, getPrototypeOf, SafeMap } from "./safe.js";
import { copyError, ERROR, makeCopiedError } from "./error_copy.js";
import { isOfPlatform } from "./platform_classes.js";
import {
  blobBytes, blobFromBytes, blobType, checkSignal, dataCloneError, DOMException, flatHeaders, Headers, headersOf, isDOMException, isRequest, isResponse,
  fromState, isFile, isStream, isWritable, partsOfRequest, partsOfResponse, requestFromParts, responseFromParts, stateOf,
  writableOf,
} from "./web.js";
import { RpcTarget } from "./entrypoints.js";
import { handlerOf, RpcPromise, RpcProperty } from "./rpc_properties.js";

const { isArray } = Array;
const { keys: keysOf, prototype: objectPrototype } = Object;
const mapPrototype = Map.prototype;
const setPrototype = Set.prototype;
const { forEach: mapForEach, set: mapSet, clear: mapClear } = mapPrototype;
const { forEach: setForEach, add: setAdd, clear: setClear } = setPrototype;
const isPrototypeOf = (Class, value) => value instanceof Class;

// Kinds of what stands at a place.
const CAPABILITY = 0, HEADERS = 1, REQUEST = 2, RESPONSE = 3, STREAM = 4, EXCEPTION = 5, SINK = 6, BLOB = 7;
// Errors have `ERROR` of error_copy.js as theirs.
// Stands for the body of a message whose body is a stream.
const STREAMED = 1;
const ONLY_BY_RPC = "ReadableStream can only be serialized for RPC.";

function refuse(name) {
  return dataCloneError(`Could not serialize object of type "${name}". This type does not support serialization.`);
}

function checkUnlocked(lock, kind) {
  if (lock !== null) throw new TypeError(`The ${kind}Stream has been locked to a ${kind === "Readable" ? "reader" : "writer"}.`);
  return true;
}

// What an object is to a message: a value of the engine's, one that needs a place of its own, or a plain object (lists,
// Maps and Sets are known before).
const ENGINES = 0, SPECIAL = 1, PLAIN = 2;
// What natives.oddKind says.
const ODD_ERROR = 1, ODD_PROXY = 2;

const isBlob = (value) => blobBytes(value) !== null && !isFile(value);
const isMessage = (value) => headersOf(value) !== null || isRequest(value) || isResponse(value) || isBlob(value);

/** A user's Proxy goes as what its prototype says that it is. */
function kindOfProxy(value, proto) {
  if (proto === objectPrototype || isPrototypeOf(RpcTarget, value)) return SPECIAL;
  throw dataCloneError("Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must " +
    "emulate either a plain object or an RpcTarget, as indicated by the Proxy's prototype chain.");
}

function refuseSignal(value) {
  if (checkSignal(value)) throw dataCloneError("AbortSignal serialization is not enabled.");
}

/** What RPC makes of a function or object. Throws for objects whose meaning a clone would lose. */
function kindInCall(value, proto) {
  if (typeof value === "function") {
    const handler = handlerOf(value);
    if (handler === undefined) return SPECIAL;
    const shape = getPrototypeOf(value);
    if (shape === RpcPromise.prototype) throw refuse("RpcPromise");
    if (shape === RpcProperty.prototype) throw refuse("RpcProperty");
    return SPECIAL;
  }
  const odd = natives.oddKind(value);
  if (odd === ODD_ERROR) return SPECIAL;
  if (odd === ODD_PROXY) return kindOfProxy(value, proto);
  if (proto === objectPrototype) return PLAIN;
  if (proto === null) throw refuse("Object");
  if (isPrototypeOf(RpcTarget, value)) return SPECIAL;
  // What the engine knows how to clone, or refuses by itself.
  if (natives.isBuiltin(value)) return ENGINES;
  if (isMessage(value)) return SPECIAL;
  if (isStream(value)) return checkUnlocked(stateOf(value).reader, "Readable") && SPECIAL;
  if (isWritable(value)) return checkUnlocked(writableOf(value).writer, "Writable") && SPECIAL;
  const name = value.constructor?.name;
  refuseSignal(value);
  if (name === "Fetcher") {
    throw dataCloneError("ServiceStub serialization requires the 'experimental' compat flag.");
  }
  throw refuse(name || "Object");
}

// Objects of the engine that are more than their properties and that it refuses to clone, of those that natives.isBuiltin
// does not tell.
const REFUSED_BY_ENGINE = [
  WeakRef, FinalizationRegistry, Intl.Collator, Intl.DateTimeFormat, Intl.DisplayNames, Intl.ListFormat, Intl.Locale,
  Intl.NumberFormat, Intl.PluralRules, Intl.RelativeTimeFormat, Intl.Segmenter,
];
function isRefusedByEngine(value) {
  for (let i = 0; i < REFUSED_BY_ENGINE.length; i++) if (isPrototypeOf(REFUSED_BY_ENGINE[i], value)) return true;
  return false;
}

/** What storage, structuredClone and thrown values make of one: instances of classes are plain objects to them. */
function kindInClone(value, proto) {
  if (typeof value === "function") {
    if (handlerOf(value) !== undefined) throw dataCloneError("ServiceStub cannot be serialized in this context.");
    return ENGINES;
  }
  if (natives.oddKind(value) === ODD_ERROR) return SPECIAL;
  if (proto === objectPrototype || proto === null) return PLAIN;
  if (natives.isBuiltin(value)) return ENGINES;
  if (isMessage(value)) return SPECIAL;
  if (isStream(value)) throw dataCloneError(ONLY_BY_RPC);
  if (isWritable(value)) throw dataCloneError("WritableStream can only be serialized for RPC.");
  refuseSignal(value);
  if (isOfPlatform(value)) throw refuse(value.constructor?.name || "Object");
  return isRefusedByEngine(value) ? ENGINES : PLAIN;
}

/** Looks through a value; true when something in it needs a place. */
function scan(value, seen, kindOf) {
  const isFunction = typeof value === "function";
  if (!isFunction && (typeof value !== "object" || value === null)) return false;
  if (isFunction) return kindOf(value, null) === SPECIAL;
  if (seen.has(value)) return false;
  const proto = getPrototypeOf(value);
  let found = false;
  if (proto === mapPrototype) {
    seen.set(value, true);
    apply(mapForEach, value, [(v, k) => {
      found = scan(k, seen, kindOf) || found;
      found = scan(v, seen, kindOf) || found;
    }]);
    return found;
  }
  if (proto === setPrototype) {
    seen.set(value, true);
    apply(setForEach, value, [(v) => { found = scan(v, seen, kindOf) || found; }]);
    return found;
  }
  if (!isArray(value)) {
    const kind = kindOf(value, proto);
    if (kind !== PLAIN) return kind === SPECIAL;
  }
  seen.set(value, true);
  const keys = keysOf(value);
  for (let i = 0; i < keys.length; i++) {
    const member = value[keys[i]];
    if (typeof member === "object" ? member !== null : typeof member === "function") {
      found = scan(member, seen, kindOf) || found;
    }
  }
  return found;
}

/** Whether a value must be packed; throws what its sender must see when it cannot be sent. */
export function needsPacking(value) {
  if (typeof value !== "object" && typeof value !== "function" || value === null) return false;
  return scan(value, new SafeMap(), kindInCall);
}

/** Collects what goes into one message. */
export class Packer {
  /**
   * Each gives the number under which the other side reaches something: `exported(value)` a function, target or stub,
   * `streamed(record)` a stream of bytes, `sunk(record)` a WritableStream. `kindOf`: see there.
   */
  constructor(exported, streamed, sunk, kindOf = kindInCall) {
    this.kindOf = kindOf;
    this.exported = exported;
    this.streamed = streamed;
    this.sunk = sunk;
    this.send = (state) => {
      this.exports[this.exports.length] = this.streamed(state);
      return STREAMED;
    };
    this.places = [];
    this.what = [];
    this.exports = [];
    this.memo = new SafeMap();
    this.numbers = new SafeMap();
  }

  place(value, what) {
    const mark = {};
    this.memo.set(value, mark);
    this.places[this.places.length] = mark;
    this.what[this.what.length] = what;
    return mark;
  }

  special(value) {
    if (typeof value === "function" || natives.oddKind(value) === ODD_PROXY || isPrototypeOf(RpcTarget, value)) {
      this.exports[this.exports.length] = this.exported(value);
      return this.place(value, [CAPABILITY]);
    }
    const flat = headersOf(value);
    if (flat !== null) return this.place(value, [HEADERS, flatHeaders(value)]);
    if (isRequest(value) || isResponse(value)) {
      if (this.kindOf === kindInClone && value.body !== null) throw dataCloneError(ONLY_BY_RPC);
    }
    if (isRequest(value)) {
      const parts = partsOfRequest(value, this.send);
      return this.place(value, [REQUEST, parts.method, parts.url, parts.headers, parts.body, parts.cf ?? ""]);
    }
    if (isResponse(value)) {
      const parts = partsOfResponse(value, this.send);
      return this.place(value, [RESPONSE, parts.status, parts.statusText, parts.headers, parts.body]);
    }
    if (isStream(value)) {
      this.send(stateOf(value));
      return this.place(value, [STREAM]);
    }
    if (isWritable(value)) {
      this.exports[this.exports.length] = this.sunk(writableOf(value));
      return this.place(value, [SINK]);
    }
    if (isBlob(value)) return this.place(value, [BLOB, blobBytes(value), blobType(value)]);
    if (!isDOMException(value)) return copyError(this, value);
    return this.place(value, [EXCEPTION, value.message, value.name, value.stack]);
  }

  copy(value) {
    if (typeof value !== "function" && typeof value !== "object" || value === null) return value;
    const known = this.memo.get(value);
    if (known !== undefined) return known;
    if (typeof value === "function") return this.kindOf(value, null) === SPECIAL ? this.special(value) : value;
    const proto = getPrototypeOf(value);
    if (proto === mapPrototype) {
      const made = new Map();
      this.memo.set(value, made);
      apply(mapForEach, value, [(v, k) => { apply(mapSet, made, [this.copy(k), this.copy(v)]); }]);
      return made;
    }
    if (proto === setPrototype) {
      const made = new Set();
      this.memo.set(value, made);
      apply(setForEach, value, [(v) => { apply(setAdd, made, [this.copy(v)]); }]);
      return made;
    }
    if (!isArray(value)) {
      const kind = this.kindOf(value, proto);
      if (kind !== PLAIN) return kind === SPECIAL ? this.special(value) : value;
    }
    const made = isArray(value) ? new Array(value.length) : {};
    this.memo.set(value, made);
    const keys = keysOf(value);
    for (let i = 0; i < keys.length; i++) {
      defineProperty(made, keys[i],
        { __proto__: null, value: this.copy(value[keys[i]]), writable: true, enumerable: true, configurable: true });
    }
    return made;
  }
}

/**
 * For what the engine would clone without its meaning: [copy, places, what] to write instead, or undefined when nothing
 * of the kind is in the value. Throws what whoever clones it must see.
 */
export function packClone(value) {
  if (!scan(value, new SafeMap(), kindInClone)) return undefined;
  const packer = new Packer(undefined, () => {
    throw dataCloneError(ONLY_BY_RPC);
  }, undefined, kindInClone);
  const copied = packer.copy(value);
  return [copied, packer.places, packer.what];
}

/** The value of what packClone made. */
export function unpackClone(message, keepStacks) {
  return unpack(message[0], message[1], message[2], null, keepStacks);
}

function valueOf(what, next) {
  const body = (at) => (what[at] === STREAMED ? next.stream() : what[at]);
  switch (what[0]) {
    case CAPABILITY: return next.stub();
    case HEADERS: return new Headers(what[1]);
    case REQUEST: return requestFromParts(what[1], what[2], what[3], body(4), what[5]);
    case RESPONSE: return responseFromParts(what[1], what[2], what[3], body(4));
    case STREAM: return fromState(next.stream());
    case SINK: return next.sink();
    case BLOB: return blobFromBytes(what[1], what[2]);
    default: {
      const exception = new DOMException(what[1], what[2]);
      if (typeof what[3] === "string") {
        defineProperty(exception, "stack", { __proto__: null, value: what[3], writable: true, enumerable: true, configurable: true });
      }
      return exception;
    }
  }
}

/** The value of a packed message; `next` makes what stands for the next capability of the message, by its kind. */
export function unpack(value, places, what, next, keepStacks = false) {
  const found = new SafeMap();
  const errors = new SafeMap();
  for (let i = 0; i < places.length; i++) {
    if (what[i][0] >= ERROR) errors.set(places[i], what[i]);
    else found.set(places[i], valueOf(what[i], next));
  }
  const seen = new SafeMap();
  const restore = (at) => {
    if (typeof at !== "object" || at === null) return at;
    if (found.has(at)) return found.get(at);
    if (errors.has(at)) {
      const error = makeCopiedError(errors.get(at), restore, keepStacks);
      found.set(at, error);
      return error;
    }
    if (seen.has(at)) return at;
    const proto = getPrototypeOf(at);
    if (isArray(at) || proto === objectPrototype) {
      seen.set(at, true);
      const keys = keysOf(at);
      for (let i = 0; i < keys.length; i++) {
        const member = at[keys[i]];
        if (typeof member === "object" && member !== null) at[keys[i]] = restore(member);
      }
    } else if (proto === mapPrototype) {
      seen.set(at, true);
      const entries = [];
      apply(mapForEach, at, [(v, k) => { entries[entries.length] = restore(k); entries[entries.length] = restore(v); }]);
      apply(mapClear, at, []);
      for (let i = 0; i < entries.length; i += 2) apply(mapSet, at, [entries[i], entries[i + 1]]);
    } else if (proto === setPrototype) {
      seen.set(at, true);
      const members = [];
      apply(setForEach, at, [(v) => { members[members.length] = restore(v); }]);
      apply(setClear, at, []);
      for (let i = 0; i < members.length; i++) apply(setAdd, at, [members[i]]);
    }
    return at;
  };
  return restore(value);
}
