import { DurableObject } from "cloudflare:workers";

type Deed = (env: any) => unknown;

// What a path does; the line of each deed is what messages must name.
const deeds: Record<string, Deed> = {
  // --- time
  loop() { for (;;) {} },
  async awaitNull() { for (;;) await null; },
  microtasks() { const next = (): any => Promise.resolve().then(next); return next(); },
  queue() { const next = () => queueMicrotask(next); next(); return new Promise(() => {}); },
  interval() { setInterval(() => { for (;;) {} }, 1); return new Promise(() => {}); },
  finally() { try { for (;;) {} } finally { console.log("FINALLY RAN"); } },
  catch() { try { for (;;) {} } catch { console.log("CATCH RAN"); return new Response("escaped"); } },
  thenGetter() { return { get then() { for (;;) {} } }; },
  errorGetter() { throw Object.defineProperty(new Error("x"), "message", { get() { for (;;) {} } }); },
  errorToString() { throw { toString() { for (;;) {} } }; },
  sort() { return new Response(String(new Array(3e6).fill(0).map((_, i) => -i).sort((a, b) => a - b))); },
  chatter() { for (;;) console.log("again and again"); },
  regex() { return new Response(String(/^(a+)+$/.test("a".repeat(40) + "b"))); },

  // --- memory and stack
  recursion() { const f = (n: number): number => f(n + 1) + 1; return new Response(String(f(0))); },
  json() { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return new Response(JSON.stringify(o)); },
  push() { const a: any[] = []; for (;;) a.push(new Array(200).fill(a.length)); },
  double() { let s = "x"; for (;;) s += s + "y"; },
  strings() { const a: string[] = []; for (;;) { a.push("x".repeat(1 << 20) + a.length); a[a.length - 1].at(-1)!.trim(); JSON.parse(JSON.stringify(a[a.length - 1])); } },
  buffers() { const a: any[] = []; for (;;) a.push(new Uint8Array(1 << 20)); },
  fill() { return new Response(String(new Array(1e8).fill(0).length)); },
  stream() { return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65536)); } })); },

  // --- games with built-ins: what comes after is the Worker's own fault, but it must be answered
  objectThen() {
    (Object.prototype as any).then = function (take: any) { take("stolen"); };
    return new Response("fine");
  },
  objectThenNever() {
    (Object.prototype as any).then = function () {};
    return new Response("fine");
  },
  promiseThen() {
    Promise.prototype.then = function () { throw new Error("patched then"); } as any;
    return new Response("fine");
  },
  arrays() {
    (Array.prototype as any)[Symbol.iterator] = () => { throw new Error("no iterating"); };
    for (const name of Object.getOwnPropertyNames(Array.prototype)) {
      if (typeof (Array.prototype as any)[name] === "function" && name !== "constructor") {
        (Array.prototype as any)[name] = () => { throw new Error("no arrays"); };
      }
    }
    return new Response("fine");
  },
  freeze() { Object.freeze(Object.prototype); Object.freeze(Promise); Object.freeze(globalThis); return new Response("fine"); },
  remove() {
    const OurResponse = Response;
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      if (name !== "Response" && name !== "URL") try { delete (globalThis as any)[name]; } catch {}
    }
    return new OurResponse("fine");
  },
  getters() {
    const response = new Response("x");
    for (const key of ["status", "headers", "body", "statusText", "bodyUsed", "then"]) {
      Object.defineProperty(response, key, { get() { throw new Error("getter " + key); } });
    }
    return response;
  },
  proxy() { return new Proxy(new Response("x"), { get() { throw new Error("trapped"); } }); },

  // --- plain mistakes
  throw() { throw new Error("thrown on purpose"); },
  throwNull() { throw null; },
  rejectText() { return Promise.reject("a text"); },
  throwProxy() { throw new Proxy({}, { get() { throw 1; } }); },
  notAResponse() { return { status: 200 }; },
  nothing() {},
  never() { return new Promise(() => {}); },
  missing(env) { return env.NOPE.get("a"); },
  unsupported(env) { return env.CERTIFICATE.fetch("https://x/"); },
  evaluate() { return new Response(String(eval("1+1"))); },
  streamError() { return new Response(new ReadableStream({ pull() { throw new Error("in pull"); } })); },
  unhandled() { Promise.reject(new Error("nobody cares")); return new Response("fine"); },
  ok() { return new Response("ok"); },
};

export class Thing extends DurableObject {
  async fetch(request: Request): Promise<any> {
    const path = new URL(request.url).pathname.slice(4);
    const storage = this.ctx.storage;
    if (path === "put") { await storage.put("n", 1); return new Response("put"); }
    if (path === "get") return new Response("n=" + (await storage.get("n")));
    if (path === "putLoop") { storage.put("n", 2); for (;;) {} }
    if (path === "putPush") { storage.put("n", 3); return await (deeds.push(this.env) as any); }
    if (path === "section") { this.ctx.blockConcurrencyWhile(async () => { for (;;) await null; }); return new Response("x"); }
    if (path === "sql") storage.sql.exec("SELEKT 1");
    if (path === "endlessSql") return Response.json(storage.sql.exec("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c").one());
    if (path === "abort") this.ctx.abort("no more of this");
    return await (deeds[path](this.env) as any);
  }
}

export default {
  async fetch(request: Request, env: any): Promise<any> {
    const path = new URL(request.url).pathname.slice(1);
    if (path.startsWith("do/")) {
      return await env.THING.get(env.THING.idFromName("x")).fetch("https://thing/" + path);
    }
    return await (deeds[path](env) as any);
  },
};
