// Streams that leave an object: bodies and values of RPC that are still being written when they are given away.

const bytes = (text) => new TextEncoder().encode(text);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** An end that comes when the parts before it have been read. */
const later = (end) => async (c) => { await wait(30); end(c); };

/** A stream that gives each part, a string as bytes; `end` closes, errors or leaves it open. */
function parts(list, end = (c) => c.close()) {
  let next = 0;
  return new ReadableStream({
    async pull(c) {
      if (next === list.length) return void end(c);
      if (next > 0) await wait(5);
      const part = list[next++];
      c.enqueue(typeof part === "string" ? bytes(part) : part);
    },
  });
}

/** What a fetch to an object of this theme gives; the path picks one. */
export const streamServers = {
  three: () => new Response(parts(["a", "b", "c"])),
  type: () => new Response(parts(["a"])),
  headers: () => new Response(parts(["a"]), { status: 201, headers: { "x-a": "b", "content-type": "text/plain" } }),
  errors: () => new Response(parts(["a", "b"], later((c) => c.error(new RangeError("no more"))))),
  errorsAtOnce: () => new Response(parts([], (c) => c.error(new RangeError("no more")))),
  throws: () => new Response(new ReadableStream({ pull() { throw new RangeError("thrown in pull"); } })),
  text: () => new Response(new ReadableStream({ start(c) { c.enqueue("text"); c.close(); } })),
  number: () => new Response(new ReadableStream({ start(c) { c.enqueue(7); c.close(); } })),
  aborts: (object) => new Response(parts(["a", "b"], later(() => object.ctx.abort("enough")))),
  abortsError: (object) => new Response(parts(["a", "b"], later(() => object.ctx.abort(new TypeError("enough"))))),
  never: () => new Response(parts(["a"], () => new Promise(() => {}))),
  forever: (object) => new Response(new ReadableStream({
    async pull(c) { await wait(1); c.enqueue(bytes("x")); },
    cancel(reason) { object.cancelled = String(reason); },
  })),
  transform: () => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    (async () => { await writer.write(bytes("one ")); await wait(5); await writer.write(bytes("two")); await writer.close(); })();
    return new Response(readable);
  },
  identityAbort: () => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    (async () => { await writer.write(bytes("one ")); await wait(5); await writer.abort(new RangeError("given up")); })().catch(() => {});
    return new Response(readable);
  },
  fixed: () => {
    const { readable, writable } = new FixedLengthStream(3);
    const writer = writable.getWriter();
    (async () => { await writer.write(bytes("abc")); await writer.close(); })();
    return new Response(readable);
  },
  echo: (object, request) => new Response(request.body),
  echoText: async (object, request) => new Response(await request.text()),
  readSome: async (object, request) => {
    const reader = request.body.getReader();
    const { value } = await reader.read();
    return new Response(value);
  },
  requestError: async (object, request) => {
    try { return new Response(`read ${await request.text()}`); } catch (error) { return new Response(`${error.name}: ${error.message}`); }
  },
  answersFirst: (object, request) => {
    object.later = request.text().then((text) => `read ${text}`, (error) => `${error.name}: ${error.message}`);
    return new Response("before it was read");
  },
  cancelled: async (object) => { await wait(20); return new Response(object.cancelled ?? "not cancelled"); },
  later: async (object) => new Response(await object.later),
};

/** What the method `stream` of an object of this theme gives. */
export const streamMethods = {
  out: () => parts(["a", "b", "c"]),
  in: (object, stream) => new Response(stream).text(),
  inside: () => ({ n: 1, body: parts(["a", "b"]), list: [parts(["c"])] }),
  response: () => new Response(parts(["a", "b"]), { status: 202, headers: { q: "1" } }),
  never: () => parts(["a"], () => new Promise(() => {})),
  errors: () => parts(["a"], later((c) => c.error(new RangeError("no more")))),
  number: () => parts([7]),
  aborts: (object) => parts(["a"], later(() => object.ctx.abort("enough"))),
  forever: (object) => streamServers.forever(object).body,
  cancelled: async (object) => { await wait(20); return object.cancelled ?? "not cancelled"; },
  back: (object, stream) => stream,
  locked: () => { const s = parts(["a"]); s.getReader(); return s; },
  read: async () => { const s = parts(["a", "b"]); const r = s.getReader(); await r.read(); r.releaseLock(); return s; },
  inError: async (object, stream) => {
    try { return await new Response(stream).text(); } catch (error) { return `${error.name}: ${error.message}`; }
  },
  writable: async (object, sink) => {
    const writer = sink.getWriter();
    await writer.write(bytes("x")); await writer.write(bytes("y")); await writer.close();
    return "written";
  },
  writableAbort: async (object, sink) => { const w = sink.getWriter(); await w.write(bytes("x")); await w.abort(new RangeError("no")); return "aborted"; },
  writableText: async (object, sink) => { const w = sink.getWriter(); try { await w.write("text"); return "written"; } catch (e) { return `${e.name}: ${e.message}`; } },
};

const peer = (env, name) => env.OBJECTS.get(env.OBJECTS.idFromName(`streams of ${name}`));
const ask = (env, name, what, init) => peer(env, name).fetch(`https://streams/${what}`, init);
const call = (env, name, what, ...args) => peer(env, name).stream(what, ...args);
const textOf = (chunk) => (chunk instanceof Uint8Array ? new TextDecoder().decode(chunk) : chunk);

/** Everything a stream gives, and how it ends. */
async function drain(stream) {
  const reader = stream.getReader();
  let all = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return `${all} | closed`;
      all += textOf(value);
    }
  } catch (error) {
    return `${all} | ${error?.name}: ${error?.message}${["retryable", "remote", "overloaded", "durableObjectReset"].filter((f) => error?.[f] !== undefined).map((f) => ` ${f}=${error[f]}`).join("")}`;
  }
}
function sink(marks) {
  return new WritableStream({
    write(chunk) { marks.push(`write ${textOf(chunk)}`); },
    close() { marks.push("close"); },
    abort(reason) { marks.push(`abort ${reason}`); },
  });
}

export const streams = {
  three: async ({ env }) => drain((await ask(env, "three", "three")).body),
  threeAsText: async ({ env }) => (await ask(env, "threeAsText", "three")).text(),
  firstComesBeforeTheLast: async ({ env }) => {
    const reader = (await ask(env, "first", "never")).body.getReader();
    const first = textOf((await reader.read()).value);
    await reader.cancel();
    return first;
  },
  headers: async ({ env }) => { const r = await ask(env, "headers", "headers"); return [r.status, r.headers.get("x-a"), r.headers.get("content-type"), r.headers.get("content-length"), await r.text()]; },
  type: async ({ env }) => { const r = await ask(env, "type", "type"); return [r.headers.get("content-type"), r.headers.get("transfer-encoding"), r.bodyUsed, r.body.locked, r.body instanceof ReadableStream]; },
  errors: async ({ env }) => drain((await ask(env, "errors", "errors")).body),
  errorsText: async ({ env }) => (await ask(env, "errorsText", "errors")).text(),
  errorsAtOnce: async ({ env, attempt }) => attempt(async () => (await ask(env, "errorsAtOnce", "errorsAtOnce")).text()),
  throws: async ({ env, attempt }) => attempt(async () => (await ask(env, "throws", "throws")).text()),
  text: async ({ env, attempt }) => attempt(async () => (await ask(env, "text", "text")).text()),
  number: async ({ env, attempt }) => attempt(async () => (await ask(env, "number", "number")).text()),
  aborts: async ({ env }) => drain((await ask(env, "aborts", "aborts")).body),
  abortsError: async ({ env }) => drain((await ask(env, "abortsError", "abortsError")).body),
  cancelSeenLater: async ({ env }) => {
    const reader = (await ask(env, "cancelSeenLater", "forever")).body.getReader();
    await reader.read();
    await reader.cancel("seen enough");
    await wait(300);
    return (await ask(env, "cancelSeenLater", "cancelled")).text();
  },
  dropped: async ({ env }) => { await ask(env, "dropped", "forever"); await wait(50); return (await ask(env, "dropped", "cancelled")).text(); },
  chunks: async ({ env }) => {
    const seen = [];
    for await (const chunk of (await ask(env, "chunks", "three")).body) seen.push(textOf(chunk));
    return seen;
  },
  rpcChunks: async ({ env }) => {
    const seen = [];
    for await (const chunk of await call(env, "rpcChunks", "out")) seen.push(textOf(chunk));
    return seen;
  },
  cancel: async ({ env }) => {
    const body = (await ask(env, "cancel", "forever")).body;
    const reader = body.getReader();
    await reader.read();
    await reader.cancel("seen enough");
    return (await ask(env, "cancel", "cancelled")).text();
  },
  transform: async ({ env }) => drain((await ask(env, "transform", "transform")).body),
  identityAbort: async ({ env }) => drain((await ask(env, "identityAbort", "identityAbort")).body),
  fixed: async ({ env }) => { const r = await ask(env, "fixed", "fixed"); return [r.headers.get("content-length"), await r.text()]; },
  echo: async ({ env }) => drain((await ask(env, "echo", "echo", { method: "POST", body: parts(["a", "b"]) })).body),
  echoOfText: async ({ env }) => drain((await ask(env, "echoOfText", "echo", { method: "POST", body: "whole" })).body),
  echoText: async ({ env }) => (await ask(env, "echoText", "echoText", { method: "POST", body: parts(["a", "b"]) })).text(),
  readSome: async ({ env }) => (await ask(env, "readSome", "readSome", { method: "POST", body: parts(["a", "b", "c"]) })).text(),
  requestError: async ({ env, attempt }) => attempt(async () => (await ask(env, "requestError", "requestError", { method: "POST", body: parts(["a"], later((c) => c.error(new RangeError("no more")))) })).text()),
  requestText: async ({ env, attempt }) => attempt(async () => (await ask(env, "requestText", "requestError", { method: "POST", body: new ReadableStream({ start(c) { c.enqueue("text"); c.close(); } }) })).text()),
  answersFirst: async ({ env }) => { const first = await (await ask(env, "answersFirst", "answersFirst", { method: "POST", body: parts(["a", "b", "c"]) })).text(); return [first, await (await ask(env, "answersFirst", "later")).text()]; },
  passedOn: async ({ env }) => new Response((await ask(env, "passedOn", "three")).body).text(),
  teed: async ({ env }) => { const [a, b] = (await ask(env, "teed", "three")).body.tee(); return Promise.all([drain(a), drain(b)]); },
  cloned: async ({ env }) => { const r = await ask(env, "cloned", "three"); const c = r.clone(); return [await r.text(), await c.text()]; },
  usedTwice: async ({ env, attempt }) => { const r = await ask(env, "usedTwice", "three"); await r.text(); return attempt(() => r.text()); },
  out: async ({ env }) => drain(await call(env, "out", "out")),
  in: ({ env }) => call(env, "in", "in", parts(["a", "b"])),
  inside: async ({ env }) => { const { n, body, list } = await call(env, "inside", "inside"); return [n, await drain(body), await drain(list[0])]; },
  response: async ({ env }) => { const r = await call(env, "response", "response"); return [r.status, r.headers.get("q"), await r.text()]; },
  rpcFirstComesBeforeTheLast: async ({ env }) => {
    const reader = (await call(env, "rpcFirst", "never")).getReader();
    const first = textOf((await reader.read()).value);
    await reader.cancel();
    return first;
  },
  rpcNumber: async ({ env }) => drain(await call(env, "rpcNumber", "number")),
  rpcErrors: async ({ env }) => drain(await call(env, "rpcErrors", "errors")),
  rpcAborts: async ({ env }) => drain(await call(env, "rpcAborts", "aborts")),
  rpcCancel: async ({ env }) => {
    const reader = (await call(env, "rpcCancel", "forever")).getReader();
    await reader.read();
    await reader.cancel("seen enough");
    return call(env, "rpcCancel", "cancelled");
  },
  rpcBack: async ({ env }) => drain(await call(env, "rpcBack", "back", parts(["a", "b"]))),
  rpcLocked: ({ env, attempt }) => attempt(() => call(env, "rpcLocked", "locked")),
  rpcPartlyRead: async ({ env, attempt }) => attempt(async () => drain(await call(env, "rpcPartlyRead", "read"))),
  rpcInError: ({ env, attempt }) => attempt(() => call(env, "rpcInError", "inError", parts(["a"], later((c) => c.error(new RangeError("no more")))))),
  rpcInText: ({ env, attempt }) => attempt(() => call(env, "rpcInText", "inError", new ReadableStream({ start(c) { c.enqueue("text"); c.close(); } }))),
  givenAway: async ({ env, attempt }) => { const s = parts(["a"]); const done = call(env, "givenAway", "in", s); return [s.locked, await attempt(() => s.getReader()), await done]; },
  writable: async ({ env }) => { const marks = []; const said = await call(env, "writable", "writable", sink(marks)); await wait(10); return [said, marks]; },
  writableAbort: async ({ env, attempt }) => { const marks = []; const said = await attempt(() => call(env, "writableAbort", "writableAbort", sink(marks))); await wait(10); return [said, marks]; },
  writableText: async ({ env }) => { const marks = []; const said = await call(env, "writableText", "writableText", sink(marks)); await wait(10); return [said, marks]; },
};
