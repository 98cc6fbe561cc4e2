// The hooks that C++ calls to answer what JavaScript asked for. Each is one turn.
import { natives } from "./natives.js";
import { enter } from "./io_context.js";
import { makeError } from "./errors.js";
import { enterSection, leaveSection } from "./execution_context.js";
import { receiveBody } from "./streams.js";
import { fireTimer, responseFromParts } from "./web.js";

export function settleFetch(slot, operation, status, statusText, headers, body) {
  const context = enter(slot);
  const waiting = context.take(operation);
  if (waiting === undefined) return;
  waiting.resolve(responseFromParts(status, statusText, headers, receiveBody(context, body)));
}

export function settleValue(slot, operation, value) {
  const waiting = enter(slot).take(operation);
  if (waiting !== undefined) waiting.resolve(value);
}

/** The answer of an RPC call with more in it than plain values. */
export function settleRpc(slot, operation, message, imports) {
  const waiting = enter(slot).take(operation);
  if (waiting !== undefined) waiting.resolveRpc(message, imports);
}

export function failOperation(slot, operation, name, message, flags, durableObjectId) {
  const waiting = enter(slot).take(operation);
  if (waiting !== undefined) waiting.reject(makeError(name, message, flags, durableObjectId));
}

export function timerFired(slot, timer) {
  enter(slot);
  try {
    fireTimer(timer);
  } catch (error) {
    natives.reportError(error);
  }
}

export function sectionEntered(slot, section) {
  enterSection(enter(slot), section);
}

export function sectionLeft(slot, section) {
  leaveSection(enter(slot), section);
}
