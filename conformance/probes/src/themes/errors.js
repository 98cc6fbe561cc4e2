// What a caller sees of an object's errors, and which calls are refused.
import { tick as wait } from "../subject.js";

class Mine extends Error { constructor(text) { super(text); this.name = "Mine"; this.extra = 5; } }
/** What callers see of what `act` throws: of a method, of one that fails later, and of fetch. */
const thrown = (make) => ({
  on: { now: () => { throw make(); }, later: async () => { await wait(1); throw make(); } },
  fetch: () => { throw make(); },
  async worker({ at, attempt }) { return [await attempt(() => at().do("now")), await attempt(() => at().do("later")), await attempt(() => at().fetch("https://o/"))]; },
});
const fetched = (fetch) => ({ fetch, worker: ({ at, attempt }) => attempt(async () => { const response = await at().fetch("https://o/a?b=1", { method: "POST", body: "sent", headers: { "x-a": "1" } }); return [response.status, response.statusText, await response.text(), response.headers.get("x-a")]; }) });
const called = (call) => ({ on: { say: (_, x) => x }, worker: ({ at, attempt, env }) => attempt(() => call(at(), env)) });

export const errors = {
  error: thrown(() => new Error("mine")),
  typeError: thrown(() => new TypeError("mine")),
  rangeError: thrown(() => new RangeError("mine")),
  syntaxError: thrown(() => new SyntaxError("mine")),
  referenceError: thrown(() => new ReferenceError("mine")),
  evalError: thrown(() => new EvalError("mine")),
  aggregateError: thrown(() => new AggregateError([new Error("a")], "mine")),
  noMessage: thrown(() => new Error()),
  ownClass: thrown(() => new Mine("mine")),
  ownName: thrown(() => Object.assign(new Error("mine"), { name: "Odd" })),
  ownProperties: thrown(() => Object.assign(new Error("mine"), { code: 5, deep: { a: [1] } })),
  cause: thrown(() => new Error("mine", { cause: new TypeError("why") })),
  domException: thrown(() => new DOMException("mine", "AbortError")),
  domExceptionOdd: thrown(() => new DOMException("mine", "OddError")),
  text: thrown(() => "text"),
  emptyText: thrown(() => ""),
  number: thrown(() => 5),
  nothing: thrown(() => undefined),
  nullValue: thrown(() => null),
  object: thrown(() => ({ message: "mine", name: "TypeError" })),
  list: thrown(() => [1, 2]),
  retryable: thrown(() => Object.assign(new Error("mine"), { retryable: true })),
  overloaded: thrown(() => Object.assign(new Error("mine"), { overloaded: true })),
  bothFlags: thrown(() => Object.assign(new TypeError("mine"), { retryable: true, overloaded: true })),
  resetFlag: thrown(() => Object.assign(new Error("mine"), { durableObjectReset: true })),
  remoteFlag: thrown(() => Object.assign(new Error("mine"), { remote: true })),
  falseFlags: thrown(() => Object.assign(new Error("mine"), { retryable: false, overloaded: false })),
  prefixed: thrown(() => new Error("broken.dropped; jsg.Error: mine")),
  passedOn: {
    on: { now: ({ env }) => env.SUBJECTS.getByName("errors/passedOn/other").do("fail"), fail: () => { throw Object.assign(new TypeError("deep"), { retryable: true }); } },
    worker: ({ at, attempt }) => attempt(() => at().do("now")),
  },
  fetchOk: fetched(async (_, request) => new Response(`${request.method} ${request.url} ${await request.text()}`, { status: 201, headers: { "x-a": request.headers.get("x-a") } })),
  fetchNothing: fetched(() => undefined),
  fetchText: fetched(() => "text"),
  fetchObject: fetched(() => ({ status: 200 })),
  fetchRejects: fetched(() => Promise.reject(new RangeError("mine"))),
  fetchStatus500: fetched(() => new Response("bad", { status: 500 })),
  fetchNoHandler: { worker: ({ env, attempt }) => attempt(() => env.REMOTE.getByName("o").fetch("https://o/")) },
  fetchBadUrl: called((stub) => stub.fetch("not a url")),
  fetchNoArguments: called((stub) => stub.fetch()),
  methodMissing: called((stub) => stub.nothing()),
  methodOfPrototype: called((stub) => stub.toString()),
  methodHasOwnProperty: called((stub) => stub.hasOwnProperty("a")),
  methodConstructor: called((stub) => stub.constructor("a")),
  methodReserved: { worker: async ({ at, attempt }) => { const answers = {}; for (const name of ["alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup", "then", "toJSON", "__proto__"]) answers[`of ${name}`] = await attempt(() => at()[name]?.("a")); return answers; } },
  argumentFunction: called((stub) => stub.do("say", 5)),
  argumentSymbol: called((stub) => stub.do("say", Symbol("s"))),
  argumentWeakMap: called((stub) => stub.do("say", new WeakMap())),
  argumentOwnClass: called((stub) => stub.do("say", new Mine("mine"))),
};
