import { DurableObject, WorkerEntrypoint, RpcTarget, RpcStub } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const log = [];
class Counter extends RpcTarget {
  #n; own = 7;
  constructor(n = 0, tag = "") { super(); this.#n = n; this.tag = tag; }
  increment(by = 1) { return (this.#n += by); }
  get value() { return this.#n; }
  get self() { return this; }
  get boom() { throw new RangeError("getter boom"); }
  child() { return new Counter(this.#n * 10, this.tag + "c"); }
  #secret() { return 1; }
  [Symbol.dispose]() { log.push("dispose " + this.tag + this.#n); }
}
class Plain { x = 1; }
class Other extends RpcTarget { then() { return 5; } }
const mixin = (Base) => class extends Base {
  own = 5; ownFn = () => 1;
  get prop() { return "a property"; }
  get nested() { return { a: { b: 1, f(x) { return x + this.g; }, g: 4 }, list: [1, () => "el"], inst: new Counter(3) }; }
  get bad() { throw new RangeError("getter"); }
  get undef() { return undefined; }
  add(a, b) { return a + b; }
  #hidden() { return 1; }
  echo(x) { return x; }
  async echoAsync(x) { await wait(1); return x; }
  kind(x) { return `${typeof x} ${x?.constructor?.name} ${Object.prototype.toString.call(x)}`; }
  fail() { throw new TypeError("failed"); }
  async failLater() { await wait(2); throw new TypeError("failed later"); }
  counter(n, tag) { return new Counter(n, tag); }
  async slowCounter(n, tag) { await wait(5); return new Counter(n, tag); }
  counters() { return { a: new Counter(1, "a"), b: [new Counter(2, "b")], m: new Map([["k", new Counter(3, "m")]]), n: 5 }; }
  fn() { return (x) => x * 2; }
  fns() { return { twice: (x) => x * 2, thrice(x) { return x * 3; }, val: 9 }; }
  num() { return 5; }
  nul() { return null; }
  undef2() { return undefined; }
  arr() { return [1, 2, { z: 3 }]; }
  async call(f, ...args) { return await f(...args); }
  callNoAwait(f, ...args) { return f(...args); }
  async use(t) { const a = await t.increment(); const b = await t.value; return [a, b]; }
  async keep(f) { this.constructor.kept = f.dup ? f.dup() : f; return "kept"; }
  async keepNoDup(f) { this.constructor.kept = f; return "kept"; }
  async useKept(...a) { return await this.constructor.kept(...a); }
  async useKeptInc(...a) { return await this.constructor.kept.increment(...a); }
  dropKept() { this.constructor.kept[Symbol.dispose](); this.constructor.kept = undefined; }
  log() { return log.splice(0); }
  note(x) { log.push(x); return x; }
  async slowNote(x, ms) { await wait(ms); log.push(x); return x; }
  inst() { return new Plain(); }
  sym() { return Symbol("s"); }
  weak() { return { w: new WeakMap() }; }
  prom() { return Promise.resolve(new Counter(4)); }
  nestedProm() { return { p: Promise.resolve(1) }; }
  big() { return "x".repeat(33 << 20); }
  len(s) { return s.length; }
  errVal() { const e = new RangeError("value"); e.code = 5; return e; }
  async cbTwice(f) { const a = await f(1); const b = await f(2); return a + b; }
  broken(f) { f.onRpcBroken?.((e) => log.push("broken " + e?.message)); this.constructor.kept = f.dup(); }
  typeofs(f) { return [typeof f, f instanceof RpcStub, f.constructor?.name, String(Object.prototype.toString.call(f)), typeof f.dup, typeof f.onRpcBroken, typeof f[Symbol.dispose], typeof f.anything, Object.keys(f).join()]; }
  getOther() { return new Other(); }
  alarm() { return 1; }
  webSocketMessage() { return 1; }
  scheduled() { return "sched"; }
  then() { return "then!"; }
  returnArg(f) { return f; }
  returnArgDup(f) { return f.dup(); }
  streamOut() { return new Response("abc").body; }
  resp() { return new Response("hello", { status: 201, headers: { a: "b" } }); }
  async readReq(r) { return [r.method, r.url, r.headers.get("q"), await r.text()]; }
  hdrs(h) { return [h.constructor.name, [...h]]; }
  async readStream(s) { return await new Response(s).text(); }
  stubIn(f) { return f.add(1, 2); }
  argKinds(...a) { return a.map((x) => Object.prototype.toString.call(x) + (x?.constructor?.name ?? "")); }
  disposeArg(f) { f[Symbol.dispose](); try { return f(1); } catch (e) { return e.message; } }
  async later(f) { this.ctx.waitUntil((async () => { await wait(5); try { log.push("later " + await f(1)); } catch (e) { log.push("later failed " + e.message); } })()); return 1; }
  resetMe() { this.ctx.abort(new Error("reset now")); }
  returnKept() { return this.constructor.kept; }
  returnKeptIn() { return { s: this.constructor.kept }; }
  twoSame() { const c = new Counter(8, "two"); return [c, c]; }
  get later() { return wait(1).then(() => 6); }
  get laterObj() { return wait(1).then(() => ({ a: 1, f: () => 2 })); }
  async echoLater(x, ms) { await wait(ms); return x; }
  async cbChain(f) { return await f.counter().increment(); }
  fnWithProps() { const f = (x) => x + 1; f.extra = 5; f.sub = (y) => y * 2; return f; }
  throwObj() { throw { a: 1 }; } throwStr() { throw "text"; } throwOwn() { class Mine extends Error { constructor(m) { super(m); this.name = "Mine"; this.code = 42; } } throw new Mine("m"); }
  throwDom() { throw new DOMException("d", "DataError"); }
  getMap() { return new Map([["f", (x) => x + 1]]); }
  async keepAndUseLater(f) { const g = f.dup(); setTimeout(async () => { try { log.push("used " + await g(1)); } catch (e) { log.push("failed " + e.message + " " + Object.keys(e).join()); } }, 30); return 1; }
  async nestedCb(f) { return await f(async (x) => x + 1); }
  svcCtxEnded() { return globalThis.savedStub ? 1 : 0; }
  id() { return String(this.ctx.id); }
};
export class Svc extends mixin(WorkerEntrypoint) {}
export class Obj extends mixin(DurableObject) {}
export const plain = { one(a, env, ctx) { return [a, typeof env, ctx?.constructor?.name]; }, val: 5, sub: { f(x) { return x; } }, fetch() { return new Response('p'); } };
export class NoBase { constructor() {} add(a, b) { return a + b; } fetch() { return new Response("x"); } }
export class Plain2 extends WorkerEntrypoint { fetch() { return new Response("y"); } }
const show = (e) => e instanceof Error || (e && typeof e === "object" && "message" in e) ? `${e.constructor?.name} ${e.name}: ${e.message} ${Object.keys(e).filter((k) => !["stack", "durableObjectId", "code", "name", "message"].includes(k)).map((k) => `${k}=${e[k]}`).join(" ")}`.trim() : `thrown ${String(e)}`;
const tryit = async (f) => { try { return await f(); } catch (e) { return show(e); } };
const D = Symbol.dispose;
const cases = {
  syncArg: async (t) => { try { const p = t.echo(Symbol("q")); p.catch(() => {}); return "async"; } catch (e) { return "sync"; } }, syncBig: async (t) => { try { const p = t.len("x".repeat(33 << 20)); p.catch(() => {}); return "async"; } catch (e) { return "sync"; } }, syncDisposed: async (t) => { const c = await t.counter(1); c[D](); try { const p = c.increment(); p.catch(() => {}); return "async"; } catch (e) { return "sync"; } }, syncDisposedProm: async (t) => { const c = t.counter(1); await c; c[D](); try { const p = c.increment(); p.catch(() => {}); return "async"; } catch (e) { return "sync"; } }, syncPipePrim: async (t) => { const c = t.num(); await c; try { const p = c.foo(); p.catch(() => {}); return "async"; } catch (e) { return "sync"; } },
  returnKept: async (t) => { await t.keep((x) => x + 1); const a = await tryit(async () => (await t.returnKept())(1)); const b = await tryit(async () => (await t.returnKept())(2)); return [a, b, await tryit(() => t.useKept(3))]; }, returnKeptIn: async (t) => { await t.keep((x) => x + 1); const a = await tryit(async () => (await t.returnKeptIn()).s(1)); return [a, await tryit(() => t.useKept(3))]; },
  twoSame: async (t) => { const r = await t.twoSame(); r[0][D](); await wait(5); const a = await t.log(); r[1][D](); await wait(5); return [a, await t.log(), r[0] === r[1]]; }, laterProp: (t) => t.later, laterPropDeep: (t) => t.laterObj.a, laterPropCall: (t) => t.laterObj.f(), cbChain: (t) => t.cbChain({ counter: () => new Counter(5) }), cbChainT: (t) => { class T extends RpcTarget { counter() { return new Counter(5); } } return t.cbChain(new T()); }, fnWithProps: async (t) => { const f = await t.fnWithProps(); return [await f(1), await tryit(() => f.extra), await tryit(() => f.sub(4))]; }, throwObj: (t) => t.throwObj(), throwStr: (t) => t.throwStr(), throwOwn: (t) => t.throwOwn(), throwDom: (t) => t.throwDom(), getMap: async (t) => { const m = await t.getMap(); return [await m.get("f")(1), typeof m[D]]; }, nestedCb: (t) => t.nestedCb(async (g) => (await g(1)) + 10),
  promDispLive: async (t) => { const p = t.counter(1, "p"); p[D](); const c = await p; return [typeof c, await tryit(() => c.increment())]; }, dispDupProm: async (t) => { const p = t.counter(1, "q"); const c = await p; const d = c.dup(); p[D](); return [await tryit(() => d.increment())]; },
  noBase: (t, env) => env.NOBASE.getByName("a").add(1, 2), noBaseProp: (t, env) => env.NOBASE.getByName("a").add, plainFn: (t, env) => env.PLAIN.one(5), plainTwo: (t, env) => env.PLAIN.one(5, 6), plainProp: (t, env) => env.PLAIN.val, plainNest: (t, env) => env.PLAIN.sub.f(5), plainMissing: (t, env) => env.PLAIN.zzz, plainPropFn: async (t, env) => { const f = await env.PLAIN.one; return tryit(() => f(3)); }, ctorProp: (t) => t.counter(1).constructor("x"), toStr: async (t) => { const c = await t.counter(1); return [String(c), tryit(() => c.toString()), JSON.stringify({ c }), c === c, await tryit(() => `${t.prop}`)]; }, setProp: async (t) => { const c = await t.counter(1); try { c.x = 5; return [await tryit(() => c.x)]; } catch (e) { return show(e); } }, newStub: async (t) => { const c = await t.counter(1); try { return typeof new c(); } catch (e) { return show(e); } }, stubInMap: (t) => t.argKinds({ f: () => 1 }, [() => 1], new Map([[1, () => 1]])), cbOrder: async (t) => { const seen = []; await t.cbTwice((x) => { seen.push(x); return x; }); return seen; }, rpcInWait: async (t) => { const r = await t.echoLater((x) => x + 1, 3); return r(1); }, argErrorOwn: async (t) => { const e = new TypeError("m"); e.code = 7; const r = await t.echo(e); return [r.constructor.name, r.message, r.code]; }, sparse: async (t) => { const r = await t.echo([1, , 3]); return [r.length, 1 in r]; }, arrProps: async (t) => { const a = [1]; a.foo = 5; return (await t.echo(a)).foo; }, symKey: async (t) => Object.getOwnPropertySymbols(await t.echo({ [Symbol("a")]: 1 })).length, boxed: (t) => t.argKinds(Object(1), Object("s"), Object(5n)), selfCycleStub: async (t) => { const c = new Counter(1); const s = new RpcStub(c); const r = await t.returnArg(s); return [await r.increment(), await s.increment()]; }, domEx: async (t) => { const r = await t.echo(new DOMException("a", "DataError")); return [r.constructor.name, r.name, r.message]; }, inspectStub: async (t) => { const c = await t.counter(1); return [Object.keys(c), "increment" in c, Reflect.ownKeys(c).length]; },
  // 1. properties and methods
  prop: (t) => t.prop, propTypeof: (t) => [typeof t.prop, typeof t.add, typeof t.prop.x, t.prop.constructor?.name, String(Object.prototype.toString.call(t.prop)), t.prop === t.prop],
  nestedData: (t) => t.nested.a.b, nestedMissing: (t) => t.nested.zzz, nestedMissing2: (t) => t.nested.zzz.y, nestedThroughNumber: (t) => t.nested.a.b.c,
  nestedCall: (t) => t.nested.a.f(1), nestedList: (t) => t.nested.list[0], nestedListCall: (t) => t.nested.list[1](), nestedInst: (t) => t.nested.inst.increment(),
  nestedInstOwn: (t) => t.nested.inst.own, nestedCallMissing: (t) => t.nested.zzz(), nestedCallNonFn: (t) => t.nested.a.b(), getterThrows: (t) => t.bad, undefProp: (t) => t.undef,
  own: (t) => t.own, ownCall: (t) => t.own(), ownFn: (t) => t.ownFn(), missingProp: (t) => t.nothing, missingCall: (t) => t.nothing(1), propCall: (t) => t.prop(), methodRead: async (t) => { const f = await t.add; return [typeof f, f instanceof RpcStub, await f(1, 2)]; },
  hidden: (t) => t["#hidden"](), ctorCall: (t) => t.constructor("x"), ctorRead: async (t) => typeof (await t.constructor), toStringCall: (t) => t.toString(), hasOwn: (t) => t.hasOwnProperty("x"), valueOf: (t) => t.valueOf() === t,
  alarm: (t) => t.alarm(), wsm: (t) => t.webSocketMessage(), scheduledCall: (t) => t.scheduled(), thenCall: (t) => typeof t.then, dupType: (t) => typeof t.dup, connectType: (t) => typeof t.connect, dispType: (t) => typeof t[D],
  isAwaitable: async (t) => { const x = await t; return x === t; }, ctxRead: (t) => t.ctx, envRead: (t) => t.env, protoRead: (t) => t.__proto__ === Object.getPrototypeOf(t), inProp: (t) => ["zzz" in t, "fetch" in t, Object.keys(t).length],
  nestedFetch: (t) => t.nested.fetch(), nestedDup: (t) => typeof t.nested.dup, symProp: (t) => typeof t[Symbol.iterator], numberProp: (t) => t[5], protoObj: (t) => t.nested.toString(), nestedHasOwn: (t) => t.nested.hasOwnProperty("a"), arrLength: (t) => t.nested.list.length,
  arrMap: (t) => t.nested.list.map((x) => x), getStr: (t) => t.prop.length, proxyThen: (t) => typeof t.prop.then, promiseProps: (t) => { const p = t.num(); p.catch(() => {}); return [typeof p, typeof p.then, typeof p.catch, typeof p.finally, typeof p.foo, typeof p[D], p instanceof Promise, p.constructor?.name, String(Object.prototype.toString.call(p))]; },
  finallyRuns: async (t) => { let x = 0; const v = await t.num().finally(() => { x = 1; }); return [v, x]; }, catchWorks: (t) => t.fail().catch((e) => show(e)), thenChain: (t) => t.num().then((x) => x + 1), allWorks: (t) => Promise.all([t.num(), t.prop, t.add(1, 2)]),
  // errors
  fail: (t) => t.fail(), failLater: (t) => t.failLater(), sym: (t) => t.sym(), weak: (t) => t.weak(), inst: (t) => t.inst(), prom: async (t) => (await t.prom()).increment(), nestedProm: (t) => t.nestedProm(), errVal: async (t) => show(await t.errVal()),
  argInst: (t) => t.echo(new Plain2Like()), argSym: (t) => t.echo(Symbol("q")), argWeak: (t) => t.echo({ a: new WeakMap() }), argProm: (t) => t.echo(Promise.resolve(5)), argPromNested: (t) => t.echo({ p: Promise.resolve(5) }), argNullProto: async (t) => JSON.stringify(await t.echo(Object.assign(Object.create(null), { a: 1 }))), argGetter: (t) => t.echo({ get a() { return 5; } }), argGetterThrows: (t) => t.echo({ get a() { throw new RangeError("mine"); } }), argCycle: async (t) => { const a = { x: 1 }; a.me = a; const b = await t.echo(a); return b.me === b; },
  argCycleFn: async (t) => { const a = { x: 1, f: (x) => x + 1 }; a.me = a; const b = await t.echo(a); return [b.me === b, await b.f(1), await b.me.f(2), b.f === b.me.f]; }, argSameFn: async (t) => { const f = (x) => x + 1; const b = await t.echo([f, f]); return [b[0] === b[1], await b[0](1), await b[1](2)]; },
  argDate: async (t) => (await t.echo(new Date(7))).getTime(), argKinds: (t) => t.argKinds(1, "s", null, undefined, true, 5n, new Date(0), /a/g, new Map(), new Set(), [1], {}, new Uint8Array(2), new ArrayBuffer(3), new Error("e"), new DOMException("x"), new Headers(), new URL("http://a/")),
  argUrl: (t) => t.kind(new URL("http://a/")), argBlob: (t) => t.kind(new Blob(["a"])), argForm: (t) => t.kind(new FormData()), argEvent: (t) => t.kind(new Event("x")), argAbort: (t) => t.kind(new AbortController().signal), argCrypto: (t) => t.kind(crypto.subtle), argWS: (t) => t.kind(new WebSocketPair()), argEnc: (t) => t.kind(new TextEncoder()), argUsp: (t) => t.kind(new URLSearchParams()), argProxy: (t) => t.kind(new Proxy({ a: 1 }, {})), argCtx: (t, env, ctx) => t.kind(ctx), argEnv: (t, env) => t.kind(env), argId: (t, env) => t.kind(env.OBJ.idFromName("x")), argNs: (t, env) => t.kind(env.OBJ), argObjStub: (t, env) => t.kind(env.OBJ.getByName("x")), argObjStubUse: (t, env) => t.stubIn(env.OBJ.getByName("x")), argSvc: (t, env) => t.kind(env.SVC), argSvcUse: (t, env) => t.stubIn(env.SVC), argGen: (t) => t.echo((function* () {})()), argAsyncFn: (t) => t.call(async (x) => x + 1, 1), argClass: (t) => t.kind(class Foo {}), argBound: (t) => t.call(((x) => x).bind(null), 3),
  tooBig: (t) => t.len("x".repeat(33 << 20)), tooBigResult: async (t) => (await t.big()).length, tooBigMany: (t) => t.len(new Uint8Array(32 << 20)), nearBig: (t) => t.len("x".repeat((32 << 20) - 100)),
  fnProps: async (t) => { const f = (x) => x + 1; f.extra = 5; f.sub = (y) => y; return t.callProp?.(f) ?? 0; }, 
  // 2. functions and targets
  fnArg: (t) => t.call((x, y) => x * y, 6, 7), fnArgThrows: (t) => t.call(() => { throw new RangeError("in callback"); }), fnArgNoAwait: (t) => t.callNoAwait((x) => x + 1, 1), targetArg: (t) => t.use(new Counter(5)), fnInObject: async (t) => { const r = await t.echo({ f: (x) => x + 1, l: [(x) => x + 2], m: new Map([["k", (x) => x + 3]]), s: new Set([(x) => x + 4]) }); return [await r.f(1), await r.l[0](1), await r.m.get("k")(1), await [...r.s][0](1)]; },
  resultTarget: async (t) => { const c = await t.counter(1); return [await c.increment(), await c.increment(5), await c.value, typeof c, c instanceof RpcStub, c.constructor?.name]; }, resultFn: async (t) => { const f = await t.fn(); return [await f(4), typeof f, f instanceof RpcStub, f.constructor?.name]; }, resultFns: async (t) => { const o = await t.fns(); return [await o.twice(2), await o.thrice(2), o.val, typeof o[D], Object.keys(o).join(), Object.getOwnPropertySymbols(o).length]; }, resultCounters: async (t) => { const o = await t.counters(); return [await o.a.increment(), await o.b[0].increment(), await o.m.get("k").increment(), o.n]; },
  stubTypes: (t) => t.typeofs(() => 1), stubTypesTarget: (t) => t.typeofs(new Counter(1)), targetOwn: async (t) => { const c = await t.counter(1); return tryit(() => c.own); }, targetMissing: async (t) => { const c = await t.counter(1); return tryit(() => c.zzz()); }, targetMissingProp: async (t) => { const c = await t.counter(1); return tryit(() => c.zzz); }, targetGetterThrows: async (t) => { const c = await t.counter(1); return tryit(() => c.boom); }, targetSelf: async (t) => { const c = await t.counter(1); return c.self.increment(); }, targetCall: async (t) => { const c = await t.counter(1); return tryit(() => c()); }, targetPrivate: async (t) => { const c = await t.counter(1); return tryit(() => c["#secret"]()); },
  fnMember: async (t) => { const f = await t.fn(); return [await tryit(() => f.foo), await tryit(() => f.foo()), await tryit(() => f.call(null, 4)), await tryit(() => f.apply(null, [4])), await tryit(() => f.name), await tryit(() => f.length)]; }, returnArg: async (t) => { const f = await t.returnArg((x) => x + 1); return [await f(1), f instanceof RpcStub]; }, returnArgDup: async (t) => { const f = await t.returnArgDup((x) => x + 1); return await f(1); }, chainBack: async (t) => { const c = await t.counter(1); return t.use(c); }, passStubTwice: async (t) => { const c = await t.counter(1); return [await tryit(() => t.use(c)), await tryit(() => t.use(c)), await tryit(() => c.increment())]; }, other: async (t) => { const o = await t.getOther(); return typeof o.then; },
  rpcStubCtor: async (t) => { const s = new RpcStub(new Counter(1)); return [await s.increment(), await s.value, typeof s, await tryit(() => t.use(s)), await tryit(() => s.increment())]; }, rpcStubPlain: async () => { const s = new RpcStub({ a: 1, f() { return 2; } }); return [await s.a, await s.f()]; }, rpcStubFn: async () => { const s = new RpcStub((x) => x + 1); return await s(1); }, rpcStubBad: () => new RpcStub(5), rpcStubInst: () => new RpcStub(new Plain()),
  // lifetime
  disposeResult: async (t) => { const c = await t.counter(1, "x"); await c.increment(); c[D](); const e = await tryit(() => c.increment()); await wait(5); return [e, await t.log()]; }, disposeTwice: async (t) => { const c = await t.counter(1, "y"); c[D](); c[D](); await wait(5); return t.log(); }, disposeProp: async (t) => { const c = await t.counter(1, "x"); c[D](); return tryit(() => c.value); }, dup: async (t) => { const c = await t.counter(1, "d"); const d = c.dup(); c[D](); const v = await d.increment(); const l = await t.log(); d[D](); await wait(5); return [v, l, await t.log()]; }, disposedDup: async (t) => { const c = await t.counter(1); c[D](); return tryit(() => c.dup()); }, disposeObject: async (t) => { const o = await t.counters(); const a = o.a; o[D](); const e = await tryit(() => a.increment()); await wait(5); return [e, (await t.log()).sort()]; }, disposePromise: async (t) => { const p = t.counter(1, "p"); p[D](); await wait(5); return [await tryit(() => p), await tryit(() => p.increment()), await t.log()]; }, disposePromiseAfter: async (t) => { const p = t.counter(1, "p"); const c = await p; p[D](); await wait(5); return [await tryit(() => c.increment()), await tryit(() => p.increment()), await t.log()]; },
  argDisposedAfter: async (t) => { await t.keepNoDup((x) => x + 1); return tryit(() => t.useKept(1)); }, argKept: async (t) => { await t.keep((x) => x + 1); const r = await tryit(() => t.useKept(1)); await t.dropKept(); return r; }, argTargetDispose: async (t) => { await t.use(new Counter(1, "arg")); await wait(5); return log.splice(0); }, argTargetKeep: async (t) => { await t.keep(new Counter(1, "kept")); await wait(5); const a = log.splice(0); const v = await t.useKeptInc(); await t.dropKept(); await wait(5); return [a, v, log.splice(0)]; }, disposeArg: (t) => t.disposeArg(() => 1), laterNoDup: async (t) => { await t.later((x) => x + 1); await wait(20); return t.log(); }, sameTargetTwice: async (t) => { const c = new Counter(1, "same"); await t.use(c); await wait(5); const l = log.splice(0); return [l, await t.use(c)]; }, resultNoStubs: async (t) => { const a = await t.arr(); return [typeof a[D], Object.getOwnPropertySymbols(a).length, JSON.stringify(a), typeof (await t.echo(new Map()))[D]]; }, dispOnPrim: async (t) => typeof (await t.num())[D],
  keyOrder: async (t) => Object.keys(await t.counters()).join(), dispEnumerable: async (t) => { const o = await t.fns(); const d = Object.getOwnPropertyDescriptor(o, D); return d && [d.enumerable, d.configurable, d.writable]; },
  // 3. pipelining
  pipe: (t) => t.counter(1).increment(), pipe2: (t) => t.slowCounter(1).child().increment(), pipeProp: (t) => t.slowCounter(3).value, pipeObj: (t) => t.fns().twice(4), pipeObjVal: (t) => t.fns().val, pipeDeep: (t) => t.counters().b[0].increment(), pipeNum: (t) => t.num().foo(), pipeNumProp: (t) => t.num().foo, pipeNull: (t) => t.nul().foo, pipeUndef: (t) => t.undef2().foo(), pipeFail: (t) => t.fail().foo(), pipeFailLater: (t) => t.failLater().foo.bar(), pipeFn: (t) => t.fn()(21), pipeArr: (t) => t.arr()[2].z, pipeArrLen: (t) => t.arr().length, pipeMissing: (t) => t.counter(1).zzz(), pipeMissingObj: (t) => t.fns().zzz(), pipeStr: (t) => t.echo("abc").length, pipeMap: (t) => t.echo(new Map([["a", 1]])).get("a"), pipeEcho: (t) => t.echo({ a: { b: 5 } }).a.b, pipeOrder: async (t) => { const c = t.slowCounter(0); const r = await Promise.all([c.increment(), c.increment(), c.value, c.increment(10)]); return r; }, pipeAfter: async (t) => { const p = t.fns(); await p; return [await p.twice(3), await p.val, await tryit(() => p.zzz)]; }, pipeAfterPrim: async (t) => { const p = t.num(); await p; return tryit(() => p.foo); }, pipeOwn: (t) => t.counter(1).own, pipePromiseArg: (t) => t.echo(t.num()), pipePropArg: (t) => t.echo(t.prop), pipePromiseArgUse: (t) => t.use(t.counter(1)), pipeMethodArg: (t) => t.call(t.add, 1, 2), pipeRejOnly: async (t) => { const p = t.fail(); const q = p.foo(); const r = await tryit(() => q); await wait(3); return r; },
  order: async (t) => { t.slowNote("a", 3); t.note("b"); t.counter(0).increment(); t.note("c"); await wait(400); return t.log(); }, orderCalls: async (t) => { const c = []; for (let i = 0; i < 10; i++) c.push(t.note(i)); await Promise.all(c); return t.log(); },
  // 4. web objects
  resp: async (t) => { const r = await t.resp(); return [r.constructor.name, r.status, r.headers.get("a"), await r.text()]; }, req: (t) => t.readReq(new Request("http://a/b", { method: "POST", headers: { q: "1" }, body: "data" })), hdrs: (t) => t.hdrs(new Headers({ a: "1", b: "2" })), streamOut: async (t) => { const s = await t.streamOut(); return [s.constructor.name, await new Response(s).text()]; }, streamIn: (t) => t.readStream(new Response("xyz").body), jsStream: (t) => t.readStream(new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([97])); c.close(); } })), jsStreamText: (t) => t.readStream(new ReadableStream({ start(c) { c.enqueue("a"); c.close(); } })), usedBody: async (t) => { const r = new Response("a"); await r.text(); return t.echo(r); },
  respEcho: async (t) => { const r = await t.echo(new Response("e", { status: 203 })); return [r.status, await r.text()]; }, respAfter: async (t) => { const r = new Response("e"); await t.echo(r); return [r.bodyUsed]; },
  // breaking
  reset: async (t) => tryit(() => t.resetMe()), resetStub: async (t) => { const c = await t.counter(1); let b = null; c.onRpcBroken?.((e) => { b = show(e); }); await tryit(() => t.resetMe()); await wait(5); return [await tryit(() => c.increment()), b, await tryit(() => t.num())]; }, onBroken: async (t) => { const c = await t.counter(1); return typeof c.onRpcBroken; },
};
class Plain2Like { y = 1; }
let kept;
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url), name = url.searchParams.get("t"), on = url.searchParams.get("on");
    if (name === "list") return Response.json(Object.keys(cases));
    const t = on === "svc" ? env.SVC : env.OBJ.getByName(name);
    await t.num();  // the object is there
    log.length = 0;
    let v;
    try { v = await cases[name](t, env, ctx); v = v === undefined ? "undefined" : JSON.stringify(v); } catch (e) { v = show(e); }
    await new Promise((r) => setTimeout(r, 2));
    return new Response(v);
  },
};
