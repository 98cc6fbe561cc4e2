// What console calls print.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshContext } from "./bare_context.js";

const { run, state } = freshContext();
function logged(code) {
  state.log.length = 0;
  run(`console.log(${code})`);
  assert.equal(state.log.length, 1, code);
  return state.log[0].slice("log: ".length);
}

// What Node 20 prints; newer ones differ in places, and the tests run under whichever is there.
test("values print as Node prints them", () => {
  for (const [code, expected] of [
    [`{ a: 1, b: "x", c: [1, 2, [3, [4, [5]]]], d: { e: { f: { g: 1 } } } }`, `{ a: 1, b: 'x', c: [ 1, 2, [ 3, [Array] ] ], d: { e: { f: [Object] } } }`],
    [`[1, , 3]`, `[ 1, <1 empty item>, 3 ]`],
    [`[undefined, null, -0, NaN, 10n]`, `[ undefined, null, -0, NaN, 10n ]`],
    [`new Map([["a", { b: 1 }]])`, `Map(1) { 'a' => { b: 1 } }`],
    [`new Set([1, "2"])`, `Set(2) { 1, '2' }`],
    [`new Date(0)`, `1970-01-01T00:00:00.000Z`],
    [`/x/gi`, `/x/gi`],
    [`Symbol("s")`, `Symbol(s)`],
    [`() => 1`, `[Function (anonymous)]`],
    [`class A {}`, `[class A]`],
    [`class B extends Map {}`, `[class B extends Map]`],
    [`new (class Foo { constructor() { this.x = 1; } })()`, `Foo { x: 1 }`],
    [`Object.create(null)`, `[Object: null prototype] {}`],
    [`new Uint8Array(3)`, `Uint8Array(3) [ 0, 0, 0 ]`],
    [`new ArrayBuffer(2)`, `ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }`],
    [`{ "a-b": 1, [Symbol("k")]: 2, get g() { return 1; }, set s(v) {} }`, `{ 'a-b': 1, g: [Getter], s: [Setter], [Symbol(k)]: 2 }`],
    [`"it's"`, `it's`],
    [`["it's", 'say "x"', "a\\nb"]`, `[ "it's", 'say "x"', 'a\\nb' ]`],
    [`async function f() {}`, `[AsyncFunction: f]`],
    [`{}`, `{}`],
    [`[]`, `[]`],
    [`true`, `true`],
    [`new Number(3)`, `[Number: 3]`],
    [`Promise.resolve(4) && 1`, `1`],
    [`new WeakMap()`, `WeakMap { <items unknown> }`],
  ]) {
    assert.equal(logged(code).replace(/\s+/g, " "), expected, code);
  }
});

test("circular references are named", () => {
  assert.equal(logged(`(() => { const a = { n: 1 }; a.self = a; return a; })()`), "<ref *1> { n: 1, self: [Circular *1] }");
});

test("errors print their stack, cause and own properties", () => {
  const text = logged(`Object.assign(new TypeError("bad", { cause: new Error("why") }), { code: 7 })`);
  assert.match(text, /^TypeError: bad\n {4}at /);
  assert.match(text, /code: 7/);
  assert.match(text, /\[cause\]: Error: why/);
  assert.match(logged(`new DOMException("m", "AbortError")`), /^AbortError: m/);
});

test("formats are filled in", () => {
  assert.equal(logged(`"%s is %d years and %i, %f, %o %% %j", "Bob", "42", 42.9, "1.5", [1], { a: 1 }, "extra"`),
    `Bob is 42 years and 42, 1.5, [ 1 ] % {"a":1} extra`);
  assert.equal(logged(`"100%", 5`), "100% 5");
  assert.equal(logged(`"%s"`), "%s");
  assert.equal(logged(`"%c red", "color: red"`), " red");
});

test("hostile objects never make the console throw, nor grow without bound", () => {
  for (const code of [
    `new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; }, getOwnPropertyDescriptor() { throw 3; }, getPrototypeOf() { throw 4; } })`,
    `(() => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy; })()`,
    `{ get a() { throw 1; }, [Symbol.toPrimitive]() { throw 2; }, toString() { throw 3; } }`,
    `Object.defineProperty(new Error("x"), "stack", { get() { throw 1; } })`,
    `"%s %d", { toString() { throw 1; } }, { valueOf() { throw 2; } }`,
    `Object.setPrototypeOf({}, new Proxy({}, { get() { throw 1; }, getOwnPropertyDescriptor() { throw 1; } }))`,
    `new Array(1e9)`, `"x".repeat(1e6)`, `Array.from({ length: 1e5 }, (_, i) => ({ i, t: "y".repeat(2000) }))`,
    `(() => { let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; return o; })()`,
  ]) {
    const text = logged(code);
    assert.ok(text.length > 0 && text.length < 70_000, `${code}: ${text.length}`);
  }
});

test("levels, groups, counters, assertions and timers", () => {
  state.log.length = 0;
  run(`console.warn("w"); console.error("e"); console.group("g"); console.log("in\\nside"); console.groupEnd();
       console.count(); console.count("x"); console.assert(true, "no"); console.assert(false, "yes %d", 1); console.table([{ a: 1 }]);
       console.time(); console.timeEnd(); console.timeEnd()`);
  assert.deepEqual(state.log, ["warn: w", "error: e", "log: g", "log:   in\n  side", "log: default: 1", "log: x: 1",
    "error: Assertion failed: yes 1", "log: 0 | { a: 1 }", "log: default: 0ms", "warn: Timer 'default' does not exist"]);
});
