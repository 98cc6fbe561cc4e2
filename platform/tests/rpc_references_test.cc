// References between contexts in a world with faults: what a lost host, an ended request and a reset do to stubs, how
// many round trips a pipeline takes, what keeps an object from being evicted, and which stubs are held at the end.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/durable/actor/events.h"
#include "platform/tests/deploy.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"(
import { DurableObject, RpcTarget } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const show = (e) => `${e.name}: ${e.message}${e.retryable ? " retryable" : ""}`;
class Counter extends RpcTarget {
  n = 0;
  increment() { return ++this.n; }
}
export class Shop extends DurableObject {
  kept = null;
  ping() { return "pong"; }
  counter() { return new Counter(); }
  async nested() { return { of: { c: new Counter() } }; }
  hold(f) { this.kept = f.dup(); }
  async useHeld() { try { return await this.kept(1); } catch (e) { return show(e); } }
  dropHeld() { this.kept[Symbol.dispose](); }
  async write(n) { await this.ctx.storage.put("n", n); return n; }
  // A call back that leaves after a write waits until the write is durable.
  async writeThenCall(f) { this.ctx.storage.put("n", 1); return await f(); }
  async fetchCounter(name) { this.c = await this.env.SHOPS.getByName(name).counter(); return this.c.increment(); }
  async useCounter() { try { return await this.c.increment(); } catch (e) { return show(e); } }
  async readAfter(f) { const before = (await this.ctx.storage.get("n")) ?? 0; const by = await f(before); await this.ctx.storage.put("n", before + by); return before + by; }
}
const cases = {
  warm: (s) => s.ping(),
  pipeline: async (s) => { const t = Date.now(); const v = await s.counter().increment(); return `${v} ${Date.now() - t}`; },
  deep: async (s) => { const t = Date.now(); const v = await s.nested().of.c.increment(); return `${v} ${Date.now() - t}`; },
  one: async (s) => { const t = Date.now(); await s.ping(); return `${Date.now() - t}`; },
  hold: async (s) => { await s.hold((x) => x + 1); return s.useHeld(); },
  useHeld: (s) => s.useHeld(),
  dropHeld: (s) => s.dropHeld(),
  dropped: async (s) => { await s.hold((x) => x + 1); await s.dropHeld(); return s.useHeld(); },
  callBack: (s) => s.writeThenCall(() => "called"),
  later: async (s) => { const c = s.counter(); await wait(0); return `${await c.increment()} ${await c.increment()}`; },
  longHold: async (s) => { const c = await s.counter(); await c.increment(); await wait(30000); return `${await c.increment()}`; },
  across: (s) => s.fetchCounter("other"),
  useAcross: (s) => s.useCounter(),
};
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    try {
      const value = await cases[url.searchParams.get("t")](env.SHOPS.getByName("a"));
      return new Response(`${value}`);
    } catch (error) {
      return new Response(show(error));
    }
  },
};
)";

const worker::Deployment& deployment() {
  static const auto made = rig::deploy("main", kWorker, {rig::object("SHOPS", "Shop")}, {"Shop"});
  return made;
}

CloudOptions two_cities() {
  CloudOptions options;
  options.pops = {"FRA", "SYD"};
  return options;
}

class Rig {
 public:
  // The object lives in Frankfurt; `near` clients are there, others in Sydney.
  Rig()
      : cloud_(rig::geography(), worker::Application({&deployment()}), two_cities()),
        near_(cloud_.add_client(*rig::geography().find("FRA"), "client/1")),
        far_(cloud_.add_client(*rig::geography().find("SYD"), "client/2")),
        tasks_(cloud_.world().loop()) {}
  Cloud& cloud() { return cloud_; }
  void run_for(Duration time) { cloud_.world().loop().run_until(cloud_.world().now() + time); }
  std::string ask(const std::string& name, bool near = true) {
    start(name, near);
    while (last_.empty()) cloud_.world().loop().step();
    return last_;
  }
  void start(const std::string& name, bool near = true) {
    last_.clear();
    tasks_.spawn(fetch(near ? near_ : far_, "/?t=" + name));
  }
  const std::string& last() const { return last_; }
  std::string host_of(const char* object) {
    for (const auto& live : cloud_.objects("Shop"))
      if (live.name == object) return live.host;
    return "";
  }

 private:
  Task<void> fetch(client::Client& client, std::string url) {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = std::move(url);
    client::Exchange exchange = co_await client.fetch(std::move(request));
    last_ = exchange.response ? std::string(exchange.response->body.text()) : "lost: " + exchange.error;
  }
  Cloud cloud_;
  client::Client& near_;
  client::Client& far_;
  std::string last_;
  TaskScope tasks_;
};

int milliseconds(const std::string& answer) { return std::stoi(answer.substr(answer.rfind(' ') + 1)); }

TEST(Pipelining, AChainOfCallsTakesOneRoundTrip) {
  Rig rig;
  ASSERT_EQ(rig.ask("warm"), "pong");
  rig.ask("warm", false);
  const int one = milliseconds(" " + rig.ask("one", false));
  ASSERT_GT(one, 200);  // Sydney to Frankfurt and back
  const std::string chain = rig.ask("pipeline", false), deep = rig.ask("deep", false);
  EXPECT_EQ(chain.substr(0, 2), "1 ");
  EXPECT_EQ(deep.substr(0, 2), "1 ");
  EXPECT_LT(milliseconds(chain), one * 3 / 2);
  EXPECT_LT(milliseconds(deep), one * 3 / 2);
}

TEST(Pipelining, CallsOnAResultOfAnEarlierTurnArriveInOrder) {
  Rig rig;
  EXPECT_EQ(rig.ask("later"), "1 2");
}

TEST(References, AFunctionOfARequestThatHasEndedIsNoLongerRunning) {
  Rig rig;
  EXPECT_EQ(rig.ask("hold"), "2");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ask("useHeld"), "Error: The execution context which hosts this callback is no longer running.");
}

TEST(References, ADisposedStubIsRefusedWhereItIsHeld) {
  Rig rig;
  EXPECT_EQ(rig.ask("dropped"), "Error: RPC stub used after being disposed.");
}

TEST(References, ACallBackLeavesAfterTheWriteBeforeIt) {
  Rig rig;
  std::vector<std::string> seen;
  rig.cloud().world().observers().subscribe<durable::ObjectOutputHeld>(
      [&](const durable::ObjectOutputHeld&, const EventContext&) { seen.push_back("held"); });
  rig.cloud().world().observers().subscribe<durable::ObjectCalled>(
      [&](const durable::ObjectCalled& call, const EventContext&) { seen.push_back(std::string(call.text())); });
  EXPECT_EQ(rig.ask("callBack"), "called");
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(seen[0], "held");
}

TEST(References, AnObjectOthersReferToIsNotEvicted) {
  Rig rig;
  rig.start("longHold");
  rig.run_for(seconds(25));
  EXPECT_NE(rig.host_of("a"), "");
  rig.run_for(seconds(10));
  EXPECT_EQ(rig.last(), "2");
  rig.run_for(seconds(15));
  EXPECT_EQ(rig.host_of("a"), "");
}

TEST(References, ALostHostBreaksTheStubsToIt) {
  Rig rig;
  ASSERT_EQ(rig.ask("warm"), "pong");
  ASSERT_EQ(rig.ask("across"), "1");
  ASSERT_EQ(rig.ask("useAcross"), "2");
  const std::string a = rig.host_of("a"), other = rig.host_of("other");
  if (a == other) GTEST_SKIP() << "both objects are on " << a;
  rig.cloud().hosts().crash(*rig.cloud().hosts().by_name(other));
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ask("useAcross"), "Error: Network connection lost. retryable");
}

TEST(References, StubsThatNobodyDisposedOfAreCountedAtTheEnd) {
  Rig rig;
  EXPECT_TRUE(rig.cloud().held_stubs().empty());
  rig.ask("pipeline");
  rig.run_for(seconds(1));
  EXPECT_TRUE(rig.cloud().held_stubs().empty());
  rig.ask("across");
  rig.run_for(seconds(1));
  const auto held = rig.cloud().held_stubs();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held.begin()->first, "do:Shop/a");
  EXPECT_EQ(held.begin()->second, 1u);
}

TEST(References, TheSameSeedIsTheSameRun) {
  auto run = [] {
    Rig rig;
    for (const char* what : {"warm", "pipeline", "deep", "hold", "across", "useAcross", "callBack"}) rig.ask(what);
    rig.run_for(seconds(30));
    return rig.cloud().world().trace().hash();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace orrery
