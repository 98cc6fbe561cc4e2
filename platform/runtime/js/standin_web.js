// A minimal web platform, used only where platform/web is absent from the build (tests of this room alone).
import { natives } from "./natives.js";

export class DOMException extends Error {
  #name;
  constructor(message = "", name = "Error") { super(message); this.#name = name; }
  get name() { return this.#name; }
}
export const dataCloneError = (message) => new DOMException(message, "DataCloneError");

class Headers {
  #list = [];
  constructor(init) {
    if (typeof init === "string") {
      const lines = init.split("\n");
      for (let i = 0; i + 1 < lines.length; i += 2) this.#list.push([lines[i], lines[i + 1]]);
    } else if (init) {
      for (const key of Object.keys(init)) this.#list.push([key, `${init[key]}`]);
    }
  }
  get(name) { return this.#list.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1] ?? null; }
  set(name, value) { this.#list.push([name, `${value}`]); }
  flat() { return this.#list.map(([n, v]) => `${n}\n${v}\n`).join(""); }
}

class Body {
  constructor(headers, body) { this.flatHeaders = headers; this.bodyValue = body; this.made = undefined; }
  get headers() { return (this.made ??= new Headers(this.flatHeaders)); }
  async text() { return typeof this.bodyValue === "string" ? this.bodyValue : this.bodyValue === null ? "" : natives.utf8Decode(this.bodyValue, false); }
  async json() { return JSON.parse(await this.text()); }
  flat() { return this.made === undefined && typeof this.flatHeaders === "string" ? this.flatHeaders : this.headers.flat(); }
}

export class Request extends Body {
  constructor(input, init = {}) {
    super(init.headers ?? (input instanceof Request ? input.flat() : ""), init.body ?? null);
    this.method = init.method ?? (input instanceof Request ? input.method : "GET");
    this.url = input instanceof Request ? input.url : `${input}`;
    this.cf = undefined;
  }
}
export class Response extends Body {
  constructor(body = null, init = {}) {
    super(init.headers ?? "", body);
    this.status = init.status ?? 200;
    this.statusText = init.statusText ?? "";
  }
  static json(value, init) { return new Response(JSON.stringify(value), init); }
}

export function requestFromParts(method, url, headers, body, cf) {
  const request = new Request(url, { method, headers, body });
  request.cfText = cf;
  return request;
}
export const partsOfRequest = (r) => ({ method: r.method, url: r.url, headers: r.flat(), body: r.bodyValue, cf: "", redirect: "follow" });
export const responseFromParts = (status, statusText, headers, body) => new Response(body, { status, statusText, headers });
export function partsOfResponse(r) {
  if (!(r instanceof Response)) return null;
  return { status: r.status, statusText: r.statusText, headers: r.flat(), body: r.bodyValue };
}

const timers = new Map();
export function fireTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined) return;
  if (!timer.repeat) timers.delete(id);
  timer.callback();
}

export function installWeb(global) {
  const start = (callback, ms, repeat) => {
    const id = natives.timerStart(ms | 0, repeat);
    timers.set(id, { callback, repeat });
    return id;
  };
  const stop = (id) => { if (timers.delete(id)) natives.timerCancel(id); };
  const line = (level) => (...values) => natives.consoleWrite(level, values.map((v) => typeof v === "string" ? v : v instanceof Error ? v.stack : JSON.stringify(v)).join(" "));
  Object.assign(global, {
    Request, Response, Headers, DOMException,
    setTimeout: (callback, ms) => start(callback, ms, false),
    setInterval: (callback, ms) => start(callback, ms, true),
    clearTimeout: stop,
    clearInterval: stop,
    queueMicrotask: (callback) => natives.queueMicrotask(callback),
    structuredClone: (value) => natives.structuredClone(value, [], dataCloneError),
    performance: { now: () => natives.performanceNow(), timeOrigin: 0 },
    crypto: { getRandomValues: (view) => { natives.randomBytes(view); return view; } },
    console: { log: line("log"), info: line("info"), warn: line("warn"), error: line("error"), debug: line("debug") },
  });
}
