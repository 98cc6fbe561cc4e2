// The rest of the platform in a bare context: encodings, events, timers, crypto, files, clone, built-ins.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundle, freshContext } from "./bare_context.js";

const { run, web, state } = freshContext();
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

test("the eager part stays small", () => {
  const size = bundle(true).length;
  console.log(`minified size of the web platform: ${size} bytes`);
  assert.ok(size < 120_000, `${size} bytes`);
});

test("globals are neither enumerable nor missing", () => {
  same(`Object.keys(globalThis).filter((k) => k !== "web")`, []);
  same(`["atob","btoa","fetch","self","structuredClone","queueMicrotask","scheduler","navigator"].filter((k) => !(k in globalThis))`, ["fetch"]);
  same(`[Object.prototype.toString.call(new Headers), String(new URL("http://a"))]`, ["[object Headers]", "http://a/"]);
  same(`navigator.userAgent`, "Cloudflare-Workers");
  same(`new URLPattern({ pathname: "/a/:id" }).exec("http://x/a/7").pathname.groups`, { id: "7" });
});

test("names survive minification", async () => {
  const small = freshContext({ minified: true });
  assert.equal(small.run(`Object.getOwnPropertyNames(globalThis).filter((k) => typeof globalThis[k] === "function" && globalThis[k].name !== k && k !== "web").join()`), "");
  small.run(`console.log(new Request("http://a"), [new Headers({ a: "b" })])`);
  assert.match(small.state.log[0], /^log: Request \{\} \[ Headers/);
  assert.equal(await small.run(`new Response("x").text()`), "x");
});

test("TextDecoder holds back unfinished sequences and honours fatal and ignoreBOM", () => {
  same(`{ const d = new TextDecoder(); [d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }), d.decode(new Uint8Array([0xac]), { stream: true }), d.decode()] }`, ["", "€", ""]);
  same(`{ const d = new TextDecoder(); [d.decode(new Uint8Array([0xf0, 0x9f]), { stream: true }), d.decode(new Uint8Array([0x41]))] }`, ["", "\ufffdA"]);
  same(`new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]))`, "A");
  same(`new TextDecoder("utf8", { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])).length`, 2);
  throws(`new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff]))`, "TypeError");
  same(`new TextDecoder("latin1").decode(new Uint8Array([0x80, 0xe9]))`, "€é");
  same(`new TextDecoder("utf-16").decode(new Uint8Array([0x3d, 0xd8, 0x00, 0xde]))`, "😀");
  same(`{ const d = new TextDecoder("utf-16be"); d.decode(new Uint8Array([0xd8, 0x3d, 0xde]), { stream: true }) + d.decode(new Uint8Array([0])) }`, "😀");
  same(`new TextDecoder("utf-16le").decode(new Uint8Array([0, 0xd8, 0x41, 0]))`, "\ufffdA");
  throws(`new TextDecoder("shift_jis")`, "RangeError");
  throws(`new TextDecoder().decode("x")`, "TypeError");
  same(`{ const b = new Uint8Array(4); const r = new TextEncoder().encodeInto("a€€", b); [r, [...b]] }`, [{ read: 2, written: 4 }, [97, 0xe2, 0x82, 0xac]]);
  same(`[...new TextEncoder().encode("\\ud800")]`, [0xef, 0xbf, 0xbd]);
});

test("atob and btoa are forgiving where the standard is, and no more", () => {
  same(`[btoa("hello"), atob("aGVsbG8="), atob(" aGVs bG8 "), btoa(""), atob("YQ")]`, ["aGVsbG8=", "hello", "hello", "", "a"]);
  for (const bad of ["a", "YQ=", "====", "Y=Q=", "é", "YQ==="]) throws(`atob(${JSON.stringify(bad)})`, "InvalidCharacterError");
  throws(`btoa("€")`, "InvalidCharacterError");
});

test("DOMException is an Error with names and codes", () => {
  same(`{ const e = new DOMException("m", "AbortError"); [e instanceof Error, e.name, e.message, e.code, e.stack.split("\\n")[0], DOMException.ABORT_ERR] }`,
    [true, "AbortError", "m", 20, "AbortError: m", 20]);
  same(`[String(new DOMException("m", "DataCloneError")), new DOMException().name, new DOMException("", "X").code]`, ["DataCloneError: m", "Error", 0]);
});

test("events reach listeners once, in order, with their options", () => {
  same(`{ const t = new EventTarget(); const seen = [];
    t.addEventListener("x", () => seen.push(1)); t.addEventListener("x", { handleEvent(e) { seen.push(e.type); } }, { once: true });
    t.addEventListener("x", () => seen.push("capture"), true);
    t.dispatchEvent(new Event("x")); t.dispatchEvent(new Event("x")); seen }`, ["capture", 1, "x", "capture", 1]);
  same(`{ const t = new EventTarget(); t.addEventListener("x", (e) => e.preventDefault());
    [t.dispatchEvent(new Event("x", { cancelable: true })), t.dispatchEvent(new Event("x"))] }`, [false, true]);
  same(`{ const t = new EventTarget(); let n = 0; t.addEventListener("x", (e) => { e.stopImmediatePropagation(); }); t.addEventListener("x", () => n++); t.dispatchEvent(new Event("x")); n }`, 0);
  same(`{ const c = new AbortController(); const t = new EventTarget(); let n = 0; t.addEventListener("x", () => n++, { signal: c.signal }); c.abort(); t.dispatchEvent(new Event("x")); n }`, 0);
  state.errors.length = 0;
  same(`{ const t = new EventTarget(); let n = 0; t.addEventListener("x", () => { throw new Error("in listener"); }); t.addEventListener("x", () => n++); t.dispatchEvent(new Event("x")); n }`, 1);
  assert.equal(state.errors[0].message, "in listener");
  same(`new CustomEvent("x", { detail: 7 }).detail`, 7);
});

test("AbortSignal aborts once and spreads by any and timeout", () => {
  same(`{ const c = new AbortController(); let n = 0; c.signal.onabort = () => n++; c.abort("why"); c.abort(); [c.signal.aborted, c.signal.reason, n] }`, [true, "why", 1]);
  same(`{ const c = new AbortController(); const s = AbortSignal.any([c.signal, AbortSignal.any([c.signal])]); c.abort(); [s.aborted, s.reason.name] }`, [true, "AbortError"]);
  same(`AbortSignal.any([AbortSignal.abort(3)]).reason`, 3);
  throws(`AbortSignal.abort().throwIfAborted()`, "AbortError");
  throws(`new AbortSignal()`, "TypeError");
  run(`globalThis.late = AbortSignal.timeout(50)`);
  web.fireTimer([...state.timers.keys()].at(-1));
  same(`late.reason.name`, "TimeoutError");
});

test("timers run their callback with arguments, repeat, stop and have a limit", () => {
  const fresh = freshContext();
  fresh.run(`globalThis.seen = []; setTimeout((a, b) => seen.push(a + b), 10, 1, 2); globalThis.every = setInterval(() => seen.push("i"), "20"); setTimeout(() => seen.push("never"), -5)`);
  assert.deepEqual([...fresh.state.timers.values()], [{ delay: 10, repeat: false }, { delay: 20, repeat: true }, { delay: 0, repeat: false }]);
  fresh.web.fireTimer(1);
  fresh.state.timers.delete(1);
  fresh.web.fireTimer(1);
  fresh.web.fireTimer(2);
  fresh.web.fireTimer(2);
  fresh.run(`clearInterval(every); clearTimeout(3); clearTimeout(99); clearTimeout(undefined)`);
  fresh.web.fireTimer(2);
  assert.equal(fresh.run("seen.join()"), "3,i,i");
  assert.deepEqual([...fresh.state.timers.keys()], []);
  assert.equal(fresh.web.activeTimers(), 0);
  fresh.run(`setTimeout(() => seen.push("gone"), 1)`);
  fresh.web.forgetTimer(4);
  fresh.web.fireTimer(4);
  assert.equal(fresh.run("seen.length"), 3);
  assert.throws(() => fresh.run(`for (let i = 0; i <= 10000; i++) setTimeout(() => {}, 1)`), { name: "QuotaExceededError" });
  assert.throws(() => fresh.run(`setTimeout("code")`), { name: "TypeError" });
});

test("scheduler.wait resolves, and rejects when aborted", async () => {
  const fresh = freshContext();
  const waited = fresh.run(`scheduler.wait(5)`);
  await null;
  fresh.web.fireTimer(1);
  assert.equal(await waited, undefined);
  const stopped = fresh.run(`{ globalThis.c = new AbortController(); scheduler.wait(5, { signal: c.signal }) }`);
  fresh.run(`c.abort("stop")`);
  await assert.rejects(stopped, (reason) => reason === "stop");
});

test("crypto draws from the seeded source within its quota", () => {
  same(`/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())`, true);
  same(`{ const a = new Uint32Array(4); crypto.getRandomValues(a) === a && a.some((x) => x > 0) }`, true);
  throws(`crypto.getRandomValues(new Uint8Array(65537))`, "QuotaExceededError");
  throws(`crypto.getRandomValues(new Float32Array(1))`, "TypeMismatchError");
  throws(`crypto.getRandomValues({})`, "TypeMismatchError");
});

test("crypto.subtle says what is missing", async () => {
  await sameAsync(`try { await crypto.subtle.digest("SHA-256", new Uint8Array()) } catch (e) { return e.message }`, "crypto.subtle.digest is not supported yet.");
});

test("structuredClone refuses with DataCloneError", () => {
  same(`structuredClone({ a: [1, 2] })`, { a: [1, 2] });
  throws(`structuredClone(() => 1)`, "DataCloneError");
  throws(`structuredClone({ get a() { throw new RangeError("mine") } })`, "RangeError", "mine");
});

test("Blob and File hold bytes", async () => {
  await sameAsync(`const b = new Blob(["ab", new Uint8Array([99]), new Blob(["d"])]); return [b.size, await b.text(), await b.slice(-2, -1).text(), await b.slice(1, 3, "T").text(), b.slice(0, 1, "A/B").type]`, [4, "abcd", "c", "bc", "a/b"]);
  await sameAsync(`const f = new File(["x"], "n", { lastModified: 5 }); return [f.name, f.lastModified, f instanceof Blob, await f.text()]`, ["n", 5, true, "x"]);
  throws(`new Blob("x")`, "TypeError");
});

test("streams queue, tee, iterate, cancel and release", async () => {
  await sameAsync(`const s = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } }); const [a, b] = s.tee(); const all = async (x) => { const out = []; for await (const v of x) out.push(v); return out; }; return [await all(a), await all(b), s.locked]`, [[1, 2], [1, 2], true]);
  await sameAsync(`let why; const s = new ReadableStream({ cancel(r) { why = r; } }); await s.cancel("r"); return why`, "r");
  await sameAsync(`const s = ReadableStream.from([1, 2]); const r = s.getReader(); const x = await r.read(); r.releaseLock(); try { await r.read() } catch (e) { return [x.value, e.name, s.locked] }`, [1, "TypeError", false]);
  await sameAsync(`let n = 0; const s = new ReadableStream({ pull(c) { c.enqueue(n++); } }, { highWaterMark: 0 }); for await (const v of s) if (v === 3) break; return [n, s.locked]`, [4, false]);
  await sameAsync(`const s = new ReadableStream({ start(c) { c.error(new Error("e")); } }); try { await s.getReader().read() } catch (e) { return e.message }`, "e");
  await sameAsync(`const r = new ReadableStream({ start(c) { c.close(); } }).getReader(); await r.closed; return (await r.read()).done`, true);
});

test("writable streams write in order, hold back, close, abort and report errors", async () => {
  await sameAsync(`const seen = []; const s = new WritableStream({ async write(c) { await null; seen.push(c); }, close() { seen.push("end"); } });
    const w = s.getWriter(); w.write(1); w.write(2); await w.close(); await w.closed; return seen`, [1, 2, "end"]);
  await sameAsync(`let why; const s = new WritableStream({ abort(r) { why = r; } }); const w = s.getWriter(); const c = w.closed.catch((e) => e); await w.abort("r"); return [why, await c]`, ["r", "r"]);
  await sameAsync(`const s = new WritableStream({ write() { throw new Error("w") } }); const w = s.getWriter(); const out = []; await w.write(1).catch((e) => out.push(e.message)); await w.write(2).catch((e) => out.push(e.message)); await w.ready.catch((e) => out.push(e.message)); return out`, ["w", "w", "w"]);
  await sameAsync(`let go; const s = new WritableStream({ write() { return new Promise((r) => { go = r; }); } }); const w = s.getWriter(); const before = w.desiredSize; const p = w.write(1); const after = w.desiredSize; await null; await null; await null; go(); await p; await w.ready; return [before, after, w.desiredSize]`, [1, 0, 1]);
});

test("pipes and transforms carry chunks, ends and errors", async () => {
  await sameAsync(`const r = ReadableStream.from(["a", "b"]).pipeThrough(new TransformStream({ transform(c, k) { k.enqueue(c + c); }, flush(k) { k.enqueue("!"); } })); const out = []; for await (const c of r) out.push(c); return out`, ["aa", "bb", "!"]);
  await sameAsync(`return await new Response(ReadableStream.from(["h\ud83d", "\ude00"]).pipeThrough(new TextEncoderStream())).text()`, "h😀");
  await sameAsync(`const out = []; for await (const c of new Response("é").body.pipeThrough(new TextDecoderStream())) out.push(c); return out`, ["é"]);
  await sameAsync(`const out = []; await ReadableStream.from([1, 2, 3]).pipeTo(new WritableStream({ write(c) { out.push(c); }, close() { out.push("end"); } })); return out`, [1, 2, 3, "end"]);
  await sameAsync(`let why; const s = new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(r) { why = r.message; } }); await s.pipeTo(new WritableStream({ write() { throw new Error("full"); } })).catch(() => {}); return why`, "full");
  await sameAsync(`let why; const s = new ReadableStream({ pull() { throw new Error("src"); } }); try { await s.pipeTo(new WritableStream({ abort(r) { why = r.message; } })); } catch (e) { return [e.message, why]; }`, ["src", "src"]);
  await sameAsync(`const c = new AbortController(); const p = new ReadableStream().pipeTo(new WritableStream(), { signal: c.signal }); c.abort("stop"); try { await p; } catch (e) { return e; }`, "stop");
  await sameAsync(`const { readable, writable } = new IdentityTransformStream(); const w = writable.getWriter(); w.write("ab"); w.close(); return await new Response(readable).text()`, "ab");
  await sameAsync(`const { readable, writable } = new FixedLengthStream(1); const w = writable.getWriter(); w.write("ab").catch(() => {}); w.close().catch(() => {}); try { await new Response(readable).text() } catch (e) { return e.message }`, "Attempt to write too many bytes through a FixedLengthStream.");
  await sameAsync(`const t = new TransformStream(); const w = t.writable.getWriter(); let done = false; const p = w.write(1).then(() => { done = true; }); await scheduler.constructor && null; const early = done; const r = t.readable.getReader(); const v = (await r.read()).value; await p; return [early, v, done]`, [false, 1, true]);
});

test("newer built-ins are there with the right shapes", async () => {
  same(`[[3,1,2].toSorted(), [1,2].toReversed(), [1,2,3].toSpliced(1,1,9), [1,2].with(-1, 5), [...new Uint8Array([2,1]).toSorted()]]`, [[1, 2, 3], [2, 1], [1, 9, 3], [1, 5], [1, 2]]);
  same(`Object.groupBy([1,2,3], (x) => x % 2 ? "odd" : "even")`, { odd: [1, 3], even: [2] });
  same(`[...Map.groupBy([1,2,3], (x) => x % 2)]`, [[1, [1, 3]], [0, [2]]]);
  same(`[new Set([1,2]).union(new Set([3])).size, new Set([1,2]).isSubsetOf(new Set([1,2,3])), [...new Set([1,2]).difference(new Set([1]))]]`, [3, true, [2]]);
  same(`["a\\ud800".isWellFormed(), "a\\ud800".toWellFormed()]`, [false, "a\ufffd"]);
  same(`[1,2,3,4].values().filter((x) => x % 2).map((x) => x * 2).toArray()`, [2, 6]);
  same(`Iterator.from({ next: () => ({ value: 1, done: false }) }).take(2).toArray()`, [1, 1]);
  same(`typeof Promise.withResolvers().resolve`, "function");
  await sameAsync(`return await Array.fromAsync((async function* () { yield 1; yield 2; })(), (x) => x + 1)`, [2, 3]);
  await sameAsync(`return await Promise.try((x) => x + 1, 1)`, 2);
  same(`Object.keys(Array.prototype).length`, 0);
});
