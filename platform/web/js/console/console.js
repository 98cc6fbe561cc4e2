// The console object. Lines go to natives.consoleWrite(level, text); nothing here throws.
import {
  ArrayJoin, ArrayPush, MapConstructor, MapDelete, MapGet, MapSet, StringSlice, captureStackTrace, objectKeys,
} from "../primordials.js";
import { natives } from "../natives.js";
import { formatLog } from "./format.js";
import { inspect } from "./inspect.js";

/** A console of its own counters, timers and indentation. */
export function createConsole() {
  const counts = new MapConstructor();
  const timers = new MapConstructor();
  let indent = "";

  const write = (level, text) => {
    let shown = text;
    if (indent !== "") {
      shown = indent;
      for (let i = 0; i < text.length; i++) shown += text[i] === "\n" ? `\n${indent}` : text[i];
    }
    natives.consoleWrite(level, shown);
  };
  const labelOf = (label) => (label === undefined ? "default" : formatLog([label]));
  const elapsed = (label, rest) => {
    const since = MapGet(timers, label);
    if (since === undefined) {
      write("warn", `Timer '${label}' does not exist`);
      return;
    }
    const more = rest.length > 0 ? ` ${formatLog(rest)}` : "";
    write("log", `${label}: ${natives.performanceNow() - since}ms${more}`);
  };

  const methods = {
    log(...args) { write("log", formatLog(args)); },
    info(...args) { write("info", formatLog(args)); },
    debug(...args) { write("debug", formatLog(args)); },
    warn(...args) { write("warn", formatLog(args)); },
    error(...args) { write("error", formatLog(args)); },
    trace(...args) {
      const holder = { name: "Trace", message: formatLog(args) };
      captureStackTrace(holder, methods.trace);
      write("log", `Trace: ${holder.message}${traceLines(holder.stack)}`);
    },
    dir(value) { write("log", inspect(value)); },
    dirxml(...args) { write("log", formatLog(args)); },
    assert(condition = false, ...args) {
      if (condition) return;
      if (args.length > 0 && typeof args[0] === "string") {
        args[0] = `Assertion failed: ${args[0]}`;
        write("error", formatLog(args));
      } else {
        write("error", `Assertion failed${args.length > 0 ? ` ${formatLog(args)}` : ""}`);
      }
    },
    count(label = undefined) {
      const key = labelOf(label);
      const count = (MapGet(counts, key) ?? 0) + 1;
      MapSet(counts, key, count);
      write("log", `${key}: ${count}`);
    },
    countReset(label = undefined) { MapDelete(counts, labelOf(label)); },
    group(...args) {
      if (args.length > 0) write("log", formatLog(args));
      if (indent.length < 40) indent += "  ";
    },
    groupCollapsed(...args) { methods.group(...args); },
    groupEnd() { indent = StringSlice(indent, 2); },
    table(data) { write("log", formatTable(data)); },
    time(label = undefined) { MapSet(timers, labelOf(label), natives.performanceNow()); },
    timeLog(label = undefined, ...rest) { elapsed(labelOf(label), rest); },
    timeEnd(label = undefined) {
      const key = labelOf(label);
      elapsed(key, []);
      MapDelete(timers, key);
    },
    clear() {},
    profile() {},
    profileEnd() {},
    timeStamp() {},
  };
  return methods;
}

/** The stack without its first line. */
function traceLines(stack) {
  const text = typeof stack === "string" ? stack : "";
  let at = 0;
  while (at < text.length && text[at] !== "\n") at++;
  return StringSlice(text, at);
}

/** Rows of a table as "key: value" lines, which stay readable at any width. */
function formatTable(data) {
  if (typeof data !== "object" || data === null) return formatLog([data]);
  try {
    const rows = objectKeys(data);
    const lines = [];
    for (let i = 0; i < rows.length && i < 100; i++) {
      ArrayPush(lines, `${rows[i]} | ${inspect(data[rows[i]], 0)}`);
    }
    return ArrayJoin(lines, "\n");
  } catch {
    return inspect(data);
  }
}
