// Event and its simple relatives (DOM standard, section 2).
import { brand } from "../webidl.js";
import { natives } from "../natives.js";

let readyToDispatch;
let markDispatch;
let beginListener;
let wasStopped;
let trusted;

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #target = null;
  #currentTarget = null;
  #phase = 0;
  #stop = false;
  #stopNow = false;
  #canceled = false;
  #passive = false;
  #dispatching = false;
  #trusted = false;
  #time = natives.performanceNow();

  constructor(type, init = undefined) {
    if (arguments.length === 0) throw new TypeError("Event requires at least 1 argument.");
    this.#type = `${type}`;
    this.#bubbles = Boolean(init?.bubbles);
    this.#cancelable = Boolean(init?.cancelable);
    this.#composed = Boolean(init?.composed);
  }

  get type() { return this.#type; }
  get target() { return this.#target; }
  get srcElement() { return this.#target; }
  get currentTarget() { return this.#currentTarget; }
  get eventPhase() { return this.#phase; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return this.#composed; }
  get defaultPrevented() { return this.#canceled; }
  get returnValue() { return !this.#canceled; }
  get isTrusted() { return this.#trusted; }
  get timeStamp() { return this.#time; }
  get cancelBubble() { return this.#stop; }
  set cancelBubble(value) { if (value) this.#stop = true; }

  composedPath() { return this.#currentTarget === null ? [] : [this.#currentTarget]; }
  stopPropagation() { this.#stop = true; }
  stopImmediatePropagation() { this.#stop = this.#stopNow = true; }
  preventDefault() { if (this.#cancelable && !this.#passive) this.#canceled = true; }

  static {
    const phases = ["NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"];
    for (let i = 0; i < 4; i++) {
      const constant = { value: i, enumerable: true };
      Object.defineProperty(this, phases[i], constant);
      Object.defineProperty(this.prototype, phases[i], constant);
    }
    readyToDispatch = (event) =>
      typeof event === "object" && event !== null && #type in event && !event.#dispatching;
    markDispatch = (event, target) => {
      event.#dispatching = target !== null;
      event.#phase = target === null ? 0 : 2;
      event.#currentTarget = target;
      if (target === null) {
        event.#stop = event.#stopNow = false;
      } else {
        event.#target = target;
      }
      return !event.#canceled;
    };
    beginListener = (event, passive) => { event.#passive = passive; };
    wasStopped = (event) => event.#stopNow;
    trusted = (event) => {
      event.#trusted = true;
      return event;
    };
  }
}
brand(Event, "Event");

/** For EventTarget: whether dispatch may begin, its begin and end, one listener's begin, early stop. trusted(event): marked as
 *  the platform's own. */
export { readyToDispatch, markDispatch, beginListener, wasStopped, trusted };

export class CustomEvent extends Event {
  #detail;
  constructor(type, init = undefined) {
    super(type, init);
    this.#detail = init?.detail === undefined ? null : init.detail;
  }
  get detail() { return this.#detail; }
}
brand(CustomEvent, "CustomEvent");

export class MessageEvent extends Event {
  #data;
  #origin;
  #lastEventId;
  #source;
  #ports;
  constructor(type, init = undefined) {
    super(type, init);
    this.#data = init?.data === undefined ? null : init.data;
    this.#origin = init?.origin === undefined ? null : `${init.origin}`;
    this.#lastEventId = init?.lastEventId === undefined ? "" : `${init.lastEventId}`;
    this.#source = init?.source ?? null;
    this.#ports = init?.ports ?? [];
  }
  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#lastEventId; }
  get source() { return this.#source; }
  get ports() { return this.#ports; }
}
brand(MessageEvent, "MessageEvent");

export class CloseEvent extends Event {
  #code;
  #reason;
  #wasClean;
  constructor(type, init = undefined) {
    super(type, init);
    this.#code = init?.code === undefined ? 0 : init.code & 0xffff;
    this.#reason = init?.reason === undefined ? "" : `${init.reason}`;
    this.#wasClean = Boolean(init?.wasClean);
  }
  get code() { return this.#code; }
  get reason() { return this.#reason; }
  get wasClean() { return this.#wasClean; }
}
brand(CloseEvent, "CloseEvent");

export class ErrorEvent extends Event {
  #init;
  constructor(type, init = undefined) {
    super(type, init);
    this.#init = {
      message: `${init?.message ?? ""}`, filename: `${init?.filename ?? ""}`,
      lineno: (init?.lineno ?? 0) >>> 0, colno: (init?.colno ?? 0) >>> 0, error: init?.error,
    };
  }
  get message() { return this.#init.message; }
  get filename() { return this.#init.filename; }
  get lineno() { return this.#init.lineno; }
  get colno() { return this.#init.colno; }
  get error() { return this.#init.error; }
}
brand(ErrorEvent, "ErrorEvent");
