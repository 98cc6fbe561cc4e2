// Read replicas end to end: who reads where, what a replica may do, lag, bookmarks, takeovers, the end.
// The rest is in scenarios/catalogue.
#include "platform/durable/replicas/events.h"
#include "platform/durable/replicas/limits.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"js(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  async set(n) {
    if (this.ctx.storage.primary) return this.ctx.storage.primary.set(n);
    this.ctx.storage.kv.put("a", n);
    this.ctx.storage.kv.put("b", n);
    return this.ctx.storage.getCurrentBookmark();
  }
  async get(bookmark) {
    if (bookmark) await this.ctx.storage.waitForBookmark(bookmark);
    const { kv } = this.ctx.storage;
    return `${kv.get("a")} ${kv.get("b")} ${this.where()}`;
  }
  where() { return this.ctx.storage.primary ? "replica" : "primary"; }
  auto() { return this.ctx.configureReadReplication({ mode: "auto" }); }
  disabled() { return this.ctx.configureReadReplication({ mode: "disabled" }); }
  older(on) { on ? this.ctx.storage.ensureReplicas() : this.ctx.storage.disableReplicas(); }
  sql() { return this.ctx.storage.sql.exec("INSERT INTO t VALUES (1)").toArray(); }
  table() { this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (n)"); return this.where(); }
  put() { return this.ctx.storage.put("a", 9); }
  ring() { return this.ctx.storage.setAlarm(Date.now() + 1000); }
  clear() { return this.ctx.storage.deleteAll(); }
  alarm() {}
  looks() { return this.ctx.storage.transaction(async (txn) => `${await txn.get("a")} ${this.where()}`); }
  async slow() { const before = this.ctx.storage.kv.get("a"); await wait(2000); return `${before} ${this.ctx.storage.kv.get("a")} ${this.where()}`; }
}
const at = (T, o, options) => T.get(T.idFromName("o"), options);
let mark;
const cases = {
  set: async (env, T, o) => { mark = await at(T).set(Number(o)); return mark; },
  get: (env, T) => at(T).get(),
  since: (env, T, o) => at(T).get(o),
  primary: (env, T) => at(T, "o", { routingMode: "primary-only" }).get(),
  mode: (env, T) => at(T, "o", { routingMode: "nearest" }),
  configure: async (env, T, o) => { await at(T, "o", { routingMode: "primary-only" })[o](); return o; },
  olderOn: async (env, T) => { await at(T, "o", { routingMode: "primary-only" }).older(true); return "on"; },
  call: (env, T, o) => at(T)[o](),
  callOlder: (env, T) => at(T).older(false),
  twice: async (env, T) => { const slow = at(T).slow(); return `${await slow}`; },
};
)js";

const worker::Deployment& deployment() {
  static const auto made = [] {
    std::string text(kBefore);
    text.append(kSource).append(kAfter);
    return std::make_unique<worker::Deployment>(
        rig::deploy("app", text, {rig::object("THING", "Thing"), rig::object("OTHER", "Other")}, {"Thing", "Other"}, {}, "v1",
                    {"experimental", "replica_routing"}));
  }();
  return *made;
}

CloudOptions cities() {
  CloudOptions options;
  options.pops = {"FRA", "SIN", "IAD"};
  options.hosts_per_pop = 1;
  return options;
}

struct Replicas : testing::Test {
  Rig rig{deployment(), cities()};
  client::Client& far = rig.add_client("SIN");
  std::vector<std::string> started, ended;

  void SetUp() override {
    rig.world().observers().subscribe<durable::ReplicaStarted>(
        [this](const durable::ReplicaStarted& e, const EventContext&) {
          started.push_back(rig.world().trace().lane_at(e.lane).name + " " + std::string(e.host_name));
        });
    ASSERT_EQ(rig.ask("set?o=1").size(), 59u);
    ASSERT_EQ(rig.ask("configure?o=auto"), "auto");
  }
  // The first answer comes from the primary and tells of the replica.
  void begin() {
    ASSERT_EQ(rig.ask(far, "get"), "1 1 primary");
    ASSERT_EQ(rig.ask(far, "get"), "1 1 replica");
  }
  host::Host& near_host() { return *rig.cloud().hosts().by_name("host:FRA/1"); }
  host::Host& far_host() { return *rig.cloud().hosts().by_name("host:SIN/1"); }
};

TEST_F(Replicas, AReplicaIsMadeWhereItIsAskedForAndTheObjectsOwnRegionHasNone) {
  begin();
  EXPECT_EQ(started, std::vector<std::string>{"do:Thing/o@APAC host:SIN/1"});
  EXPECT_EQ(rig.ask("get"), "1 1 primary");
  EXPECT_EQ(rig.ask("get"), "1 1 primary");
}
TEST_F(Replicas, PrimaryOnlyGoesToThePrimaryAndOtherModesAreRefused) {
  begin();
  EXPECT_EQ(rig.ask(far, "primary"), "1 1 primary");
  EXPECT_EQ(rig.ask(far, "mode"), "RangeError: unknown routingMode: nearest");
}
TEST_F(Replicas, AReplicaLagsUntilItIsFedAndABookmarkWaitsForThat) {
  begin();
  rig.cloud().network().degrade("slow", {.names = {"FRA"}}, {.names = {"SIN"}}, true, {.extra_delay = seconds(1)});
  const std::string bookmark = rig.ask("set?o=2");
  EXPECT_EQ(rig.ask(far, "get"), "1 1 replica");
  EXPECT_EQ(rig.ask(far, "since?o=" + bookmark), "2 2 replica");
  EXPECT_EQ(rig.ask(far, "get"), "2 2 replica");
  EXPECT_EQ(rig.ask("since?o=" + bookmark), "2 2 primary");
}
TEST_F(Replicas, ABookmarkOfAnotherObjectIsRefused) {
  begin();
  EXPECT_EQ(rig.ask(far, "since?o=nonsense"), "Error: The bookmark is not one of this Durable Object. remote=true");
}
TEST_F(Replicas, WhatWritesFailsAtAReplicaAndGoesOnByItsPrimary) {
  begin();
  const std::string refused =
      "Error: Replica Durable Objects cannot write to their storage: send what writes to ctx.storage.primary. remote=true";
  EXPECT_EQ(rig.ask("call?o=table"), "primary");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ask(far, "call?o=table"), "replica");
  EXPECT_EQ(rig.ask(far, "call?o=sql"), "Error: attempt to write a readonly database: SQLITE_READONLY remote=true");
  for (const char* what : {"put", "ring", "clear"}) EXPECT_EQ(rig.ask(far, std::string("call?o=") + what), refused) << what;
  EXPECT_EQ(rig.ask(far, "call?o=looks"), "1 replica");
  EXPECT_EQ(rig.ask(far, "set?o=3").size(), 59u);
  EXPECT_EQ(rig.ask("get"), "3 3 primary");
}
TEST_F(Replicas, OnlyThePrimarySwitchesThem) {
  begin();
  EXPECT_EQ(rig.ask(far, "call?o=auto"),
            "Error: Replica Durable Objects cannot call configureReadReplication(). remote=true");
  EXPECT_EQ(rig.ask(far, "callOlder"), "Error: Replica Durable Objects cannot call disableReplicas(). remote=true");
}
TEST_F(Replicas, AnEventSeesOnePositionThroughout) {
  begin();
  rig.send(far, "twice");
  rig.run_for(seconds(1));
  rig.ask("set?o=2");
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.answers().back(), "1 1 replica");
  EXPECT_EQ(rig.ask(far, "get"), "2 2 replica");
}
TEST_F(Replicas, OnceTheyAreOffNoneAnswers) {
  begin();
  EXPECT_EQ(rig.ask("configure?o=disabled"), "disabled");
  EXPECT_EQ(rig.ask(far, "get"), "1 1 primary");
  EXPECT_EQ(rig.ask(far, "get"), "1 1 primary");
}
TEST_F(Replicas, ThoseThatCannotBeToldAreWaitedFor) {
  begin();
  rig.cloud().network().partition("cut", {.names = {"FRA"}}, {.names = {"SIN"}});
  const Instant before = rig.world().now();
  EXPECT_EQ(rig.ask("configure?o=disabled"), "disabled");
  EXPECT_GE(rig.world().now() - before, durable::kReplicaLease - durable::kReplicaRenewEvery);
  EXPECT_LE(rig.world().now() - before, durable::kReplicaSurelyOver + seconds(2));
  rig.cloud().network().heal_all();
  EXPECT_EQ(rig.ask(far, "get"), "1 1 primary");
}
TEST_F(Replicas, CutOffFromItsPrimaryAReplicaAnswersUntilItsLeaseIsOver) {
  begin();
  rig.cloud().network().partition("cut", {.names = {"FRA"}}, {.names = {"SIN"}});
  for (int i = 0; i < 4; ++i) {
    rig.run_for(seconds(5));
    EXPECT_EQ(rig.ask(far, "get"), "1 1 replica");
  }
  rig.run_for(seconds(8));
  rig.ask(far, "get");
  rig.run_for(seconds(8));
  EXPECT_NE(rig.ask(far, "get"), "1 1 replica");
}
TEST_F(Replicas, ItGoesOnWithTheNextPrimaryAndHasAllThatWasConfirmed) {
  begin();
  rig.ask("set?o=2");
  rig.crash_owner("o");
  std::string bookmark;
  for (int i = 0; i < 30 && bookmark.size() != 59; ++i) {
    bookmark = rig.ask("set?o=3");
    rig.run_for(millis(500));
  }
  EXPECT_EQ(rig.ask(far, "since?o=" + bookmark), "3 3 replica");
  EXPECT_EQ(started.size(), 1u);
}
TEST_F(Replicas, ACrashedReplicaIsMadeAnew) {
  begin();
  rig.cloud().hosts().crash(far_host());
  rig.run_for(seconds(1));
  rig.cloud().hosts().restart(far_host());
  rig.ask("set?o=2");
  rig.run_for(seconds(40));
  EXPECT_EQ(rig.ask(far, "get"), "2 2 primary");
  EXPECT_EQ(rig.ask(far, "get"), "2 2 replica");
  EXPECT_EQ(started.size(), 2u);
}
TEST_F(Replicas, WithoutReadersItGoesAndThePrimaryToo) {
  begin();
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.object("o"), nullptr);
  EXPECT_EQ(far_host().process()->find<durable::ObjectHost>()->replicas().live(), 0u);
  EXPECT_EQ(rig.ask(far, "get"), "1 1 primary");
}
TEST_F(Replicas, TheModeOutlivesTheInstanceAndDeleteAll) {
  ASSERT_EQ(rig.ask("call?o=clear"), "undefined");
  rig.crash_owner("o");
  EXPECT_EQ(rig.ask(far, "get"), "undefined undefined primary");
  EXPECT_EQ(rig.ask(far, "get"), "undefined undefined replica");
}
TEST_F(Replicas, TheOlderSwitchDoesTheSame) {
  EXPECT_EQ(rig.ask("configure?o=disabled"), "disabled");
  EXPECT_EQ(rig.ask("olderOn"), "on");
  begin();
}

}  // namespace
}  // namespace orrery::objects
