// The record behind a WritableStream and the operations on it (Streams standard, sections 5.4 and 5.5).
import { ArrayPush, ArrayShift, PromiseThen, apply, promiseReject, promiseResolve } from "../primordials.js";
import { AbortController, signalAbort } from "../events/abort_signal.js";
import { deferred } from "./readable_state.js";

const CLOSE = {};

/** A record whose sink is three functions that give promises (close and abort may be null). */
export function newWritable(write, close, abort, highWaterMark, size) {
  return {
    state: "writable", storedError: undefined, writer: null, queue: [], queueSize: 0, highWaterMark, size,
    started: false, writeRequests: [], inFlightWrite: null, closeRequest: null, inFlightClose: null,
    pendingAbort: null, backpressure: highWaterMark <= 0, write, close, abort, controller: null,
  };
}

/** The signal that an abort of the stream fires. */
export const signalOf = (w) => (w.controller ??= new AbortController()).signal;

export const closing = (w) => w.closeRequest !== null || w.inFlightClose !== null;
export const desiredWriteSize = (w) =>
  (w.state === "errored" || w.state === "erroring" ? null : w.state === "closed" ? 0 : w.highWaterMark - w.queueSize);

/** Begins work once the sink's start is over. */
export function startWritable(w, startResult) {
  PromiseThen(promiseResolve(startResult), () => {
    w.started = true;
    advance(w);
  }, (error) => {
    w.started = true;
    dealWithRejection(w, error);
  });
}

export function startErroring(w, reason) {
  w.state = "erroring";
  w.storedError = reason;
  if (w.writer !== null) rejectReady(w.writer, reason);
  if (w.inFlightWrite === null && w.inFlightClose === null && w.started) finishErroring(w);
}

function rejectReady(writer, reason) {
  writer.ready.reject(reason);            // no effect when it was fulfilled before
  writer.ready = deferred(true);
  writer.ready.reject(reason);
}

function finishErroring(w) {
  w.state = "errored";
  w.queue = [];
  w.queueSize = 0;
  const requests = w.writeRequests;
  w.writeRequests = [];
  for (let i = 0; i < requests.length; i++) requests[i].reject(w.storedError);
  const aborting = w.pendingAbort;
  w.pendingAbort = null;
  if (aborting === null) {
    rejectClosed(w);
  } else if (aborting.wasErroring) {
    aborting.done.reject(w.storedError);
    rejectClosed(w);
  } else {
    PromiseThen(w.abort === null ? promiseResolve(undefined) : w.abort(aborting.reason), () => {
      aborting.done.resolve(undefined);
      rejectClosed(w);
    }, (error) => {
      aborting.done.reject(error);
      rejectClosed(w);
    });
  }
}

function rejectClosed(w) {
  if (w.closeRequest !== null) {
    w.closeRequest.reject(w.storedError);
    w.closeRequest = null;
  }
  if (w.writer !== null) w.writer.closed.reject(w.storedError);
}

function dealWithRejection(w, error) {
  if (w.state === "writable") {
    startErroring(w, error);
  } else {
    finishErroring(w);
  }
}

/** Errors the stream from its sink's side. */
export function errorWritable(w, error) {
  if (w.state === "writable") startErroring(w, error);
}

function updateBackpressure(w) {
  const full = w.highWaterMark - w.queueSize <= 0;
  if (w.writer !== null && full !== w.backpressure) {
    if (full) {
      w.writer.ready = deferred(true);
    } else {
      w.writer.ready.resolve(undefined);
    }
  }
  w.backpressure = full;
}

function dequeue(w) {
  w.queueSize -= ArrayShift(w.queue).size;
  if (w.queue.length === 0) w.queueSize = 0;
}

function advance(w) {
  if (!w.started || w.inFlightWrite !== null || w.inFlightClose !== null) return;
  if (w.state === "erroring") {
    finishErroring(w);
    return;
  }
  if (w.queue.length === 0) return;
  if (w.queue[0].chunk === CLOSE) {
    closeNow(w);
  } else {
    writeNow(w);
  }
}

function closeNow(w) {
  w.inFlightClose = w.closeRequest;
  w.closeRequest = null;
  dequeue(w);
  PromiseThen(w.close === null ? promiseResolve(undefined) : w.close(), () => {
    w.inFlightClose.resolve(undefined);
    w.inFlightClose = null;
    if (w.state === "erroring") {
      w.storedError = undefined;
      if (w.pendingAbort !== null) w.pendingAbort.done.resolve(undefined);
      w.pendingAbort = null;
    }
    w.state = "closed";
    if (w.writer !== null) w.writer.closed.resolve(undefined);
  }, (error) => {
    w.inFlightClose.reject(error);
    w.inFlightClose = null;
    if (w.pendingAbort !== null) w.pendingAbort.done.reject(error);
    w.pendingAbort = null;
    dealWithRejection(w, error);
  });
}

function writeNow(w) {
  w.inFlightWrite = ArrayShift(w.writeRequests);
  PromiseThen(w.write(w.queue[0].chunk), () => {
    w.inFlightWrite.resolve(undefined);
    w.inFlightWrite = null;
    const { state } = w;
    dequeue(w);
    if (!closing(w) && state === "writable") updateBackpressure(w);
    advance(w);
  }, (error) => {
    w.inFlightWrite.reject(error);
    w.inFlightWrite = null;
    dealWithRejection(w, error);
  });
}

/** Queues a chunk; a promise of its end. */
export function writeChunk(w, chunk) {
  let size = 1;
  try {
    size = +apply(w.size, undefined, [chunk]);
    if (size !== size || size < 0 || size === Infinity) {
      throw new RangeError("The size of a chunk must be a finite, non-negative number.");
    }
  } catch (error) {
    errorWritable(w, error);
  }
  if (w.state === "errored" || w.state === "erroring") return promiseReject(w.storedError);
  if (closing(w) || w.state === "closed") {
    return promiseReject(new TypeError("This WritableStream has been closed."));
  }
  const request = deferred(true);
  ArrayPush(w.writeRequests, request);
  ArrayPush(w.queue, { chunk, size });
  w.queueSize += size;
  updateBackpressure(w);
  advance(w);
  return request.promise;
}

/** Closes after everything queued; a promise of the end. */
export function closeWritable(w) {
  if (w.state === "closed" || w.state === "errored" || closing(w)) {
    return promiseReject(new TypeError("This WritableStream has been closed."));
  }
  w.closeRequest = deferred();
  const { promise } = w.closeRequest;
  if (w.writer !== null && w.backpressure && w.state === "writable") w.writer.ready.resolve(undefined);
  ArrayPush(w.queue, { chunk: CLOSE, size: 0 });
  advance(w);
  return promise;
}

/** Aborts; a promise of the sink's end. */
export function abortWritable(w, reason) {
  if (w.state === "closed" || w.state === "errored") return promiseResolve(undefined);
  if (w.controller !== null) signalAbort(w.controller.signal, reason);
  if (w.state === "closed" || w.state === "errored") return promiseResolve(undefined);
  if (w.pendingAbort !== null) return w.pendingAbort.done.promise;
  const wasErroring = w.state === "erroring";
  const done = deferred();
  w.pendingAbort = { done, reason: wasErroring ? undefined : reason, wasErroring };
  if (!wasErroring) startErroring(w, reason);
  return done.promise;
}

/** Locks a record; the writer record is { w, ready, closed }. */
export function acquireWriter(w) {
  if (w.writer !== null) throw new TypeError("This WritableStream is currently locked to a writer.");
  const writer = { w, ready: deferred(true), closed: deferred(true) };
  w.writer = writer;
  if (w.state === "writable") {
    if (closing(w) || !w.backpressure) writer.ready.resolve(undefined);
  } else if (w.state === "closed") {
    writer.ready.resolve(undefined);
    writer.closed.resolve(undefined);
  } else {
    writer.ready.reject(w.storedError);
    if (w.state === "errored") writer.closed.reject(w.storedError);
  }
  return writer;
}

/** Ends a lock. */
export function releaseWriter(writer) {
  if (writer.w === null) return;
  const error = new TypeError("This WritableStream writer has been released.");
  rejectReady(writer, error);
  writer.closed.reject(error);
  if (writer.w.state === "closed" || writer.w.state === "errored") {
    writer.closed = deferred(true);
    writer.closed.reject(error);
  }
  writer.w.writer = null;
  writer.w = null;
}
