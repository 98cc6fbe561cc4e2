// Splitting, forwarding and draining of readable records.
import { ArrayPush, PromiseThen, TypedArraySet, U8 } from "../primordials.js";
import { needBytes } from "./chunks.js";
import {
  acquireReader, cancelState, closeState, deferred, enqueueChunk, errorState, newSource, noop, pullSteps, readOnce,
  requestClose,
} from "./readable_state.js";

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
    let bytes;
    try {
      bytes = needBytes(step.value);
    } catch (error) {
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
