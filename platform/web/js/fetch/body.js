// What Request and Response share: one body, read once.
//
// A body is kept in the cheapest form it came in (string, own ArrayBuffer, or a stream's record); a
// stream is made only when somebody asks for `.body`. Texts stay texts all the way to the other host.
//
// Reading a body is I/O even when its bytes are there: the real runtime reads it from a stream of its own, in a
// later turn, so that other events may come between. `nextTurn` gives that turn.
import { ArrayBufferSlice, TypedArrayBuffer, TypedArraySlice, U8, jsonParse } from "../primordials.js";
import { bytesOf, isArrayBuffer, wellFormed } from "../webidl.js";
import { utf8DecodeBody } from "../encoding/text_decoder.js";
import { blobBytes, blobFromBytes, blobType } from "../file/blob.js";
import { fromState, stateOf } from "../streams/readable.js";
import { enqueueChunk, newSource, requestClose } from "../streams/readable_state.js";
import { closeAsRead, drain, forwardState, teeState } from "../streams/tee.js";
import { searchParamsText } from "../url/search_params.js";
import { natives } from "../natives.js";
import { formEntries, parseFormData } from "./form_data.js";
import { serializeMultipart } from "./multipart.js";

const NONE = 0;
const TEXT = 1;
const BUFFER = 2;
const STREAM = 3;

export const USED = "Body has already been used. It can only be used once. Use tee() first if you " +
  "need to read it twice.";
const LOCKED = "This ReadableStream is currently locked to a reader.";
const DISTURBED = "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.";

/** The content type a body brings with it, of the last call of setBody; "" for none. */
export let bodyType = "";

/** A promise of a later turn of this context; null where there are no turns (global scope). */
function nextTurn() { return natives.ioTurn === undefined ? null : natives.ioTurn(); }

let setBody;
let adoptBody;
let takeBody;
let cloneBody;
let moveBody;
let hasBody;

export class Body {
  #kind = NONE;
  #source = null;      // string, ArrayBuffer, or a stream's record
  #stream = null;      // the ReadableStream handed out by .body
  #used = false;

  get body() {
    if (this.#kind === NONE) return null;
    return (this.#stream ??= this.#makeStream());
  }

  get bodyUsed() {
    if (this.#used) return true;
    return this.#kind === STREAM ? this.#source.disturbed
      : this.#stream !== null && stateOf(this.#stream).disturbed;
  }

  #makeStream() {
    if (this.#kind === STREAM) return fromState(this.#source);
    const source = this.#source;
    let done = false;
    const s = newSource(async (state) => {
      if (done) return;
      done = true;
      await nextTurn();
      const bytes = typeof source === "string" ? natives.utf8Encode(source) : new U8(source);
      if (bytes.length > 0) enqueueChunk(state, bytes);
      requestClose(state);
    }, null);
    s.isBytes = true;
    const stream = fromState(s);
    if (this.#used) closeAsRead(s);
    return stream;
  }

  /** Marks the body used; gives the string, the ArrayBuffer, or null when a stream must be drained. */
  #take() {
    const state = this.#kind === STREAM ? this.#source : this.#stream === null ? null : stateOf(this.#stream);
    if (this.#used || (state !== null && state.disturbed)) throw new TypeError(USED);
    if (state !== null && state.reader !== null) throw new TypeError(LOCKED);
    this.#used = true;
    if (this.#kind === STREAM) return null;
    if (state !== null) closeAsRead(state);
    return this.#source;
  }

  async text() {
    if (this.#kind === NONE) return "";
    const source = this.#take();
    if (source === null) return utf8DecodeBody(await drain(this.#source));
    await nextTurn();
    return typeof source === "string" ? source : utf8DecodeBody(new U8(source));
  }

  async json() {
    if (this.#kind === NONE) return jsonParse("");
    const source = this.#take();
    if (source === null) return jsonParse(utf8DecodeBody(await drain(this.#source)));
    await nextTurn();
    return jsonParse(typeof source === "string" ? source : utf8DecodeBody(new U8(source)));
  }

  async #bytes() {
    if (this.#kind === NONE) return new U8(0);
    const source = this.#take();
    if (source === null) return drain(this.#source);
    await nextTurn();
    return typeof source === "string" ? natives.utf8Encode(source) : new U8(source);
  }

  async arrayBuffer() { return TypedArrayBuffer(await this.#bytes()); }
  async bytes() { return this.#bytes(); }

  async blob() {
    const type = this.headers.get("content-type") ?? "";
    return blobFromBytes(await this.#bytes(), type);
  }

  async formData() {
    const type = this.headers.get("content-type");
    return parseFormData(await this.#bytes(), type);
  }

  #adopt(kind, source) {
    this.#kind = kind;
    this.#source = source;
  }

  static {
    // Takes a BodyInit; the content type it implies is left in `bodyType`.
    setBody = (target, init) => {
      bodyType = "";
      if (typeof init === "string") {
        bodyType = "text/plain;charset=UTF-8";
        target.#adopt(TEXT, wellFormed(init));
        return;
      }
      if (init === null || init === undefined) return;
      if (typeof init === "object") {
        const view = bytesOf(init);
        if (view !== null) {
          target.#adopt(BUFFER, TypedArrayBuffer(TypedArraySlice(view)));
          return;
        }
        const state = stateOf(init);
        if (state !== null) {
          if (state.disturbed) throw new TypeError(DISTURBED);
          if (state.reader !== null) throw new TypeError(LOCKED);
          target.#adopt(STREAM, state);
          target.#stream = init;
          return;
        }
        const blob = blobBytes(init);
        if (blob !== null) {
          bodyType = blobType(init);
          target.#adopt(BUFFER, TypedArrayBuffer(TypedArraySlice(blob)));
          return;
        }
        const params = searchParamsText(init);
        if (params !== null) {
          bodyType = "application/x-www-form-urlencoded;charset=UTF-8";
          target.#adopt(TEXT, params);
          return;
        }
        const entries = formEntries(init);
        if (entries !== null) {
          const { bytes, type } = serializeMultipart(entries);
          bodyType = type;
          target.#adopt(BUFFER, TypedArrayBuffer(bytes));
          return;
        }
      }
      bodyType = "text/plain;charset=UTF-8";
      target.#adopt(TEXT, wellFormed(`${init}`));
    };
    // Takes what arrived from elsewhere: string, ArrayBuffer, a stream's record or null, given away.
    adoptBody = (target, body) => {
      if (typeof body === "string") {
        target.#adopt(TEXT, body);
      } else if (body !== null && body !== undefined) {
        target.#adopt(isArrayBuffer(body) ? BUFFER : STREAM, body);
      }
    };
    // Uses the body up: null, string, ArrayBuffer, or what `send` makes of a stream's record; without it a promise
    // of an ArrayBuffer.
    takeBody = (target, send) => {
      if (target.#kind === NONE) return null;
      const source = target.#take();
      if (source !== null) return source;
      return send === undefined ? drainToBuffer(target.#source) : send(target.#source);
    };
    hasBody = (target) => target.#kind !== NONE;
    cloneBody = (from, to) => {
      if (from.#kind === NONE) return;
      const state = from.#stream === null ? null : stateOf(from.#stream);
      if (from.#used || (from.#kind === STREAM ? from.#source : state)?.disturbed) throw new TypeError(USED);
      if ((from.#kind === STREAM ? from.#source : state)?.reader) throw new TypeError(LOCKED);
      if (from.#kind === STREAM) {
        const branches = teeState(from.#source);
        from.#source = branches[0];
        from.#stream = null;
        to.#adopt(STREAM, branches[1]);
      } else {
        to.#adopt(from.#kind, from.#kind === BUFFER ? ArrayBufferSlice(from.#source, 0) : from.#source);
      }
    };
    // The body of one message becomes that of another; the first counts as used.
    moveBody = (from, to) => {
      if (from.#kind === NONE) return;
      from.#take();
      to.#adopt(from.#kind, from.#source);
      // The giver's stream stays locked; the taker has a fresh one that gives its chunks.
      if (from.#kind === STREAM) to.#source = forwardState(from.#source);
    };
  }
}

/** Whether what takeBody gave is a promise. */
export const isPendingBody = (body) => body !== null && typeof body === "object" && !isArrayBuffer(body);

async function drainToBuffer(state) {
  return TypedArrayBuffer(await drain(state));
}

export { adoptBody, cloneBody, hasBody, moveBody, setBody, takeBody };
