// WritableStream with its default writer and controller (Streams standard, section 5), and the two
// queuing strategies.
import { apply, promiseReject } from "../primordials.js";
import { brand } from "../webidl.js";
import { strategyOf } from "./readable_state.js";
import {
  abortWritable, acquireWriter, closeWritable, closing, desiredWriteSize, errorWritable, newWritable, releaseWriter,
  signalOf, startWritable, writeChunk,
} from "./writable_state.js";

let writableOf;
let fromWritable;
let pending = null;
let controlled = null;

export class WritableStream {
  #w;

  constructor(sink = undefined, strategy = undefined) {
    if (pending !== null) {
      this.#w = pending;
      pending = null;
      return;
    }
    if (sink === null || (sink !== undefined && typeof sink !== "object" && typeof sink !== "function")) {
      throw new TypeError("The underlying sink of a WritableStream is not an object.");
    }
    if (sink?.type !== undefined) throw new RangeError("A WritableStream's sink has no type.");
    const methodOf = (name) => {
      const method = sink?.[name];
      if (method !== undefined && typeof method !== "function") {
        throw new TypeError(`The underlying sink's ${name} is not a function.`);
      }
      return method ?? null;
    };
    const abort = methodOf("abort");
    const close = methodOf("close");
    const start = methodOf("start");
    const write = methodOf("write");
    const { highWaterMark, size } = strategyOf(strategy, 1);
    const w = newWritable(
      async (chunk) => { if (write !== null) await apply(write, sink, [chunk, controller]); },
      close === null ? null : async () => { await apply(close, sink, []); },
      abort === null ? null : async (reason) => { await apply(abort, sink, [reason]); },
      highWaterMark, size);
    this.#w = w;
    controlled = w;
    const controller = new WritableStreamDefaultController();
    startWritable(w, start === null ? undefined : apply(start, sink, [controller]));
  }

  get locked() { return this.#w.writer !== null; }

  async abort(reason = undefined) {
    if (this.#w.writer !== null) throw new TypeError("This WritableStream is currently locked to a writer.");
    return abortWritable(this.#w, reason);
  }

  async close() {
    if (this.#w.writer !== null) throw new TypeError("This WritableStream is currently locked to a writer.");
    return closeWritable(this.#w);
  }

  getWriter() { return new WritableStreamDefaultWriter(this); }

  static {
    writableOf = (value) =>
      (typeof value === "object" && value !== null && #w in value ? value.#w : null);
    fromWritable = (w) => {
      pending = w;
      return new WritableStream();
    };
  }
}
brand(WritableStream, "WritableStream");

export class WritableStreamDefaultController {
  #w;
  constructor() {
    if (controlled === null) throw new TypeError("Illegal constructor");
    this.#w = controlled;
    controlled = null;
  }
  get signal() { return signalOf(this.#w); }
  error(reason = undefined) { errorWritable(this.#w, reason); }
}
brand(WritableStreamDefaultController, "WritableStreamDefaultController");

const released = () => new TypeError("This WritableStream writer has been released.");

export class WritableStreamDefaultWriter {
  #writer;
  constructor(stream) {
    const w = writableOf(stream);
    if (w === null) throw new TypeError("A writer needs a WritableStream.");
    this.#writer = acquireWriter(w);
  }
  get closed() {
    try {
      return this.#writer.closed.promise;
    } catch (error) {
      return promiseReject(error);
    }
  }
  get ready() {
    try {
      return this.#writer.ready.promise;
    } catch (error) {
      return promiseReject(error);
    }
  }
  get desiredSize() {
    if (this.#writer.w === null) throw released();
    return desiredWriteSize(this.#writer.w);
  }
  async abort(reason = undefined) {
    if (this.#writer.w === null) throw released();
    return abortWritable(this.#writer.w, reason);
  }
  async close() {
    if (this.#writer.w === null) throw released();
    if (closing(this.#writer.w)) throw new TypeError("This WritableStream is closing.");
    return closeWritable(this.#writer.w);
  }
  async write(chunk = undefined) {
    if (this.#writer.w === null) throw released();
    return writeChunk(this.#writer.w, chunk);
  }
  releaseLock() { releaseWriter(this.#writer); }
}
brand(WritableStreamDefaultWriter, "WritableStreamDefaultWriter");

/** writableOf(value): the record of a WritableStream, or null for anything else. */
export { writableOf, fromWritable };

const countSize = () => 1;
const byteSize = (chunk) => chunk.byteLength;

export class CountQueuingStrategy {
  #mark;
  constructor(init) { this.#mark = +init.highWaterMark; }
  get highWaterMark() { return this.#mark; }
  get size() { return countSize; }
}
brand(CountQueuingStrategy, "CountQueuingStrategy");

export class ByteLengthQueuingStrategy {
  #mark;
  constructor(init) { this.#mark = +init.highWaterMark; }
  get highWaterMark() { return this.#mark; }
  get size() { return byteSize; }
}
brand(ByteLengthQueuingStrategy, "ByteLengthQueuingStrategy");
