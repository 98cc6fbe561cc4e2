// DurableObjectNamespace, DurableObjectId and DurableObjectStub.
//
// An id is 32 bytes, kept as a Latin-1 string of 32 characters and turned into hex only when somebody looks.
// A stub has a number of its own: calls through one stub arrive in order, across stubs there is none.
// To the natives a binding is a number that also says the jurisdiction and the location hint (isolate_host.h).
import { natives } from "./natives.js";
import { apply, defineProperty, promiseReject, SafeMap } from "./safe.js";
import { hideConstructor, illegalInvocation, wrongType } from "./errors.js";
import { OBJECT, Route, startFetch } from "./outgoing.js";
import { addRemoteProperties } from "./rpc_properties.js";

// Names are hashed by C++; recent ones are remembered here.
const REMEMBERED_NAMES = 1024;

let nextStub = 1;
const internal = Symbol("internal");

function illegal() {
  return new TypeError("Illegal constructor");
}

// In the order of worker/jurisdiction.h.
const JURISDICTIONS = { __proto__: null, eu: 1, fedramp: 2, "fedramp-high": 3, us: 4 };
const JURISDICTION_NAMES = [undefined, "eu", "fedramp", "fedramp-high", "us"];
const HINTS = {
  __proto__: null,
  wnam: 1, enam: 2, sam: 3, weur: 4, eeur: 5, apac: 6, "apac-ne": 7, "apac-se": 8, oc: 9, afr: 10, me: 11,
};
const BINDING = 0xffff, HINT = 1 << 16, PRIMARY_ONLY = 1 << 23, JURISDICTION = 1 << 24;

function jurisdictionOf(name) {
  if (name === undefined || name === null) return 0;
  const number = JURISDICTIONS[`${name}`];
  if (number === undefined) throw new TypeError(`"${name}" is not a jurisdiction: there are eu, fedramp, fedramp-high and us`);
  return number;
}

/** An argument that is a dictionary, or nothing. */
function dictionary(given, method, number, type) {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "object" && typeof given !== "function") {
    throw wrongType(method, "DurableObjectNamespace", number, type);
  }
  return given;
}

export class DurableObjectId {
  jurisdiction = undefined;
  name = undefined;
  #raw;
  #name;
  #jurisdiction;
  constructor(key, raw, name, jurisdiction) {
    if (key !== internal) throw illegal();
    this.#raw = raw;
    this.#name = name;
    this.#jurisdiction = jurisdiction;
    this.jurisdiction = JURISDICTION_NAMES[jurisdiction];
    this.name = name;
  }
  toString() { return natives.hexOfId(this.#raw); }
  equals(other) {
    if (typeof other !== "object" || other === null || !(#raw in other)) {
      throw new TypeError("Failed to execute 'equals' on 'DurableObjectId': parameter 1 is not of type " +
        "'DurableObjectId'.");
    }
    return other.#raw === this.#raw;
  }
  static isId(value) { return typeof value === "object" && value !== null && #raw in value; }
  static raw(id) { return id.#raw; }
  static named(id) { return id.#name; }
  static within(id) { return id.#jurisdiction; }
}
const { isId, raw: rawOf, named: nameOf, within: jurisdictionOfId } = DurableObjectId;
delete DurableObjectId.isId;
delete DurableObjectId.raw;
delete DurableObjectId.named;
delete DurableObjectId.within;

export function makeId(raw, name, jurisdiction) {
  return new DurableObjectId(internal, raw, name, jurisdiction);
}

class DurableObjectStub {
  #binding;
  #id;
  #stub;
  #route = null;
  constructor(key, binding, id) {
    if (key !== internal) throw illegal();
    this.#binding = binding;
    this.#id = id;
    this.#stub = nextStub++;
  }
  get id() { return this.#id; }
  get name() { return nameOf(this.#id); }
  fetch(input, init = undefined) {
    if (arguments.length === 0) return promiseReject(wrongType("fetch", "Fetcher", 1, "Request or string"));
    return startFetch(OBJECT, this.#binding, this.#stub, rawOf(this.#id), nameOf(this.#id) ?? "", input,
      init);
  }
  static route(stub) {
    return (stub.#route ??= new Route(OBJECT, stub.#binding, stub.#stub, rawOf(stub.#id), nameOf(stub.#id) ?? ""));
  }
}
const { route: routeOf } = DurableObjectStub;
delete DurableObjectStub.route;
export { DurableObjectStub };

addRemoteProperties(DurableObjectStub, routeOf);

export class DurableObjectNamespace {
  #binding;  // with its jurisdiction
  #ids = new SafeMap();
  constructor(key, binding) {
    if (key !== internal) throw illegal();
    this.#binding = binding;
  }
  static #of(namespace) {
    if (typeof namespace !== "object" || namespace === null || !(#binding in namespace)) throw illegalInvocation();
    return namespace;
  }

  idFromName(name) {
    const namespace = DurableObjectNamespace.#of(this);
    if (arguments.length === 0) throw wrongType("idFromName", "DurableObjectNamespace", 1, "string");
    const text = `${name}`;
    const binding = namespace.#binding;
    let id = namespace.#ids.get(text);
    if (id === undefined) {
      id = natives.idFromName(binding, text);
      if (namespace.#ids.size >= REMEMBERED_NAMES) namespace.#ids.clear();
      namespace.#ids.set(text, id);
    }
    return new DurableObjectId(internal, id, text, binding >>> 24);
  }

  newUniqueId(options = undefined) {
    let binding = DurableObjectNamespace.#of(this).#binding;
    const asked = jurisdictionOf(dictionary(options, "newUniqueId", 1, "NewUniqueIdOptions")?.jurisdiction);
    if (asked !== 0) binding = (binding & BINDING) + asked * JURISDICTION;
    return new DurableObjectId(internal, natives.newUniqueId(binding), undefined, binding >>> 24);
  }

  idFromString(hex) {
    const binding = DurableObjectNamespace.#of(this).#binding;
    if (arguments.length === 0) throw wrongType("idFromString", "DurableObjectNamespace", 1, "string");
    const raw = natives.parseId(binding, `${hex}`);
    if (raw === 1) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    if (raw === 2) throw new TypeError("Durable Object ID is not valid for this namespace.");
    return new DurableObjectId(internal, raw, undefined, natives.jurisdictionOfId(binding, raw));
  }

  get(id, options = undefined) {
    const binding = DurableObjectNamespace.#of(this).#binding;
    if (!isId(id)) throw wrongType("get", "DurableObjectNamespace", 1, "DurableObjectId");
    return stubTo(binding, id, options, "get");
  }

  getByName(name, options = undefined) {
    const namespace = DurableObjectNamespace.#of(this);
    if (arguments.length === 0) throw wrongType("getByName", "DurableObjectNamespace", 1, "string");
    return stubTo(namespace.#binding, apply(idFromName, namespace, [name]), options, "getByName");
  }

  jurisdiction(name) {
    const binding = DurableObjectNamespace.#of(this).#binding;
    return new DurableObjectNamespace(internal, (binding & BINDING) + jurisdictionOf(name) * JURISDICTION);
  }
}
const { idFromName } = DurableObjectNamespace.prototype;

function stubTo(binding, id, options, method) {
  const within = jurisdictionOfId(id);
  if (binding > BINDING && binding >>> 24 !== within) {
    throw new TypeError("get called on jurisdictional subnamespace with an ID from a different jurisdiction");
  }
  let to = (binding & BINDING) + within * JURISDICTION;
  if (options !== undefined) {
    const given = dictionary(options, method, 2, "GetDurableObjectOptions");
    const hint = given?.locationHint;
    if (hint !== undefined && hint !== null) to += (HINTS[`${hint}`] ?? 0) * HINT;
    const mode = given?.routingMode;
    if (mode !== undefined) {
      if (`${mode}` !== "primary-only") throw new RangeError(`unknown routingMode: ${mode}`);
      to += PRIMARY_ONLY;
    }
  }
  return new DurableObjectStub(internal, to, id);
}

for (const [Class, name] of [
  [DurableObjectId, "DurableObjectId"], [DurableObjectNamespace, "DurableObjectNamespace"],
  [DurableObjectStub, "DurableObject"],
]) {
  defineProperty(Class, "name", { value: name, configurable: true });
  defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
  hideConstructor(Class, name);
}

/** To the primary of a replica, by a binding to its class. */
export function stubOfPrimary(binding, id) {
  return new DurableObjectStub(internal, binding + PRIMARY_ONLY + jurisdictionOfId(id) * JURISDICTION, id);
}

export function makeNamespace(binding) {
  return new DurableObjectNamespace(internal, binding);
}
