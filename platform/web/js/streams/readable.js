// ReadableStream with its default reader and controllers (Streams standard, sections 4.1 to 4.7).
//
// Byte sources (type "bytes") work through default readers; BYOB readers give a clear error.
import { PromiseThen, SymbolAsyncIterator, SymbolIterator, U8, apply, getPrototypeOf, promiseReject, setPrototypeOf }
  from "../primordials.js";
import { alias, brand, bytesOf } from "../webidl.js";
import {
  ALWAYS_ONE, acquireReader, canEnqueue, cancelState, desiredSize, enqueueChunk, errorState, lockedError, newSource,
  newState, noop, readOnce, releaseReader, requestClose, start, strategyOf,
} from "./readable_state.js";
import { pipe } from "./pipe.js";
import { teeState } from "./tee.js";
import { writableOf } from "./writable.js";

let stateOf;
let fromState;
let pendingState = null;

export class ReadableStream {
  #s;

  constructor(source = undefined, strategy = undefined) {
    if (pendingState !== null) {
      this.#s = pendingState;
      pendingState = null;
      return;
    }
    if (source === null || (source !== undefined && typeof source !== "object" && typeof source !== "function")) {
      throw new TypeError("The underlying source of a ReadableStream is not an object.");
    }
    const type = source?.type;
    if (type !== undefined && `${type}` !== "bytes") {
      throw new TypeError(`"${type}" is not a type of ReadableStream.`);
    }
    const isBytes = type !== undefined;
    if (isBytes && strategy?.size !== undefined) {
      throw new RangeError("A byte stream's strategy has no size function.");
    }
    const { highWaterMark, size } = strategyOf(strategy, isBytes ? 0 : 1);
    const s = (this.#s = newState(highWaterMark, size));
    s.isBytes = isBytes;
    const controller = makeController(s);
    const methodOf = (name) => {
      const method = source?.[name];
      if (method === undefined) return null;
      if (typeof method !== "function") {
        throw new TypeError(`The underlying source's ${name} is not a function.`);
      }
      return method;
    };
    const cancel = methodOf("cancel");
    const pull = methodOf("pull");
    const startMethod = methodOf("start");
    if (pull !== null) s.pull = async () => { await apply(pull, source, [controller]); };
    if (cancel !== null) s.cancel = async (reason) => { await apply(cancel, source, [reason]); };
    start(s, () => (startMethod === null ? undefined : apply(startMethod, source, [controller])));
  }

  static from(iterable) { return streamFromIterable(iterable); }

  get locked() { return this.#s.reader !== null; }

  async cancel(reason = undefined) {
    if (this.#s.reader !== null) throw lockedError();
    return cancelState(this.#s, reason);
  }

  getReader(options = undefined) {
    const mode = options?.mode;
    if (mode !== undefined) {
      if (`${mode}` !== "byob") throw new TypeError(`"${mode}" is not a reader mode.`);
      throw new TypeError("BYOB readers are not supported yet: use getReader() without a mode.");
    }
    return new ReadableStreamDefaultReader(this);
  }

  tee() {
    const branches = teeState(this.#s);
    return [fromState(branches[0]), fromState(branches[1])];
  }

  async pipeTo(destination, options = undefined) {
    return pipe(this.#s, pipeTarget(this.#s, destination), pipeOptions(options));
  }

  pipeThrough(transform, options = undefined) {
    const { readable, writable } = transform;
    if (stateOf(readable) === null) throw new TypeError("pipeThrough needs a readable side.");
    const done = pipe(this.#s, pipeTarget(this.#s, writable), pipeOptions(options));
    PromiseThen(done, undefined, noop);
    return readable;
  }

  values(options = undefined) {
    return new StreamIterator(acquireReader(this.#s), Boolean(options?.preventCancel));
  }

  static {
    stateOf = (value) =>
      (typeof value === "object" && value !== null && #s in value ? value.#s : null);
    fromState = (s) => {
      pendingState = s;
      return new ReadableStream();
    };
  }
}
brand(ReadableStream, "ReadableStream");
alias(ReadableStream.prototype, SymbolAsyncIterator, ReadableStream.prototype.values);

function pipeTarget(s, destination) {
  const w = writableOf(destination);
  if (w === null) throw new TypeError("The destination of a pipe is not a WritableStream.");
  if (s.reader !== null) throw lockedError();
  if (w.writer !== null) throw new TypeError("This WritableStream is currently locked to a writer.");
  return w;
}

const pipeOptions = (options) => ({
  preventClose: Boolean(options?.preventClose),
  preventAbort: Boolean(options?.preventAbort),
  preventCancel: Boolean(options?.preventCancel),
  signal: options?.signal,
});

let controllerState = null;
const makeController = (s) => {
  controllerState = s;
  try {
    return s.isBytes ? new ReadableByteStreamController() : new ReadableStreamDefaultController();
  } finally {
    controllerState = null;
  }
};

export class ReadableStreamDefaultController {
  #s;
  constructor() {
    if (controllerState === null) throw new TypeError("Illegal constructor");
    this.#s = controllerState;
  }
  get desiredSize() { return desiredSize(this.#s); }
  close() {
    if (!canEnqueue(this.#s)) throw new TypeError("The stream is not in a state that permits close.");
    requestClose(this.#s);
  }
  enqueue(chunk = undefined) {
    if (!canEnqueue(this.#s)) throw new TypeError("The stream is not in a state that permits enqueue.");
    enqueueChunk(this.#s, chunk);
  }
  error(reason = undefined) { errorState(this.#s, reason); }
}
brand(ReadableStreamDefaultController, "ReadableStreamDefaultController");

export class ReadableByteStreamController {
  #s;
  constructor() {
    if (controllerState === null) throw new TypeError("Illegal constructor");
    this.#s = controllerState;
  }
  get byobRequest() { return null; }
  get desiredSize() { return desiredSize(this.#s); }
  close() {
    if (!canEnqueue(this.#s)) throw new TypeError("The stream is not in a state that permits close.");
    requestClose(this.#s);
  }
  enqueue(chunk) {
    const bytes = bytesOf(chunk);
    if (bytes === null || bytes.length === 0) {
      throw new TypeError("A byte stream takes views that are not empty.");
    }
    if (!canEnqueue(this.#s)) throw new TypeError("The stream is not in a state that permits enqueue.");
    enqueueChunk(this.#s, new U8(bytes));
  }
  error(reason = undefined) { errorState(this.#s, reason); }
}
brand(ReadableByteStreamController, "ReadableByteStreamController");

export class ReadableStreamDefaultReader {
  #reader;
  constructor(stream) {
    const s = stateOf(stream);
    if (s === null) throw new TypeError("A reader needs a ReadableStream.");
    this.#reader = acquireReader(s);
  }
  get closed() {
    try {
      return this.#reader.closed.promise;
    } catch (error) {
      return promiseReject(error);
    }
  }
  async read() {
    const reader = this.#reader;
    if (reader.s === null) throw new TypeError("This ReadableStream reader has been released.");
    return readOnce(reader);
  }
  async cancel(reason = undefined) {
    const s = this.#reader.s;
    if (s === null) throw new TypeError("This ReadableStream reader has been released.");
    return cancelState(s, reason);
  }
  releaseLock() { releaseReader(this.#reader); }
}
brand(ReadableStreamDefaultReader, "ReadableStreamDefaultReader");

const AsyncIteratorPrototype =
  getPrototypeOf(getPrototypeOf(async function* () {}).prototype);

class StreamIterator {
  #reader;
  #preventCancel;
  #last = null;        // the step under way: steps of one iterator run one after another
  #finished = false;
  constructor(reader, preventCancel) {
    this.#reader = reader;
    this.#preventCancel = preventCancel;
  }
  #after(step) {
    this.#last = this.#last === null ? step() : PromiseThen(this.#last, step, step);
    return this.#last;
  }
  next() {
    return this.#after(async () => {
      if (this.#finished) return { value: undefined, done: true };
      try {
        const step = await readOnce(this.#reader);
        if (!step.done) return step;
      } catch (error) {
        this.#finished = true;
        releaseReader(this.#reader);
        throw error;
      }
      this.#finished = true;
      releaseReader(this.#reader);
      return { value: undefined, done: true };
    });
  }
  return(value = undefined) {
    return this.#after(async () => {
      if (this.#finished) return { value, done: true };
      this.#finished = true;
      const cancelled = this.#preventCancel ? undefined : cancelState(this.#reader.s, value);
      releaseReader(this.#reader);
      await cancelled;
      return { value, done: true };
    });
  }
}
setPrototypeOf(StreamIterator.prototype, AsyncIteratorPrototype);
delete StreamIterator.prototype.constructor;

/** A stream of one chunk of bytes (none when empty). The bytes are given away. */
export function streamOfBytes(bytes) {
  const s = newState(0, ALWAYS_ONE);
  s.started = true;
  if (bytes.length > 0) enqueueChunk(s, bytes);
  requestClose(s);
  return fromState(s);
}

function streamFromIterable(iterable) {
  const asyncMethod = iterable[SymbolAsyncIterator];
  const method = asyncMethod ?? iterable[SymbolIterator];
  if (typeof method !== "function") throw new TypeError("ReadableStream.from needs an iterable.");
  const iterator = apply(method, iterable, []);
  const next = iterator.next;
  return fromState(newSource(async (s) => {
    const step = await apply(next, iterator, []);
    if (typeof step !== "object" || step === null) throw new TypeError("The iterator gave no object.");
    if (step.done) {
      requestClose(s);
    } else {
      enqueueChunk(s, await step.value);
    }
  }, async (reason) => {
    const end = iterator.return;
    if (end !== undefined && end !== null) await apply(end, iterator, [reason]);
  }));
}

/** stateOf(value): the record of a ReadableStream, or null for anything else. */
export { stateOf, fromState };
