// The object's alarm, as `ctx.storage` and transactions offer it (durable-objects.md 6.1).
import { natives } from "../../runtime/js/natives.js";

const { isFinite } = Number;
const { trunc } = Math;
const { getTime } = Date.prototype;
const { apply } = Reflect;

// The range that the real runtime's dates have.
const FIRST_MS = -8_930_908_800_000;
const LAST_MS = 6_911_049_600_000;

function milliseconds(time) {
  let ms;
  try {
    ms = apply(getTime, time, []);  // a Date of any realm, whatever its prototype says
  } catch {
    ms = Number(time);
  }
  if (!isFinite(ms)) throw new TypeError("The value cannot be converted because it is not a valid date.");
  if (ms >= LAST_MS) throw new TypeError("This API doesn't support dates after 2189.");
  if (ms <= FIRST_MS) throw new TypeError("This API doesn't support dates before 1687.");
  return trunc(ms);
}

export function getAlarm(actor) {
  return natives.alarmGet(actor);
}

export function setAlarm(context, actor, time, options) {
  const ms = milliseconds(time);
  if (!(ms > 0)) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
  // Unknown while the constructor runs.
  if (context.instance !== null && typeof context.instance.alarm !== "function") {
    throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
  }
  natives.alarmSet(actor, ms, options?.allowUnconfirmed === true);
}

export function deleteAlarm(actor, options) {
  natives.alarmSet(actor, null, options?.allowUnconfirmed === true);
}
