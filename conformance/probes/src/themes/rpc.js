// Calls of an object's methods: what can be called and sent, stubs, pipelining, disposal, order. More in platform/tests/rpc.
import { RpcStub } from "cloudflare:workers";
import { Counter } from "../remote.js";
import { tick as wait } from "../subject.js";

const D = Symbol.dispose;
let objects = 0;
const stubOf = (env) => env.REMOTE.getByName(`rpc ${++objects}`);
/** One call or several on a stub of an object of its own. */
const on = (act) => ({ worker: ({ env, attempt }) => act(stubOf(env), attempt, env) });
/** Several, each what it gives or throws. */
const each = (...acts) => on(async (t, attempt) => { const seen = []; for (const act of acts) seen.push(await attempt(() => act(t))); return seen; });

export const rpc = {
  property: on((t) => t.property),
  propertyTypes: on((t) => [typeof t.property, typeof t.add, typeof t.property.x, t.property === t.property]),
  nested: each((t) => t.nested.a.b, (t) => t.nested.list[0], (t) => t.nested.a.f(1), (t) => t.nested.list[1](), (t) => t.nested.counter.increment()),
  nestedMissing: each((t) => t.nested.zzz, (t) => t.nested.zzz.y, (t) => t.nested.a.b.c, (t) => t.nested.zzz(), (t) => t.nested.a.b()),
  ofPrototypes: each((t) => t.nested.toString(), (t) => t.nested.hasOwnProperty("a"), (t) => t.nested.list.length, (t) => t.nested.list.map((x) => x), (t) => t.property.length),
  getterThrows: on((t) => t.bad),
  undefinedProperty: on((t) => t.undefinedProperty),
  promisedProperty: on((t) => t.later),
  missing: each((t) => t.missing, (t) => t.missing(1), (t) => t.property(), (t) => t["#hidden"](), (t) => t.still()),
  ownOfInstance: each((t) => t.own, (t) => t.own(), (t) => t.ownFunction(), (t) => t.ctx, (t) => t.env),
  methodRead: on(async (t) => { const f = await t.add; return [typeof f, f instanceof RpcStub, await f(1, 2)]; }),
  awaitStub: on(async (t) => (await t) === t),
  values: each((t) => t.number(), (t) => t.nothing(), (t) => t.isUndefined(), (t) => t.list(), (t) => t.echo(-0), (t) => t.echo(5n), (t) => t.echo(NaN), (t) => t.echo(new Date(7)), (t) => t.echo(/a/g), (t) => t.echo(new Map([[1, { a: 2 }]])), (t) => t.echo(new Set([1])), (t) => t.echo(new Uint8Array([1, 2])), (t) => t.echo([1, , 3])),
  refused: each((t) => t.plain(), (t) => t.symbol(), (t) => t.weak(), (t) => t.nestedPromise(), (t) => t.echo(Symbol("q")), (t) => t.echo({ a: new WeakMap() })),
  errorAsValue: on((t) => t.errorValue()),
  cycle: on(async (t) => { const a = { x: 1 }; a.me = a; const b = await t.echo(a); return [b.me === b, b.x]; }),
  getterInArgument: each((t) => t.echo({ get a() { return 5; } }), (t) => t.echo({ get a() { throw new RangeError("mine"); } })),
  kinds: each((t) => t.kind(() => 1), (t) => t.kind(new Counter(1)), (t) => t.kind(new Headers()), (t) => t.kind(new URL("http://a/")), (t) => t.kind(new Error("e")), (t) => t.kind(new DOMException("x"))),
  tooBig: each((t) => t.length("x".repeat(33 << 20)), async (t) => (await t.big()).length, (t) => t.length("x".repeat((32 << 20) - 100))),
  fails: each((t) => t.fail(), (t) => t.failLater(), (t) => t.fail().foo(), (t) => t.failLater().foo.bar()),
  failsAtOnceOrLater: on(async (t) => ["fail", "missing"].map((name) => { try { t[name]().catch(() => {}); return "later"; } catch { return "at once"; } })),
  promiseOfCall: on(async (t) => { const p = t.number(); p.catch(() => {}); return [typeof p, typeof p.then, typeof p.catch, typeof p.finally, typeof p.foo, typeof p[D], p instanceof Promise, await p.then((x) => x + 1)]; }),

  functionArgument: each((t) => t.call((x, y) => x * y, 6, 7), (t) => t.call(() => { throw new RangeError("in callback"); }), (t) => t.callNoAwait((x) => x + 1, 1), (t) => t.call(async (x) => x + 1, 1)),
  functionOfFunction: on((t) => t.callsBack(async (g) => (await g(1)) + 10)),
  functionsWithin: on(async (t) => { const r = await t.echo({ f: (x) => x + 1, l: [(x) => x + 2], m: new Map([["k", (x) => x + 3]]) }); return [await r.f(1), await r.l[0](1), await r.m.get("k")(1)]; }),
  targetArgument: on((t) => t.use(new Counter(5))),
  resultTarget: on(async (t, attempt) => { const c = await t.counter(1); return [await c.increment(), await c.increment(5), await c.value, await c.self.increment(), typeof c, c instanceof RpcStub, await attempt(() => c.own), await attempt(() => c.zzz()), await attempt(() => c.boom), await attempt(() => c())]; }),
  resultFunction: on(async (t) => { const f = await t.function(); return [await f(4), typeof f, f instanceof RpcStub]; }),
  resultFunctions: on(async (t) => { const o = await t.functions(); return [await o.twice(2), await o.thrice(2), o.value, typeof o[D], Object.keys(o)]; }),
  resultTargets: on(async (t) => { const o = await t.counters(); return [await o.a.increment(), await o.b[0].increment(), await o.m.get("k").increment(), o.n]; }),
  resultPromise: on(async (t) => (await t.promised()).increment()),
  ownStub: on(async (t) => { const s = new RpcStub(new Counter(1)); return [await s.increment(), await s.value, await t.use(s)]; }),
  ownStubWrong: on(async (t, attempt) => [await attempt(() => new RpcStub(5)), await attempt(() => new RpcStub())]),

  pipeline: each((t) => t.counter(1).increment(), (t) => t.slowCounter(1).child().increment(), (t) => t.slowCounter(3).value, (t) => t.functions().twice(4), (t) => t.functions().value, (t) => t.counters().b[0].increment(), (t) => t.function()(21), (t) => t.list()[2].z),
  pipelineWrong: each((t) => t.number().foo(), (t) => t.number().foo, (t) => t.nothing().foo, (t) => t.isUndefined().foo(), (t) => t.counter(1).zzz(), (t) => t.functions().zzz(), (t) => t.echo("abc").length),
  pipelineOrder: on((t) => { const c = t.slowCounter(0); return Promise.all([c.increment(), c.increment(), c.value, c.increment(10)]); }),
  pipelineAfter: on(async (t, attempt) => { const p = t.functions(); await p; return [await p.twice(3), await p.value, await attempt(() => p.zzz)]; }),
  pipelineArgument: each((t) => t.echo(t.number()), (t) => t.echo(t.property), (t) => t.call(t.add, 1, 2)),
  callsInOrder: on(async (t) => { const calls = []; for (let i = 0; i < 10; i++) calls.push(t.mark(i)); await Promise.all(calls); return t.marks(); }),
  slowCallsOverlap: on(async (t) => { await Promise.all([t.slowMark("a", 30), t.mark("b"), t.slowMark("c", 10), t.mark("d")]); return t.marks(); }),

  dispose: on(async (t, attempt) => { const c = await t.counter(1); await c.increment(); c[D](); const failed = await attempt(() => c.increment()); await wait(10); return [failed, await t.marks()]; }),
  disposeTwice: on(async (t) => { const c = await t.counter(1); c[D](); c[D](); await wait(10); return t.marks(); }),
  disposeProperty: on(async (t) => { const c = await t.counter(1); c[D](); return c.value; }),
  duplicate: on(async (t) => { const c = await t.counter(1); const d = c.dup(); c[D](); const value = await d.increment(); await wait(10); const before = [...(await t.marks())]; d[D](); await wait(10); return [value, before, await t.marks()]; }),
  duplicateDisposed: on(async (t) => { const c = await t.counter(1); c[D](); return c.dup(); }),
  disposeObject: on(async (t, attempt) => { const o = await t.counters(); const { a } = o; o[D](); return attempt(() => a.increment()); }),
  disposePromise: on(async (t, attempt) => { const p = t.counter(1); const c = await p; p[D](); return [await attempt(() => c.increment()), await attempt(() => p.increment())]; }),
  argumentKept: on(async (t, attempt) => { await t.keep((x) => x + 1); return attempt(() => t.useKept(1)); }),
  argumentNotKept: on(async (t, attempt) => { await t.keepNoDup((x) => x + 1); return attempt(() => t.useKept(1)); }),
  argumentDisposed: on((t) => t.disposeArgument(() => 1)),
  argumentDisposedAtTheEnd: on(async (t) => { const marks = []; await t.use(new Counter(1, (n) => marks.push(n))); await wait(10); return marks; }),
  nothingToDispose: on(async (t) => { const a = await t.list(); return [typeof a[D], Object.getOwnPropertySymbols(a).length]; }),
  resetBreaksStubs: on(async (t, attempt) => { const c = await t.counter(1); const reset = await attempt(() => t.reset()); await wait(10); return [reset, await attempt(() => c.increment()), await attempt(() => t.number())]; }),
};
