// setTimeout and its family: a table here from the embedder's timer ids to what they run.
//
// Time itself is the embedder's: it calls fireTimer(id) when one is due. An id given to the user is
// the embedder's own.
import {
  MapConstructor, MapDelete, MapGet, MapSet, MapSize, PromiseConstructor, apply, trunc,
} from "../primordials.js";
import { withoutInheritance } from "../webidl.js";
import { DOMException } from "../dom_exception.js";
import { natives } from "../natives.js";

/** Active timers a context may have (source: the platform's limits); the embedder counts them. */
export const TIMER_LIMIT = 10_000;
/** Longest delay in milliseconds: a hundred years. */
export const DELAY_MAX_MS = 100 * 365 * 24 * 3600 * 1000;

const table = new MapConstructor();

class Timer {
  constructor(callback, args, repeat) {
    this.callback = callback;
    this.args = args;
    this.repeat = repeat;
  }
}
withoutInheritance(Timer);

function clampDelay(delay) {
  const ms = trunc(+delay);
  if (!(ms > 0)) return 0;
  return ms > DELAY_MAX_MS ? DELAY_MAX_MS : ms;
}

/** Starts a timer that runs callback(...args); its id. */
export function startTimer(callback, delay, repeat, args) {
  const ms = clampDelay(delay);
  const id = natives.timerStart(ms, repeat);
  if (id <= 0) {
    throw new DOMException("You have exceeded the number of active timeouts you may set. max active timeouts: " +
      `${TIMER_LIMIT}, current active timeouts: ${TIMER_LIMIT}, finished timeouts: ${-id}`, "QuotaExceededError");
  }
  MapSet(table, id, new Timer(callback, args, repeat));
  return id;
}

/** Ends a timer; an unknown id does nothing. */
export function stopTimer(id) {
  if (MapDelete(table, id)) natives.timerCancel(id);
}

/** The embedder's hook: runs what a due timer is for. An exception is the caller's to report. */
export function fireTimer(id) {
  const timer = MapGet(table, id);
  if (timer === undefined) return;
  if (!timer.repeat) MapDelete(table, id);
  apply(timer.callback, globalThis, timer.args);
}

/** The embedder's hook: a timer that will never be due, because what it belonged to is gone. */
export function forgetTimer(id) {
  MapDelete(table, id);
}

/** How many timers are active. */
export const activeTimers = () => MapSize(table);

function start(name, callback, delay, args, repeat) {
  if (typeof callback !== "function") {
    throw new TypeError(`Failed to execute '${name}': parameter 1 is not of type 'Function'.`);
  }
  return startTimer(callback, delay, repeat, args);
}

// Method syntax: these have no prototype and cannot be constructed, like functions of a global object.
export const { setTimeout, setInterval, clearTimeout, clearInterval } = {
  setTimeout(callback, delay = 0, ...args) { return start("setTimeout", callback, delay, args, false); },
  setInterval(callback, delay = 0, ...args) { return start("setInterval", callback, delay, args, true); },
  clearTimeout(id = 0) { stopTimer(trunc(+id)); },
  clearInterval(id = 0) { stopTimer(trunc(+id)); },
};

/** A promise that is fulfilled after a delay, and rejected when the signal aborts before. */
export function waitFor(delay, signal, abortStateOf) {
  return new PromiseConstructor((resolve, reject) => {
    const state = signal === undefined || signal === null ? null : abortStateOf(signal);
    if (state !== null && state.aborted) {
      reject(state.reason);
      return;
    }
    const id = startTimer(resolve, delay, false, []);
    if (state !== null) {
      state.algorithms[state.algorithms.length] = (reason) => {
        stopTimer(id);
        reject(reason);
      };
    }
  });
}
