// What the storage's methods make of their arguments, in the order and with the words of the real runtime.
import { illegalInvocation, wrongType } from "../../runtime/js/errors.js";

export { illegalInvocation, wrongType };

const { trunc } = Math;
const { isFinite } = Number;
const { defineProperty, getPrototypeOf, setPrototypeOf } = Reflect;
const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));

/** Gives a class its name, whatever the bundler calls it, also for Object.prototype.toString. */
export function named(Class, name) {
  defineProperty(Class, "name", { value: name, configurable: true });
  defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
}
export function namedIterator(Class, name) {
  setPrototypeOf(Class.prototype, IteratorPrototype);
  named(Class, name);
}

function options(given, method, of, number, type) {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "object" && typeof given !== "function") throw wrongType(method, of, number, type);
  return given;
}

/** The options of a read, which change nothing here: they are looked at all the same. */
export function readOptions(given, method, of, number) {
  const found = options(given, method, of, number, method === "getAlarm" ? "GetAlarmOptions" : "GetOptions");
  if (found === undefined) return;
  void found.allowConcurrency;
  void found.noCache;
}

/** The options of a write; gives whether it is unconfirmed. */
export function writeOptions(given, method, of, number) {
  const alarm = method === "setAlarm" || method === "deleteAlarm";
  const found = options(given, method, of, number, alarm ? "SetAlarmOptions" : "PutOptions");
  if (found === undefined) return false;
  void found.allowConcurrency;
  const unconfirmed = !!found.allowUnconfirmed;
  void found.noCache;
  return unconfirmed;
}

const text = (value) => (value === undefined ? undefined : `${value}`);

function integer(value) {
  const number = +value;
  if (!isFinite(number)) return 0;
  const whole = trunc(number);
  if (whole > 2147483647 || whole < -2147483648) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return whole;
}

/** The options of list(), checked (3.11). */
export function listOptions(given, of) {
  const found = options(given, "list", of, 1, "ListOptions");
  if (found === undefined) return { reverse: false };
  const range = {
    start: text(found.start),
    startAfter: text(found.startAfter),
    end: text(found.end),
    prefix: text(found.prefix),
    reverse: !!found.reverse,
    limit: undefined,
  };
  const { limit } = found;
  if (limit !== undefined) range.limit = integer(limit);
  if (of !== "SyncKvStorage") {
    void found.allowConcurrency;
    void found.noCache;
  }
  if (range.start !== undefined && range.startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  if (range.limit !== undefined && range.limit <= 0) throw new TypeError("List limit must be positive.");
  return range;
}
