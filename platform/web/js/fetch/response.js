// Response (Fetch standard, as far as a server needs it) with the runtime's cheap ways in and out.
import { RegExpTest, jsonParse, jsonStringify } from "../primordials.js";
import { brand, toUSVString, withoutInheritance } from "../webidl.js";
import { canonicalHref } from "../url/url.js";
import { Body, adoptBody, bodyType, cloneBody, isPendingBody, setBody, takeBody } from "./body.js";
import { isSocket } from "../sockets/web_socket.js";
import {
  fillFlat, flatFirst, flatOf, flatToText, headersFromFlat, textToFlat, withContentType,
} from "./headers.js";

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
const INTERNAL = {};
const nullBodyStatus = (status) => status === 101 || status === 204 || status === 205 || status === 304;
const redirectStatus = (status) =>
  status === 301 || status === 302 || status === 303 || status === 307 || status === 308;

// A class keeps these objects in the engine's fast form.
class ResponseParts {
  constructor(status, statusText, headers, body, pendingBody, webSocket) {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.body = body;
    this.pendingBody = pendingBody;
    this.webSocket = webSocket;
  }
}
withoutInheritance(ResponseParts);

let isResponse;
let responseFromParts;
let partsOfResponse;

export class Response extends Body {
  #status = 200;
  #statusText = "";
  #headers = "";       // text, or the Headers object once somebody looked
  #immutable = false;
  #url = "";
  #redirected = false;
  #type = "default";
  #webSocket = null;
  #cf = undefined;
  #encodeBody = "automatic";

  constructor(body = null, init = undefined) {
    super();
    if (body === INTERNAL) return;
    if (init !== undefined && init !== null) this.#applyInit(init);
    if (body === null || body === undefined) return;
    if (nullBodyStatus(this.#status)) {
      throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
    }
    setBody(this, body);
    this.#addContentType(bodyType);
  }

  #addContentType(type) {
    if (type === "") return;
    if (typeof this.#headers === "string") {
      this.#headers = withContentType(this.#headers, type);
    } else {
      const flat = flatOf(this.#headers);
      if (flatFirst(flat, "content-type") === null) {
        flat[flat.length] = "content-type";
        flat[flat.length] = type;
      }
    }
  }

  #applyInit(init) {
    if (typeof init !== "object" && typeof init !== "function") {
      throw new TypeError("The init of Response is not an object.");
    }
    const status = init.status;
    if (status !== undefined) {
      const number = +status & 0xffff;
      const upgrade = number === 101 && init.webSocket !== undefined && init.webSocket !== null;
      if (!upgrade && (number < 200 || number > 599)) {
        throw new RangeError("Responses may only be constructed with status codes in the range 200 to 599, inclusive.");
      }
      this.#status = number;
    }
    const statusText = init.statusText;
    if (statusText !== undefined) {
      this.#statusText = `${statusText}`;
      if (!RegExpTest(REASON, this.#statusText)) throw new TypeError("Invalid statusText");
    }
    const headers = init.headers;
    if (headers !== undefined) {
      const flat = [];
      fillFlat(flat, headers);
      this.#headers = headersFromFlat(flat, false);
    }
    const webSocket = init.webSocket;
    if (webSocket !== undefined && webSocket !== null) {
      if (!isSocket(webSocket)) {
        throw new TypeError("Incorrect type for the 'webSocket' field on 'InitializerDict': the provided value is " +
          "not of type 'WebSocket'.");
      }
      if (this.#status !== 101) {
        throw new RangeError("Responses with a WebSocket must have status code 101.");
      }
      this.#webSocket = webSocket;
    }
    const cf = init.cf;
    if (cf !== undefined && cf !== null) this.#cf = cf;
    const encodeBody = init.encodeBody;
    if (encodeBody !== undefined) {
      this.#encodeBody = `${encodeBody}`;
      if (this.#encodeBody !== "automatic" && this.#encodeBody !== "manual") {
        throw new TypeError(`encodeBody: unexpected value: ${this.#encodeBody}`);
      }
    }
  }

  static error() {
    const response = new Response(INTERNAL);
    response.#status = 0;
    response.#type = "error";
    response.#immutable = true;
    return response;
  }

  static redirect(url, status = 302) {
    const href = canonicalHref(toUSVString(url));
    if (href === null) throw new TypeError(`Unable to parse URL: ${url}`);
    const number = +status & 0xffff;
    if (!redirectStatus(number)) throw new RangeError(`${status} is not a redirect status code.`);
    const response = new Response(INTERNAL);
    response.#status = number;
    response.#headers = `location\n${href}\n`;
    response.#immutable = true;
    return response;
  }

  static json(data, init = undefined) {
    if (arguments.length === 0) throw new TypeError("Response.json requires at least 1 argument.");
    const text = jsonStringify(data);
    if (text === undefined) throw new TypeError("Value is not JSON serializable");
    const response = new Response(null, init);
    if (nullBodyStatus(response.#status)) {
      throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
    }
    setBody(response, text);
    response.#addContentType("application/json");
    return response;
  }

  get status() { return this.#status; }
  get ok() { return this.#status >= 200 && this.#status <= 299; }
  get statusText() { return this.#statusText; }
  get headers() {
    if (typeof this.#headers === "string") {
      this.#headers = headersFromFlat(textToFlat(this.#headers), this.#immutable);
    }
    return this.#headers;
  }
  get url() { return this.#url; }
  get redirected() { return this.#redirected; }
  get type() { return this.#type; }
  get webSocket() { return this.#webSocket; }
  get cf() {
    if (typeof this.#cf === "string") this.#cf = jsonParse(this.#cf);
    return this.#cf;
  }

  clone() {
    if (this.#webSocket !== null) throw new TypeError("Cannot clone a response to a WebSocket handshake.");
    const copy = new Response(INTERNAL);
    cloneBody(this, copy);
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#headers = this.#headersText();
    copy.#immutable = this.#immutable;
    copy.#url = this.#url;
    copy.#redirected = this.#redirected;
    copy.#type = this.#type;
    copy.#cf = this.#cf;
    copy.#encodeBody = this.#encodeBody;
    return copy;
  }

  #headersText() {
    return typeof this.#headers === "string" ? this.#headers : flatToText(flatOf(this.#headers));
  }

  static {
    isResponse = (value) => typeof value === "object" && value !== null && #status in value;
    responseFromParts = (status, statusText, headers, body, webSocket = null, url = "", redirected = false) => {
      const response = new Response(INTERNAL);
      response.#status = status;
      response.#statusText = statusText;
      response.#headers = headers;
      response.#immutable = true;
      response.#url = url;
      response.#redirected = redirected;
      response.#webSocket = webSocket;
      if (body !== null) adoptBody(response, body);
      return response;
    };
    partsOfResponse = (response, send) => {
      if (!isResponse(response)) return null;
      const body = takeBody(response, send);
      return new ResponseParts(response.#status, response.#statusText, response.#headersText(), body,
        isPendingBody(body), response.#webSocket);
    };
  }
}
brand(Response, "Response");

/**
 * responseFromParts(status, statusText, headersText, body, webSocket, url, redirected): a received response, in
 * the forms of requestFromParts. Its headers are immutable.
 *
 * partsOfResponse(response, send): uses the body up and gives {status, statusText, headers (text), body
 * (string, ArrayBuffer, null, or a promise of an ArrayBuffer when pendingBody), pendingBody, webSocket};
 * null when the value is not a Response. With `send`, a body that is a stream becomes what send(record) gives.
 */
export { isResponse, responseFromParts, partsOfResponse };
