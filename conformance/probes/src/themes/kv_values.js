// What structured clone makes of values on their way through the key-value methods.

const back = (value) => async ({ storage }) => {
  await storage.put("value", typeof value === "function" ? value() : value);
  return storage.get("value");
};
class Point {
  constructor(x) { this.x = x; }
  get double() { return 2 * this.x; }
}
class Own extends Error {
  constructor(message) { super(message); this.name = "Own"; this.code = 5; }
}

export const kvValues = {
  numbers: back([0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 31), 5e-324]),
  strings: back(["", "a", "ü", "🔑", "\ud800", "\0", "x".repeat(300)]),
  bigints: back([0n, -1n, 2n ** 64n, -(10n ** 30n)]),
  booleans: back([true, false, null, undefined]),
  undefinedInside: back({ a: undefined, b: [undefined] }),
  holes: back(() => [1, , 3]),
  sparse: back(() => { const list = []; list[3] = 1; list.extra = "x"; return list; }),
  boxed: back(() => [new Number(5), new String("s"), new Boolean(false), Object(7n)]),
  boxedSymbol: back(() => Object(Symbol("s"))),
  dates: back(() => [new Date(0), new Date(NaN), new Date(8.64e15)]),
  regexps: back(() => { const r = /a+b/giu; r.lastIndex = 2; return [r, /[^/]/]; }),
  map: back(() => new Map([["a", 1], [{}, new Map()], [NaN, -0]])),
  set: back(() => new Set([1, "1", null, undefined])),
  mapWithProperty: back(() => Object.assign(new Map([["a", 1]]), { extra: 1 })),
  errors: back(() => [new Error("e"), new TypeError("t"), new RangeError("r"), new SyntaxError("s"), new ReferenceError("f"), new URIError("u"), new EvalError("v")]),
  errorOwnClass: back(() => new Own("mine")),
  errorOwnProperties: back(() => Object.assign(new Error("e"), { code: 5, remote: true })),
  errorCause: back(() => new Error("outer", { cause: new TypeError("inner") })),
  errorAggregate: back(() => new AggregateError([new Error("a")], "several")),
  errorHasStack: async ({ storage }) => { await storage.put("e", new Error("e")); return typeof (await storage.get("e")).stack; },
  errorOddName: back(() => Object.assign(new Error("e"), { name: "TypeError" })),
  domException: back(() => new DOMException("m", "AbortError")),
  arrayBuffer: back(() => new Uint8Array([1, 2, 3]).buffer),
  resizableBuffer: back(() => { const b = new ArrayBuffer(2, { maxByteLength: 8 }); new Uint8Array(b)[0] = 7; return b; }),
  typedArrays: back(() => [new Uint8Array([1]), new Int16Array([-1]), new Float64Array([0.5]), new BigInt64Array([-1n]), new Uint8ClampedArray([300]), new DataView(new ArrayBuffer(3), 1)]),
  floatArrays: back(() => [new Float32Array([1.5, NaN]), new Uint32Array([1, 2])]),
  viewOfPart: back(() => new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3)),
  sharedBuffer: async ({ storage }) => {
    const buffer = new ArrayBuffer(4);
    await storage.put("v", [buffer, new Uint8Array(buffer, 1)]);
    const [b, view] = await storage.get("v");
    return view.buffer === b;
  },
  sharedArrayBuffer: back(() => typeof SharedArrayBuffer === "undefined" ? "none" : new SharedArrayBuffer(2)),
  detached: back(() => { const b = new ArrayBuffer(4); structuredClone(b, { transfer: [b] }); return b; }),
  cycle: back(() => { const o = { name: "o", list: [] }; o.self = o; o.list.push(o); return o; }),
  sameTwice: async ({ storage }) => { const o = {}; await storage.put("v", [o, o]); const [a, b] = await storage.get("v"); return a === b; },
  instance: back(() => new Point(2)),
  noPrototype: back(() => Object.assign(Object.create(null), { a: 1 })),
  accessor: back(() => ({ get a() { return 5; } })),
  accessorThrows: back(() => ({ get a() { throw new RangeError("mine"); } })),
  toJson: back(() => ({ a: 1, toJSON: null })),
  symbolKeys: back(() => ({ [Symbol("s")]: 1, a: 1 })),
  hiddenProperties: back(() => Object.defineProperty({ a: 1 }, "b", { value: 2 })),
  numericKeys: back({ b: 1, 2: 1, 1: 1 }),
  protoKey: back(() => JSON.parse('{"__proto__": 1, "a": 2}')),
  frozen: async ({ storage }) => { await storage.put("v", Object.freeze({ a: 1 })); return Object.isFrozen(await storage.get("v")); },
  deep: async ({ storage, attempt }) => {
    let o = {};
    for (let i = 0; i < 1000; i++) o = { o };
    return attempt(async () => { await storage.put("v", o); return typeof (await storage.get("v")).o; });
  },
  function: back(() => () => 1),
  functionInside: back(() => ({ a: 1, f() {} })),
  symbol: back(() => Symbol("s")),
  promise: back(() => Promise.resolve(1)),
  weakMap: back(() => new WeakMap()),
  generator: back(() => (function* g() {})()),
  proxy: back(() => new Proxy({ a: 1 }, {})),
  request: back(() => new Request("https://a.example/")),
  response: back(() => new Response("x")),
  headers: back(() => new Headers({ a: "b" })),
  url: back(() => new URL("https://a.example/")),
  blob: back(() => new Blob(["x"])),
  stream: back(() => new ReadableStream()),
  abortSignal: back(() => AbortSignal.abort()),
  storageItself: ({ storage }) => storage.put("v", storage),
  stub: ({ storage, env }) => storage.put("v", env.OBJECTS.get(env.OBJECTS.idFromName("x"))),
  globalThis: ({ storage, attempt }) => attempt(() => storage.put("v", globalThis)),
  changedAfterPut: async ({ storage }) => { const o = { a: 1 }; const p = storage.put("v", o); o.a = 2; await p; return storage.get("v"); },
  freshEachTime: async ({ storage }) => { await storage.put("v", { a: 1 }); const a = await storage.get("v"); a.a = 2; return [await storage.get("v"), a]; },
};
