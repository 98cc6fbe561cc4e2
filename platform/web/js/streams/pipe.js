// pipeTo: chunks of a readable record into a writable one (Streams standard, section 4.9.1).
import { PromiseThen, promiseReject, promiseResolve } from "../primordials.js";
import { abortState } from "../events/abort.js";
import { acquireReader, cancelState, deferred, noop, pullSteps, releaseReader } from "./readable_state.js";
import { abortWritable, acquireWriter, closeWritable, closing, releaseWriter, writeChunk } from "./writable_state.js";

/**
 * Pipes until either end closes or errors, or the signal aborts; a promise of the end. Options are
 * preventClose, preventAbort, preventCancel and signal.
 */
export function pipe(s, w, options) {
  const { preventClose, preventAbort, preventCancel, signal } = options;
  const reader = acquireReader(s);
  const writer = acquireWriter(w);
  s.disturbed = true;
  const result = deferred();
  let over = false;
  let lastWrite = promiseResolve(undefined);

  const finish = (failed, error) => {
    releaseWriter(writer);
    releaseReader(reader);
    if (failed) {
      result.reject(error);
    } else {
      result.resolve(undefined);
    }
  };
  // Waits for the writes under way, acts on the other end, then lets go of both.
  const shutDown = (action, failed, error) => {
    if (over) return;
    over = true;
    const act = () => PromiseThen(action === null ? promiseResolve(undefined) : action(),
      () => finish(failed, error), (later) => finish(true, later));
    PromiseThen(lastWrite, act, act);
  };

  const sourceErrored = (error) =>
    shutDown(preventAbort ? null : () => abortWritable(w, error), true, error);
  const sourceClosed = () => shutDown(preventClose ? null : () => {
    if (closing(w) || w.state === "closed") return promiseResolve(undefined);
    return w.state === "errored" ? promiseReject(w.storedError) : closeWritable(w);
  }, false);
  const sinkErrored = (error) =>
    shutDown(preventCancel ? null : () => cancelState(s, error), true, error);

  const step = () => {
    if (over) return;
    PromiseThen(writer.ready.promise, () => {
      if (over) return;
      pullSteps(s, {
        chunk(value) {
          if (over && w.state !== "writable") return;
          lastWrite = writeChunk(w, value);
          PromiseThen(lastWrite, noop, noop);
          step();
        },
        close: sourceClosed,
        error: sourceErrored,
      });
    }, noop);
  };

  if (signal !== undefined && signal !== null) {
    const state = abortState(signal);
    const abort = () => shutDown(async () => {
      const first = preventAbort ? undefined : abortWritable(w, state.reason);
      const second = preventCancel ? undefined : cancelState(s, state.reason);
      await first;
      await second;
    }, true, state.reason);
    if (state.aborted) {
      abort();
      return result.promise;
    }
    state.algorithms[state.algorithms.length] = abort;
  }
  PromiseThen(reader.closed.promise, noop, sourceErrored);
  PromiseThen(writer.closed.promise, () => {
    if (over) return;
    const error = new TypeError("The destination of a pipe was closed.");
    shutDown(preventCancel ? null : () => cancelState(s, error), true, error);
  }, sinkErrored);
  if (w.state === "erroring") sinkErrored(w.storedError);
  step();
  return result.promise;
}
