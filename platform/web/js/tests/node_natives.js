// The natives of natives.md, made of Node's own facilities, for the tests.
import { domainToASCII, domainToUnicode } from "node:url";
import { inspect } from "node:util";

const encoder = new TextEncoder();
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const fatal = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

// Node's tables are older than Unicode 16, which changed these (the real native does the same).
const UNICODE_16 = {
  "\u{180E}": "", "\u{04C0}": "\u{04CF}", "\u{2183}": "\u{2184}", "\u{1E9E}": "\u{DF}",
  "\u{2F868}": "\u{36FC}", "\u{2F874}": "\u{5F33}", "\u{2F91F}": "\u{43AB}", "\u{2F95F}": "\u{7AEE}",
  "\u{2F9BF}": "\u{4D57}",
};
const unicode16 = (domain) =>
  [...domain].map((c) => UNICODE_16[c] ?? (c >= "\u{206A}" && c <= "\u{206F}" ? "" : c)).join("");

/** Deterministic natives; `log` gathers console lines and reported errors, `timers` the live timers. */
export function nodeNatives() {
  let nextTimer = 1;
  let seed = 1;
  const state = { log: [], errors: [], timers: new Map(), now: 0 };
  const natives = {
    utf8Encode: (text) => {
      const bytes = encoder.encode(text);
      return bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice();
    },
    utf8Decode: (view, isFatal) => {
      if (!isFatal) return lenient.decode(view);
      try {
        return fatal.decode(view);
      } catch {
        return null;
      }
    },
    idnaToAscii: (domain) => domainToASCII(unicode16(domain)) || null,
    idnaToUnicode: (domain) => domainToUnicode(domain),
    randomBytes: (view) => {
      for (let i = 0; i < view.length; i++) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        view[i] = seed >>> 16;
      }
    },
    performanceNow: () => state.now,
    timeOrigin: () => 1_700_000_000_000,
    timerStart: (delay, repeat) => {
      if (state.timers.size >= 10_000) return 0;
      state.timers.set(nextTimer, { delay, repeat });
      return nextTimer++;
    },
    timerCancel: (id) => state.timers.delete(id),
    queueMicrotask: (callback) => queueMicrotask(callback),
    structuredClone: (value, transfer, makeError) => {
      try {
        return structuredClone(value, { transfer });
      } catch (error) {
        if (error?.name === "DataCloneError") throw makeError(error.message);
        throw error;
      }
    },
    reportError: (error) => state.errors.push(error),
    consoleWrite: (level, text) => state.log.push(`${level}: ${text}`),
    promiseDetails: (promise) => {
      const text = inspect(promise);
      return text.includes("<pending>") ? [0] : text.includes("<rejected>") ? [2, "?"] : [1, "?"];
    },
  };
  return { natives, state };
}
