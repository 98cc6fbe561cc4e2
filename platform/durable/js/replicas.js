// What compatibility flags add to `ctx.storage` for read replicas: "replica_routing" their older switches, "experimental"
// what a replica needs. Which flags are on is known when the first object is made.
import { natives } from "../../runtime/js/natives.js";
import { stubOfPrimary } from "../../runtime/js/durable_object.js";
import { promiseThen } from "../../runtime/js/safe.js";
import { wrongType } from "./arguments.js";
import { handleOf } from "./storage.js";

const { defineProperty } = Reflect;

// The older form of ctx.configureReadReplication(): nobody waits for it.
function switchReplicas(storage, method, on) {
  const { actor, context } = handleOf(storage);
  if (natives.storageIsReplica(actor)) throw new Error(`Replica Durable Objects cannot call ${method}().`);
  const done = context.operation((operation) => natives.storageReplicas(actor, operation, on));
  promiseThen(done, () => undefined, natives.reportRejection);
}

class Switches {
  ensureReplicas() { switchReplicas(this, "ensureReplicas", true); }
  disableReplicas() { switchReplicas(this, "disableReplicas", false); }
}

async function wait({ actor, context }, given, bookmark) {
  if (given === 0) throw wrongType("waitForBookmark", "DurableObjectStorage", 1, "string");
  const text = `${bookmark}`;
  await context.operation((operation) => natives.storageWaitForBookmark(actor, operation, text));
}

class Waiting {
  /** Resolves when everything up to the bookmark can be read here; at the primary at once. */
  waitForBookmark(bookmark) { return wait(handleOf(this), arguments.length, bookmark); }
}

let experimental;

function add(Class, From, name) {
  const value = From.prototype[name];
  defineProperty(value, "length", { value: 0, configurable: true });
  defineProperty(Class.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Adds the methods of the flags to the class, once; whether objects have `primary`. */
export function addFlagged(Class) {
  if (experimental !== undefined) return experimental;
  experimental = natives.hasFlag("experimental");
  if (experimental) add(Class, Waiting, "waitForBookmark");
  if (natives.hasFlag("replica_routing")) {
    add(Class, Switches, "ensureReplicas");
    add(Class, Switches, "disableReplicas");
  }
  return experimental;
}

/** Of a replica: the primary. */
export function primaryOf({ actor, context }) {
  if (!natives.storageIsReplica(actor)) return undefined;
  const binding = natives.storagePrimary(actor);
  if (binding === undefined) {
    throw new Error("storage.primary is not supported yet in a Worker without a binding to the object's own class");
  }
  return stubOfPrimary(binding, context.state.id);
}
