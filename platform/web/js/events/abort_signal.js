// AbortController and AbortSignal (DOM standard, section 3).
import { ArrayPush } from "../primordials.js";
import { brand, sequenceOf } from "../webidl.js";
import { DOMException } from "../dom_exception.js";
import { startTimer } from "../timers/timers.js";
import { Event } from "./event.js";
import { EventTarget, defineHandler, dispatch } from "./event_target.js";
import { abortState, newAbortState } from "./abort.js";

let makingSignal = false;

function newSignal() {
  makingSignal = true;
  return new AbortSignal();
}

const defaultReason = () => new DOMException("The operation was aborted", "AbortError");

/** Aborts a signal: its algorithms run, then it and all that depend on it fire "abort". */
export function signalAbort(signal, reason) {
  const state = abortState(signal);
  if (state.aborted) return;
  const marked = [signal];
  state.aborted = true;
  state.reason = reason === undefined ? defaultReason() : reason;
  const dependents = state.dependents ?? [];
  for (let i = 0; i < dependents.length; i++) {
    const dependent = abortState(dependents[i]);
    if (dependent.aborted) continue;
    dependent.aborted = true;
    dependent.reason = state.reason;
    ArrayPush(marked, dependents[i]);
  }
  for (let i = 0; i < marked.length; i++) {
    const own = abortState(marked[i]);
    const algorithms = own.algorithms;
    own.algorithms = [];
    for (let k = 0; k < algorithms.length; k++) algorithms[k](own.reason);
    dispatch(marked[i], new Event("abort"));
  }
}

export class AbortSignal extends EventTarget {
  constructor() {
    if (!makingSignal) throw new TypeError("Illegal constructor");
    makingSignal = false;
    super();
    newAbortState(this);
  }

  static abort(reason = undefined) {
    const signal = newSignal();
    const state = abortState(signal);
    state.aborted = true;
    state.reason = reason === undefined ? defaultReason() : reason;
    return signal;
  }

  static timeout(delay) {
    if (arguments.length === 0) throw new TypeError("AbortSignal.timeout requires 1 argument.");
    const ms = +delay;
    if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError("The delay of AbortSignal.timeout is out of range.");
    }
    const signal = newSignal();
    startTimer(() => {
      signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    }, ms, false, []);
    return signal;
  }

  static any(signals) {
    const sources = sequenceOf(signals, "The argument of AbortSignal.any");
    const result = newSignal();
    const state = abortState(result);
    for (let i = 0; i < sources.length; i++) {
      const source = abortState(sources[i]);
      if (source.aborted) {
        state.aborted = true;
        state.reason = source.reason;
        return result;
      }
    }
    // A dependent of a dependent hangs on the original sources, so that one walk reaches all.
    state.sources = [];
    for (let i = 0; i < sources.length; i++) {
      const roots = abortState(sources[i]).sources ?? [sources[i]];
      for (let k = 0; k < roots.length; k++) {
        ArrayPush(state.sources, roots[k]);
        ArrayPush((abortState(roots[k]).dependents ??= []), result);
      }
    }
    return result;
  }

  get aborted() { return abortState(this).aborted; }
  get reason() { return abortState(this).reason; }
  throwIfAborted() {
    const state = abortState(this);
    if (state.aborted) throw state.reason;
  }
}
brand(AbortSignal, "AbortSignal");
defineHandler(AbortSignal, "abort");

export class AbortController {
  #signal = newSignal();
  get signal() { return this.#signal; }
  abort(reason = undefined) { signalAbort(this.#signal, reason); }
}
brand(AbortController, "AbortController");

/** A signal that nothing ever aborts, for a Request that was given none. */
export { newSignal };
