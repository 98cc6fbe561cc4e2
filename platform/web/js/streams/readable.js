// ReadableStream with its default reader and controller (Streams standard, sections 4.1 to 4.7).
//
// Byte sources (type "bytes") work through default readers; BYOB readers give a clear error. State
// lives in one plain record per stream, so that the abstract operations are functions of records and
// nothing a user can patch takes part.
import {
  ArrayPush, ArrayShift, PromiseConstructor, PromiseThen, SymbolAsyncIterator, TypedArraySet, U8, apply,
  getPrototypeOf, promiseReject, promiseResolve, setPrototypeOf,
} from "../primordials.js";
import { alias, brand, bytesOf } from "../webidl.js";
import { natives } from "../natives.js";

const noop = () => {};

/** A promise with its two functions; `markHandled` keeps its rejection from being reported. */
export function deferred(markHandled = false) {
  const result = { promise: null, resolve: null, reject: null };
  result.promise = new PromiseConstructor((resolve, reject) => {
    result.resolve = resolve;
    result.reject = reject;
  });
  if (markHandled) PromiseThen(result.promise, undefined, noop);
  return result;
}

const ALWAYS_ONE = () => 1;

/** The size function and high-water mark of a queuing strategy. */
export function strategyOf(strategy, defaultMark) {
  const mark = strategy?.highWaterMark;
  const size = strategy?.size;
  if (size !== undefined && typeof size !== "function") {
    throw new TypeError("The size of a queuing strategy is not a function.");
  }
  const highWaterMark = mark === undefined ? defaultMark : +mark;
  if (highWaterMark !== highWaterMark || highWaterMark < 0) {
    throw new RangeError("The highWaterMark of a queuing strategy must be a non-negative number.");
  }
  return { highWaterMark, size: size === undefined ? ALWAYS_ONE : size };
}

// ---- the record of a stream and the operations on it ----

function newState(highWaterMark, size) {
  return {
    state: "readable", reader: null, disturbed: false, storedError: undefined,
    queue: [], queueSize: 0, highWaterMark, size,
    started: false, closeRequested: false, pulling: false, pullAgain: false,
    pull: null, cancel: null, isBytes: false,
  };
}

function desiredSize(s) {
  if (s.state === "errored") return null;
  return s.state === "closed" ? 0 : s.highWaterMark - s.queueSize;
}

const canEnqueue = (s) => s.state === "readable" && !s.closeRequested;

function shouldPull(s) {
  if (!canEnqueue(s) || !s.started) return false;
  return (s.reader !== null && s.reader.requests.length > 0) || desiredSize(s) > 0;
}

function callPullIfNeeded(s) {
  if (!shouldPull(s)) return;
  if (s.pulling) {
    s.pullAgain = true;
    return;
  }
  if (s.pull === null) return;
  s.pulling = true;
  PromiseThen(s.pull(), () => {
    s.pulling = false;
    if (s.pullAgain) {
      s.pullAgain = false;
      callPullIfNeeded(s);
    }
  }, (error) => errorState(s, error));
}

function closeState(s) {
  s.state = "closed";
  s.pull = s.cancel = null;
  const reader = s.reader;
  if (reader === null) return;
  const requests = reader.requests;
  reader.requests = [];
  reader.closed.resolve(undefined);
  for (let i = 0; i < requests.length; i++) requests[i].close();
}

/** Errors a stream record from its source's side. */
export function errorState(s, error) {
  if (s.state !== "readable") return;
  s.queue = [];
  s.queueSize = 0;
  s.state = "errored";
  s.storedError = error;
  s.pull = s.cancel = null;
  const reader = s.reader;
  if (reader === null) return;
  const requests = reader.requests;
  reader.requests = [];
  reader.closed.reject(error);
  for (let i = 0; i < requests.length; i++) requests[i].error(error);
}

/** Asks for the end of the stream once its queue is read. */
export function requestClose(s) {
  if (!canEnqueue(s)) return;
  s.closeRequested = true;
  if (s.queue.length === 0) closeState(s);
}

/** Gives a chunk to the waiting read, or to the queue. */
export function enqueueChunk(s, chunk) {
  if (!canEnqueue(s)) return;
  if (s.reader !== null && s.reader.requests.length > 0) {
    ArrayShift(s.reader.requests).chunk(chunk);
  } else {
    let size;
    try {
      size = s.isBytes ? chunk.byteLength : +apply(s.size, undefined, [chunk]);
      if (size !== size || size < 0 || size === Infinity) {
        throw new RangeError("The size of a chunk must be a finite, non-negative number.");
      }
    } catch (error) {
      errorState(s, error);
      throw error;
    }
    ArrayPush(s.queue, { chunk, size });
    s.queueSize += size;
  }
  callPullIfNeeded(s);
}

/** Takes the next chunk for a request {chunk(value), close(), error(reason)}. */
export function pullSteps(s, request) {
  s.disturbed = true;
  if (s.state === "closed") {
    request.close();
  } else if (s.state === "errored") {
    request.error(s.storedError);
  } else if (s.queue.length > 0) {
    const item = ArrayShift(s.queue);
    s.queueSize -= item.size;
    if (s.queue.length === 0) s.queueSize = 0;
    if (s.closeRequested && s.queue.length === 0) {
      closeState(s);
    } else {
      callPullIfNeeded(s);
    }
    request.chunk(item.chunk);
  } else {
    ArrayPush(s.reader.requests, request);
    callPullIfNeeded(s);
  }
}

/** Cancels a stream record; a promise of undefined. */
export function cancelState(s, reason) {
  s.disturbed = true;
  if (s.state === "closed") return promiseResolve(undefined);
  if (s.state === "errored") return promiseReject(s.storedError);
  const cancel = s.cancel;
  s.queue = [];
  s.queueSize = 0;
  closeState(s);
  return cancel === null ? promiseResolve(undefined) : PromiseThen(cancel(reason), noop);
}

function start(s, startAlgorithm) {
  const result = startAlgorithm();
  PromiseThen(promiseResolve(result), () => {
    s.started = true;
    callPullIfNeeded(s);
  }, (error) => errorState(s, error));
}

/** Locks a stream record; the reader record is { s, requests, closed }. */
export function acquireReader(s) {
  if (s.reader !== null) throw lockedError();
  const reader = { s, requests: [], closed: deferred(true) };
  s.reader = reader;
  if (s.state === "closed") reader.closed.resolve(undefined);
  if (s.state === "errored") reader.closed.reject(s.storedError);
  return reader;
}

/** Ends a lock; pending reads of the reader are rejected. */
export function releaseReader(reader) {
  const s = reader.s;
  if (s === null) return;
  const error = new TypeError("This ReadableStream reader has been released.");
  if (s.state === "readable") {
    reader.closed.reject(error);
  } else {
    reader.closed = deferred(true);
    reader.closed.reject(error);
  }
  s.reader = null;
  reader.s = null;
  const requests = reader.requests;
  reader.requests = [];
  for (let i = 0; i < requests.length; i++) requests[i].error(error);
}

/** One read of a locked record, as a promise of { value, done }. */
export function readOnce(reader) {
  const result = deferred();
  pullSteps(reader.s, {
    chunk: (value) => result.resolve({ value, done: false }),
    close: () => result.resolve({ value: undefined, done: true }),
    error: result.reject,
  });
  return result.promise;
}

const lockedError = () => new TypeError("This ReadableStream is currently locked to a reader.");

// ---- the classes users see ----

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

// ---- making, splitting and draining ----

/** A stream record whose chunks come from pull(), an async function of the record. */
export function newSource(pull, cancel, highWaterMark = 0) {
  const s = newState(highWaterMark, ALWAYS_ONE);
  s.pull = () => pull(s);
  s.cancel = cancel;
  start(s, noop);
  return s;
}

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
  const method = asyncMethod ?? iterable[Symbol.iterator];
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

/** Two records that each give every chunk of the first, which stays locked. Bytes are copied. */
export function teeState(s) {
  const reader = acquireReader(s);
  const branches = [null, null];
  const cancelled = [false, false];
  const reasons = [undefined, undefined];
  const allCancelled = deferred();
  let reading = false;
  let readAgain = false;

  const pull = async () => {
    if (reading) {
      readAgain = true;
      return;
    }
    reading = true;
    pullSteps(s, {
      chunk(value) {
        readAgain = false;
        reading = false;
        for (let i = 0; i < 2; i++) {
          if (!cancelled[i]) enqueueChunk(branches[i], i === 1 && s.isBytes ? new U8(value) : value);
        }
        if (readAgain) pull();
      },
      close() {
        reading = false;
        for (let i = 0; i < 2; i++) {
          if (!cancelled[i]) requestClose(branches[i]);
        }
        if (!cancelled[0] || !cancelled[1]) allCancelled.resolve(undefined);
      },
      error(reason) {
        reading = false;
        errorState(branches[0], reason);
        errorState(branches[1], reason);
        allCancelled.resolve(undefined);
      },
    });
  };
  const cancelBranch = (index) => async (reason) => {
    cancelled[index] = true;
    reasons[index] = reason;
    if (cancelled[1 - index]) allCancelled.resolve(cancelState(s, reasons));
    return allCancelled.promise;
  };
  for (let i = 0; i < 2; i++) {
    branches[i] = newSource(pull, cancelBranch(i), s.isBytes ? 0 : 1);
    branches[i].isBytes = s.isBytes;
  }
  PromiseThen(reader.closed.promise, undefined, (error) => {
    errorState(branches[0], error);
    errorState(branches[1], error);
    allCancelled.resolve(undefined);
  });
  return branches;
}

/** Reads a locked or fresh record to its end: a promise of one Uint8Array of everything. */
export async function drain(s) {
  const reader = acquireReader(s);
  const chunks = [];
  let size = 0;
  for (;;) {
    const step = await readOnce(reader);
    if (step.done) break;
    const bytes = typeof step.value === "string" ? natives.utf8Encode(step.value) : bytesOf(step.value);
    if (bytes === null) {
      const error = new TypeError("This TransformStream is being used as a byte stream, but received " +
        "an object of non-ArrayBuffer/ArrayBufferView/string type on its writable side.");
      PromiseThen(cancelState(s, error), noop, noop);
      throw error;
    }
    ArrayPush(chunks, bytes);
    size += bytes.length;
  }
  const all = new U8(size);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    TypedArraySet(all, chunks[i], at);
    at += chunks[i].length;
  }
  return all;
}

/** A fresh record that gives the chunks of another, which it locks for good. */
export function forwardState(s) {
  const reader = acquireReader(s);
  s.disturbed = true;
  const to = newSource(async (target) => {
    const step = await readOnce(reader);
    if (step.done) {
      requestClose(target);
    } else {
      enqueueChunk(target, step.value);
    }
  }, (reason) => cancelState(s, reason));
  to.isBytes = s.isBytes;
  return to;
}

/** Marks a record as read to its end, when its bytes were taken from elsewhere. */
export function closeAsRead(s) {
  s.disturbed = true;
  s.queue = [];
  s.queueSize = 0;
  if (s.state === "readable") closeState(s);
}

/** stateOf(value): the record of a ReadableStream, or null for anything else. */
export { stateOf, fromState };
