// The record behind a ReadableStream and the operations on it (Streams standard, sections 4.8 and 4.9).
//
// State lives in one plain record per stream, so that the abstract operations are functions of records and
// nothing a user can patch takes part.
import { ArrayPush, ArrayShift, PromiseConstructor, PromiseThen, apply, promiseReject, promiseResolve }
  from "../primordials.js";

export const noop = () => {};

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

export const ALWAYS_ONE = () => 1;

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

export function newState(highWaterMark, size) {
  return {
    state: "readable", reader: null, disturbed: false, storedError: undefined,
    queue: [], queueSize: 0, highWaterMark, size,
    started: false, closeRequested: false, pulling: false, pullAgain: false,
    pull: null, cancel: null, isBytes: false,
  };
}

export function desiredSize(s) {
  if (s.state === "errored") return null;
  return s.state === "closed" ? 0 : s.highWaterMark - s.queueSize;
}

export const canEnqueue = (s) => s.state === "readable" && !s.closeRequested;

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

/** Ends a record whose queue is empty. */
export function closeState(s) {
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

export function start(s, startAlgorithm) {
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

export const lockedError = () => new TypeError("This ReadableStream is currently locked to a reader.");

/** A stream record whose chunks come from pull(), an async function of the record. */
export function newSource(pull, cancel, highWaterMark = 0) {
  const s = newState(highWaterMark, ALWAYS_ONE);
  s.pull = () => pull(s);
  s.cancel = cancel;
  start(s, noop);
  return s;
}
