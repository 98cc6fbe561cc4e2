// Several Workers in one world: service bindings with fetch and RPC, entrypoints, errors, objects of
// another Worker, loops, crashes. Goal: a Worker that calls another sees what the real runtime shows it. Method: a
// cloud of three Workers; each case is one request to the first, which tells what it saw. The error texts are
// those of workerd 1.20260426.1 (asked through miniflare), but for the depth limit, which it does not have.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/edge/service_calls.h"
#include "platform/tests/deploy.h"

namespace orrery {
namespace {

constexpr const char* kGateway = R"(
globalThis.mine = "gateway";
const show = (e) => `${e.constructor.name} ${e.name}: ${e.message} remote=${e.remote}`;
const cases = {
  fetch: async (env) => (await env.AUTH.fetch("https://auth/a?b=1", { headers: { q: "1" } })).text(),
  post: async (env) => (await env.AUTH.fetch("https://auth/p", { method: "POST", body: "hello" })).text(),
  forward: async (env, request) => (await env.AUTH.fetch(request)).text(),
  status: async (env) => { const r = await env.AUTH.fetch("https://auth/status"); return `${r.status} ${r.statusText} ${r.headers.get("x-a")}`; },
  fetchThrow: (env) => env.AUTH.fetch("https://auth/throw"),
  fetchReject: (env) => env.AUTH.fetch("https://auth/reject"),
  fetchHang: (env) => env.AUTH.fetch("https://auth/hang"),
  abort: (env) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 5);
    return env.AUTH.fetch("https://auth/slow", { signal: stop.signal });
  },
  rpc: (env) => env.AUTH.verify("t", { at: new Date(7), set: new Set([1]) }),
  rpcThrow: (env) => env.AUTH.bad(),
  rpcOwnClass: (env) => env.AUTH.custom(),
  missing: (env) => env.AUTH.nothing(1),
  field: (env) => env.AUTH.field(),
  reserved: (env) => env.AUTH.alarm(),
  symbol: (env) => env.AUTH.verify(Symbol("a")),
  named: (env) => env.ADMIN.who(),
  namedFetch: async (env) => (await env.ADMIN.fetch("https://auth/")).text(),
  noFetch: (env) => env.NOFETCH.fetch("https://auth/"),
  plain: (env) => env.PLAIN.one(7),
  plainTwo: (env) => env.PLAIN.one(7, 8),
  plainMissing: (env) => env.PLAIN.zero(),
  globals: async (env) => `${globalThis.mine} ${await env.AUTH.mine()}`,
  spin: (env) => env.AUTH.spin(),
  eat: (env) => env.AUTH.eat(),
  after: async (env) => { await env.AUTH.later(); return "answered"; },
  loop: async (env) => { const r = await env.AUTH.fetch("https://auth/loop?n=2"); return r.text(); },
  self: async (env) => (await env.SELF.fetch("https://gateway/?t=post")).text(),
  object: (env) => env.SESSIONS.getByName("ann").add(1),
  objectOfService: (env) => env.AUTH.session("ann"),
  order: async (env) => {
    const calls = [];
    for (let i = 0; i < 20; i++) calls.push(env.AUTH.note(i));
    await Promise.all(calls);
    return env.AUTH.noted();
  },
  slow: async (env) => (await env.AUTH.fetch("https://auth/slow")).text(),
  deep: (env) => env.SESSIONS.getByName("s0").deeper(1),
  many: async (env) => {
    for (let i = 0; ; i++) try { await env.AUTH.note(i); } catch (error) { return `${i} ${show(error)}`; }
  },
  cutOff: (env, request, ctx) => {
    ctx.waitUntil(wait(29000).then(() => console.log("in time")));
    ctx.waitUntil(wait(31000).then(() => console.log("too late")));
    return "answered";
  },
  rejected: (env, request, ctx) => {
    ctx.waitUntil(Promise.reject(new RangeError("in the background")));
    ctx.waitUntil(wait(100).then(() => { ctx.waitUntil(wait(100).then(() => console.log("one after the other"))); }));
    ctx.waitUntil(5);
    return "answered";
  },
  destructured: (env, request, ctx) => { const { waitUntil } = ctx; waitUntil(Promise.resolve()); },
  noPromise: (env, request, ctx) => ctx.waitUntil(),
};
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname === "/loop") return env.AUTH.fetch(`https://auth/loop?n=${+url.searchParams.get("n") + 1}`);
    try {
      const value = await cases[url.searchParams.get("t")](env, request, ctx);
      return new Response(typeof value === "string" ? value : JSON.stringify(value));
    } catch (error) {
      return new Response(show(error));
    }
  },
};
)";

constexpr const char* kAuth = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
globalThis.mine = "auth";
const notes = [];
export default class extends WorkerEntrypoint {
  field = 5;
  async fetch(request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/throw": throw new RangeError("too far");
      case "/reject": await wait(5); throw new TypeError("later");
      case "/hang": return new Promise(() => {});
      case "/slow": await wait(2000); console.log("slow is done"); return new Response("slow");
      case "/status": return new Response("no", { status: 418, statusText: "Teapot", headers: { "x-a": "b" } });
      case "/loop": try {
        return await this.env.GATEWAY.fetch(`https://gateway/loop?n=${+url.searchParams.get("n") + 1}`);
      } catch (error) { return new Response(`${url.searchParams.get("n")} ${error.message}`); }
    }
    return new Response(`${request.method} ${request.url} ${request.headers.get("q")} ${await request.text()}`);
  }
  verify(token, more) { return `${token} ${more.at.getTime()} ${more.set.has(1)} ${arguments.length}`; }
  async bad() { throw new RangeError("no good"); }
  custom() { class Own extends Error { constructor(m) { super(m); this.name = "Own"; } } throw new Own("mine"); }
  mine() { return `${globalThis.mine} ${this.env.SECRET}`; }
  spin() { for (;;) (meter[0] -= 1000) < 0 && trip(); }
  eat() { const all = []; for (;;) { (meter[0] -= 10) < 0 && trip(); all.push(new Array(10000).fill({})); } }
  later() { this.ctx.waitUntil(wait(1000).then(() => console.log("kept on"))); }
  note(n) { notes.push(n); }
  noted() { return notes.join(); }
  session(name) { return this.env.SESSIONS.getByName(name).add(10); }
}
export class Admin extends WorkerEntrypoint {
  who() { return this.ctx.props.role; }
  fetch() { return new Response(`admin ${this.ctx.props.role}`); }
}
export class NoFetch extends WorkerEntrypoint {}
export const plain = { one(arg, env, ctx) { return `${arg} ${env.SECRET} ${ctx.constructor.name}`; } };
export class Session extends DurableObject {
  async add(n) {
    const sum = ((await this.ctx.storage.get("sum")) ?? 0) + n;
    await this.ctx.storage.put("sum", sum);
    return sum;
  }
  async deeper(n) { return this.env.SESSIONS.getByName(`s${n}`).deeper(n + 1); }
}
)";

constexpr const char* kHung =
    "The Workers runtime canceled this request because it detected that your Worker's code had hung and would "
    "never generate a response. Refer to: https://developers.cloudflare.com/workers/observability/errors/";

const worker::Deployment& gateway() {
  static const auto made = rig::deploy(
      "gateway", kGateway,
      {rig::service("AUTH", "auth"), rig::service("ADMIN", "auth", "Admin", R"({"role":"root"})"),
       rig::service("NOFETCH", "auth", "NoFetch"), rig::service("PLAIN", "auth", "plain"),
       rig::service("SELF", "gateway"), rig::object("SESSIONS", "Session", "auth")},
      {}, {.subrequest_limit = 50});
  return made;
}

const worker::Deployment& auth() {
  static const auto made =
      rig::deploy("auth", kAuth,
                  {rig::service("GATEWAY", "gateway"), rig::object("SESSIONS", "Session"),
                   {.name = "SECRET", .value = "hidden"}},
                  {"Session"}, {.heap_limit_bytes = 32 << 20});
  return made;
}

CloudOptions six_cities() {
  CloudOptions options;
  options.pops = {"FRA", "AMS", "CDG", "LHR", "MAD", "VIE"};
  return options;
}

class Rig {
 public:
  Rig()
      : cloud_(rig::geography(), worker::Application({&gateway(), &auth()}),
               six_cities()),
        client_(cloud_.add_client(*rig::geography().find("FRA"), "client/1")),
        tasks_(cloud_.world().loop()) {
    auto& observers = cloud_.world().observers();
    observers.subscribe<worker::ConsoleLine>([this](const worker::ConsoleLine& line, const EventContext&) {
      lines_ += std::string(line.level) + " " + std::string(line.line) + "\n";
    });
    observers.subscribe<edge::ServiceEvent>([this](const edge::ServiceEvent& e, const EventContext&) {
      calls_.push_back(cloud_.world().trace().lane_at(e.lane).name + ": " + e.text());
    });
  }
  Cloud& cloud() { return cloud_; }
  void run_for(Duration time) { cloud_.world().loop().run_until(cloud_.world().now() + time); }
  void send(const std::string& url) { tasks_.spawn(fetch(url)); }
  // The answer's body, or what became of the request instead.
  std::string ask(const std::string& url) {
    const uint64_t ended = ended_;
    send(url);
    while (ended_ == ended) cloud_.world().loop().step();
    return last_;
  }
  std::string tell(const char* what) { return ask(std::string("/?t=") + what); }
  uint64_t ended() const { return ended_; }
  const std::string& last() const { return last_; }
  const std::string& lines() const { return lines_; }
  const std::vector<std::string>& calls() const { return calls_; }
  uint64_t hash() { return cloud_.world().trace().hash(); }

 private:
  Task<void> fetch(std::string url) {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = std::move(url);
    client::Exchange exchange = co_await client_.fetch(std::move(request));
    last_ = exchange.response ? std::string(exchange.response->body.text()) : "lost: " + exchange.error;
    ++ended_;
  }
  Cloud cloud_;
  client::Client& client_;
  std::string last_;
  uint64_t ended_ = 0;
  std::string lines_;
  std::vector<std::string> calls_;
  TaskScope tasks_;
};

TEST(ServiceBinding, FetchReachesTheOtherWorkerWithBodyAndHeadersAndNoNetworkBetween) {
  Rig rig;
  EXPECT_EQ(rig.tell("fetch"), "GET https://auth/a?b=1 1 ");
  EXPECT_EQ(rig.tell("post"), "POST https://auth/p null hello");
  EXPECT_EQ(rig.tell("status"), "418 Teapot b");
  EXPECT_EQ(rig.tell("forward"), "GET https://gateway.example.com/?t=forward null ");
  ASSERT_EQ(rig.calls().size(), 4u);
  EXPECT_TRUE(rig.calls()[0].starts_with("isolate:FRA/")) << rig.calls()[0];
  EXPECT_TRUE(rig.calls()[0].ends_with("/auth@v1: gateway calls GET https://auth/a?b=1")) << rig.calls()[0];
}

TEST(ServiceBinding, AFailedFetchThrowsTheExceptionItselfAtTheCaller) {
  Rig rig;
  EXPECT_EQ(rig.tell("fetchThrow"), "RangeError RangeError: too far remote=true");
  EXPECT_EQ(rig.tell("fetchReject"), "TypeError TypeError: later remote=true");
  EXPECT_EQ(rig.tell("noFetch"), "Error Error: Handler does not export a fetch() function. remote=true");
  EXPECT_EQ(rig.tell("fetchHang"), std::string("Error Error: ") + kHung + " remote=true");
}

TEST(ServiceBinding, AnAbortedFetchRejectsAtOnceAndTheCalleeGoesOn) {
  Rig rig;
  EXPECT_EQ(rig.tell("abort"), "Error Error: enough remote=undefined");
  EXPECT_LT(rig.cloud().world().now().us, 1'000'000);
  EXPECT_EQ(rig.lines(), "");
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.lines(), "log slow is done\n");
}

TEST(ServiceBinding, MethodsTakeAndGiveStructuredClones) {
  Rig rig;
  EXPECT_EQ(rig.tell("rpc"), "t 7 true 2");
  EXPECT_EQ(rig.tell("symbol"), "DOMException DataCloneError: Symbol(a) could not be cloned. remote=undefined");
}

TEST(ServiceBinding, ErrorsOfMethodsCrossWithNameAndMessage) {
  Rig rig;
  EXPECT_EQ(rig.tell("rpcThrow"), "RangeError RangeError: no good remote=true");
  EXPECT_EQ(rig.tell("rpcOwnClass"), "Error Own: mine remote=true");
  const std::string missing = "TypeError TypeError: The RPC receiver does not implement the method ";
  EXPECT_EQ(rig.tell("missing"), missing + "\"nothing\". remote=true");
  EXPECT_EQ(rig.tell("field"), missing + "\"field\". remote=true");
  EXPECT_EQ(rig.tell("reserved"),
            "TypeError TypeError: 'alarm' is a reserved method and cannot be called over RPC. remote=true");
}

TEST(ServiceBinding, CallsThroughOneBindingArriveInOrder) {
  Rig rig;
  EXPECT_EQ(rig.tell("order"), "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19");
}

TEST(Entrypoint, NamedOnesAreReachedWithThePropsOfTheirBinding) {
  Rig rig;
  EXPECT_EQ(rig.tell("named"), "root");
  EXPECT_EQ(rig.tell("namedFetch"), "admin root");
  ASSERT_EQ(rig.calls().size(), 2u);
  EXPECT_TRUE(rig.calls()[0].ends_with(": gateway calls Admin.who()")) << rig.calls()[0];
}

TEST(Entrypoint, FunctionsOfAPlainObjectTakeOneArgumentAndGetEnvAndCtx) {
  Rig rig;
  EXPECT_EQ(rig.tell("plain"), "7 hidden ExecutionContext");
  EXPECT_TRUE(rig.tell("plainTwo").starts_with(
      "TypeError TypeError: Attempted to call RPC function \"one\" with the wrong number of arguments."));
  EXPECT_EQ(rig.tell("plainMissing"),
            "TypeError TypeError: The RPC receiver does not implement the method \"zero\". remote=true");
}

TEST(Workers, HaveGlobalsAndEnvOfTheirOwn) {
  Rig rig;
  EXPECT_EQ(rig.tell("globals"), "gateway auth hidden");
}

TEST(Workers, AreReachedByClientsUnderTheirOwnNames) {
  Rig rig;
  EXPECT_EQ(rig.ask("https://auth.example.com/x"), "GET https://auth.example.com/x null ");
  EXPECT_EQ(rig.ask("https://shop.example.org/?t=globals"), "gateway auth hidden");
}

TEST(Workers, LimitsEndTheCalleeAlone) {
  Rig rig;
  EXPECT_EQ(rig.tell("spin"), "Error Error: Worker exceeded CPU time limit. remote=true");
  EXPECT_EQ(rig.tell("eat"), "Error Error: Worker exceeded memory limit. remote=true");
  EXPECT_EQ(rig.tell("globals"), "gateway auth hidden");  // a fresh isolate
}

TEST(Workers, OneMayCallItself) {
  Rig rig;
  EXPECT_EQ(rig.tell("self"), "POST https://auth/p null hello");
}

TEST(Workers, ChainsOfCallsEndAtTheDepthLimit) {
  Rig rig;
  // The client's request is the first of sixteen.
  EXPECT_EQ(rig.tell("loop"),
            "16 Subrequest depth limit exceeded. This request recursed through Workers too many times. This can "
            "happen e.g. if you have a Worker or Durable Object that calls other Workers or objects recursively.");
  EXPECT_EQ(rig.calls().size(), 15u);
}

TEST(Workers, ChainsOfObjectsEndThereToo) {
  Rig rig;
  EXPECT_TRUE(rig.tell("deep").starts_with("Error Error: Subrequest depth limit exceeded.")) << rig.last();
  EXPECT_EQ(rig.cloud().objects("Session").size(), 15u);
}

TEST(Workers, MakeSoManyCallsAnEventAndNoMore) {
  Rig rig;
  EXPECT_EQ(rig.tell("many"), "50 Error Error: Too many subrequests. remote=undefined");
  EXPECT_EQ(rig.tell("rpc"), "t 7 true 2");
}

TEST(ObjectOfAnotherWorker, IsOneObjectForBothAndRunsItsOwnWorkersCode) {
  Rig rig;
  EXPECT_EQ(rig.tell("object"), "1");
  EXPECT_EQ(rig.tell("objectOfService"), "11");
  EXPECT_EQ(rig.tell("object"), "12");
  EXPECT_EQ(rig.cloud().objects("Session").size(), 1u);
}

TEST(WaitUntil, KeepsTheCalleesEventAliveAfterItsAnswer) {
  Rig rig;
  EXPECT_EQ(rig.tell("after"), "answered");
  EXPECT_EQ(rig.lines(), "");
  rig.run_for(seconds(2));
  EXPECT_EQ(rig.lines(), "log kept on\n");
}

TEST(WaitUntil, IsCutOffThirtySecondsAfterTheAnswerWithAWarning) {
  Rig rig;
  EXPECT_EQ(rig.tell("cutOff"), "answered");
  rig.run_for(millis(29'500));
  EXPECT_EQ(rig.lines(), "log in time\n");
  rig.run_for(seconds(10));
  EXPECT_EQ(rig.lines(),
            "log in time\nwarn waitUntil() tasks did not complete within the allowed time after invocation end and "
            "have been cancelled. See: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil\n");
}

TEST(WaitUntil, ARejectionIsLoggedAndEndsNeitherTheOthersNorTheAnswer) {
  Rig rig;
  EXPECT_EQ(rig.tell("rejected"), "answered");
  rig.run_for(seconds(1));
  EXPECT_TRUE(rig.lines().starts_with("warn Uncaught (in promise) RangeError: in the background")) << rig.lines();
  EXPECT_TRUE(rig.lines().ends_with("\nlog one after the other\n")) << rig.lines();
}

TEST(WaitUntil, RefusesWhatTheRealOneRefuses) {
  Rig rig;
  EXPECT_TRUE(rig.tell("destructured").starts_with(
      "TypeError TypeError: Illegal invocation: function called with incorrect `this` reference."));
  EXPECT_EQ(rig.tell("noPromise"), "TypeError TypeError: Failed to execute 'waitUntil' on 'ExecutionContext': "
                                   "parameter 1 is not of type 'Promise'. remote=undefined");
}

TEST(ServiceBinding, ACrashOfTheHostEndsTheCallForTheClientAndNothingGoesOn) {
  Rig rig;
  rig.send("/?t=slow");
  rig.run_for(millis(500));
  ASSERT_EQ(rig.calls().size(), 1u);
  host::Host& host = *rig.cloud().hosts().by_name("host:" + rig.calls()[0].substr(8, 5));
  rig.cloud().hosts().crash(host);
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.ended(), 1u);
  EXPECT_TRUE(rig.last().starts_with("lost: ")) << rig.last();
  EXPECT_EQ(rig.lines(), "");
  rig.cloud().hosts().restart(host);
  EXPECT_EQ(rig.tell("slow"), "slow");
}

TEST(ServiceBinding, TheSameSeedIsTheSameRun) {
  auto run = [] {
    Rig rig;
    for (const char* what : {"fetch", "rpc", "objectOfService", "loop", "after", "spin"}) rig.tell(what);
    return rig.hash();
  };
  EXPECT_EQ(run(), run());
}

TEST(Application, SaysWhatIsWrongWithTheBindingsBetweenWorkers) {
  auto fault = [](std::vector<const worker::Deployment*> all) { return worker::Application(std::move(all)).fault(); };
  EXPECT_EQ(fault({&gateway(), &auth()}), "");
  EXPECT_EQ(fault({&gateway()}),
            "binding AUTH of Worker \"gateway\" refers to the service \"auth\", but there is no such Worker here "
            "(there is gateway)");
  EXPECT_EQ(fault({&auth(), &auth()}), "two Workers are named \"auth\"");
  auto with = [&](runtime::Binding binding) {
    const auto front = rig::deploy("front", kGateway, {std::move(binding)}, {"Session"});
    auto back = rig::deploy("back", kAuth, {}, {"Session"});
    back.set_exports({"default", "Session"});
    worker::Application both({&front, &back});
    return both.fault().empty() ? both.find_class("back.Session")->label : both.fault();
  };
  EXPECT_EQ(with(rig::object("O", "Session", "back")), "back.Session");
  EXPECT_EQ(with(rig::service("B", "back", "Nope")),
            "binding B of Worker \"front\" refers to the service \"back\" with the entrypoint \"Nope\", but \"back\" "
            "exports nothing of that name");
  EXPECT_EQ(with(rig::object("O", "Absent", "back")),
            "binding O names the class Absent, which no migration of the Worker \"back\" declares");
  EXPECT_EQ(with(rig::object("O", "Session", "gone")),
            "binding O of Worker \"front\" refers to the class Session of the Worker \"gone\", but there is no such "
            "Worker here (there is front, back)");
}

}  // namespace
}  // namespace orrery
