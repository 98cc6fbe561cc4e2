// Headers, Request, Response and bodies, in a bare context.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshContext } from "./bare_context.js";

const { run, web } = freshContext();
const same = (code, expected) => assert.equal(JSON.stringify(run(code)), JSON.stringify(expected), code);
const sameAsync = async (code, expected) =>
  assert.equal(JSON.stringify(await run(`(async () => { ${code} })()`)), JSON.stringify(expected), code);
const throws = (code, name, text) => {
  let error = null;
  try { run(code); } catch (e) { error = e; }
  assert.ok(error, `${code} did not throw`);
  assert.equal(error.name, name, code);
  if (text !== undefined) assert.ok(error.message.includes(text), `${error.message} lacks ${text}`);
};
const USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";

test("Headers ignore case, combine values and iterate sorted with Set-Cookie apart", () => {
  same(`[...new Headers([["B","1"],["a"," 2 "],["b","3"],["Set-Cookie","x=1"],["set-cookie","y=2"]])]`,
    [["a", "2"], ["b", "1, 3"], ["set-cookie", "x=1"], ["set-cookie", "y=2"]]);
  same(`new Headers({ "Content-Type": "text/html" }).get("content-TYPE")`, "text/html");
  same(`new Headers([["set-cookie","a=1"],["set-cookie","b=2"]]).getSetCookie()`, ["a=1", "b=2"]);
  same(`{ const h = new Headers({ a: "1" }); h.append("a", "2"); h.set("A", "3"); h.delete("x"); h.get("a") }`, "3");
  same(`new Headers(new Headers({ x: "y" })).has("X")`, true);
  same(`String(new Headers().get("none"))`, "null");
});

test("iteration of Headers sees changes made meanwhile", () => {
  same(`{ const h = new Headers({ a: "1", c: "3" }); const seen = [];
          for (const [k] of h) { seen.push(k); if (k === "a") h.append("b", "2"); } seen }`, ["a", "b", "c"]);
});

test("invalid header names and values are refused", () => {
  throws(`new Headers({ "a b": "1" })`, "TypeError", "Invalid header name");
  throws(`new Headers().append("", "1")`, "TypeError");
  throws(`new Headers({ a: "x\\ny" })`, "TypeError", "Invalid header value");
  throws(`new Headers({ a: "\\u0100" })`, "TypeError", "Invalid header value");
  throws(`new Headers([["a"]])`, "TypeError");
  throws(`new Headers(7)`, "TypeError");
});

test("headers of received messages cannot be changed, copies can", () => {
  const request = web.requestFromParts("POST", "http://do/", "Content-Type\na/b\nX\n1\nx\n2\n", "body", "");
  assert.throws(() => request.headers.set("a", "b"), /Can't modify immutable headers/);
  assert.equal(request.headers.get("x"), "1, 2");
  assert.equal(request.headers.get("content-type"), "a/b");
  const copy = new web.Request(request);
  copy.headers.set("a", "b");
  assert.equal(copy.headers.get("a"), "b");
});

test("a Request takes its URL, method, headers and body from its arguments", async () => {
  same(`{ const r = new Request("http://EXAMPLE.com:80/a/../b?q#f", { method: "post", body: "x" });
          [r.url, r.method, r.headers.get("content-type"), r.redirect, r.bodyUsed] }`,
  ["http://example.com/b?q#f", "POST", "text/plain;charset=UTF-8", "follow", false]);
  same(`new Request(new URL("http://a/b")).url`, "http://a/b");
  same(`new Request("http://a", { method: "patch" }).method`, "patch");
  throws(`new Request("/relative")`, "TypeError", "Invalid URL: /relative");
  throws(`new Request("http://a", { method: "bad method" })`, "TypeError", "Invalid HTTP method");
  throws(`new Request("http://a", { body: "x" })`, "TypeError", "Request with a GET or HEAD method cannot have a body.");
  throws(`new Request("http://a", { signal: {} })`, "TypeError");
  await sameAsync(`const a = new Request("http://a", { method: "POST", body: "x" }); const b = new Request(a, { headers: { k: "v" } });
    return [a.bodyUsed, await b.text(), b.headers.get("k"), b.headers.has("content-type")]`, [true, "x", "v", false]);
});

test("a Response has the constructor rules of the Fetch standard", async () => {
  same(`{ const r = new Response(); [r.status, r.ok, r.statusText, r.body, r.webSocket, r.type, r.url] }`,
    [200, true, "", null, null, "default", ""]);
  throws(`new Response("", { status: 199 })`, "RangeError", "range 200 to 599");
  throws(`new Response("x", { status: 204 })`, "TypeError", "null body status");
  throws(`new Response("", { statusText: "\\n" })`, "TypeError");
  throws(`new Response(null, { status: 101 })`, "RangeError");
  same(`new Response(null, { status: 204 }).status`, 204);
  same(`{ const r = Response.redirect("http://a/b c", 301); [r.status, r.headers.get("location")] }`, [301, "http://a/b%20c"]);
  throws(`Response.redirect("http://a", 200)`, "RangeError");
  throws(`Response.redirect("//a")`, "TypeError");
  throws(`Response.redirect("http://a").headers.set("a", "b")`, "TypeError");
  same(`{ const r = Response.error(); [r.status, r.type] }`, [0, "error"]);
  await sameAsync(`const r = Response.json({ a: 1 }, { status: 201, headers: { x: "y" } });
    return [r.status, r.headers.get("content-type"), r.headers.get("x"), await r.json()]`,
  [201, "application/json", "y", { a: 1 }]);
  throws(`Response.json(undefined)`, "TypeError");
  same(`Response.json(1, { headers: { "content-type": "a/b" } }).headers.get("content-type")`, "a/b");
});

test("each kind of body gives its content type and bytes", async () => {
  await sameAsync(`return await new Response(new Uint8Array([104, 105])).text()`, "hi");
  await sameAsync(`return await new Response(new Uint8Array([1, 104, 105]).subarray(1)).text()`, "hi");
  await sameAsync(`return await new Response(new TextEncoder().encode("\\uFEFFé").buffer).text()`, "é");
  await sameAsync(`const r = new Response(new Blob(["a", "b"], { type: "X/Y" })); return [r.headers.get("content-type"), await r.text()]`, ["x/y", "ab"]);
  await sameAsync(`const r = new Response(new URLSearchParams({ a: "1 2" })); return [r.headers.get("content-type"), await r.text()]`,
    ["application/x-www-form-urlencoded;charset=UTF-8", "a=1+2"]);
  await sameAsync(`return [...await new Response("é").bytes()]`, [0xc3, 0xa9]);
  await sameAsync(`return (await new Response("é").arrayBuffer()).byteLength`, 2);
  await sameAsync(`const b = await new Response("abc", { headers: { "content-type": "q/r" } }).blob(); return [b.size, b.type]`, [3, "q/r"]);
  await sameAsync(`return await new Response("\\ud800").text()`, "\ufffd");
  await sameAsync(`return await new Response().text()`, "");
  await sameAsync(`return await new Response(42).text()`, "42");
  await sameAsync(`const u = new Uint8Array([97]); const r = new Response(u); u[0] = 98; return await r.text()`, "a");
});

test("a body is read once", async () => {
  await sameAsync(`const r = new Response("x"); await r.text(); try { await r.json() } catch (e) { return [e.name, e.message, r.bodyUsed] }`,
    ["TypeError", USED, true]);
  await sameAsync(`const r = new Response(); await r.text(); await r.text(); return r.bodyUsed`, false);
  await sameAsync(`const r = new Response("x"); const reader = r.body.getReader(); try { await r.text() } catch (e) { return e.message }`,
    "This ReadableStream is currently locked to a reader.");
  await sameAsync(`const r = new Response("x"); await r.body.getReader().read(); return r.bodyUsed`, true);
  await sameAsync(`const r = new Response("x"); const b = r.body; const t = await r.text(); return [t, b === r.body, r.bodyUsed]`, ["x", true, true]);
  await sameAsync(`const r = new Response("x"); await r.text(); try { r.clone() } catch (e) { return e.message }`, USED);
  await sameAsync(`const r = new Response("{"); try { await r.json() } catch (e) { return e.name }`, "SyntaxError");
});

test("a clone reads apart from its original", async () => {
  await sameAsync(`const a = new Response("x", { status: 201, headers: { k: "v" } }); const b = a.clone();
    return [await a.text(), await b.text(), b.status, b.headers.get("k")]`, ["x", "x", 201, "v"]);
  await sameAsync(`const a = new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("hi")); c.close(); } }));
    const b = a.clone(); return [await a.text(), await b.text()]`, ["hi", "hi"]);
  await sameAsync(`const a = new Request("http://a", { method: "POST", body: new Uint8Array([65]) }); const b = a.clone();
    return [await a.text(), await b.text(), b.method]`, ["A", "A", "POST"]);
});

test("streams are bodies, and bodies are streams", async () => {
  await sameAsync(`let n = 0; const s = new ReadableStream({ pull(c) { if (n++ < 3) c.enqueue(new Uint8Array([48 + n])); else c.close(); } });
    return await new Response(s).text()`, "123");
  await sameAsync(`const parts = []; for await (const c of new Response("abc").body) parts.push(...c); return parts`, [97, 98, 99]);
  await sameAsync(`const a = new Request("http://a", { method: "POST", body: new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.close(); } }) });
    const b = new Request(a); return [await b.text(), a.bodyUsed]`, ["A", true]);
  await sameAsync(`const s = new ReadableStream({ pull() { throw new Error("boom") } }); try { await new Response(s).text() } catch (e) { return e.message }`, "boom");
});

test("form data goes out as multipart and comes back", async () => {
  await sameAsync(`const f = new FormData(); f.append("a", "1\\n2"); f.append('q"', new File(["data"], "n.txt", { type: "t/x" }));
    const r = new Response(f); const type = r.headers.get("content-type").split("=")[0];
    const back = await r.formData(); const file = back.get('q"');
    return [type, back.get("a"), file.name, file.type, await file.text()]`,
  ["multipart/form-data; boundary", "1\r\n2", "n.txt", "t/x", "data"]);
  await sameAsync(`return [...await new Response("a=1&b=%20", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData()]`,
    [["a", "1"], ["b", " "]]);
  await sameAsync(`try { await new Response("x").formData() } catch (e) { return e.name }`, "TypeError");
  await sameAsync(`try { await new Response("--x\\r\\n", { headers: { "content-type": "multipart/form-data; boundary=x" } }).formData() } catch (e) { return e.name }`, "TypeError");
});

test("parts carry a message to the runtime and use its body up", async () => {
  const request = run(`new Request("http://do/inc", { method: "POST", body: "x", headers: { A: "b" }, cf: { colo: "FRA" } })`);
  const parts = web.partsOfRequest(request);
  assert.deepEqual([parts.method, parts.url, parts.headers, parts.body, parts.pendingBody, parts.cf],
    ["POST", "http://do/inc", "a\nb\ncontent-type\ntext/plain;charset=UTF-8\n", "x", false, `{"colo":"FRA"}`]);
  assert.equal(request.bodyUsed, true);
  assert.throws(() => web.partsOfRequest(request), /already been used/);
  const streamed = run(`new Response(new ReadableStream({ start(c) { c.enqueue("ab"); c.enqueue(new Uint8Array([99])); c.close(); } }))`);
  const answer = web.partsOfResponse(streamed);
  assert.equal(answer.pendingBody, true);
  assert.deepEqual([...new Uint8Array(await answer.body)], [97, 98, 99]);
  assert.equal(web.partsOfResponse({}), null);
  const received = web.responseFromParts(404, "Not Found", "a\nb\n", null);
  assert.deepEqual([received.status, received.ok, received.statusText, received.headers.get("a")], [404, false, "Not Found", "b"]);
  const withCf = web.requestFromParts("GET", "http://a/", "", null, `{"colo":"SIN"}`);
  assert.equal(withCf.cf.colo, "SIN");
});

test("the runtime's own functions cannot be reached from user code", () => {
  same(`Object.getOwnPropertyNames(Request).concat(Object.getOwnPropertyNames(Response)).filter((n) => /parts/i.test(n))`, []);
});
