// What RPC sends beyond structured clone: functions, RpcTargets, stubs, and objects of the web platform.
//
// A message with such values is [value, places, what]: `value` is a copy in which an empty object stands for
// each of them; `places` lists these objects (a clone keeps who is who), and `what` says what belongs there.
// Values without anything special are sent as they are, after a look whether they can be sent at all.
import { natives } from "./natives.js";
import { apply, defineProperty, getPrototypeOf, SafeMap } from "./safe.js";
import {
  checkSignal, dataCloneError, DOMException, flatHeaders, Headers, headersOf, isDOMException, isRequest, isResponse,
  fromState, isStream, isWritable, partsOfRequest, partsOfResponse, requestFromParts, responseFromParts, stateOf,
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
const CAPABILITY = 0, HEADERS = 1, REQUEST = 2, RESPONSE = 3, STREAM = 4, EXCEPTION = 5, SINK = 6;
// Stands for the body of a message whose body is a stream.
const STREAMED = 1;

function refuse(name) {
  return dataCloneError(`Could not serialize object of type "${name}". This type does not support serialization.`);
}

function checkUnlocked(lock, kind) {
  if (lock !== null) throw new TypeError(`The ${kind}Stream has been locked to a ${kind === "Readable" ? "reader" : "writer"}.`);
  return true;
}

/** True for what needs a place of its own. Throws for objects whose meaning a clone would lose. */
function isSpecial(value, proto) {
  if (typeof value === "function") {
    const handler = handlerOf(value);
    if (handler === undefined) return true;
    const shape = getPrototypeOf(value);
    if (shape === RpcPromise.prototype) throw refuse("RpcPromise");
    if (shape === RpcProperty.prototype) throw refuse("RpcProperty");
    return true;
  }
  if (proto === null) throw refuse("Object");
  if (isPrototypeOf(RpcTarget, value)) return true;
  if (isDOMException(value)) return true;
  // What the engine knows how to clone, or refuses by itself.
  if (natives.isBuiltin(value)) return false;
  if (headersOf(value) !== null || isRequest(value) || isResponse(value)) return true;
  if (isStream(value)) return checkUnlocked(stateOf(value).reader, "Readable");
  if (isWritable(value)) return checkUnlocked(writableOf(value).writer, "Writable");
  const name = value.constructor?.name;
  if (name === "AbortSignal" && checkSignal(value)) throw dataCloneError("AbortSignal serialization is not enabled.");
  if (name === "Fetcher") {
    throw dataCloneError("ServiceStub serialization requires the 'experimental' compat flag.");
  }
  throw refuse(name || "Object");
}

/** Looks through a value; true when something in it needs a place. */
function scan(value, seen) {
  if (typeof value === "function") return isSpecial(value, null);
  if (typeof value !== "object" || value === null) return false;
  const proto = getPrototypeOf(value);
  const list = isArray(value);
  if (!list && proto !== objectPrototype) {
    if (proto === mapPrototype || proto === setPrototype) {
      if (seen.has(value)) return false;
      seen.set(value, true);
      let found = false;
      if (proto === mapPrototype) {
        apply(mapForEach, value, [(v, k) => { found = scan(k, seen) || found; found = scan(v, seen) || found; }]);
      } else {
        apply(setForEach, value, [(v) => { found = scan(v, seen) || found; }]);
      }
      return found;
    }
    return isSpecial(value, proto);
  }
  if (seen.has(value)) return false;
  seen.set(value, true);
  let found = false;
  const keys = keysOf(value);
  for (let i = 0; i < keys.length; i++) {
    const member = value[keys[i]];
    if (typeof member === "object" ? member !== null : typeof member === "function") {
      found = scan(member, seen) || found;
    }
  }
  return found;
}

/** Whether a value must be packed; throws what its sender must see when it cannot be sent. */
export function needsPacking(value) {
  if (typeof value !== "object" && typeof value !== "function" || value === null) return false;
  return scan(value, new SafeMap());
}

/** Collects what goes into one message. */
export class Packer {
  /**
   * Each gives the number under which the other side reaches something: `exported(value)` a function, target or stub,
   * `streamed(record)` a stream of bytes, `sunk(record)` a WritableStream.
   */
  constructor(exported, streamed, sunk) {
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
    if (typeof value === "function" || isPrototypeOf(RpcTarget, value)) {
      this.exports[this.exports.length] = this.exported(value);
      return this.place(value, [CAPABILITY]);
    }
    const flat = headersOf(value);
    if (flat !== null) return this.place(value, [HEADERS, flatHeaders(value)]);
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
    return this.place(value, [EXCEPTION, value.message, value.name]);
  }

  copy(value) {
    if (typeof value !== "function" && typeof value !== "object" || value === null) return value;
    const known = this.memo.get(value);
    if (known !== undefined) return known;
    if (typeof value === "function") return this.special(value);
    const proto = getPrototypeOf(value);
    if (isArray(value) || proto === objectPrototype) {
      const made = isArray(value) ? new Array(value.length) : {};
      this.memo.set(value, made);
      const keys = keysOf(value);
      for (let i = 0; i < keys.length; i++) {
        defineProperty(made, keys[i],
          { __proto__: null, value: this.copy(value[keys[i]]), writable: true, enumerable: true, configurable: true });
      }
      return made;
    }
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
    return isSpecial(value, proto) ? this.special(value) : value;
  }
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
    default: return new DOMException(what[1], what[2]);
  }
}

/** The value of a packed message; `next` makes what stands for the next capability of the message, by its kind. */
export function unpack(value, places, what, next) {
  const found = new SafeMap();
  for (let i = 0; i < places.length; i++) found.set(places[i], valueOf(what[i], next));
  const seen = new SafeMap();
  const restore = (at) => {
    if (typeof at !== "object" || at === null) return at;
    if (found.has(at)) return found.get(at);
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
