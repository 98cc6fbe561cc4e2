// WebSocket and WebSocketPair as Workers have them: an end is accepted by this code, handed to somebody with a response,
// or comes with one. Frames are the embedder's affair (natives.md); here is what an end may do when, and its events.
import { apply } from "../primordials.js";
import { brand, bytesOf, toUSVString } from "../webidl.js";
import { DOMException } from "../dom_exception.js";
import { Blob } from "../file/blob.js";
import { CloseEvent, ErrorEvent, Event, MessageEvent, trusted } from "../events/event.js";
import { EventTarget, dispatch } from "../events/event_target.js";
import { natives } from "../natives.js";
import { checkProtocols, handshakeUrl } from "./handshake.js";

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const TEXT = 0, BINARY = 1, CLOSE = 2, LOST = 3;  // frames, as the embedder numbers them
const NO_CODE = 1005, ABNORMAL = 1006;
const REASON_BYTES = 123;
const ATTACHMENT_BYTES = 16384;
const INTERNAL = {};

let makeSocket;
let deliverFrame;
let handOver;
let isSocket;

const badArgument = (method, types) =>
  new TypeError(`Failed to execute '${method}' on 'WebSocket': parameter 1 is not of type '${types}'.`);

function checkCode(code) {
  if (code >= 1000 && code <= 4999 && code !== 1004 && code !== NO_CODE && code !== ABNORMAL && code !== 1015) return;
  throw new DOMException(`Invalid WebSocket close code: ${code}.`, "InvalidAccessError");
}

export class WebSocket extends EventTarget {
  #end = 0;             // the embedder's number; 0: not connected
  #context = null;
  #accepted = false;
  #handed = false;      // it left with a response
  #closedIn = false;    // nothing more comes
  #closedOut = false;   // nothing more leaves
  #lost = false;        // what leaves reaches nobody
  #connecting = false;
  #halfOpen = false;
  #binaryType = natives.hasFlag("websocket_standard_binary_type") ? "blob" : "arraybuffer";
  #url = null;
  #protocol = "";
  #extensions = "";
  #attachment = null;   // serialized

  constructor(url, protocols = undefined) {
    super();
    if (url === INTERNAL) return;
    if (arguments.length === 0) {
      throw new TypeError("Failed to construct 'WebSocket': constructor parameter 1 is not of type 'string'.");
    }
    const href = handshakeUrl(toUSVString(url));
    const offered = checkProtocols(protocols);
    this.#url = href;
    this.#connecting = true;
    natives.connectSocket(href, offered, (end, context, protocol) => {
      this.#connecting = false;
      this.#end = end;
      this.#context = context;
      this.#protocol = protocol;
      this.accept();
      this.#tell(new Event("open"));
    }, (message) => {
      this.#connecting = false;
      this.#closedIn = this.#closedOut = true;
      this.#tell(new CloseEvent("close", { code: ABNORMAL, reason: "Failed to establish websocket connection" }));
      this.#tell(new ErrorEvent("error", { message }));
    });
  }

  get readyState() {
    if (this.#connecting) return CONNECTING;
    if (this.#closedIn && this.#closedOut) return CLOSED;
    return this.#closedIn || this.#closedOut ? CLOSING : OPEN;
  }
  get url() { return this.#url; }
  get protocol() { return this.#protocol; }
  get extensions() { return this.#extensions; }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    const type = `${value}`;
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  accept(options = undefined) {
    if (this.#handed) throw new TypeError("Can't accept() WebSocket that was already used in a response.");
    if (this.#accepted) return;
    this.#requireHome();
    this.#halfOpen = Boolean(options?.allowHalfOpen);
    this.#accepted = true;
    natives.acceptSocket(this.#end, this);
  }

  send(message) {
    if (arguments.length === 0) throw badArgument("send", "ArrayBuffer or ArrayBufferView or string");
    const bytes = bytesOf(message);
    const data = bytes === null ? toUSVString(message) : bytes;
    if (this.#connecting) throw new DOMException("WebSocket is not open yet.", "InvalidStateError");
    if (this.#closedOut) throw new TypeError("Can't call WebSocket send() after close().");
    if (!this.#leaves()) return;
    natives.sendSocket(this.#end, bytes === null ? TEXT : BINARY, data);
  }

  close(code = undefined, reason = undefined) {
    if (this.#closedOut || !this.#leaves()) return;
    let number = NO_CODE;
    if (code !== undefined) checkCode(number = +code | 0);
    else if (reason !== undefined) {
      throw new DOMException("If you specify a WebSocket close reason, you must also specify a code.", "InvalidAccessError");
    }
    const text = reason === undefined ? "" : toUSVString(reason);
    if (natives.utf8Encode(text).length > REASON_BYTES && natives.hasFlag("websocket_close_reason_byte_limit")) {
      throw new DOMException(
        `WebSocket close reason must not be longer than ${REASON_BYTES} bytes when UTF-8 encoded.`, "SyntaxError");
    }
    this.#closedOut = true;
    natives.sendSocket(this.#end, CLOSE, undefined, number, text);
  }

  serializeAttachment(value) {
    const bytes = natives.serializeValue(value);
    if (bytes.byteLength > ATTACHMENT_BYTES) {
      throw new Error(`A WebSocket 'attachment' cannot be larger than ${ATTACHMENT_BYTES} bytes.'attachment' was ` +
        `${bytes.byteLength} bytes.`);
    }
    this.#attachment = bytes;
  }
  deserializeAttachment() {
    return this.#attachment === null ? null : natives.deserializeValue(this.#attachment);
  }

  #requireHome() {
    if (this.#context !== natives.ioContext()) throw natives.foreignUse(this.#context);
  }

  /** Whether a frame would reach somebody; throws where nobody has accepted this end. */
  #leaves() {
    if (this.#lost || this.#handed) return false;
    if (!this.#accepted) {
      throw new TypeError("You must call one of accept() or state.acceptWebSocket() on this WebSocket before " +
        "sending messages.");
    }
    this.#requireHome();
    return true;
  }

  /** A property like `onmessage` is called before the listeners; what any of them throws is thrown. */
  #tell(event) {
    const handler = this[`on${event.type}`];
    if (typeof handler === "function") apply(handler, undefined, [trusted(event)]);
    dispatch(this, trusted(event), (error) => { throw error; });
  }

  #frame(what, data, code, reason) {
    if (what === LOST) {
      this.#closedIn = this.#lost = true;
      return void this.#tell(new CloseEvent("close",
        { code: ABNORMAL, reason: "WebSocket disconnected without sending Close frame.", wasClean: false }));
    }
    if (what === CLOSE) {
      this.#closedIn = true;
      if (!this.#closedOut && !this.#halfOpen && natives.hasFlag("web_socket_auto_reply_to_close")) {
        this.#closedOut = true;
        natives.sendSocket(this.#end, CLOSE, undefined, code, reason);
      }
      return void this.#tell(new CloseEvent("close", { code, reason, wasClean: true }));
    }
    if (what === BINARY && this.#binaryType === "blob") data = new Blob([data]);
    this.#tell(new MessageEvent("message", { data }));
  }

  /** A listener threw: the connection ends with that. */
  #broke(error) {
    natives.reportError(error);
    if (!this.#closedOut) natives.sendSocket(this.#end, LOST);
    this.#closedIn = this.#closedOut = this.#lost = true;
    let text = "";
    try { text = `Uncaught ${error}`; } catch { text = "Uncaught exception"; }
    dispatch(this, trusted(new ErrorEvent("error", { message: text, error })));
  }

  static {
    isSocket = (value) => typeof value === "object" && value !== null && #end in value;
    makeSocket = (end, context) => {
      const socket = new WebSocket(INTERNAL);
      socket.#end = end;
      socket.#context = context;
      return socket;
    };
    deliverFrame = (socket, what, data, code, reason) => {
      // After close() its messages still come; after it broke nothing does.
      if (socket.#closedIn) return;
      try {
        socket.#frame(what, data, code, reason);
      } catch (error) {
        socket.#broke(error);
      }
    };
    handOver = (socket) => {
      if (socket.#handed) throw new TypeError("Can't return WebSocket that was already used in a response.");
      if (socket.#accepted) throw new TypeError("Can't return WebSocket in a Response after calling accept().");
      socket.#requireHome();
      socket.#handed = true;
      return socket.#end;
    };
    const constants = { CONNECTING, OPEN, CLOSING, CLOSED, READY_STATE_CONNECTING: CONNECTING, READY_STATE_OPEN: OPEN,
      READY_STATE_CLOSING: CLOSING, READY_STATE_CLOSED: CLOSED };
    for (const name of Object.keys(constants)) {
      const constant = { value: constants[name], enumerable: true };
      Object.defineProperty(this, name, constant);
      Object.defineProperty(this.prototype, name, constant);
    }
    Object.defineProperty(this, "length", { value: 0, configurable: true });
  }
}
brand(WebSocket, "WebSocket");

const values = Array.prototype.values;

export function WebSocketPair() {
  if (new.target === undefined) {
    throw new TypeError("Failed to construct 'WebSocketPair': Please use the 'new' operator, this object " +
      "constructor cannot be called as a function.");
  }
  const context = natives.ioContext();
  const end = natives.openSockets();
  this[0] = makeSocket(end, context);
  this[1] = makeSocket(end + 1, context);
}
Object.defineProperty(WebSocketPair.prototype, Symbol.iterator, {
  value() { return apply(values, [this[0], this[1]], []); }, writable: true, configurable: true,
});
Object.defineProperty(WebSocketPair.prototype, Symbol.toStringTag, { value: "WebSocketPair", configurable: true });

/**
 * makeSocket(end, context): the socket of an end that came with a response. deliverFrame(socket, what, data, code,
 * reason): a frame has come for one that was accepted. handOver(socket): the end leaves with a response; its number.
 */
export { deliverFrame, handOver, isSocket, makeSocket };
