// The hooks that C++ calls to deliver events. Each is one turn: it finds the handler, calls it, and
// arranges that the answer leaves through exactly one native (respond, respondValue, respondError).
import { natives } from "./natives.js";
import { promiseResolve, promiseThen, uncurryThis } from "./safe.js";
import { awaitAnswer, keepAwaited } from "./awaited.js";
import { enter, openContext } from "./io_context.js";
import { DurableObject, WorkerEntrypoint } from "./entrypoints.js";
import { DurableObjectState, ExecutionContext } from "./execution_context.js";
import { answerRpc, arguments_, invoke, lookUp, onAnswer } from "./rpc_serve.js";
import { jsonParse } from "./env_values.js";
import { endRequestStream, receiveBody, RESPONSE_BODY, sendStream, whenSent } from "./streams.js";
import { sendSocket } from "./sockets.js";
import { isResponse, partsOfResponse, requestFromParts } from "./web.js";

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

/** What a plain exported object has is called as (argument, env, ctx); an instance's methods with what was sent. */
function serve(handler, path, args, isGet, context) {
  if (handler instanceof WorkerEntrypoint || isGet || path.length !== 1) return invoke(handler, path, args, isGet, true);
  const callable = lookUp(handler, path);
  if (args.length !== 1) {
    throw new TypeError(`Attempted to call RPC function "${path[0]}" with the wrong number of arguments. When ` +
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

/** `body`: the record of the request's body when that is a stream; it ends with the response. */
function sendResponse(context, event, response, headers, body) {
  const parts = partsOfResponse(response, (state) => sendStream(context, state, RESPONSE_BODY));
  if (parts === null) {
    throw new TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'.");
  }
  natives.respond(event, parts.status, parts.statusText, parts.headers, parts.body, sendSocket(parts.webSocket, headers));
  if (body === null) return;
  const end = () => endRequestStream(body);
  if (typeof parts.body === "number") whenSent(context, parts.body, end);
  else end();
}

const isThenable = (value) =>
  (typeof value === "object" ? value !== null : typeof value === "function") && typeof value.then === "function";

function answerResponse(context, event, result, headers, body) {
  const failed = (error) => {
    awaitAnswer(context, event, undefined);
    fail(event, error);
    if (body !== null) endRequestStream(body);
  };
  if (!isThenable(result) && !isResponse(result)) {
    return void failed(new TypeError("Callback returned incorrect type; expected 'Promise'"));
  }
  const promise = promiseResolve(result);
  awaitAnswer(context, event, promise);
  promiseThen(promise, (response) => {
    awaitAnswer(context, event, undefined);
    try {
      sendResponse(context, event, response, headers, body);
    } catch (error) {
      failed(error);
    }
  }, failed);
}

/** The handler's call with the request that came, and its answer. */
function serveFetch(context, event, method, url, headers, body, cf, handle) {
  const came = receiveBody(context, body);
  answerResponse(context, event, handle(requestFromParts(method, url, headers, came, cf)), headers,
    typeof body === "number" ? came : null);
}

function answerDone(context, event, result) {
  const promise = promiseResolve(result);
  awaitAnswer(context, event, promise);
  promiseThen(promise, () => {
    awaitAnswer(context, event, undefined);
    natives.respondValue(event, undefined, false);
  }, (error) => {
    awaitAnswer(context, event, undefined);
    fail(event, error);
  });
}

// ---- stateless events ----------------------------------------------------------------------------

export function dispatchFetch(slot, event, entrypoint, method, url, headers, body, cf, props = undefined) {
  const context = openContext(slot);
  try {
    if (props !== undefined) context.props = jsonParse(props);
    serveFetch(context, event, method, url, headers, body, cf,
      (request) => callHandler(handlerOf(entrypoint, context), "fetch", request, context));
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
    answerDone(context, event, callHandler(handlerOf(entrypoint, context), "scheduled", controller, context));
  } catch (error) {
    fail(event, error);
  }
}

export function dispatchRpc(slot, event, entrypoint, method, args, props = undefined, unread = false) {
  const context = openContext(slot);
  try {
    if (unread) throw args;
    if (props !== undefined) context.props = jsonParse(props);
    const handler = handlerOf(entrypoint, context);
    answerRpc(context, event, serve(handler, [method], args, false, context), 0, null);
  } catch (error) {
    fail(event, error);
  }
}

// ---- Durable Objects -----------------------------------------------------------------------------

export function constructActor(slot, className, id, name, actor, jurisdiction) {
  const context = openContext(slot);
  const Class = exported[className];
  if (typeof Class !== "function") {
    throw new TypeError(`The Durable Object class ${className} was not found in this worker. Ensure the ` +
      "worker exports a class with that name.");
  }
  keepAwaited(context);
  context.actor = actor;
  context.actorClass = Class;
  context.state = new DurableObjectState(context, id, name === null ? undefined : name, jurisdiction);
  context.instance = construct(Class, [context.state, env]);
}

export function dispatchActorFetch(slot, event, method, url, headers, body, cf) {
  const context = enter(slot);
  const { instance } = context;
  try {
    const handler = instance.fetch;
    if (typeof handler !== "function") throw new Error("Handler does not export a fetch() function.");
    serveFetch(context, event, method, url, headers, body, cf, (request) => apply(handler, instance, [request]));
  } catch (error) {
    fail(event, error);
  }
}

function actorOf(context) {
  if (!(context.instance instanceof DurableObject)) {
    throw new TypeError("The receiving Durable Object does not support RPC, because its class was not " +
      "declared with `extends DurableObject`. In order to enable RPC, make sure your class extends the " +
      "special class `DurableObject`, which can be imported from the module \"cloudflare:workers\".");
  }
  return context.instance;
}

/** `unread`: the arguments cannot be read, and `args` says why. */
export function dispatchActorRpc(slot, event, method, args, unread = false) {
  const context = enter(slot);
  try {
    if (unread) throw args;
    answerRpc(context, event, invoke(actorOf(context), [method], args, false, true), 0, null);
  } catch (error) {
    fail(event, error);
  }
}

const ENTRYPOINT = 0, ACTOR = 1, EXPORT = 2;

/**
 * The general form of an RPC call: `on` says what it is made on: an entrypoint, the Durable Object, what was given
 * out under a number, or the result of an earlier call with a number. `method`: of a plain call whose message is the
 * arguments; "": the message has all (rpc_calls.js). `keep`: the number to keep the result under, 0: none.
 */
export function dispatchRpcMessage(slot, event, on, entrypoint, props, number, method, message, imports, keep) {
  const context = on === ENTRYPOINT ? openContext(slot) : enter(slot);
  const stubs = [];
  try {
    if (props !== undefined) context.props = jsonParse(props);
    let path = [method], args = message, isGet = false;
    if (method === "") {
      path = message[3];
      isGet = message[4];
      args = arguments_(context, message, imports, stubs);
    }
    let result;
    if (on === ENTRYPOINT) result = serve(handlerOf(entrypoint, context), path, args, isGet, context);
    else if (on === ACTOR) result = invoke(actorOf(context), path, args, isGet, true);
    else if (on === EXPORT) result = invoke(context.exports?.get(number), path, args, isGet);
    else result = onAnswer(context, number, path, args, isGet);
    answerRpc(context, event, result, keep, stubs);
  } catch (error) {
    fail(event, error);
    answerRpc(context, 0, undefined, keep, stubs, error);
  }
}

class AlarmInvocationInfo {
  constructor(scheduledTime, retryCount) {
    this.scheduledTime = scheduledTime;
    this.retryCount = retryCount;
    this.isRetry = retryCount > 0;
  }
}

export function dispatchAlarm(slot, event, scheduledTime, retryCount) {
  const context = enter(slot);
  const { instance } = context;
  try {
    const handler = instance.alarm;
    // An alarm has no value, so one says that there is nobody to handle it.
    if (typeof handler !== "function") return void natives.respondValue(event, false, true);
    answerDone(context, event, apply(handler, instance, [new AlarmInvocationInfo(scheduledTime, retryCount)]));
  } catch (error) {
    fail(event, error);
  }
}

