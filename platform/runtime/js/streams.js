// Streams of bytes that leave a context or come to it: bodies that are still being written when their message leaves,
// streams among the values of a method call.
//
// What leaves is pumped: read chunk by chunk and handed to C++, which takes the next when the reader has room
// (platform/worker/byte_streams.h). What comes is a stream whose pull asks for the next chunk, so that each read is I/O
// in a turn of its own. A stream is something given out like any other: its number has STREAM_MARK, and it is let go
// with `releaseImport`, by its reader, at its end.
import { natives } from "./natives.js";
import { promiseThen } from "./safe.js";
import { current, foreign } from "./io_context.js";
import { RpcTarget } from "./entrypoints.js";
import {
  abortWritable, acquireReader, cancelState, chunkBytes, closeWritable, enqueueChunk, errorState, fromWritable,
  needBytes, newSource, newWritable, readOnce, requestClose, startWritable, writeChunk,
} from "./web.js";

const STREAM_MARK = 0x40000000;
const { Uint8Array: ByteView, Symbol: { dispose: DISPOSE } } = globalThis;
const LOST = "Network connection lost.";
const PREMATURE = "ReadableStream received over RPC disconnected prematurely.";
const SINK_LOST = "WritableStream received over RPC was disconnected because the remote execution context has ended.";
const AFTER_RESPONSE = "Can't read from request stream after response has been sent.";
const ignore = () => {};

let lastStream = 0;

// ---- leaving ---------------------------------------------------------------------------------------

export const REQUEST_BODY = 0, RESPONSE_BODY = 1, CALL_VALUE = 2;

class Outgoing {
  constructor(context, number, state, kind) {
    this.context = context;
    this.number = number;
    this.state = state;
    this.reader = acquireReader(state);
    this.kind = kind;
    this.dropped = false;
    this.done = null;       // called when nothing more will leave
  }

  async pump() {
    try {
      for (;;) {
        const step = await readOnce(this.reader);
        if (this.dropped || current !== this.context) return;
        if (step.done) return void this.end();
        const bytes = chunkBytes(step.value);
        if (bytes === null) {
          throw new TypeError("Draining read encountered a value that cannot be converted to bytes");
        }
        if (bytes.length > 0) {
          await this.context.operation((operation) => natives.writeStream(operation, this.number, bytes));
        }
      }
    } catch (error) {
      // When the reader has gone the chunk under way fails.
      if (this.dropped || current !== this.context) return;
      // What reads a request that breaks off sees its end alone.
      if (this.kind === REQUEST_BODY) this.end();
      else natives.failStream(this.number, error);
    } finally {
      this.done?.();
    }
  }

  end() { natives.writeStream(this.context.track(quiet), this.number, undefined); }

  /** Nobody reads any more. Of a value of a method call its source hears that. */
  [DISPOSE]() {
    this.dropped = true;
    if (this.kind === CALL_VALUE) promiseThen(cancelState(this.state, new Error(LOST)), ignore, ignore);
    this.done?.();
  }
}
// An operation whose end nobody waits for.
const quiet = { resolve: ignore, reject: ignore };

/** Gives a stream's record out, as one of three kinds, with a message that is about to leave; its number. */
export function sendStream(context, state, kind) {
  const number = STREAM_MARK | ++lastStream;
  const outgoing = new Outgoing(context, number, state, kind);
  context.giveOut(number, outgoing);
  outgoing.pump();
  return number;
}

/** Takes back a stream whose message reached nobody who would read it. */
export function withdrawStream(context, number) {
  if (context.exports?.has(number)) natives.withdrawExport(number);
}

/** Calls `done` when the stream with this number has left as a whole, or as far as it will. */
export function whenSent(context, number, done) {
  const outgoing = context.exports?.get(number);
  if (outgoing === undefined) done();
  else outgoing.done = done;
}

// ---- coming ----------------------------------------------------------------------------------------

/** The record of a stream that came, by the number of its import. */
export function receiveStream(context, number, inCall) {
  let open = true;
  const release = () => {
    if (open) natives.releaseImport(number);
    open = false;
  };
  const state = newSource(async (s) => {
    if (current !== context) throw foreign(context);
    let cells;
    try {
      cells = await context.operation((operation) => natives.readStream(operation, number));
    } catch (error) {
      release();
      throw inCall ? new Error(PREMATURE) : error;
    }
    if (cells.length === 0) {
      release();
      requestClose(s);
    } else {
      enqueueChunk(s, new ByteView(cells[0]));
    }
  }, async () => release());
  state.isBytes = true;
  state.release = release;
  return state;
}

/** The body of a message that came, as Request and Response take it: a number is that of a stream. */
export function receiveBody(context, body) {
  return typeof body === "number" ? receiveStream(context, body, false) : body;
}

/** The response to the request with this body has left: what was not read of it is lost. */
export function endRequestStream(state) {
  if (state.state === "readable") errorState(state, new TypeError(AFTER_RESPONSE));
  state.release();
}

// ---- WritableStreams of method calls ---------------------------------------------------------------

/** What stands for a WritableStream on the side that has it. */
export class SinkTarget extends RpcTarget {
  #writable;
  #ended = false;
  constructor(writable) {
    super();
    this.#writable = writable;
  }
  write(chunk) { return writeChunk(this.#writable, chunk); }
  close() {
    this.#ended = true;
    return closeWritable(this.#writable);
  }
  abort() { this[DISPOSE](); }
  [DISPOSE]() {
    if (this.#ended) return;
    this.#ended = true;
    promiseThen(abortWritable(this.#writable, new Error(SINK_LOST)), ignore, ignore);
  }
}

/** A WritableStream that writes through `send(method, args)`, calls of a SinkTarget; `release` lets go of that. */
export function sinkStream(send, release) {
  const record = newWritable((chunk) => {
    return send("write", [new ByteView(needBytes(chunk)).buffer]);
  }, () => promiseThen(send("close", []), release), () => promiseThen(send("abort", []), release), 1, () => 1);
  startWritable(record, undefined);
  return fromWritable(record);
}
