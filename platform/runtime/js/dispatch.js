// The hooks that C++ calls to deliver events. Each is one turn: it finds the handler, calls it, and
// arranges that the answer leaves through exactly one native (respond, respondValue, respondError).
import { natives } from "./natives.js";
import { promiseResolve, promiseThen, uncurryThis } from "./safe.js";
import { enter, openContext } from "./io_context.js";
import { DurableObject, remoteFunction, remoteMethod, WorkerEntrypoint } from "./entrypoints.js";
import { DurableObjectState, ExecutionContext } from "./execution_context.js";
import { checkSendable } from "./outgoing.js";
import { jsonParse } from "./env_values.js";
import { partsOfResponse, requestFromParts } from "./web.js";

let exported = null;  // namespace object of the main module
let env = null;

export function installWorker(namespace, environment) {
  exported = namespace;
  env = environment;
}

export function currentEnv() {
  return env;
}

const { apply, construct } = Reflect;

const isPrototypeOf = uncurryThis(Object.prototype.isPrototypeOf);

function extendsClass(value, Base) {
  return typeof value.prototype === "object" && value.prototype !== null &&
    isPrototypeOf(Base.prototype, value.prototype);
}

/** The handler object of an entrypoint: a plain exported object, or a fresh instance of its class. */
function handlerOf(name, context) {
  const value = exported[name === "" ? "default" : name];
  if (value === undefined || value === null) {
    if (name === "") return null;
    throw new TypeError(`The entrypoint name ${name} was not found in this worker. Ensure the worker ` +
      "exports an entrypoint with that name.");
  }
  if (typeof value === "function") {
    if (extendsClass(value, DurableObject)) {
      throw new TypeError(`The entrypoint name ${name} refers to a Durable Object class, but the incoming ` +
        "request is trying to invoke it as a stateless worker.");
    }
    return construct(value, [new ExecutionContext(context), env]);
  }
  return value;
}

/** Calls handler.method as user code expects: (event, env, ctx) for objects, (event) for instances. */
function callHandler(handler, method, argument, context) {
  const callable = handler === null ? undefined : handler[method];
  if (typeof callable !== "function") {
    throw new Error(`Handler does not export a ${method}() function.`);
  }
  if (handler instanceof WorkerEntrypoint) return apply(callable, handler, [argument]);
  return apply(callable, handler, [argument, env, new ExecutionContext(context)]);
}

/** An RPC method of a class, or a function of a plain exported object: that one is called as (argument, env, ctx). */
function callMethod(handler, method, args, context) {
  if (handler instanceof WorkerEntrypoint) return apply(remoteMethod(handler, method), handler, args);
  const callable = remoteFunction(handler, method);
  if (args.length !== 1) {
    throw new TypeError(`Attempted to call RPC function "${method}" with the wrong number of arguments. When ` +
      "calling a top-level handler function that is not declared as part of a class, you must always send " +
      "exactly one argument. In order to support variable numbers of arguments, the server must use " +
      "class-based syntax (extending WorkerEntrypoint) instead.");
  }
  return apply(callable, handler, [args[0], env, new ExecutionContext(context)]);
}

// ---- answers -------------------------------------------------------------------------------------

function fail(event, error) {
  natives.respondError(event, error);
}

function sendResponse(event, response) {
  const parts = partsOfResponse(response);
  if (parts === null) {
    throw new TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'.");
  }
  const { body } = parts;
  if (parts.pendingBody) {
    promiseThen(promiseResolve(body), (whole) => {
      natives.respond(event, parts.status, parts.statusText, parts.headers, whole);
    }, (error) => fail(event, error));
    return;
  }
  natives.respond(event, parts.status, parts.statusText, parts.headers, body);
}

function answerResponse(event, result) {
  promiseThen(promiseResolve(result), (response) => {
    try {
      sendResponse(event, response);
    } catch (error) {
      fail(event, error);
    }
  }, (error) => fail(event, error));
}

function answerValue(event, result, keep) {
  promiseThen(promiseResolve(result), (value) => {
    try {
      if (keep) checkSendable(value);
      natives.respondValue(event, keep ? value : undefined, keep);
    } catch (error) {
      fail(event, error);
    }
  }, (error) => fail(event, error));
}

// ---- stateless events ----------------------------------------------------------------------------

export function dispatchFetch(slot, event, entrypoint, method, url, headers, body, cf, props = undefined) {
  const context = openContext(slot);
  try {
    if (props !== undefined) context.props = jsonParse(props);
    const request = requestFromParts(method, url, headers, body, cf);
    answerResponse(event, callHandler(handlerOf(entrypoint, context), "fetch", request, context));
  } catch (error) {
    fail(event, error);
  }
}

class ScheduledController {
  constructor(scheduledTime, cron) {
    this.scheduledTime = scheduledTime;
    this.cron = cron;
  }
  noRetry() {}
}

export function dispatchScheduled(slot, event, entrypoint, scheduledTime, cron) {
  const context = openContext(slot);
  try {
    const controller = new ScheduledController(scheduledTime, cron);
    answerValue(event, callHandler(handlerOf(entrypoint, context), "scheduled", controller, context), false);
  } catch (error) {
    fail(event, error);
  }
}

export function dispatchRpc(slot, event, entrypoint, method, args, props = undefined) {
  const context = openContext(slot);
  try {
    if (props !== undefined) context.props = jsonParse(props);
    const handler = handlerOf(entrypoint, context);
    answerValue(event, callMethod(handler, method, args, context), true);
  } catch (error) {
    fail(event, error);
  }
}

// ---- Durable Objects -----------------------------------------------------------------------------

export function constructActor(slot, className, id, name, actor) {
  const context = openContext(slot);
  const Class = exported[className];
  if (typeof Class !== "function") {
    throw new TypeError(`The Durable Object class ${className} was not found in this worker. Ensure the ` +
      "worker exports a class with that name.");
  }
  context.actor = actor;
  context.actorClass = Class;
  context.state = new DurableObjectState(context, id, name === null ? undefined : name);
  context.instance = construct(Class, [context.state, env]);
}

export function dispatchActorFetch(slot, event, method, url, headers, body, cf) {
  const { instance } = enter(slot);
  try {
    const handler = instance.fetch;
    if (typeof handler !== "function") throw new Error("Handler does not export a fetch() function.");
    answerResponse(event,
      apply(handler, instance, [requestFromParts(method, url, headers, body, cf)]));
  } catch (error) {
    fail(event, error);
  }
}

export function dispatchActorRpc(slot, event, method, args) {
  const { instance } = enter(slot);
  try {
    if (!(instance instanceof DurableObject)) {
      throw new TypeError("The receiving Durable Object does not support RPC, because its class was not " +
        "declared with `extends DurableObject`. In order to enable RPC, make sure your class extends the " +
        "special class `DurableObject`, which can be imported from the module \"cloudflare:workers\".");
    }
    answerValue(event, apply(remoteMethod(instance, method), instance, args), true);
  } catch (error) {
    fail(event, error);
  }
}

export function dispatchAlarm(slot, event, scheduledTime, retryCount) {
  const { instance } = enter(slot);
  try {
    const handler = instance.alarm;
    // An alarm has no value, so one says that there is nobody to handle it.
    if (typeof handler !== "function") return void natives.respondValue(event, false, true);
    const info = { scheduledTime, retryCount, isRetry: retryCount > 0 };
    answerValue(event, apply(handler, instance, [info]), false);
  } catch (error) {
    fail(event, error);
  }
}

