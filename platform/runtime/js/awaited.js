// What the answers of a Durable Object's events wait for, so that it can be found out which of them never come
// (../lost_events.cc).
import { natives } from "./natives.js";
import { setPrototypeOf } from "./safe.js";
import { contextAt, enter } from "./io_context.js";
import { withoutFrames } from "./errors.js";

// The alarm's event; all others count from 0.
const ALARM = 0x7ffffff0;

/** For a context whose events may be asked for; without it nothing is kept. */
export function keepAwaited(context) {
  context.awaited = [];
  setPrototypeOf(context.awaited, null);  // a patched Array.prototype sees nothing of it
}

/** The answer to `event` waits for `promise`; undefined: it is there. */
export function awaitAnswer(context, event, promise) {
  if (context.awaited === null) return;
  if (event === ALARM) context.awaitedAlarm = promise;
  else context.awaited[event] = promise;
}

/** Hands all promises that are waited for to C++, which holds them weakly. */
export function holdWeakly(slot) {
  const context = contextAt(slot);
  const { awaited, awaitedAlarm } = context;
  for (let i = 0; i < awaited.length; i++) {
    if (awaited[i] === undefined) continue;
    natives.holdWeakly(i, awaited[i]);
    awaited[i] = undefined;
  }
  if (awaitedAlarm === undefined) return;
  natives.holdWeakly(ALARM, awaitedAlarm);
  context.awaitedAlarm = undefined;
}

/** What is left of them: the promise, or undefined where nothing can reach it any more. */
export function settleLost(slot, events, promises) {
  const context = enter(slot);
  for (let i = 0; i < events.length; i++) {
    if (promises[i] !== undefined) awaitAnswer(context, events[i], promises[i]);
    else natives.respondError(events[i], withoutFrames(() => new Error("Promise will never complete.")));
  }
}
