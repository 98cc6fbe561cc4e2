// EventTarget without a tree: events have one target and one phase.
import { ArrayIndexOf, ArrayPush, ArraySlice, ArraySplice, apply } from "../primordials.js";
import { brand } from "../webidl.js";
import { natives } from "../natives.js";
import { beginListener, markDispatch, readyToDispatch, wasStopped } from "./event.js";
import { abortAlgorithms, isAborted } from "./abort.js";

let dispatch;

export class EventTarget {
  #listeners = null;   // made with the first listener: [{type, callback, capture, once, passive, removed}]

  addEventListener(type, callback, options = undefined) {
    if (arguments.length < 2) throw new TypeError("addEventListener requires 2 arguments.");
    const name = `${type}`;
    const isObject = typeof options === "object" && options !== null;
    const capture = isObject ? Boolean(options.capture) : Boolean(options);
    const once = isObject && Boolean(options.once);
    const passive = isObject && Boolean(options.passive);
    const signal = isObject ? options.signal : undefined;
    if (signal === null) throw new TypeError("The signal of addEventListener is not an AbortSignal.");
    if (callback === null || callback === undefined) return;
    if (typeof callback !== "function" && typeof callback !== "object") {
      throw new TypeError("The listener is neither a function nor an object.");
    }
    if (signal !== undefined && isAborted(signal)) return;
    const listeners = (this.#listeners ??= []);
    for (let i = 0; i < listeners.length; i++) {
      const known = listeners[i];
      if (known.type === name && known.callback === callback && known.capture === capture) return;
    }
    ArrayPush(listeners, { type: name, callback, capture, once, passive, removed: false });
    if (signal !== undefined) {
      ArrayPush(abortAlgorithms(signal), () => this.removeEventListener(name, callback, { capture }));
    }
  }

  removeEventListener(type, callback, options = undefined) {
    if (arguments.length < 2) throw new TypeError("removeEventListener requires 2 arguments.");
    const name = `${type}`;
    const capture = typeof options === "object" && options !== null
      ? Boolean(options.capture) : Boolean(options);
    const listeners = this.#listeners;
    if (listeners === null) return;
    for (let i = 0; i < listeners.length; i++) {
      const known = listeners[i];
      if (known.type !== name || known.callback !== callback || known.capture !== capture) continue;
      known.removed = true;
      ArraySplice(listeners, i, 1);
      return;
    }
  }

  dispatchEvent(event) {
    if (!readyToDispatch(event)) {
      throw new TypeError("dispatchEvent needs an Event that is not being dispatched.");
    }
    return dispatch(this, event);
  }

  static {
    dispatch = (target, event, failed = natives.reportError) => {
      const type = event.type;
      markDispatch(event, target);
      const listeners = target.#listeners === null ? [] : ArraySlice(target.#listeners);
      for (let pass = 0; pass < 2; pass++) {
        for (let i = 0; i < listeners.length && !wasStopped(event); i++) {
          const listener = listeners[i];
          if (listener.type !== type || listener.removed || listener.capture !== (pass === 0)) continue;
          if (listener.once) {
            listener.removed = true;
            const at = ArrayIndexOf(target.#listeners, listener);
            if (at >= 0) ArraySplice(target.#listeners, at, 1);
          }
          beginListener(event, listener.passive);
          try {
            const callback = listener.callback;
            if (typeof callback === "function") {
              apply(callback, target, [event]);
            } else {
              apply(callback.handleEvent, callback, [event]);
            }
          } catch (error) {
            failed(error);
          }
          beginListener(event, false);
        }
      }
      return markDispatch(event, null);
    };
  }
}
brand(EventTarget, "EventTarget");

/** Defines an `on...` attribute: one replaceable listener that keeps its place in the order. */
export function defineHandler(constructor, type) {
  const handlers = new WeakMap();
  const get = WeakMap.prototype.get.call.bind(WeakMap.prototype.get);
  const set = WeakMap.prototype.set.call.bind(WeakMap.prototype.set);
  Object.defineProperty(constructor.prototype, `on${type}`, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() { return get(handlers, this)?.handler ?? null; },
    set(value) {
      const handler = typeof value === "function" || (typeof value === "object" && value !== null) ? value : null;
      const known = get(handlers, this);
      if (known !== undefined) {
        known.handler = handler;
        return;
      }
      const slot = { handler };
      set(handlers, this, slot);
      apply(addListener, this, [type, (event) => {
        if (typeof slot.handler === "function") apply(slot.handler, this, [event]);
      }]);
    },
  });
}
const addListener = EventTarget.prototype.addEventListener;

/** dispatch(target, event, failed): dispatchEvent without the checks; `failed` gets what a listener throws. */
export { dispatch };
