// The small globals: navigator, performance, queueMicrotask, reportError.
import { brand } from "./webidl.js";
import { EventTarget } from "./events/event_target.js";
import { natives } from "./natives.js";

let making = false;

export class Navigator {
  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
  }
  get userAgent() { return "Cloudflare-Workers"; }
  get hardwareConcurrency() { return 1; }
  get language() { return "en"; }
  get languages() { return ["en"]; }
  get platform() { return ""; }
}
brand(Navigator, "Navigator");

/** Both readings come from the turn's frozen clock. */
export class Performance extends EventTarget {
  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
    super();
  }
  now() { return natives.performanceNow(); }
  get timeOrigin() { return natives.timeOrigin(); }
  toJSON() { return { timeOrigin: this.timeOrigin }; }
}
brand(Performance, "Performance");

/** The two objects of these classes, made at installation. */
export function makeSingletons() {
  making = true;
  try {
    return { navigator: new Navigator(), performance: new Performance() };
  } finally {
    making = false;
  }
}

export const { queueMicrotask, reportError } = {
  queueMicrotask(callback) {
    if (typeof callback !== "function") {
      throw new TypeError("queueMicrotask: the argument is not a function.");
    }
    natives.queueMicrotask(callback);
  },
  reportError(error) {
    if (arguments.length === 0) throw new TypeError("reportError requires 1 argument.");
    natives.reportError(error);
  },
};
