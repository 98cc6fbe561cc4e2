// User code may patch any prototype: the platform's own work must not notice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshContext } from "./bare_context.js";

const PATCHES = `{
  const boom = () => { throw new Error("patched method called"); };
  const { ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
  const protos = [Array.prototype, String.prototype, Map.prototype, Set.prototype, RegExp.prototype,
    Promise.prototype, WeakMap.prototype, Object.getPrototypeOf(Uint8Array.prototype), Function.prototype];
  for (let p = 0; p < protos.length; p++) {
    const keys = ownKeys(protos[p]);
    for (let k = 0; k < keys.length; k++) {
      const d = getOwnPropertyDescriptor(protos[p], keys[k]);
      if (keys[k] === "constructor" || !d.configurable || typeof d.value !== "function") continue;
      defineProperty(protos[p], keys[k], { ...d, value: boom });
    }
  }
  JSON.parse = JSON.stringify = Reflect.apply = Object.keys = Object.defineProperty = boom;
}`;

/** Awaits a promise of the context without its (patched) then. */
const settled = (promise) => new Promise((resolve, reject) => {
  Promise.prototype.then.call(promise, resolve, reject);
});

test("messages, URLs, timers, events and the console work with every prototype patched", async () => {
  const { run, web, state } = freshContext();
  run(`globalThis.url = new URL("http://münchen.example/a?b=1"); globalThis.map = new Map([[1, 2]]);`);
  run(PATCHES);
  const request = web.requestFromParts("POST", "http://do/inc", "a\nb\n", `{"n":1}`, "");
  assert.equal(request.headers.get("a"), "b");
  assert.equal((await settled(request.json())).n, 1);
  const made = run(`new Request("http://Do:80/x y?ü", { method: "post", body: "z", headers: { k: "v" } })`);
  assert.equal(made.url, "http://do/x%20y?%C3%BC");
  assert.equal(web.partsOfRequest(made).headers, "k\nv\ncontent-type\ntext/plain;charset=UTF-8\n");
  const response = run(`new Response(new Uint8Array(2), { headers: new Headers({ q: "r" }) })`);
  assert.equal(web.partsOfResponse(response).headers, "q\nr\n");
  assert.equal(run(`url.searchParams.append("c", "2"); url.href`), "http://xn--mnchen-3ya.example/a?b=1&c=2");
  run(`globalThis.fired = 0; setTimeout(() => { fired++; }, 5)`);
  web.fireTimer([...state.timers.keys()][0]);
  assert.equal(run("fired"), 1);
  run(`globalThis.aborted = 0; { const c = new AbortController(); c.signal.addEventListener("abort", () => { aborted++; }); c.abort(); }`);
  assert.equal(run("aborted"), 1);
  run(`console.log("%s and", { a: [1, map] }, "x")`);
  assert.equal(state.log.length, 1);
  const text = await settled(run(`(async () => {
    const s = new ReadableStream({ start(c) { c.enqueue("A"); c.close(); } });
    const r = new Response(s).clone();
    return await r.text(); })()`));
  assert.equal(text, "A");
});

test("Object.prototype.then does not disturb texts, buffers and messages", async () => {
  const { run } = freshContext();
  run(`Object.prototype.then = undefined; delete Object.prototype.then;
       Object.defineProperty(Object.prototype, "then", { configurable: true, get() { globalThis.seen = (globalThis.seen ?? 0) + 1; return undefined; } });`);
  assert.equal(await run(`new Response("x").text()`), "x");
  assert.equal(run("globalThis.seen"), undefined);
});

test("setters on Object.prototype do not catch the platform's own objects", async () => {
  const { run, web } = freshContext();
  run(`for (const k of ["get", "set", "value", "writable", "url", "headers", "body", "method", "reader", "queue"])
         Object.defineProperty(Object.prototype, k, { __proto__: null, configurable: true, set() { throw new Error("caught " + "setter") } });`);
  const parts = web.partsOfRequest(run(`new Request("http://do/", { method: "POST", body: "b" })`));
  assert.equal(parts.body, "b");
});
