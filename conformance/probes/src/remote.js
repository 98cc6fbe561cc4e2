// The object whose methods the probes of RPC call.
import { DurableObject, RpcTarget } from "cloudflare:workers";

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Counter extends RpcTarget {
  #n;
  own = 7;
  constructor(n = 0, disposed = () => {}) { super(); this.#n = n; this.disposed = disposed; }
  increment(by = 1) { return (this.#n += by); }
  get value() { return this.#n; }
  get self() { return this; }
  get boom() { throw new RangeError("getter"); }
  child() { return new Counter(this.#n * 10); }
  [Symbol.dispose]() { this.disposed(this.#n); }
}
class Plain { x = 1; }

export class Remote extends DurableObject {
  own = 5;
  ownFunction = () => 1;
  #marks = [];
  #kept;
  setsAlarm(at) { return this.ctx.storage.setAlarm(at); }
  getsAlarm() { return this.ctx.storage.getAlarm(); }
  get property() { return "a property"; }
  get nested() { return { a: { b: 1, f(x) { return x + this.g; }, g: 4 }, list: [1, () => "element"], counter: new Counter(3) }; }
  get bad() { throw new RangeError("getter"); }
  get undefinedProperty() { return undefined; }
  get later() { return wait(1).then(() => 6); }
  add(a, b) { return a + b; }
  #hidden() { return 1; }
  static still() { return 1; }
  echo(x) { return x; }
  kind(x) { return `${typeof x} ${x?.constructor?.name} ${Object.prototype.toString.call(x)}`; }
  fail() { throw new TypeError("failed"); }
  async failLater() { await wait(2); throw new TypeError("failed later"); }
  counter(n) { return new Counter(n, (value) => this.#marks.push(`disposed at ${value}`)); }
  async slowCounter(n) { await wait(5); return new Counter(n); }
  counters() { return { a: new Counter(1), b: [new Counter(2)], m: new Map([["k", new Counter(3)]]), n: 5 }; }
  function() { return (x) => x * 2; }
  functions() { return { twice: (x) => x * 2, thrice(x) { return x * 3; }, value: 9 }; }
  number() { return 5; }
  nothing() { return null; }
  isUndefined() { return undefined; }
  list() { return [1, 2, { z: 3 }]; }
  async call(f, ...args) { return await f(...args); }
  callNoAwait(f, ...args) { return f(...args); }
  async callTwice(f) { return [await f(1), await f(2)]; }
  callTwiceAtOnce(f) { return Promise.all([f(1), f(2)]); }
  async callBoth(f, g) { return [await f(1), await g(2)]; }
  async callDuplicated(f) { using g = f.dup(); return [await f(1), await g(2)]; }
  useOnce(target) { return target.increment(); }
  useProperty(target) { return target.value; }
  usePipelined(target) { return target.child().increment(); }
  async use(target) { const a = await target.increment(); return [a, await target.value]; }
  keep(f) { this.#kept = f.dup(); return "kept"; }
  keepNoDup(f) { this.#kept = f; return "kept"; }
  async useKept(...args) { return await this.#kept(...args); }
  mark(x) { this.#marks.push(x); return x; }
  async slowMark(x, ms) { await wait(ms); this.#marks.push(x); return x; }
  marks() { return this.#marks; }
  plain() { return new Plain(); }
  symbol() { return Symbol("s"); }
  weak() { return { w: new WeakMap() }; }
  promised() { return Promise.resolve(new Counter(4)); }
  nestedPromise() { return { p: Promise.resolve(1) }; }
  big() { return "x".repeat(33 << 20); }
  length(text) { return text.length; }
  errorValue() { return Object.assign(new RangeError("value"), { code: 5 }); }
  disposeArgument(f) { f[Symbol.dispose](); try { return f(1); } catch (e) { return e.message; } }
  reset() { this.ctx.abort("reset"); }
  async callsBack(f) { return await f(async (x) => x + 1); }
}
