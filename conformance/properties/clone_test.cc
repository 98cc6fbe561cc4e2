// Goal: what is stored, sent by RPC or cloned comes back equal in depth, with the same things being one thing within it,
// and what cannot be copied is refused alike (durable-objects.md 3.10, 12). Method: drawn graphs of values of every type,
// with cycles, things met twice, sparse arrays, several views of one buffer; each goes through ctx.storage.put and get, by
// key-value storage and synchronous, through a call to another object and back, and through structuredClone. JavaScript
// walks copy and original side by side; what it finds different is the answer.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/properties/rig.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

// `slip` names a mistake of the comparison's own making, to show that it would see one of the platform.
constexpr std::string_view kThing = R"js(
const views = [Uint8Array, Int16Array, Float32Array, Float64Array, BigUint64Array, Uint8ClampedArray, DataView];
const errors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
const scalars = [undefined, null, true, false, 0, -0, 1, -1, 0.5, NaN, Infinity, 2 ** 31, -(2 ** 53), "", "a", "é😀",
  "\ud800", "x".repeat(3000), 0n, -1n, 2n ** 70n, 1e-320];
const refused = [() => Symbol("s"), () => new WeakMap(), () => new WeakSet(), () => new WeakRef({}),
  () => (function* () {})(), () => new Intl.Collator(), () => Promise.resolve(1)];

const mayLeadBack = (x) => [Object, Array, Map, Set].includes(x?.constructor) || x instanceof Error;

/** Makes the things of a graph: first each by itself, then what they hold. */
function build(things) {
  const made = [];
  const at = (n) => (n < 0 ? scalars[(-n - 1) % scalars.length] : made[n % things.length]);
  for (const { type, n } of things) {
    (meter[0] -= 20) < 0 && trip();
    switch (type) {
      case "array": made.push([]); break;
      case "sparse": made.push(new Array(n + 3)); break;
      case "map": made.push(new Map()); break;
      case "set": made.push(new Set()); break;
      case "date": made.push(new Date(n % 2 ? NaN : n * 86400000.5)); break;
      case "regexp":
        made.push(new RegExp(["a+", "(?<x>[^/])\\/", "é", "\\ud800"][n % 4], ["", "g", "gimsuy", "d"][n % 4]));
        break;
      case "boxed": made.push(Object(["text", 5, true, 7n, -0, false, ""][n % 7])); break;
      case "buffer": made.push(Uint8Array.from({ length: 8 * (n % 5) }, (_, i) => i * 7 + n).buffer); break;
      case "view": {
        const of = made.findLast((one) => one instanceof ArrayBuffer && one.byteLength >= 16) ?? new ArrayBuffer(32);
        const View = views[n % views.length], step = View.BYTES_PER_ELEMENT ?? 1;
        made.push(n % 3 ? new View(of, 8, 8 / step) : new View(of));
        break;
      }
      case "error": made.push(new errors[n % errors.length](`text ${n}`)); break;
      case "refused": made.push(refused[n % refused.length]()); break;
      default: made.push({});  // one without a prototype goes by storage, not by RPC, in the real runtime too
    }
  }
  things.forEach(({ type, holds, n }, i) => {
    const one = made[i];
    holds.forEach((h, k) => {
      (meter[0] -= 20) < 0 && trip();
      const value = at(h);
      if (type === "array") one.push(value);
      else if (type === "sparse") { one[(k * 7) % (n + 3)] = value; if (k === 2) one.named = value; }
      else if (type === "map") one.set(k % 2 ? value : at(holds[(k + 1) % holds.length]), value);
      else if (type === "set") one.add(value);
      else if (type === "object") one[["a", "0", "__proto_", "", "é", "b"][k % 6] + (k > 5 ? k : "")] = value;
      // What leads back to the error it hangs on cannot be read again, in the real runtime either.
      else if (type === "error" && k === 0 && !mayLeadBack(value)) { if (n % 2) one.cause = value; else one.extra = value; }
    });
    if (type === "object" && n % 5 === 1) Object.defineProperty(one, "got", { get: () => n, enumerable: true });
    if (type === "object" && n % 5 === 2) { Object.defineProperty(one, "hidden", { value: 1 }); one[Symbol("s")] = 1; }
  });
  return made[0];
}

/** Where a copy differs from its original, or undefined. `seen` pairs the things of the one with those of the other. */
function difference(a, b, seen, back, path) {
  (meter[0] -= 20) < 0 && trip();
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null)
    return Object.is(a, b) ? undefined : `${path}: ${String(a)} became ${String(b)}`;
  if (seen.has(a) || back.has(b))
    return seen.get(a) === b && back.get(b) === a ? undefined : `${path}: one thing became two, or two one`;
  if (a === b) return `${path}: not a copy`;
  seen.set(a, b);
  back.set(b, a);
  const tag = (x) => Object.prototype.toString.call(x);
  if (tag(a) !== tag(b)) return `${path}: ${tag(a)} became ${tag(b)}`;
  const inner = (x, y, name) => difference(x, y, seen, back, `${path}.${name}`);
  const lists = (xs, ys, name) => {
    if (xs.length !== ys.length) return `${path}: ${xs.length} ${name} became ${ys.length}`;
    for (let i = 0; i < xs.length; i++) { const found = inner(xs[i], ys[i], `${name}${i}`); if (found) return found; }
  };
  if (a instanceof Map) { const found = lists([...a].flat(), [...b].flat(), "entry"); if (found) return found; }
  if (a instanceof Set) { const found = lists([...a], [...b], "item"); if (found) return found; }
  if (a instanceof Date) return inner(a.getTime(), b.getTime(), "time");
  if (a instanceof RegExp) return inner(`${a}`, `${b}`, "source");
  if (a instanceof ArrayBuffer) return lists([...new Uint8Array(a)], [...new Uint8Array(b)], "byte");
  if (ArrayBuffer.isView(a))
    return inner(a.byteOffset, b.byteOffset, "offset") ?? inner(a.byteLength, b.byteLength, "length")
      ?? inner(a.buffer, b.buffer, "buffer");
  if (a instanceof Error)
    return inner(a.name, b.name, "name") ?? inner(a.message, b.message, "message")
      ?? inner(a.cause, b.cause, "cause") ?? inner(a.extra, b.extra, "extra");
  for (const Box of [Number, String, Boolean, BigInt])
    if (a instanceof Box) return inner(a.valueOf(), b.valueOf(), "valueOf");
  if (Array.isArray(a) && a.length !== b.length) return `${path}: length ${a.length} became ${b.length}`;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.join("\n") !== others.join("\n")) return `${path}: the keys ${keys} became ${others}`;
  for (const key of keys) { const found = inner(a[key], b[key], key); if (found) return found; }
}

export class Thing extends DurableObject {
  give(value) { return value; }
  async run({ things }) {
    const { storage } = this.ctx;
    const other = this.env.THING.get(this.env.THING.idFromName("z"));
    const ways = {
      storage: async (value) => {
        await storage.put("v", value);
        const got = await storage.get("v");
        await storage.delete("v");
        return got;
      },
      later: async (value) => {
        await Promise.all([storage.put("w", value), storage.sync()]);
        return (await storage.list({ prefix: "w" })).get("w");
      },
      kv: (value) => { storage.kv.put("k", value); return storage.kv.get("k"); },
      rpc: (value) => other.give(value),
      clone: (value) => structuredClone(value),
    };
    const out = {};
    for (const [name, copy] of Object.entries(ways)) {
      const value = build(things);
      try {
        let got = await copy(value);
        if (slip === "twice" && name === "kv") got = JSON.parse(JSON.stringify(got));
        out[name] = difference(value, got, new Map(), new Map(), "it") ?? "same";
      } catch (error) {
        out[name] = error instanceof DOMException ? error.name : `${error}`;
      }
    }
    return out;
  }
}
)js";

struct Thing {
  std::string type;
  int n;
  std::vector<int> holds;  // things by number; below zero scalars
};
using Graph = std::vector<Thing>;

Json json_of(const Graph& graph) {
  Json out = Json::array();
  for (const Thing& t : graph) out.push_back({{"type", t.type}, {"n", t.n}, {"holds", t.holds}});
  return out;
}
void showValue(const Thing& t, std::ostream& os) {
  os << t.type << "(" << t.n << ")";
  for (int h : t.holds) os << " " << h;
}

rc::Gen<Graph> graphs(bool with_refused) {
  auto thing = rc::gen::exec([with_refused] {
    Thing t;
    t.type = *rc::gen::weightedElement<std::string>({{4, "object"}, {3, "array"}, {2, "sparse"}, {2, "map"}, {2, "set"},
                                                     {1, "date"}, {1, "regexp"}, {2, "boxed"}, {2, "buffer"}, {3, "view"},
                                                     {2, "error"}, {with_refused ? 1u : 0u, "refused"}});
    t.n = *number(0, 40);
    t.holds = *rc::gen::resize(7, rc::gen::container<std::vector<int>>(rc::gen::oneOf(number(0, 12), number(-30, 0))));
    return t;
  });
  return rc::gen::resize(14, rc::gen::nonEmpty(rc::gen::container<Graph>(std::move(thing))));
}

const App& app(const std::string& slip) {
  static std::map<std::string, App> made;
  return made.try_emplace(slip, "const slip = '" + slip + "';\n" + std::string(kThing)).first->second;
}

// The graphs go through one world after another: a world costs more than a graph.
void copies_are_the_same(const std::string& slip, bool with_refused, uint64_t* copied = nullptr, uint64_t* refused = nullptr) {
  const auto several = *rc::gen::resize(10, rc::gen::nonEmpty(rc::gen::container<std::vector<Graph>>(graphs(with_refused))));
  Rig rig(app(slip), {});
  client::Client& client = rig.add_client("FRA");
  for (const Graph& graph : several) {
    const Reply reply = rig.call(client, "a", {{"things", json_of(graph)}});
    RC_ASSERT(reply.error == "");
    for (const auto& [way, seen] : reply.body.items())
      if (seen != reply.body["clone"]) RC_FAIL(way + " and structuredClone differ: " + reply.body.dump());
    if (reply.body["clone"] == "same") {
      if (copied) ++*copied;
      continue;
    }
    RC_ASSERT(reply.body["clone"] == "DataCloneError");
    RC_ASSERT(with_refused);
    if (refused) ++*refused;
  }
}

TEST(Clones, AreEqualInDepthOnEveryWay) {
  uint64_t copied = 0;
  expect_holds(60, [&] { copies_are_the_same("", false, &copied); });
  std::printf("  %llu graphs\n", static_cast<unsigned long long>(copied));
}

TEST(Clones, AreRefusedAlikeOnEveryWay) {
  uint64_t copied = 0, refused = 0;
  expect_holds(40, [&] { copies_are_the_same("", true, &copied, &refused); });
  EXPECT_GT(copied, 0u);
  EXPECT_GT(refused, 0u);
}

// The engine refuses a WeakRef; within what is copied by hand, as the properties of errors are, it became an empty object.
TEST(Clones, OfAnErrorThatHoldsAWeakRefAreRefused) {
  Rig rig(app(""), {});
  const Graph graph = {{"error", 0, {1}}, {"refused", 3, {}}};
  const Reply reply = rig.call(rig.add_client("FRA"), "a", {{"things", json_of(graph)}});
  for (const auto& [way, seen] : reply.body.items()) EXPECT_EQ(seen, "DataCloneError") << way;
}

TEST(Clones, ACopyThatLosesTypesIsFound) {
  expect_found(20, [] { copies_are_the_same("twice", false); });
}

}  // namespace
}  // namespace orrery::properties
