// Request (Fetch standard, as far as a server needs it) with the runtime's cheap ways in and out.
//
// Headers stay one text until somebody looks; `url` is canonical from the start (canonicalHref is
// cached); a signal and `cf` are made on first use. Exported functions that read private state are for
// the runtime only: nothing of them is reachable from user code.
import { RegExpTest, StringToUpperCase, jsonParse, jsonStringify } from "../primordials.js";
import { brand, withoutInheritance } from "../webidl.js";
import { abortState } from "../events/abort.js";
import { newSignal } from "../events/abort_signal.js";
import { canonicalHref, hrefOf, isURL } from "../url/url.js";
import {
  Body, adoptBody, bodyType, cloneBody, hasBody, isPendingBody, moveBody, setBody, takeBody,
} from "./body.js";
import {
  fillFlat, flatFirst, flatOf, flatToText, headersFromFlat, textToFlat, withContentType,
} from "./headers.js";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const METHODS = {
  __proto__: null,
  GET: "GET", HEAD: "HEAD", POST: "POST", PUT: "PUT", DELETE: "DELETE", OPTIONS: "OPTIONS", PATCH: "PATCH",
  get: "GET", head: "HEAD", post: "POST", put: "PUT", delete: "DELETE", options: "OPTIONS",
};

function normalizeMethod(value) {
  const method = `${value}`;
  const known = METHODS[method];
  if (known !== undefined) return known;
  if (!RegExpTest(TOKEN, method)) throw new TypeError(`Invalid HTTP method string: ${method}`);
  const upper = StringToUpperCase(method);
  if (upper === "TRACE" || upper === "TRACK" || upper === "CONNECT") {
    throw new TypeError(`Invalid HTTP method string: ${method}`);
  }
  return upper !== "PATCH" && METHODS[upper] !== undefined ? upper : method;
}

const REDIRECTS = { __proto__: null, follow: "follow", manual: "manual", error: "error" };
const CACHES = {
  __proto__: null, "no-store": "no-store", "no-cache": "no-cache", reload: "reload", default: "default",
};
const INTERNAL = {};

// A class keeps these objects in the engine's fast form.
class RequestParts {
  constructor(method, url, headers, body, pendingBody, cf, redirect, signal, fetcher) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
    this.pendingBody = pendingBody;
    this.cf = cf;
    this.redirect = redirect;
    this.signal = signal;
    this.fetcher = fetcher;
  }
}
withoutInheritance(RequestParts);

let isRequest;
let requestFromParts;
let partsOfRequest;

export class Request extends Body {
  #method = "GET";
  #url = "";
  #headers = "";       // text, or the Headers object once somebody looked
  #immutable = false;
  #redirect = "follow";
  #signal = null;
  #givenSignal = null; // what init or the copied Request brought, for `signal`
  #cf = undefined;     // an object, or JSON text not yet parsed
  #cache = undefined;
  #fetcher = null;

  constructor(input, init = undefined) {
    super();
    if (input === INTERNAL) return;
    if (arguments.length === 0) throw new TypeError("Request requires at least 1 argument.");
    if (init !== undefined && init !== null && typeof init !== "object" && typeof init !== "function") {
      throw new TypeError("The init of Request is not an object.");
    }
    let source = null;
    if (typeof input === "string") {
      this.#setUrl(input);
    } else if (isRequest(input)) {
      source = input;
      this.#copyFrom(input);
    } else if (isURL(input)) {
      this.#url = hrefOf(input);
    } else {
      this.#setUrl(`${input}`);
    }
    if (init === undefined || init === null) {
      if (source !== null) moveRequestBody(source, this);
      return;
    }
    this.#applyInit(init, source);
  }

  #setUrl(text) {
    const href = canonicalHref(text);
    if (href === null) throw new TypeError(`Invalid URL: ${text}`);
    this.#url = href;
  }

  #copyFrom(other) {
    this.#method = other.#method;
    this.#url = other.#url;
    this.#headers = other.#headersText();
    this.#redirect = other.#redirect;
    this.#givenSignal = other.#signal ?? other.#givenSignal;
    this.#cf = other.#cf;
    this.#cache = other.#cache;
    this.#fetcher = other.#fetcher;
  }

  #applyInit(init, source) {
    const method = init.method;
    if (method !== undefined) this.#method = normalizeMethod(method);
    const headers = init.headers;
    if (headers !== undefined) {
      const flat = [];
      fillFlat(flat, headers);
      this.#headers = headersFromFlat(flat, false);
    }
    const redirect = init.redirect;
    if (redirect !== undefined) {
      this.#redirect = REDIRECTS[redirect];
      if (this.#redirect === undefined) {
        throw new TypeError("Invalid redirect value, must be one of \"follow\" or \"manual\" " +
          "(\"error\" won't be implemented since it does not make sense at the edge; use \"manual\" " +
          "and check the response status code).");
      }
    }
    const signal = init.signal;
    if (signal !== undefined) {
      if (signal !== null) abortState(signal);
      this.#givenSignal = signal;
      this.#signal = null;
    }
    const cf = init.cf;
    if (cf !== undefined) this.#cf = cf === null ? undefined : cf;
    const cache = init.cache;
    if (cache !== undefined) {
      this.#cache = CACHES[cache];
      if (this.#cache === undefined) throw new TypeError(`Unsupported cache mode: ${cache}`);
    }
    const fetcher = init.fetcher;
    if (fetcher !== undefined) this.#fetcher = fetcher;

    const body = init.body;
    if (body !== undefined && body !== null) {
      if (this.#method === "GET" || this.#method === "HEAD") {
        throw new TypeError("Request with a GET or HEAD method cannot have a body.");
      }
      setBody(this, body);
      this.#addContentType(bodyType);
    } else if (source !== null && body === undefined) {
      if (hasBody(source) && (this.#method === "GET" || this.#method === "HEAD")) {
        throw new TypeError("Request with a GET or HEAD method cannot have a body.");
      }
      moveRequestBody(source, this);
    }
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

  #headersText() {
    return typeof this.#headers === "string" ? this.#headers : flatToText(flatOf(this.#headers));
  }

  get method() { return this.#method; }
  get url() { return this.#url; }
  get headers() {
    if (typeof this.#headers === "string") {
      this.#headers = headersFromFlat(textToFlat(this.#headers), this.#immutable);
    }
    return this.#headers;
  }
  get redirect() { return this.#redirect; }
  get fetcher() { return this.#fetcher; }
  get signal() { return (this.#signal ??= this.#givenSignal ?? newSignal()); }
  get cf() {
    if (typeof this.#cf === "string") this.#cf = jsonParse(this.#cf);
    return this.#cf;
  }
  get integrity() { return ""; }
  get keepalive() { return false; }
  get cache() { return this.#cache; }

  clone() {
    const copy = new Request(INTERNAL);
    cloneBody(this, copy);
    copy.#copyFrom(this);
    copy.#immutable = this.#immutable;
    return copy;
  }

  static {
    isRequest = (value) => typeof value === "object" && value !== null && #url in value;
    requestFromParts = (method, url, headers, body, cf) => {
      const request = new Request(INTERNAL);
      request.#method = method;
      request.#url = url;
      request.#headers = headers;
      request.#immutable = true;
      if (cf !== "" && cf !== undefined && cf !== null) request.#cf = cf;
      if (body !== null) adoptBody(request, body);
      return request;
    };
    partsOfRequest = (request, send) => {
      const body = takeBody(request, send);
      const cf = request.#cf;
      return new RequestParts(request.#method, request.#url, request.#headersText(), body,
        isPendingBody(body), cf === undefined ? "" : typeof cf === "string" ? cf : (jsonStringify(cf) ?? ""),
        request.#redirect, request.#signal ?? request.#givenSignal, request.#fetcher);
    };
  }
}
brand(Request, "Request");

function moveRequestBody(source, target) {
  if (source.bodyUsed) throw new TypeError("Cannot reconstruct a Request with a used body.");
  moveBody(source, target);
}

/**
 * requestFromParts(method, url, headersText, body, cfJson): a received request. The URL is canonical,
 * the header text is "name\nvalue\n..." ("" for none), the body a string, an ArrayBuffer (given away)
 * or null, cfJson "" when absent. Its headers are immutable.
 *
 * partsOfRequest(request, send): uses the request's body up and gives {method, url, headers (text), body
 * (string, ArrayBuffer, null, or a promise of an ArrayBuffer when pendingBody), pendingBody, cf (JSON
 * text or ""), redirect, signal (or null), fetcher}. Throws a TypeError when the body was used before. With `send`, a body that is a
 * stream becomes what send(record) gives.
 */
export { isRequest, requestFromParts, partsOfRequest };
