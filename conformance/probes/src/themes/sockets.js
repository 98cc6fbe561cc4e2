// WebSockets: pairs in one object, and those that an object hands to the Worker that called it.

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const UPGRADE = { headers: { Upgrade: "websocket" } };
const URL_OF = "http://object/";

/** What one sees of a value that came in a message. */
const shown = (data) => (typeof data === "string" ? data : data instanceof ArrayBuffer
  ? `bytes ${[...new Uint8Array(data)]}` : Object.prototype.toString.call(data));

// How the pipe within one workerd tells that its other end has gone; a network has no such word.
const PIPE = "Uncaught Error: Network connection lost.";

/** Notes each event of a socket under a name. */
function watch(socket, log, name = "") {
  socket.addEventListener("message", (event) => log(`${name}message ${shown(event.data)}`));
  socket.addEventListener("close", (event) => log(`${name}close ${event.code} '${event.reason}' ${event.wasClean}`));
  socket.addEventListener("error", (event) => event.message === PIPE || log(`${name}error ${event.message}`));
  return socket;
}

/** Both ends of a pair, accepted and watched. */
function pairOf(log, options) {
  const pair = new WebSocketPair();
  const [a, b] = [watch(pair[0], log, "a: "), watch(pair[1], log, "b: ")];
  a.accept(options);
  b.accept(options);
  return [a, b];
}

const states = (...sockets) => sockets.map((s) => s.readyState);

/** An object's answer to an upgrade whose own end is accepted and given to `serve`. */
const upgrade = (serve, init) => (api, request) => {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  serve(server, api, request);
  return new Response(null, { status: 101, webSocket: client, ...init });
};

/** The Worker's end of such a socket, accepted and watched. */
async function connect({ at, log }, url = URL_OF, options = undefined) {
  const response = await at().fetch(url, UPGRADE);
  const socket = watch(response.webSocket, log);
  socket.accept(options);
  return socket;
}

const refused = (act) => async ({ attempt }) => attempt(act);

/** A probe of one turn and what follows in an object. */
const local = (act) => async (api) => act(api, pairOf(api.log));

export const sockets = {
  // ---- pairs ----
  shape: async () => {
    const pair = new WebSocketPair();
    return [Object.keys(pair), pair[0] instanceof WebSocket, pair[0] instanceof EventTarget, pair[0].readyState,
      pair[0].url, pair[0].protocol, pair[0].extensions, pair[0].binaryType, Object.prototype.toString.call(pair[0]),
      Object.prototype.toString.call(pair), [...Object.values(pair)].length, typeof pair[Symbol.iterator]];
  },
  constants: async () => [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED,
    WebSocket.READY_STATE_OPEN, WebSocket.prototype.OPEN, WebSocket.prototype.READY_STATE_CLOSED, WebSocket.length],
  pairWithoutNew: refused(() => WebSocketPair()),
  members: async () => Object.getOwnPropertyNames(WebSocket.prototype).sort(),
  iterated: async () => { const pair = new WebSocketPair(); return [...pair].map((end) => end === pair[0] || end === pair[1]); },
  destructured: async () => {
    const { 0: a, 1: b } = new WebSocketPair();
    const [c, d] = Object.values(new WebSocketPair());
    return [a === b, c.readyState, d.readyState];
  },
  sendBeforeAccept: refused(() => new WebSocketPair()[0].send("x")),
  closeBeforeAccept: refused(() => new WebSocketPair()[0].close()),
  acceptTwice: async ({ attempt }) => {
    const { 0: a } = new WebSocketPair();
    a.accept();
    return attempt(() => a.accept());
  },
  acceptGives: async () => new WebSocketPair()[0].accept(),
  acceptOneOnly: async ({ log }) => {
    const pair = new WebSocketPair();
    watch(pair[0], log).accept();
    pair[0].send("kept for later");
    await wait(5);
    watch(pair[1], log, "b: ").accept();
    await wait(5);
  },
  text: local(async ({ log }, [a, b]) => { a.send("one"); a.send("two"); log("sent"); b.send("back"); await wait(5); }),
  emptyText: local(async (api, [a]) => { a.send(""); await wait(5); }),
  unicode: local(async (api, [a]) => { a.send("grüße 🌍 \ud800"); await wait(5); }),
  binary: async ({ log }) => {
    const { 0: a, 1: b } = new WebSocketPair();
    a.accept(); b.accept();
    b.binaryType = "arraybuffer";
    watch(b, log);
    const bytes = new Uint8Array([1, 2, 3, 4]);
    a.send(bytes); a.send(bytes.subarray(1, 3)); a.send(bytes.buffer); a.send(new DataView(bytes.buffer, 2));
    bytes[0] = 9;
    await wait(5);
  },
  binaryBlob: async ({ log }) => {
    const { 0: a, 1: b } = new WebSocketPair();
    a.accept(); b.accept();
    const came = new Promise((done) => b.addEventListener("message", (event) => done(event.data)));
    a.send(new Uint8Array([5, 6]));
    const data = await came;
    log(Object.prototype.toString.call(data));
    return data instanceof Blob ? [data.size, data.type, [...new Uint8Array(await data.arrayBuffer())]] : shown(data);
  },
  binaryTypeSet: async ({ attempt }) => {
    const { 0: a } = new WebSocketPair();
    const seen = [a.binaryType];
    a.binaryType = "arraybuffer"; seen.push(a.binaryType);
    a.binaryType = "blob"; seen.push(a.binaryType);
    return [seen, await attempt(() => { a.binaryType = "text"; return a.binaryType; })];
  },
  sendKinds: local(async (api, [a]) => {
    for (const value of [5, null, undefined, true, { toString: () => "object" }, [1, 2]]) a.send(value);
    await wait(5);
  }),
  sendNothing: local(async ({ attempt }, [a]) => attempt(() => a.send())),
  sendSymbol: local(async ({ attempt }, [a]) => attempt(() => a.send(Symbol("s")))),
  sendBlob: local(async ({ attempt }, [a]) => { const seen = await attempt(() => a.send(new Blob(["x"]))); await wait(5); return seen; }),
  inTurnOrder: local(async ({ log }, [a, b]) => {
    a.send("1"); b.send("2"); a.send("3");
    queueMicrotask(() => log("microtask"));
    setTimeout(() => log("timer"), 3);
    await wait(10);
  }),
  microtasksBetween: local(async ({ log }, [a, b]) => {
    b.addEventListener("message", async () => { await null; log("after"); });
    a.send("1"); a.send("2");
    await wait(10);
  }),
  listenerThrows: local(async ({ log }, [a, b]) => {
    b.addEventListener("message", () => { throw new RangeError("in listener"); });
    a.send("1"); a.send("2");
    await wait(10);
  }),
  event: async () => {
    const { 0: a, 1: b } = new WebSocketPair();
    a.accept(); b.accept();
    const came = new Promise((done) => b.addEventListener("message", done));
    a.send("x");
    const event = await came;
    return [event.constructor.name, event.type, event.target === b, event.origin, event.lastEventId, event.source,
      event.ports, event.isTrusted, event.bubbles, event.cancelable];
  },
  onAttributes: async ({ log }) => {
    const { 0: a, 1: b } = new WebSocketPair();
    a.accept(); b.accept();
    b.addEventListener("message", () => log("listener"));
    b.onmessage = function (event) { log(`onmessage ${event.data} ${this === b}`); };
    b.onclose = (event) => log(`onclose ${event.code}`);
    a.send("x"); a.close(1000);
    await wait(10);
    return [typeof b.onmessage, b.onerror, b.onopen];
  },
  // ---- closing ----
  close: local(async ({ log }, [a, b]) => {
    a.close(1000, "done");
    log(states(a, b).join());
    await wait(10);
    log(states(a, b).join());
  }),
  closeWithout: local(async (api, [a, b]) => { a.close(); await wait(10); return states(a, b); }),
  closeNoReason: local(async (api, [a, b]) => { a.close(3001); await wait(10); return states(a, b); }),
  closeBoth: local(async (api, [a, b]) => { a.close(4000, "a"); b.close(4001, "b"); await wait(10); return states(a, b); }),
  closeTwice: local(async ({ attempt }, [a]) => { a.close(4000, "a"); const seen = await attempt(() => a.close(4001)); await wait(10); return seen; }),
  closeAnswered: local(async ({ attempt, log }, [a, b]) => {
    b.addEventListener("close", () => log(`b is ${b.readyState}`));
    a.close(4000, "a");
    await wait(10);
    return attempt(() => b.close(4001, "b"));
  }),
  halfOpen: async ({ log }) => {
    const [a, b] = pairOf(log, { allowHalfOpen: true });
    a.close(4000, "a");
    await wait(10);
    log(states(a, b).join());
    b.send("still");
    await wait(10);
    b.close(4001, "b");
    await wait(10);
    return states(a, b);
  },
  sendAfterClose: local(async ({ attempt }, [a]) => { a.close(); return attempt(() => a.send("x")); }),
  sendAfterClosed: local(async ({ attempt }, [a, b]) => { a.close(); await wait(10); return attempt(() => b.send("x")); }),
  sentBeforeClose: local(async (api, [a]) => { a.send("1"); a.send("2"); a.close(1000, "end"); await wait(10); }),
  codes: async ({ attempt }) => {
    const seen = {};
    for (const code of [0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 5000, 65536, "1000", "x", null]) {
      const { 0: a, 1: b } = new WebSocketPair();
      a.accept(); b.accept();
      const answer = await attempt(() => a.close(code));
      seen[String(code)] = answer.threw ? `${answer.threw}: ${answer.message}` : "closed";
    }
    return seen;
  },
  reasonWithoutCode: local(async ({ attempt }, [a]) => attempt(() => a.close(undefined, "why"))),
  longReason: local(async ({ attempt }, [a]) => [await attempt(() => a.close(1000, "é".repeat(62))), await attempt(() => a.close(1000, "x".repeat(123)))]),
  closeEvent: async () => {
    const { 0: a, 1: b } = new WebSocketPair();
    a.accept(); b.accept();
    const came = new Promise((done) => b.addEventListener("close", done));
    a.close(4002, "why");
    const event = await came;
    return [event.constructor.name, event.type, event.target === b, event.isTrusted, event.bubbles, event.cancelable];
  },
  // ---- responses ----
  status200: refused(() => new Response(null, { webSocket: new WebSocketPair()[0] })),
  status101: refused(() => new Response(null, { status: 101 })),
  withBody: refused(() => new Response("body", { status: 101, webSocket: new WebSocketPair()[0] })),
  notASocket: refused(() => new Response(null, { status: 101, webSocket: {} })),
  cloned: refused(() => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] }).clone()),
  afterAccept: refused(() => {
    const { 0: a } = new WebSocketPair();
    a.accept();
    return new Response(null, { status: 101, webSocket: a }).status;
  }),
  handedTwice: async ({ attempt }) => {
    const { 0: a } = new WebSocketPair();
    const first = new Response(null, { status: 101, webSocket: a });
    return [first.webSocket === a, await attempt(() => new Response(null, { status: 101, webSocket: a }).webSocket === a)];
  },
  overRpc: async ({ attempt, env }) => attempt(() => env.REMOTE.getByName("sockets").echo(new WebSocketPair()[0])),
  newWithoutUrl: refused(() => new WebSocket()),
  newBadUrl: refused(() => new WebSocket("not a url")),
  newBadScheme: refused(() => new WebSocket("ftp://example.com/")),
  newFragment: refused(() => new WebSocket("wss://example.com/#part")),
  newBadProtocol: refused(() => new WebSocket("wss://example.com/", "not a token")),
  newProtocolTwice: refused(() => new WebSocket("wss://example.com/", ["a", "a"])),
  attachment: async ({ attempt }) => {
    const { 0: a } = new WebSocketPair();
    const seen = [a.deserializeAttachment()];
    a.serializeAttachment({ n: 1, m: new Map([[1, 2]]) });
    seen.push(a.deserializeAttachment(), a.deserializeAttachment() === a.deserializeAttachment());
    return [seen, await attempt(() => a.serializeAttachment("x".repeat(16384))), await attempt(() => a.serializeAttachment(Symbol("s")))];
  },

  // ---- between an object and who called it ----
  connected: {
    fetch: upgrade((server) => {
      server.addEventListener("message", (event) => server.send(`echo ${event.data}`));
      server.send("welcome");
    }, { headers: { "x-a": "b" } }),
    async worker(api) {
      const response = await api.at().fetch(URL_OF, UPGRADE);
      const socket = watch(response.webSocket, api.log);
      const seen = [response.status, response.statusText, response.headers.get("x-a"), response.body, socket.readyState,
        socket.url, socket.protocol, socket.extensions, socket.binaryType];
      socket.accept();
      socket.send("1"); socket.send("2");
      await wait(30);
      return seen;
    },
  },
  noUpgradeAsked: {
    fetch: upgrade(() => {}),
    worker: ({ at, attempt }) => attempt(async () => (await at().fetch(URL_OF)).status),
  },
  upgradeRefused: {
    fetch: () => new Response("no", { status: 426 }),
    async worker({ at }) {
      const response = await at().fetch(URL_OF, UPGRADE);
      return [response.status, response.webSocket, await response.text()];
    },
  },
  headersSeen: {
    fetch: (api, request) => {
      api.log(["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"].map((name) => `${name}: ${request.headers.get(name)}`));
      return upgrade((server) => server.send("hello"))(api, request);
    },
    async worker(api) {
      await connect(api);
      await wait(20);
      return api.marks();
    },
  },
  objectCloses: {
    fetch: upgrade((server, { log }) => { watch(server, log); server.send("last"); server.close(4003, "bye"); }),
    async worker(api) {
      const socket = await connect(api);
      await wait(30);
      return [socket.readyState, await api.marks()];
    },
  },
  workerCloses: {
    fetch: upgrade((server, { log }) => watch(server, log)),
    async worker(api) {
      const socket = await connect(api);
      socket.close(4004, "going");
      const before = socket.readyState;
      await wait(30);
      return [before, socket.readyState, await api.marks()];
    },
  },
  objectAborts: {
    fetch: upgrade((server, { ctx }) => server.addEventListener("message", () => ctx.abort("enough"))),
    async worker(api) {
      const socket = await connect(api);
      socket.send("x");
      await wait(50);
      return [socket.readyState, await api.attempt(() => socket.send("y"))];
    },
  },
  objectThrowsLater: {
    fetch: upgrade((server, { log }) => {
      watch(server, log);
      server.addEventListener("message", () => { throw new TypeError("in the object's listener"); });
    }),
    async worker(api) {
      const socket = await connect(api);
      socket.send("1"); socket.send("2");
      await wait(30);
      return api.marks();
    },
  },
  neverAccepted: {
    fetch: (api) => {
      const { 0: client, 1: server } = new WebSocketPair();
      api.memory.server = server;
      return new Response(null, { status: 101, webSocket: client });
    },
    on: { send: ({ memory }) => { memory.server.accept(); memory.server.send("late"); memory.server.close(); } },
    async worker(api) {
      await connect(api);
      await wait(10);
      await api.ask("send");
      await wait(20);
    },
  },
  acceptedLater: {
    fetch: upgrade((server) => { server.send("1"); server.send("2"); }),
    async worker(api) {
      const { webSocket } = await api.at().fetch(URL_OF, UPGRADE);
      await wait(20);
      watch(webSocket, api.log).accept();
      await wait(20);
    },
  },
  returnedAccepted: {
    fetch: () => {
      const { 0: client } = new WebSocketPair();
      const response = new Response(null, { status: 101, webSocket: client });
      client.accept();
      return response;
    },
    async worker(api) {
      const socket = await connect(api);
      await wait(20);
      return socket.readyState;
    },
  },
  acceptAfterReturn: {
    fetch: (api) => {
      const { 0: client } = new WebSocketPair();
      api.memory.client = client;
      return new Response(null, { status: 101, webSocket: client });
    },
    on: { use: ({ memory, attempt }) => attempt(() => memory.client.accept()), send: ({ memory, attempt }) => attempt(() => memory.client.send("x")) },
    async worker(api) {
      await api.at().fetch(URL_OF, UPGRADE);
      return [await api.ask("use"), await api.ask("send")];
    },
  },
  passedOn: {
    fetch: upgrade((server) => server.addEventListener("message", (event) => server.send(`object ${event.data}`))),
    on: {},
    async worker(api) {
      const { 0: mine, 1: bridge } = new WebSocketPair();
      const far = await connect(api);
      far.addEventListener("message", (event) => bridge.send(`bridge ${event.data}`));
      bridge.addEventListener("message", (event) => far.send(event.data));
      bridge.accept();
      watch(mine, api.log, "mine: ").accept();
      mine.send("1");
      await wait(30);
    },
  },
  messagesAreTurns: {
    fetch: upgrade((server, { log }) => {
      server.addEventListener("message", async (event) => {
        log(`${event.data} begins`);
        await null;
        log(`${event.data} microtask`);
        await wait(5);
        log(`${event.data} ends`);
      });
    }),
    async worker(api) {
      const socket = await connect(api);
      socket.send("1"); socket.send("2");
      await wait(40);
      return api.marks();
    },
  },
  sectionHoldsMessages: {
    fetch: upgrade((server, { log, ctx }) => {
      let first = true;
      server.addEventListener("message", (event) => {
        log(`message ${event.data}`);
        if (first) {
          first = false;
          ctx.blockConcurrencyWhile(async () => { await wait(10); log("section ends"); });
        }
      });
    }),
    async worker(api) {
      const socket = await connect(api);
      socket.send("1"); socket.send("2");
      await wait(50);
      return api.marks();
    },
  },
  storageThenSend: {
    fetch: upgrade((server, { storage }) => server.addEventListener("message", async (event) => {
      await storage.put("last", event.data);
      server.send(`stored ${await storage.get("last")}`);
    })),
    async worker(api) {
      const socket = await connect(api);
      socket.send("1"); socket.send("2");
      await wait(30);
    },
  },
  binaryBetween: {
    fetch: upgrade((server) => {
      server.binaryType = "arraybuffer";
      server.addEventListener("message", (event) => server.send(event.data));
    }),
    async worker(api) {
      const response = await api.at().fetch(URL_OF, UPGRADE);
      const socket = response.webSocket;
      socket.binaryType = "arraybuffer";
      watch(socket, api.log).accept();
      socket.send(new Uint8Array([0, 255, 7]));
      await wait(20);
    },
  },
  otherRequests: {
    fetch: upgrade((server, { memory }) => { memory.server = server; }),
    on: { tell: ({ memory }, text) => memory.server.send(text) },
    async worker(api) {
      await connect(api);
      await api.ask("tell", "from a call");
      await wait(20);
    },
  },
  otherContext: {
    fetch: (api) => {
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    },
    async worker(api) {
      const socket = await connect(api);
      const other = api.env.SUBJECTS.getByName("sockets/other");
      return [socket.readyState, await api.attempt(() => other.do("nothing", socket))];
    },
  },
};
