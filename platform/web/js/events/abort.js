// What EventTarget needs to know of AbortSignal, apart from it because each needs the other.

const states = new WeakMap();
const { get, set } = WeakMap.prototype;
const getState = get.call.bind(get);
const setState = set.call.bind(set);

/** Gives a signal its record: aborted, reason, the algorithms to run, and what depends on it. */
export function newAbortState(signal) {
  const state = { aborted: false, reason: undefined, algorithms: [], sources: null, dependents: null };
  setState(states, signal, state);
  return state;
}

/** The record of a signal; throws for anything else. */
export function abortState(signal) {
  const state = typeof signal === "object" && signal !== null ? getState(states, signal) : undefined;
  if (state === undefined) throw new TypeError("The value is not an AbortSignal.");
  return state;
}

export const isAborted = (signal) => abortState(signal).aborted;
export const abortAlgorithms = (signal) => abortState(signal).algorithms;
