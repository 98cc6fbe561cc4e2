// The object's alarm, as `ctx.storage` and transactions offer it (durable-objects.md 6.1).
import { natives } from "../../runtime/js/natives.js";
import { readOptions, writeOptions, wrongType } from "./arguments.js";

const { isFinite } = Number;
const { trunc } = Math;
const { getTime } = Date.prototype;
const { apply } = Reflect;

// The range that the real runtime's dates have: 64 bits of nanoseconds.
const FIRST_MS = -9_223_372_036_854;
const LAST_MS = 9_223_372_036_854;

function milliseconds(time, of) {
  let ms = time;
  if (typeof time !== "number") {
    try {
      ms = apply(getTime, time, []);  // a Date of any realm, whatever its prototype says
    } catch {
      throw wrongType("setAlarm", of, 1, "date");
    }
  }
  if (!isFinite(ms)) throw new TypeError("The value cannot be converted because it is not a valid Date.");
  if (ms > LAST_MS) throw new TypeError("This API doesn't support dates after 2189.");
  if (ms < FIRST_MS) throw new TypeError("This API doesn't support dates before 1687.");
  return trunc(ms);
}

// `handle`: what was asked, storage or a transaction.
export function getAlarm(handle, options) {
  readOptions(options, "getAlarm", handle.of, 1);
  handle.check("getAlarm()");
  return natives.alarmGet(handle.actor);
}

export function setAlarm(handle, time, options) {
  const { context } = handle;
  const ms = milliseconds(time, handle.of);
  const unconfirmed = writeOptions(options, "setAlarm", handle.of, 2);
  if (!(ms > 0)) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
  // Unknown while the constructor runs.
  if (context.instance !== null && typeof context.instance.alarm !== "function") {
    throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
  }
  handle.check("setAlarm()");
  natives.alarmSet(handle.actor, ms, unconfirmed);
}

export function deleteAlarm(handle, options) {
  const unconfirmed = writeOptions(options, "deleteAlarm", handle.of, 1);
  handle.check("deleteAlarm()");
  natives.alarmSet(handle.actor, null, unconfirmed);
}
