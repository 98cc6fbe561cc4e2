// TransformStream (Streams standard, section 6) and the platform's ready-made transforms.
import { apply } from "../primordials.js";
import { brand } from "../webidl.js";
import { TextDecoder } from "../encoding/text_decoder.js";
import { TextEncoder } from "../encoding/text_encoder.js";
import { needBytes } from "./chunks.js";
import { fromState } from "./readable.js";
import {
  canEnqueue, deferred, desiredSize, enqueueChunk, errorState, newState, requestClose, start, strategyOf,
} from "./readable_state.js";
import { fromWritable } from "./writable.js";
import { errorWritable, newWritable, startWritable } from "./writable_state.js";

/** Both ends of a transform; `transform`, `flush` and `cancel` are functions that give promises. */
function newTransform(transform, flush, cancel, writableStrategy, readableStrategy) {
  const t = {
    readable: null, writable: null, room: deferred(true), full: deferred(true), backpressure: true,
    finishing: null, fail: null, enqueue: null, terminate: null,
  };
  const setBackpressure = (full) => {
    if (full === t.backpressure) return;
    t.backpressure = full;
    // `room` is what writes wait for, `full` what a pull waits for.
    if (full) {
      t.full.resolve(undefined);
      t.room = deferred(true);
    } else {
      t.full = deferred(true);
      t.room.resolve(undefined);
    }
  };
  const fail = (error) => {
    errorState(t.readable, error);
    errorWritable(t.writable, error);
    setBackpressure(false);
  };
  t.fail = fail;
  t.enqueue = (chunk) => {
    if (!canEnqueue(t.readable)) throw new TypeError("The readable side does not take chunks any more.");
    try {
      enqueueChunk(t.readable, chunk);
    } catch (error) {
      errorWritable(t.writable, error);
      setBackpressure(false);
      throw t.readable.storedError;
    }
    const waiting = t.readable.reader !== null && t.readable.reader.requests.length > 0;
    if (!waiting && desiredSize(t.readable) <= 0) setBackpressure(true);
  };
  t.terminate = () => {
    requestClose(t.readable);
    errorWritable(t.writable, new TypeError("The transform was terminated."));
    setBackpressure(false);
  };
  const run = async (chunk) => {
    try {
      await transform(chunk);
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  const write = async (chunk) => {
    if (t.backpressure) {
      await t.room.promise;
      if (t.writable.state === "erroring") throw t.writable.storedError;
    }
    return run(chunk);
  };
  const close = async () => {
    if (t.finishing !== null) return t.finishing;
    try {
      t.finishing = flush();
      await t.finishing;
    } catch (error) {
      errorState(t.readable, error);
      throw error;
    }
    if (t.readable.state === "errored") throw t.readable.storedError;
    requestClose(t.readable);
  };
  const abort = async (reason) => {
    if (t.finishing !== null) return t.finishing;
    t.finishing = cancel(reason);
    try {
      await t.finishing;
    } catch (error) {
      errorState(t.readable, error);
      throw error;
    }
    errorState(t.readable, reason);
  };
  t.writable = newWritable(write, close, abort, writableStrategy.highWaterMark, writableStrategy.size);
  t.readable = newState(readableStrategy.highWaterMark, readableStrategy.size);
  t.readable.pull = () => {
    setBackpressure(false);
    return t.full.promise;
  };
  t.readable.cancel = async (reason) => {
    if (t.finishing !== null) return t.finishing;
    t.finishing = cancel(reason);
    try {
      await t.finishing;
    } catch (error) {
      errorWritable(t.writable, error);
      setBackpressure(false);
      throw error;
    }
    errorWritable(t.writable, reason);
    setBackpressure(false);
  };
  return t;
}

function startTransform(t, startAlgorithm) {
  const started = deferred(true);
  start(t.readable, () => started.promise);
  startWritable(t.writable, started.promise);
  started.resolve(startAlgorithm());
}

let controlled = null;

export class TransformStreamDefaultController {
  #t;
  constructor() {
    if (controlled === null) throw new TypeError("Illegal constructor");
    this.#t = controlled;
    controlled = null;
  }
  get desiredSize() { return desiredSize(this.#t.readable); }
  enqueue(chunk = undefined) { this.#t.enqueue(chunk); }
  error(reason = undefined) { this.#t.fail(reason); }
  terminate() { this.#t.terminate(); }
}
brand(TransformStreamDefaultController, "TransformStreamDefaultController");

export class TransformStream {
  #readable;
  #writable;

  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    if (transformer?.readableType !== undefined || transformer?.writableType !== undefined) {
      throw new RangeError("readableType and writableType are not to be given.");
    }
    const methodOf = (name) => {
      const method = transformer?.[name];
      if (method !== undefined && typeof method !== "function") {
        throw new TypeError(`The transformer's ${name} is not a function.`);
      }
      return method ?? null;
    };
    const cancel = methodOf("cancel");
    const flush = methodOf("flush");
    const begin = methodOf("start");
    const transform = methodOf("transform");
    const t = newTransform(
      async (chunk) => {
        if (transform === null) {
          t.enqueue(chunk);
        } else {
          await apply(transform, transformer, [chunk, controller]);
        }
      },
      async () => { if (flush !== null) await apply(flush, transformer, [controller]); },
      async (reason) => { if (cancel !== null) await apply(cancel, transformer, [reason]); },
      strategyOf(writableStrategy, 1), strategyOf(readableStrategy, 0));
    controlled = t;
    const controller = new TransformStreamDefaultController();
    startTransform(t, () => (begin === null ? undefined : apply(begin, transformer, [controller])));
    this.#readable = fromState(t.readable);
    this.#writable = fromWritable(t.writable);
  }

  get readable() { return this.#readable; }
  get writable() { return this.#writable; }
}
brand(TransformStream, "TransformStream");

const encoder = new TextEncoder();
const encode = TextEncoder.prototype.encode;

/** Bytes through, unchanged; strings become UTF-8. */
export class IdentityTransformStream extends TransformStream {
  constructor(strategy = undefined) {
    super({ transform: passBytes }, strategy);
  }
}
function passBytes(chunk, controller) {
  const bytes = needBytes(chunk);
  if (bytes.length > 0) controller.enqueue(bytes);
}
brand(IdentityTransformStream, "IdentityTransformStream");

/** Bytes through, exactly as many as promised. */
export class FixedLengthStream extends TransformStream {
  constructor(length, strategy = undefined) {
    let left = +length;
    if (!(left >= 0)) throw new TypeError("The length of a FixedLengthStream is not a valid number.");
    super({
      transform(chunk, controller) {
        const bytes = needBytes(chunk);
        left -= bytes.length;
        if (left < 0) throw new TypeError("Attempt to write too many bytes through a FixedLengthStream.");
        passBytes(bytes, controller);
      },
      flush() {
        if (left > 0) throw new TypeError("FixedLengthStream did not see all expected bytes before close().");
      },
    }, strategy);
  }
}
brand(FixedLengthStream, "FixedLengthStream");

export class TextEncoderStream extends TransformStream {
  constructor() {
    let lead = "";       // half of a surrogate pair that a chunk ended with
    super({
      transform(chunk, controller) {
        let text = lead + `${chunk}`;
        lead = "";
        const last = text.length > 0 ? text[text.length - 1] : "";
        if (last >= "\ud800" && last <= "\udbff") {
          lead = last;
          let cut = "";
          for (let i = 0; i + 1 < text.length; i++) cut += text[i];
          text = cut;
        }
        if (text !== "") controller.enqueue(apply(encode, encoder, [text]));
      },
      flush(controller) {
        if (lead !== "") controller.enqueue(apply(encode, encoder, [lead]));
      },
    });
  }
  get encoding() { return "utf-8"; }
}
brand(TextEncoderStream, "TextEncoderStream");

const decode = TextDecoder.prototype.decode;

export class TextDecoderStream extends TransformStream {
  #decoder;
  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    super({
      transform(chunk, controller) {
        const text = apply(decode, decoder, [chunk, { stream: true }]);
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = apply(decode, decoder, []);
        if (text !== "") controller.enqueue(text);
      },
    });
    this.#decoder = decoder;
  }
  get encoding() { return this.#decoder.encoding; }
  get fatal() { return this.#decoder.fatal; }
  get ignoreBOM() { return this.#decoder.ignoreBOM; }
}
brand(TextDecoderStream, "TextDecoderStream");
