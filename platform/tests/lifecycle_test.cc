// What resets, evicts and replaces an object, and what its callers see of it (durable-objects.md 7 to 9.3). The
// texts and flags of resets are those of workerd 1.20260426.1 (asked through miniflare).
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
function manyTimers() {
  const ids = [];
  try { for (let i = 0; i < 20000; i++) { tick(); ids.push(setTimeout(() => {}, 1e6)); } } catch (error) { return `${ids.length} ${show(error)}`; }
  finally { ids.forEach(clearTimeout); }
}
export class Other extends DurableObject { hi() { return "other"; } }
export class Thing extends DurableObject {
  n = 0;
  constructor(ctx, env) {
    super(ctx, env);
    console.log(`made ${ctx.id.name}`);
    if (ctx.id.name === "bad") throw new RangeError("constructor");
    if (ctx.id.name === "blocked")
      ctx.blockConcurrencyWhile(async () => { await wait(5); throw new TypeError("in section"); });
  }
  hi() { return `hi ${++this.n}`; }
  who() { return `${this.ctx.id.name} ${`${this.ctx.id}`.length}`; }
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/abort") this.ctx.abort("by fetch");
    if (pathname === "/throw") throw new RangeError("thrown");
    return new Response(`hi ${++this.n}`);
  }
  put(key, value) { return this.ctx.storage.put(key, value); }
  get(key) { return this.ctx.storage.get(key); }
  abort(...reason) { this.ctx.abort(...reason); }
  abortWithError() { this.ctx.abort(new RangeError("range")); }
  async abortUnsaved() { Promise.resolve().then(() => console.log("microtask")); this.ctx.storage.put("lost", 1); try { this.ctx.abort("unsaved"); } finally { console.log("finally"); } }
  async section() { await this.ctx.blockConcurrencyWhile(async () => { throw new RangeError("inside"); }); }
  async tooLong() { await this.ctx.blockConcurrencyWhile(() => wait(31000)); }
  async stuck() { await this.ctx.blockConcurrencyWhile(() => new Promise((done) => { this.open = done; })); }
  unstick() { this.open(); }
  stuckOnOutside() { const outside = wait(5); return this.ctx.blockConcurrencyWhile(() => outside); }
  async caught() { try { await this.section(); } catch (error) { console.log("caught"); } }
  async slow(ms = 300) { await wait(ms); return `slow ${++this.n}`; }
  manyTimers() { return manyTimers(); }
  async putThenKv() {
    this.ctx.storage.put("a", 1);
    console.log(`read ${await this.env.KV.get("k")}`);
    await this.env.KV.put("k", "v");
    console.log("written");
  }
  longest() { setTimeout(() => console.log("2^31"), 2 ** 31); setTimeout(() => console.log("minus"), -5); setTimeout(() => console.log("nan"), NaN); }
  later(ms) { setTimeout(() => console.log("timer"), ms); }
  cleared(ms) { clearTimeout(setTimeout(() => console.log("timer"), ms)); }
  keep(ms) { this.ctx.waitUntil(wait(ms).then(() => console.log("kept"))); }
  async outside() { fetch("https://nobody.example.net/"); }
  throwRetryable() { throw Object.assign(new Error("mine"), { retryable: true }); }
  throwOverloaded() { throw Object.assign(new Error("mine"), { overloaded: true }); }
  throwReset() { throw Object.assign(new Error("mine"), { durableObjectReset: true }); }
  throwText() { throw "text"; }
  throwDom() { throw new DOMException("dom", "AbortError"); }
  throwSyntax() { throw new SyntaxError("syntax"); }
  viaOther() { return this.env.THING.getByName("b").throwRetryable(); }
  spin() { for (;;) tick(); }
  eat() { const all = []; for (;;) { (meter[0] -= 10) < 0 && trip(); all.push(new Array(10000).fill({})); } }
}
globalThis.loads = (globalThis.loads ?? 0) + 1;
const at = (T, name) => T.get(T.idFromName(name));
const cases = {
  hi: (env, T, o) => at(T, o).hi(),
  lost: async (env, T, o) => (await at(T, o).get("lost")) ?? "nothing",
  later: (env, T, o) => at(T, o).later(60000),
  cleared: (env, T, o) => at(T, o).cleared(60000),
  keep: (env, T, o) => at(T, o).keep(60000),
  putThenKv: (env, T, o) => at(T, o).putThenKv(),
  kv: (env) => env.KV.get("k"),
  kvPut: async (env) => { await env.KV.put("mine", "v"); return "put"; },
  longest: (env, T, o) => at(T, o).longest(),
  outside: (env, T, o) => at(T, o).outside(),
  slow: (env, T, o) => at(T, o).slow(25000),
  loads: () => `${globalThis.loads}`,
  spin: (env, T, o) => at(T, o).spin(),
  eat: (env, T, o) => at(T, o).eat(),
  abort: (env, T, o) => at(T, o).abort("why"),
  abortNothing: (env, T, o) => at(T, o).abort(),
  abortWithError: (env, T, o) => at(T, o).abortWithError(),
  abortUnsaved: (env, T, o) => at(T, o).abortUnsaved(),
  tooLong: (env, T, o) => at(T, o).tooLong(),
  put: (env, T, o) => at(T, o).put("kept", 1),
  section: (env, T, o) => at(T, o).section(),
  caught: (env, T, o) => at(T, o).caught(),
  stuck: async (env, T, o) => (await Promise.all([at(T, o).stuck(), at(T, o).unstick()].map((p) => saw(() => p)))).join("\n"),
  stuckOnOutside: (env, T, o) => at(T, o).stuckOnOutside(),
  stateless: (env, T, o, ctx) => [typeof ctx.blockConcurrencyWhile, typeof ctx.storage, "id" in ctx].join(),
  timers: async (env, T, o) => at(T, o).manyTimers(),
  statelessTimers: () => manyTimers(),
  throwRetryable: (env, T, o) => at(T, o).throwRetryable(),
  throwOverloaded: (env, T, o) => at(T, o).throwOverloaded(),
  throwReset: (env, T, o) => at(T, o).throwReset(),
  throwText: (env, T, o) => at(T, o).throwText(),
  throwDom: (env, T, o) => at(T, o).throwDom(),
  throwSyntax: (env, T, o) => at(T, o).throwSyntax(),
  viaOther: (env, T, o) => at(T, o).viaOther(),
  fetchAbort: (env, T, o) => at(T, o).fetch("https://do/abort"),
  fetchThrow: (env, T, o) => at(T, o).fetch("https://do/throw"),
  fetchHi: async (env, T, o) => (await at(T, o).fetch("https://do/")).text(),
  ids: async (env, T) => {
    const id = T.newUniqueId(), named = T.idFromName("q"), read = T.idFromString(named.toString());
    return (await Promise.all([
      () => T.idFromString(env.OTHER.newUniqueId().toString()), () => T.idFromString("abc"),
      () => T.idFromString(id.toString().toUpperCase()).equals(id), () => id.equals("x"), () => T.idFromName(),
      () => T.idFromName("a").equals(env.OTHER.idFromName("a")), () => read.equals(named),
      () => `${named.name} ${read.name} ${id.name} ${T.get(named).name} ${T.get(read).name}`,
      () => `${id}`.length, async () => (await T.get(named).who()) + " " + (await T.get(named).id.equals(named)),
    ].map((f) => saw(f)))).join("\n");
  },
  sameStub: async (env, T, o) => {
    const stub = at(T, o), other = at(T, o), unused = at(T, o);
    await stub.hi();
    const seen = [saw(() => other.slow()), saw(() => stub.abort("why"))];
    for (const call of seen) await call;
    for (const s of [stub, stub, other, unused, at(T, o)]) seen.push(saw(() => s.hi()));
    seen.push(saw(() => stub.fetch("https://do/")));
    return (await Promise.all(seen)).join("\n");
  },
  readFirst: async (env, T) => `${await T.get(T.idFromString(T.idFromName("r").toString())).who()}`,
  underWay: async (env, T, o) => {
    const calls = [at(T, o).slow(), at(T, o).slow(), at(T, o).fetch("https://do/abort")];
    return (await Promise.all(calls.map((call) => saw(() => call)))).join("\n");
  },
};
)";

const App& app() {
  static const App made(kSource, {.heap_limit_bytes = 32 << 20});
  return made;
}

TEST(Abort, TellsCallersItsReasonAndRunsNoFinally) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("abort"), "Error: why durableObjectReset=true");
  EXPECT_EQ(rig.ask("abortNothing"),
            "Error: Application called abort() to reset Durable Object. durableObjectReset=true");
  EXPECT_EQ(rig.ask("abortWithError"), "Error: RangeError: range durableObjectReset=true");
  EXPECT_EQ(rig.ask("fetchAbort"), "Error: by fetch remote=true durableObjectReset=true");
  rig.forget_lines();
  EXPECT_EQ(rig.ask("abortUnsaved"), "Error: unsaved durableObjectReset=true");
  EXPECT_EQ(rig.ask("lost"), "nothing");
  EXPECT_EQ(rig.lines(), "made o\nmade o\n");
}

TEST(Reset, FailsEveryCallUnderWayAndTheNextInstanceStartsAnew) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  EXPECT_EQ(rig.ask("hi"), "hi 2");
  EXPECT_EQ(rig.ask("underWay"), "Error: by fetch durableObjectReset=true\n"
                                 "Error: by fetch durableObjectReset=true\n"
                                 "Error: by fetch remote=true durableObjectReset=true");
  EXPECT_EQ(rig.ask("hi"), "hi 1");
}

TEST(Reset, BreaksTheStubsWhoseCallsItFailedForEver) {
  Rig rig(app());
  const std::string why = "Error: why durableObjectReset=true\n";
  EXPECT_EQ(rig.ask("sameStub"), why + why + why + why + why + "hi 1\nhi 2\nError: why durableObjectReset=true");
}

TEST(Reset, AFailedSectionCannotBeCaughtWithin) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("section"), "RangeError: inside durableObjectReset=true");
  EXPECT_EQ(rig.ask("caught"), "RangeError: inside durableObjectReset=true");
  EXPECT_EQ(rig.lines().find("caught"), std::string::npos);
}

TEST(Reset, AFailedConstructorFailsWhoeverWaitsWithItsError) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi?o=bad"), "RangeError: constructor durableObjectReset=true");
  EXPECT_EQ(rig.ask("fetchHi?o=bad"), "RangeError: constructor remote=true durableObjectReset=true");
  EXPECT_EQ(rig.ask("hi?o=blocked"), "TypeError: in section durableObjectReset=true");
}

TEST(ErrorsOfMethods, KeepTypeTextAndFlags) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("throwRetryable"), "Error: mine retryable=true remote=true");
  EXPECT_EQ(rig.ask("throwOverloaded"), "Error: mine overloaded=true remote=true");
  // A property like any other here (enhanced error serialization).
  EXPECT_EQ(rig.ask("throwReset"), "Error: mine remote=true durableObjectReset=true");
  EXPECT_EQ(rig.ask("throwText"), "Error: text remote=true");
  EXPECT_EQ(rig.ask("throwDom"), "AbortError: dom remote=true");
  EXPECT_EQ(rig.ask("throwSyntax"), "SyntaxError: syntax remote=true");
  EXPECT_EQ(rig.ask("viaOther"), "Error: mine retryable=true remote=true");
  EXPECT_EQ(rig.ask("fetchThrow"), "RangeError: thrown remote=true");
}

TEST(ErrorsOfMethods, LeaveTheInstanceAsItWas) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  rig.ask("fetchThrow");
  rig.ask("throwText");
  EXPECT_EQ(rig.ask("hi"), "hi 2");
  EXPECT_EQ(rig.ends(), "");
}

TEST(Ids, BelongToTheirNamespaceAndKeepTheirNameWhereItIsKnown) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("ids"),
            "TypeError: Durable Object ID is not valid for this namespace.\n"
            "TypeError: Invalid Durable Object ID: must be 64 hex digits\n"
            "true\n"
            "TypeError: Failed to execute 'equals' on 'DurableObjectId': parameter 1 is not of type "
            "'DurableObjectId'.\n"
            "TypeError: Failed to execute 'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type "
            "'string'.\n"
            "false\ntrue\n"
            "q undefined undefined q undefined\n"
            "64\nq 64 true");
  EXPECT_EQ(rig.ask("readFirst"), "undefined 64");
}

TEST(Eviction, ComesTenSecondsAfterTheLastEvent) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  rig.run_for(millis(9'500));
  EXPECT_EQ(rig.ask("hi"), "hi 2");  // and the ten seconds begin anew
  rig.run_for(millis(9'500));
  EXPECT_NE(rig.object("o"), nullptr);
  rig.run_for(millis(1'000));
  EXPECT_EQ(rig.object("o"), nullptr);
  EXPECT_EQ(rig.ends(), "evicted after being idle\n");
  EXPECT_EQ(rig.ask("hi"), "hi 1");
}

TEST(Eviction, WaitsForTimersWaitUntilAndWhatIsAwaited) {
  for (const char* what : {"later", "keep"}) {
    Rig rig(app());
    EXPECT_EQ(rig.ask(what), "undefined");
    rig.run_for(seconds(59));
    ASSERT_NE(rig.object("o"), nullptr) << what;
    EXPECT_EQ(rig.lines(), "made o\n");
    rig.run_for(seconds(2));
    EXPECT_NE(rig.lines(), "made o\n") << what;
    EXPECT_NE(rig.object("o"), nullptr) << what;
    rig.run_for(seconds(10));
    EXPECT_EQ(rig.object("o"), nullptr) << what;
  }
  Rig rig(app());
  rig.cloud().origin("nobody.example.net");  // never answers
  EXPECT_EQ(rig.ask("outside"), "undefined");
  rig.run_for(seconds(30));
  EXPECT_NE(rig.object("o"), nullptr);
}

TEST(Eviction, DoesNotWaitForAClearedTimer) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("cleared"), "undefined");
  rig.run_for(seconds(11));
  EXPECT_EQ(rig.object("o"), nullptr);
}

TEST(Eviction, LeavesACallThatTakesLongerAlone) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("slow"), "slow 1");
  EXPECT_EQ(rig.ends(), "");
}

TEST(Limits, OfCpuResetTheObjectAndEveryOtherOfItsIsolate) {
  Rig rig(app());
  rig.ask("hi?o=a");
  // Objects of one host share an isolate: find another one there.
  std::string other;
  for (char c = 'b'; c <= 'z' && other.empty(); ++c) {
    const std::string name(1, c);
    rig.ask("hi?o=" + name);
    if (&rig.object(name)->worker() == &rig.object("a")->worker()) other = name;
  }
  ASSERT_NE(other, "");
  EXPECT_EQ(rig.ask("spin?o=a"),
            "Error: Durable Object exceeded its CPU time limit and was reset. durableObjectReset=true");
  EXPECT_EQ(rig.ask("hi?o=" + other), "hi 1");
  EXPECT_NE(rig.ends().find("an object in its isolate used up its CPU time\n"), std::string::npos);
  EXPECT_EQ(rig.ask("hi?o=a"), "hi 1");
}

TEST(Limits, OfMemoryResetTheIsolateWithEveryObjectInIt) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("eat"),
            "Error: Durable Object exceeded its memory limit and was reset. durableObjectReset=true");
  EXPECT_EQ(rig.ask("hi"), "hi 1");
}

TEST(Limits, OfASectionThatTakesTooLong) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("tooLong"),
            "Error: A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was "
            "canceled and the Durable Object was reset. overloaded=true durableObjectReset=true");
  EXPECT_EQ(rig.ask("hi"), "hi 1");
}

// Only another event could end it, and events wait for its end. It takes no 30 seconds to say so; where something
// begun outside is under way it does, as in the real runtime.
TEST(Limits, OfASectionThatNothingUnderWayCanEnd) {
  Rig rig(app());
  const std::string deadlock =
      "Error: A critical section within this Durable Object awaited a Promise that apparently will never complete. "
      "This could happen in particular if a critical section awaits a task that was initiated outside of the "
      "critical section. Since a critical section blocks all other tasks from completing, this leads to deadlock. "
      "durableObjectReset=true";
  const Instant before = rig.world().now();
  EXPECT_EQ(rig.ask("stuck"), deadlock + "\n" + deadlock);
  EXPECT_LT((rig.world().now() - before).us, seconds(5).us);
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  EXPECT_EQ(rig.ask("stuckOnOutside"),
            "Error: A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was "
            "canceled and the Durable Object was reset. overloaded=true durableObjectReset=true");
}

TEST(Limits, OfTimersAreTenThousandAContext) {
  Rig rig(app());
  const std::string text =
      "10000 QuotaExceededError: You have exceeded the number of active timeouts you may set. max active timeouts: "
      "10000, current active timeouts: 10000, finished timeouts: 0";
  EXPECT_EQ(rig.ask("timers"), text);
  EXPECT_EQ(rig.ask("statelessTimers"), text);
}

// While the object's write is not durable a read of KV goes on and a write does not leave; a Worker has no gate.
TEST(OutputGate, HoldsWritesOfKvAndNoReads) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  const auto followers = rig.object("o")->followers();
  for (int i = 0; i < 3; ++i) rig.cloud().hosts().crash(rig.cloud().hosts().by_id(followers[i]));
  rig.send("putThenKv");
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.lines(), "made o\nread null\n");
  EXPECT_EQ(rig.ask("kvPut"), "put");
  EXPECT_EQ(rig.ask("kv"), "null");
  for (int i = 0; i < 3; ++i) rig.cloud().hosts().restart(rig.cloud().hosts().by_id(followers[i]));
  rig.run_for(seconds(70));  // longer than a read of KV may be stale
  EXPECT_EQ(rig.lines(), "made o\nread null\nwritten\n");
  EXPECT_EQ(rig.ask("kv"), "v");
}

// 2^31 ms are no overflow, and what is before now is now.
TEST(Timers, AreDueAtTheirDelayFromZeroToAHundredYears) {
  Rig rig(app());
  rig.ask("longest");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.lines(), "made o\nminus\nnan\n");
  rig.run_for(seconds(2'147'483));
  EXPECT_EQ(rig.lines(), "made o\nminus\nnan\n2^31\n");
}

TEST(StatelessWorkers, HaveNoSectionsAndNoStorage) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("stateless"), "undefined,undefined,false");
}

// A host that has not run the Worker lately makes its isolate first.
TEST(ColdStart, CostsTheFirstRequestOfAHost) {
  Rig rig(app());
  auto took = [&](const char* what) {
    const Instant before = rig.world().now();
    EXPECT_EQ(rig.ask(what), "hi 1");
    return rig.world().now() - before;
  };
  const Duration cold = took("hi?o=a");
  rig.crash_owner("a");
  rig.run_for(minutes(1));
  took("hi?o=a");
  // Another object of a host whose isolate is warm by now.
  Duration warm = cold;
  for (char c = 'b'; c <= 'z' && warm == cold; ++c) {
    const std::string name(1, c);
    const Duration each = took(("hi?o=" + name).c_str());
    if (&rig.object(name)->worker() == &rig.object("a")->worker()) warm = each;
  }
  EXPECT_GE((cold - warm).us, durable::kColdStart.us);
}

TEST(Limits, OfAWriteThatIsNotDurableInTime) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi"), "hi 1");
  for (host::HostId follower : rig.object("o")->followers())
    rig.cloud().hosts().crash(rig.cloud().hosts().by_id(follower));
  EXPECT_EQ(rig.ask("put"),
            "Error: Durable Object storage operation exceeded timeout which caused object to be reset. "
            "overloaded=true durableObjectReset=true");
}

TEST(Deployment, ResetsEveryObjectWithinSeconds) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hi?o=a"), "hi 1");
  EXPECT_EQ(rig.ask("hi?o=b"), "hi 1");
  rig.send("slow?o=a");
  rig.run_for(seconds(1));
  rig.fault(R"({"kind":"deploy","app":"app","version":"v1"})");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.answers().back(), "Error: Durable Object reset because its code was updated. "
                                  "retryable=true durableObjectReset=true");
  EXPECT_EQ(rig.ends(), "its code was updated\nits code was updated\n");
  EXPECT_EQ(rig.ask("hi?o=a"), "hi 1");
}

TEST(Deployment, LetsStatelessEventsEndAndGivesTheNextFreshGlobals) {
  Rig rig(app());
  rig.send("slow?o=a");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ask("loads"), "1");
  rig.fault(R"({"kind":"deploy","app":"app"})");
  rig.run_for(seconds(6));
  EXPECT_TRUE(rig.answers().back().starts_with("Error: Durable Object reset")) << rig.answers().back();
  EXPECT_EQ(rig.ask("loads"), "1");
}

TEST(Deployment, OfAWorkerThatIsNotThereIsAMistake) {
  Rig rig(app());
  fault::Fault fault;
  std::string error;
  ASSERT_TRUE(fault::parse_fault({{"kind", "deploy"}, {"app", "shop"}}, &fault, &error));
  EXPECT_EQ(rig.faults().begin(fault), "deploy: there is no Worker \"shop\"");
}

}  // namespace
}  // namespace orrery::objects
