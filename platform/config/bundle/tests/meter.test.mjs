// The meter changes nothing but the meter: each snippet runs as it is and instrumented, and must
// leave the same log; and whatever repeats must be charged in each turn.
import assert from "node:assert/strict";
import { test } from "node:test";
import { add_meter } from "../lib/meter.mjs";

// Runs module text whose result is what it logs. Returns {log, charged, trips}.
async function run(code, { limit = 1e9 } = {}) {
  const log = [];
  const meter = new Int32Array([limit]);
  const cover = new Uint8Array(1000);
  let trips = 0;
  globalThis.test_host = {
    meter, cover, log: (...values) => log.push(values.map(String).join(" ")),
    trip: () => { trips += 1; throw new Error("out of time"); },
  };
  const host = 'import {meter,trip}from"orrery:meter"';
  const text = code.replace(/import\{meter as (\S+),trip as (\S+),cover as (\S+)\}from"orrery:meter";/,
    "const {meter:$1,trip:$2,cover:$3}=globalThis.test_host;") +
    "\n;export const unique_" + Math.random().toString(36).slice(2) + "=1;";
  assert.ok(!text.includes(host));
  let error = null;
  try {
    const url = "data:text/javascript;base64," + Buffer.from(
      `const log=globalThis.test_host.log;await (async()=>{})();${text}`).toString("base64");
    const loaded = await import(url);
    if (typeof loaded.main === "function") await loaded.main();
  } catch (caught) {
    error = caught;
    log.push(`threw ${caught?.message}`);
  }
  return { log, charged: limit - meter[0], trips, error, cover };
}

const kSnippets = {
  "loops without braces": `
    let n = 0; for (let i = 0; i < 3; i++) n += i; for (const k in {a:1,b:2}) n += k.length;
    for (const v of [1,2]) n += v; while (n < 20) n++; do n++; while (n < 25); log(n);`,
  "empty loop bodies": `let n = 0; for (; n++ < 5;); while (n-- > 0); do ; while (n++ < 3); log(n);`,
  "labels, break and continue": `
    let s = ""; a: for (let i = 0; i < 3; i++) b: for (let j = 0; j < 3; j++) {
      if (j == 1) continue a; if (i == 2) break a; s += i + "" + j + ";"; } log(s);
    c: while (true) do { break c; } while (true); log("end");`,
  "nested loops without braces": `
    let n = 0; for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) while (n % 7) n++;
    for (const x of [1,2]) if (x > 1) n += 5; else for (;;) { n++; break; } log(n);`,
  "a loop body that ends in an arrow": `
    let f; for (let i = 0; i < 2; i++) f = x => x + i; log(f(1));
    for (const y of [1]) f = () => () => y
    log(f()());`,
  "directives stay first": `
    function sloppy() { return this } log(sloppy() === undefined);
    const f = function () { "use strict"; return 1 }; log(f());
    function g() { 'use strict'
      return [1].map(x => x)[0] } log(g());
    function h() { "a"; "b"
      ; [1].forEach(x => log(x)); (2); } h();`,
  "arrow bodies of all kinds": `
    const o = () => ({ a: 1 }), s = () => (1, 2), t = x => x ? "y" : "n", u = () => (x => x)(3);
    const v = x => y => z => x + y + z, w = () => ({}).k, e = () => {}, y = (a = () => 5) => a();
    const z = () => [1, 2].map(n => n * 2), q = () => \`t\${1 + 1}\`, r = ({ a }) => a;
    log(o().a, s(), t(1), u(), v(1)(2)(3), w(), e(), y(), z(), q(), r({ a: 9 }));`,
  "names of functions": `
    const f = () => 1, g = function () {}, h = class {}; const { d = () => 2 } = {};
    log(f.name, g.name, h.name, d.name, f.length, ((a, b) => a).length, (() => function () {})().name);`,
  "classes, super, fields and accessors": `
    class A { static n = 0; #p = 1; f = () => this.#p; constructor(x) { this.x = x; A.n++; }
      get p() { return this.#p } set p(v) { this.#p = v } static s() { return "s" } #q() { return 7 }
      q() { return this.#q() } ["c" + 1]() { return "c1" } static { this.t = "static"; } static {} }
    class B extends A { constructor(x) { super(x); this.y = super.q(); } q() { return super.q() + 1 } }
    class C extends B {}
    const b = new C(5); b.p = 3; log(b.x, b.y, b.q(), b.p, b.f(), A.n, A.s(), b.c1(), A.t);
    try { new (class extends A { constructor() { } })(); } catch (e) { log(e.name); }`,
  "constructors that must not touch this early": `
    class P { constructor() { this.v = 1 } } class Q extends P { constructor() { const t = () => this;
      super(); log(t().v); return { w: 2 } } } log(new Q().w);`,
  "default parameters and destructuring": `
    function f(a = 1, { b = a + 1, ...c } = {}, [d = () => a] = [], ...r) { var a2 = a; return [a2, b,
      Object.keys(c), d(), r.length, arguments.length].join() } log(f(), f(4, { z: 1 }, [() => 8], 1, 2));`,
  "generators and async": `
    function* g(n) { for (let i = 0; i < n; i++) { const x = yield i; if (x) log("got", x) } return "r" }
    const it = g(3); log(it.next().value, it.next("a").value, JSON.stringify(it.return(9)));
    const h = async x => (await x) + 1; async function* ag() { yield 1; yield* g(2) }
    export async function main() { log(await h(1)); for await (const v of ag()) log(v);
      for await (const w of [Promise.resolve(7)]) log(w);
      const o = { async m() { return this.k }, k: 3, *n() { yield 1 }, async *l() {} };
      log(await o.m(), [...o.n()].length, await (async () => { try { throw 1 } catch { return 2 } })()); }`,
  "hoisting and closures in loops": `
    log(early()); function early() { return later } var later = 5;
    const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); log(fs.map(f => f()).join());
    for (var j = 0; j < 2; j++) { function inner() { return j } } log(inner());
    switch (1) { case 1: { let z = 3; log(z) } default: log("d") }`,
  "getters in literals, computed keys, tagged templates": `
    let n = 0; const o = { get a() { return ++n }, set a(v) { n = v }, [\`k\${n}\`]() { return "k" },
      "quoted": function () { return 1 }, 5: () => 5 }; o.a = 10; log(o.a, o.k0(), o.quoted(), o[5]());
    const tag = (s, ...v) => s.raw.join("|") + v.join(); log(tag\`a\${1}\\n\${2}c\`);`,
  "names that the meter would like to use": `
    const $m = 1, $t = 2, $im = 3, $it = 4, $m1 = 5; log($m, $t, $im, $it, $m1, (() => $m + $t)());`,
  "regular expressions, optional chains, exponents": `
    const r = () => /[/}{]+/g.test("}"), c = o => o?.a?.[0]?.(1) ?? "none", e = x => x ** 2 ** 1;
    log(r(), c({}), c({ a: [x => x] }), e(3)); let k = null; k ??= (() => "set")(); log(k);`,
  "new.target, arguments and caller's this": `
    function F() { const a = () => [new.target === F, arguments.length, this instanceof F]; return a() }
    log(new F(1, 2)); class G { m = (() => this)(); } const g = new G(); log(g.m === g);`,
  "var named like a loop's and comma in heads": `
    for (let i = 0, f = () => i; i < 2; i++, f()) log(f()); for (const [k, v] of Object.entries({a: 1}))
      log(k, v); for (const f of [() => 1, () => 2]) log(f());
    for (let g = () => ("a" in { a: 1 }); g(); ) { log("in"); break }`,
};

for (const [name, code] of Object.entries(kSnippets)) {
  test(`the meaning stays: ${name}`, async () => {
    const plain = await run(code);
    const metered = await run(add_meter(code).code);
    assert.ok(plain.log.length > 0 && !plain.log[0].startsWith("threw"), plain.log.join());
    assert.deepEqual(metered.log, plain.log);
    assert.ok(metered.charged > 0);
    assert.equal(add_meter(code).code.split("\n").length, code.split("\n").length);
  });
}

const kEndless = {
  "for": "for (;;) {}",
  "for without braces": "for (;;);",
  "while": "while (true) Math.abs(1);",
  "do": "do {} while (true)",
  "for-of over an endless generator": "function* g() { while (true) yield 1 } for (const x of g());",
  "for-of over an endless iterator":
    "for (const x of { [Symbol.iterator]: () => ({ next: Math.max.bind(null) && (() => ({})) }) });",
  "await": "for (;;) await null;",
  "recursion over promises": "const f = () => Promise.resolve().then(f); await f();",
  "an async function that calls itself": "async function f() { await null; return f() } await f();",
  "then games": "await new Promise(r => r({ then(ok) { ok({ then: this.then }) } }));",
  "a getter in a builtin's loop": "const a = []; a.length = 1e9; Array.from({ length: 1e9 }, () => 1);",
  "a comparator": "for (let a = [3,1,2]; ; ) a.sort((x, y) => x - y);",
  "an async generator": "async function* g() { for (;;) yield } for await (const x of g());",
  "a labelled loop": "a: while (true) { while (true) continue a; }",
  "a class static block": "class A { static { for (;;); } }",
  "a field's arrow": "class A { f = () => this.f2(); f2 = () => { try { this.f() } finally { for(;;); } } } new A().f();",
};

for (const [name, code] of Object.entries(kEndless)) {
  test(`what never ends is caught: ${name}`, async () => {
    const { trips, error } = await run(add_meter(code).code, { limit: 20000 });
    assert.ok(trips > 0);
    assert.match(error.message, /out of time/);
  });
}

test("each turn of each kind of loop and each call is charged", async () => {
  const cost = async (code) => (await run(add_meter(code).code)).charged;
  const repeated = {
    for: (n) => `for (let i = 0; i < ${n}; i++) {}`,
    while: (n) => `let i = 0; while (i++ < ${n});`,
    do: (n) => `let i = 0; do i++; while (i < ${n});`,
    of: (n) => `for (const x of new Array(${n}).fill(1));`,
    in: (n) => `for (const x in new Array(${n}).fill(1));`,
    arrow: (n) => `new Array(${n}).fill(1).forEach(x => x);`,
    function: (n) => `new Array(${n}).fill(1).forEach(function (x) { return x });`,
    method: (n) => `new Array(${n}).fill(1).forEach({ m(x) { return x } }.m);`,
    getter: (n) => `const o = { get a() { return 1 } }; new Array(${n}).fill("a").forEach(x => o[x]);`,
    constructor: (n) => `class A { constructor() {} } for (let i = 0; i < ${n}; i++) new A();`,
    async: (n) => `for (let i = 0; i < ${n}; i++) await (async () => i)();`,
    generator: (n) => `function* g() { for (let i = 0; i < ${n}; i++) yield } [...g()];`,
  };
  for (const [kind, code] of Object.entries(repeated)) {
    const [few, many] = [await cost(code(10)), await cost(code(110))];
    const per_turn = (many - few) / 100;
    assert.ok(per_turn >= 1 && Number.isInteger(per_turn), `${kind}: ${per_turn}`);
  }
});

test("a longer body costs more than a short one", async () => {
  const cost = async (code) => (await run(add_meter(code).code)).charged;
  const small = await cost("for (let i = 0; i < 100; i++) { i; }");
  const large = await cost("for (let i = 0; i < 100; i++) { i + i * i - (i | i) + [i, i].length; }");
  assert.ok(large > small * 1.5);
});

test("long expressions are metered, absurd ones are one failure", () => {
  const { code } = add_meter(`const x = ${"1+".repeat(2000)}1; export const f = () => x;`);
  assert.match(code, /=> *\(\(\$c\[1\]=1,\$m\[0\]-=/);
  assert.throws(() => add_meter(`const x = ${"(".repeat(100000)}1;`), (error) =>
    error.kind === "syntax" && /nested too deeply/.test(error.message));
});

test("code the parser does not know is one failure with its place", () => {
  assert.throws(() => add_meter("let a = 1;\nlet b = ;"), (error) =>
    error.kind === "syntax" && error.line === 2 && error.column === 9);
});

// Goal: the branch that ran is marked and the other is not. Method: one taken and one not, of every kind of block.
test("blocks are marked when they run, and no others", async () => {
  const code = [
    "function ran(x) {",
    "  if (x) log('yes'); else log('no');",
    "  if (!x) {",
    "    log('never');",
    "  }",
    "  switch (x) { case 1:",
    "      log('one'); break;",
    "    case 2:",
    "      log('two'); }",
    "  try { log('calm'); } catch {",
    "    log('storm'); }",
    "  return x",
    "    ? 'a'",
    "    : 'b'; }",
    "const unused = () =>",
    "  5;",
    "log(ran(1));",
  ].join("\n");
  const { code: text, blocks } = add_meter(code);
  const { log, cover } = await run(text);
  assert.deepEqual(log, ["yes", "one", "calm", "a"]);
  const line = (at) => code.slice(0, at).split("\n").length;
  const lines = (hit) => blocks.map(line).filter((_, k) => Boolean(cover[k]) === hit).sort((a, b) => a - b);
  assert.deepEqual(lines(true), [1, 1, 2, 7, 13]);
  assert.deepEqual(lines(false), [2, 3, 9, 10, 14, 16]);
});
