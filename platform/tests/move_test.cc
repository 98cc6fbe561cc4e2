// Goal: an object that is moved on purpose loses nothing, is away for no longer than it must, and takes its followers along.
// Method: one object, asked from Frankfurt while it goes to Singapore.
#include "platform/durable/replication/follower_choice.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  async add() {
    const n = (await this.ctx.storage.get("n") ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
  async slow(ms) { const n = await this.add(); await wait(ms); return `slow ${n}`; }
  alarm() { console.log("alarm"); }
  wake(ms) { return this.ctx.storage.setAlarm(Date.now() + ms); }
}
const thing = (T, name) => T.get(T.idFromName(name));
const cases = {
  add: (env, T, name) => thing(T, name).add(),
  slow: (env, T, name) => thing(T, name).slow(2000),
  endless: (env, T, name) => thing(T, name).slow(60000),
  wake: (env, T, name) => thing(T, name).wake(20000),
  eu: (env, T, name) => { const E = T.jurisdiction("eu"); return E.get(E.idFromName(name)).add(); },
};
)";

App& app() {
  static App app(kSource);
  return app;
}

constexpr const char* kToSingapore = R"({"kind":"move","target":"do:Thing/o","to":"SIN"})";

std::string place(Rig& rig) {
  durable::Actor* actor = rig.object("o");
  return actor ? actor->object_host().process().host().name().substr(5, 3) : "nowhere";
}
size_t near_followers(Rig& rig) {
  size_t n = 0;
  durable::Actor* actor = rig.object("o");
  const uint32_t own = actor->object_host().process().host().pop();
  for (host::HostId id : actor->followers())
    n += durable::is_near(rig::geography(), own, rig.cloud().hosts().by_id(id).pop(), {3});
  return n;
}

TEST(Move, AnIdleObjectWakesInItsNewPlaceWithWhatItHad) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("add"), "1");
  EXPECT_EQ(place(rig), "FRA");
  rig.fault(kToSingapore);
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ends(), "moved to another point of presence\n");
  EXPECT_EQ(rig.ask("add"), "2");
  EXPECT_EQ(place(rig), "SIN");
}

TEST(Move, WhatIsUnderWayEndsFirstAndWhatComesMeanwhileWaits) {
  Rig rig(app());
  rig.ask("add");
  rig.send("slow");
  rig.run_for(millis(500));
  rig.fault(kToSingapore);
  rig.run_for(millis(100));
  rig.send("add");
  rig.run_for(seconds(4));
  EXPECT_EQ(rig.answers(), (std::vector<std::string>{"1", "slow 2", "3"}));
  EXPECT_EQ(place(rig), "SIN");
}

TEST(Move, WhatDoesNotEndWithinTenSecondsIsCutOff) {
  Rig rig(app());
  rig.ask("add");
  rig.send("endless");
  rig.run_for(seconds(1));
  rig.fault(kToSingapore);
  rig.send("add");
  rig.run_for(seconds(9));
  EXPECT_EQ(rig.answers().size(), 1u);
  rig.run_for(seconds(3));
  ASSERT_EQ(rig.answers().size(), 3u);
  EXPECT_EQ(rig.answers()[1], "Error: Network connection lost. retryable=true");
  EXPECT_EQ(rig.answers()[2], "3");
}

TEST(Move, ItsFollowersMoveNearItOneByOne) {
  CloudOptions options;
  options.pops = {"FRA", "SIN"};
  Rig rig(app(), options);
  rig.ask("add");
  rig.fault(kToSingapore);
  rig.run_for(seconds(1));
  rig.ask("add");
  EXPECT_EQ(near_followers(rig), 0u);
  for (int i = 0; i < 5; ++i) {
    rig.run_for(seconds(5));
    rig.ask("add");
  }
  EXPECT_EQ(near_followers(rig), 5u);
  client::Client& near = rig.add_client("SIN");
  EXPECT_EQ(rig.ask(near, "add"), "8");
  const Instant asked = rig.world().now();
  EXPECT_EQ(rig.ask(near, "add"), "9");
  EXPECT_LT((rig.world().now() - asked).us, millis(60).us) << "a write is durable near it";
  rig.crash_owner("o");
  rig.ask(near, "add");
  EXPECT_EQ(rig.ask(near, "add"), "10");
}

TEST(Move, ItIsThereAfterItSleptAndItsAlarmWakesItThere) {
  Rig rig(app());
  rig.ask("wake");
  rig.fault(kToSingapore);
  rig.run_for(seconds(1));
  rig.ask("add");
  rig.run_for(seconds(15));
  EXPECT_EQ(place(rig), "nowhere");
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.lines(), "alarm\n");
  EXPECT_EQ(place(rig), "SIN");
}

TEST(Move, NobodyLeavesItsJurisdiction) {
  Rig rig(app());
  rig.ask("eu");
  std::string name;
  for (host::HostId id = 0; id < rig.cloud().hosts().count(); ++id)
    if (auto* process = rig.cloud().hosts().by_id(id).process())
      if (auto* objects = process->find<durable::ObjectHost>())
        objects->for_each([&](durable::Actor& actor) { name = rig.world().trace().lane_at(actor.info().lane).name; });
  fault::Fault fault;
  std::string error;
  const nlohmann::json move = {{"kind", "move"}, {"target", name}, {"to", "SIN"}};
  ASSERT_TRUE(fault::parse_fault(move, &fault, &error)) << error;
  EXPECT_EQ(rig.faults().begin(fault), "move: " + name + " may not leave its jurisdiction, \"eu\"");
}

}  // namespace
}  // namespace orrery::objects
