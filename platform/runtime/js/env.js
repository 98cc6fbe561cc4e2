// Builds `env` from the bindings of the wrangler file.
import { jsonParse, withKindError } from "./env_values.js";
import { hideConstructor } from "./errors.js";
import { makeNamespace } from "./durable_object.js";
import { Route, SERVICE, startFetch } from "./outgoing.js";
import { addRemoteProperties } from "./rpc_properties.js";
import { makeKvNamespace } from "./kv.js";

const TEXT = 0, JSON_VALUE = 1, DATA = 2, WASM = 3, DURABLE_OBJECT = 4, SERVICE_BINDING = 5, KV = 6;

let nextServiceStub = 1;

class Fetcher {
  #binding;
  #stub = nextServiceStub++;
  #route = null;
  constructor(binding) {
    this.#binding = binding;
  }
  fetch(input, init = undefined) {
    return startFetch(SERVICE, this.#binding, this.#stub, "", "", input, init);
  }
  get [Symbol.toStringTag]() { return "Fetcher"; }
  static route(fetcher) {
    return (fetcher.#route ??= new Route(SERVICE, fetcher.#binding, fetcher.#stub, "", ""));
  }
}
const { route: routeOf } = Fetcher;
delete Fetcher.route;
addRemoteProperties(Fetcher, routeOf);
hideConstructor(Fetcher, "Fetcher");
export { Fetcher };

/** `bindings` is a list of [name, kind, value, kindName]. */
export function buildEnv(bindings) {
  const env = {};
  for (let i = 0; i < bindings.length; i++) {
    const name = bindings[i][0];
    const kind = bindings[i][1];
    let value = bindings[i][2];
    if (kind === JSON_VALUE) value = jsonParse(value);
    else if (kind === DURABLE_OBJECT) value = makeNamespace(i);
    else if (kind === SERVICE_BINDING) value = new Fetcher(i);
    else if (kind === KV) value = makeKvNamespace(i);
    else if (kind !== TEXT && kind !== DATA && kind !== WASM) value = withKindError(name, bindings[i][3]);
    env[name] = value;
  }
  return env;
}
