// DurableObjectNamespace, DurableObjectId and DurableObjectStub.
//
// An id is 32 bytes, kept as a Latin-1 string of 32 characters and turned into hex only when somebody looks.
// A stub has a number of its own: calls through one stub arrive in order, across stubs there is none.
import { natives } from "./natives.js";
import { SafeMap } from "./safe.js";
import { OBJECT, Route, startFetch } from "./outgoing.js";
import { addRemoteProperties } from "./rpc_properties.js";

// Names are hashed by C++; recent ones are remembered here.
const REMEMBERED_NAMES = 1024;

let nextStub = 1;
const internal = Symbol("internal");

function illegal() {
  return new TypeError("Illegal constructor");
}

export class DurableObjectId {
  #raw;
  #name;
  constructor(key, raw, name) {
    if (key !== internal) throw illegal();
    this.#raw = raw;
    this.#name = name;
  }
  toString() { return natives.hexOfId(this.#raw); }
  equals(other) {
    if (typeof other !== "object" || other === null || !(#raw in other)) {
      throw new TypeError("Failed to execute 'equals' on 'DurableObjectId': parameter 1 is not of type " +
        "'DurableObjectId'.");
    }
    return other.#raw === this.#raw;
  }
  get name() { return this.#name; }
  static isId(value) { return typeof value === "object" && value !== null && #raw in value; }
  static raw(id) { return id.#raw; }
  static named(id) { return id.#name; }
}
const { isId, raw: rawOf, named: nameOf } = DurableObjectId;
delete DurableObjectId.isId;
delete DurableObjectId.raw;
delete DurableObjectId.named;

export function makeId(raw, name) {
  return new DurableObjectId(internal, raw, name);
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
  get [Symbol.toStringTag]() { return "DurableObject"; }
  fetch(input, init = undefined) {
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
  #binding;
  #ids = new SafeMap();
  constructor(key, binding) {
    if (key !== internal) throw illegal();
    this.#binding = binding;
  }

  idFromName(name) {
    if (arguments.length === 0) {
      throw new TypeError("Failed to execute 'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type " +
        "'string'.");
    }
    const text = `${name}`;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = natives.idFromName(this.#binding, text);
      if (this.#ids.size >= REMEMBERED_NAMES) this.#ids.clear();
      this.#ids.set(text, id);
    }
    return new DurableObjectId(internal, id, text);
  }

  newUniqueId(options = undefined) {
    if (options !== undefined && options !== null && options.jurisdiction !== undefined) {
      throw new Error("Jurisdiction restrictions are not supported yet: newUniqueId({jurisdiction})");
    }
    return new DurableObjectId(internal, natives.newUniqueId(this.#binding), undefined);
  }

  idFromString(hex) {
    const raw = natives.parseId(this.#binding, `${hex}`);
    if (raw === 1) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    if (raw === 2) throw new TypeError("Durable Object ID is not valid for this namespace.");
    return new DurableObjectId(internal, raw, undefined);
  }

  get(id, options = undefined) {
    void options;
    if (!isId(id)) {
      throw new TypeError("Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of " +
        "type 'DurableObjectId'.");
    }
    return new DurableObjectStub(internal, this.#binding, id);
  }

  getByName(name, options = undefined) {
    return this.get(this.idFromName(name), options);
  }

  jurisdiction(name) {
    if (name === undefined || name === null) return this;
    throw new Error("Jurisdiction restrictions are not supported yet: namespace.jurisdiction()");
  }
}

export function makeNamespace(binding) {
  return new DurableObjectNamespace(internal, binding);
}
