// Goal: faults begin and end as planned, also when they overlap. Method: small plans by hand.
#include "sim/fault/injector.h"

#include <gtest/gtest.h>

#include "sim/disk/disk.h"
#include "sim/disk/faults.h"
#include "sim/fault/events.h"
#include "sim/net/tests/fixture.h"

namespace orrery::fault {
namespace {

struct Platform : FaultTarget {
  std::string begin(const Fault& f) override {
    said.push_back(std::string("begin ") + to_string(f.kind));
    return {};
  }
  void end(const Fault& f) override { said.push_back(std::string("end ") + to_string(f.kind)); }
  std::vector<std::string> hosts_of(std::string_view entity) override {
    if (entity == "do:Cart/42") return {"host:SIN/1"};
    return {};
  }
  std::vector<std::string> said;
};

struct Stage : net::Fixture {
  explicit Stage(const std::map<std::string, int64_t>& overrides = {})
      : net::Fixture(1, DecisionBase::kDefault, overrides) {}
  Platform platform;
  Injector injector{world, hosts, *network, &platform};
  host::Host& fra = host("host:FRA/1");
  host::Host& sin = host("host:SIN/1");
  std::string add(const char* text) {
    Fault f;
    std::string error;
    if (!parse_fault(nlohmann::json::parse(text), &f, &error)) return error;
    return injector.add(std::move(f));
  }
};

TEST(Injector, ACrashRestartsAfterItsTime) {
  Stage s;
  EXPECT_EQ(
      s.add(R"({"kind":"crash","target":"host:FRA/1","at_us":1000000,"restart_after_us":2000000})"),
      "");
  s.run_for(millis(999));
  EXPECT_TRUE(s.fra.up());
  s.run_for(millis(2));
  EXPECT_FALSE(s.fra.up());
  EXPECT_EQ(s.injector.in_force(), 1u);
  s.run_for(seconds(2));
  EXPECT_TRUE(s.fra.up());
  EXPECT_EQ(s.injector.begun(FaultKind::kCrash), 1u);
  EXPECT_EQ(s.injector.in_force(), 0u);
}

TEST(Injector, WhatStopsLeavesTheDeadDeadAndNothingElse) {
  Stage s;
  s.add(R"({"kind":"crash","name":"dead-1","target":"host:FRA/1","at_us":1000000})");
  s.add(R"({"kind":"crash","target":"host:FRA/1","at_us":1500000,"restart_after_us":60000000})");
  s.add(R"({"kind":"crash","target":"host:SIN/1","at_us":1000000})");
  s.add(R"({"kind":"partition","name":"cut","a":["IAD"],"at_us":1000000})");
  s.run_for(seconds(2));
  EXPECT_FALSE(s.fra.up());
  EXPECT_FALSE(s.sin.up());
  s.injector.stop({"dead-1"});
  EXPECT_FALSE(s.fra.up());
  EXPECT_TRUE(s.sin.up());
  EXPECT_EQ(s.injector.in_force(), 1u);
  s.injector.stop();
  EXPECT_TRUE(s.fra.up());
}

TEST(Injector, AHostIsUpWhenTheLastFaultThatHoldsItDownIsOver) {
  Stage s;
  s.add(R"({"kind":"crash","target":"host:FRA/1","at_us":1000000,"restart_after_us":5000000})");
  s.add(R"({"kind":"crash","target":"host:FRA/1","at_us":2000000,"restart_after_us":1000000})");
  s.add(R"({"kind":"lose_pop","target":"pop:FRA","at_us":4000000,"for_us":500000})");
  s.run_for(seconds(5));
  EXPECT_FALSE(s.fra.up());
  s.run_for(seconds(2));
  EXPECT_TRUE(s.fra.up());
  EXPECT_EQ(s.fra.process()->incarnation(), 2u);
}

TEST(Injector, ALostPlaceIsSilentThenBack) {
  Stage s;
  s.add(R"({"kind":"lose_pop","target":"FRA","for_us":3000000})");
  s.run_for(millis(10));
  net::Outcome& o = s.call(s.sin, s.fra, 1, seconds(1));
  s.run_for(seconds(2));
  EXPECT_EQ(o.reply.error, net::CallError::kUnreachable);
  EXPECT_EQ(o.at.us, 1'010'000) << "silence, not a refusal";
  s.run_for(seconds(2));
  net::Outcome& again = s.call(s.sin, s.fra, 2, seconds(1));
  s.run_for(seconds(1));
  EXPECT_TRUE(again.reply.ok());
}

TEST(Injector, PartitionsHealByTimeByNameAndAllAtOnce) {
  Stage s;
  auto cut = [&] { return !s.network->connected(s.fra.id(), s.sin.id()); };
  s.add(R"({"kind":"partition","name":"p","a":["FRA"],"b":["SIN"],"for_us":1000000})");
  s.run_for(millis(500));
  EXPECT_TRUE(cut());
  s.run_for(millis(600));
  EXPECT_FALSE(cut());
  s.add(R"({"kind":"partition","name":"p","a":["FRA"],"b":["SIN"]})");  // p#2
  s.add(R"({"kind":"partition","name":"q","a":["host:FRA/1"]})");
  s.run_for(millis(1));
  s.add(R"({"kind":"heal","name":"p"})");
  s.run_for(millis(1));
  EXPECT_TRUE(cut());
  s.add(R"({"kind":"heal"})");
  s.run_for(millis(1));
  EXPECT_FALSE(cut());
  EXPECT_EQ(s.injector.in_force(), 0u);
}

TEST(Injector, EntitiesAreResolvedWhenTheFaultBegins) {
  Stage s;
  s.add(R"({"kind":"crash","target":"do:Cart/42","restart_after_us":1000})");
  s.run_for(micros(10));
  EXPECT_FALSE(s.sin.up());
  s.run_for(seconds(1));
  s.add(R"({"kind":"partition","a":["do:Cart/42"],"b":["FRA"],"for_us":1000000})");
  s.add(R"({"kind":"partition","a":["do:Cart/7"],"b":[],"for_us":1000000})");
  s.run_for(micros(10));
  EXPECT_FALSE(s.network->connected(s.fra.id(), s.sin.id()));
  EXPECT_TRUE(s.network->connected(s.fra.id(), s.host("host:AMS/1").id()));
}

TEST(Injector, DiskFaultsOfAHostAddUpAndEndAlone) {
  Stage s;
  s.add(R"({"kind":"disk","disk":"slow","target":"host:FRA/1","factor":7,"for_us":2000})");
  s.add(R"({"kind":"disk","disk":"gone","target":"host:FRA/1","for_us":1000})");
  s.run_for(micros(500));
  EXPECT_EQ(s.fra.disk().faults().slow_factor, 7u);
  EXPECT_TRUE(s.fra.disk().faults().lost);
  s.run_for(micros(1000));
  EXPECT_EQ(s.fra.disk().faults().slow_factor, 7u);
  EXPECT_FALSE(s.fra.disk().faults().lost);
  s.run_for(micros(1000));
  EXPECT_EQ(s.fra.disk().faults().slow_factor, 1u);
}

TEST(Injector, ALostDiskComesBackEmpty) {
  Stage s;
  disk::DiskError error;
  auto file = s.fra.disk().open("a", true, &error);
  file->sync();
  s.fra.disk().sync_names();
  s.add(R"({"kind":"disk","disk":"lost","target":"host:FRA/1"})");
  s.run_for(seconds(1));
  EXPECT_FALSE(s.fra.up());
  s.run_for(seconds(10));
  EXPECT_TRUE(s.fra.up());
  EXPECT_FALSE(s.fra.disk().exists("a"));
}

TEST(Injector, KindsOfThePlatformGoToThePlatform) {
  Stage s;
  s.add(R"({"kind":"evict","target":"do:Cart/42"})");
  s.add(R"({"kind":"kv_delay","target":"kv:FLAGS","delay_us":5,"for_us":1000})");
  s.run_for(seconds(1));
  EXPECT_EQ(s.platform.said,
            (std::vector<std::string>{"begin evict", "begin kv_delay", "end kv_delay"}));
  Injector alone(s.world, s.hosts, *s.network, nullptr);
  Fault f;
  f.kind = FaultKind::kEvict;
  EXPECT_NE(alone.add(f), "");
}

TEST(Injector, StopEndsEverythingAndDropsWhatIsPlanned) {
  Stage s;
  s.add(R"({"kind":"crash","target":"host:FRA/1"})");
  s.add(R"({"kind":"partition","a":["FRA"],"b":["SIN"]})");
  s.add(R"({"kind":"clock","target":"host:SIN/1","drift_ppm":100})");
  s.add(R"({"kind":"crash","target":"host:SIN/1","at_us":5000000})");
  s.run_for(seconds(1));
  s.injector.stop();
  s.run_for(seconds(10));
  EXPECT_TRUE(s.fra.up() && s.sin.up());
  EXPECT_TRUE(s.network->connected(s.fra.id(), s.sin.id()));
  EXPECT_EQ(s.sin.clock().drift_ppm(), 0);
  s.add(R"({"kind":"crash","target":"host:SIN/1"})");
  s.run_for(seconds(1));
  EXPECT_FALSE(s.sin.up()) << "one added later begins";
}

TEST(Injector, AnOverrideKeepsAFaultFromBeginningOrChangesItsTimes) {
  Fault named;
  named.kind = FaultKind::kCrash;
  named.name = "one";
  const uint64_t cause = Injector::cause_of(named);
  constexpr const char* kCrash =
      R"({"kind":"crash","name":"one","target":"host:FRA/1","at_us":2000000,"restart_after_us":5000000})";
  Stage kept({{decision_key("fault.begins", cause, 0), 0}});
  kept.add(kCrash);
  kept.add(R"({"kind":"crash","target":"host:SIN/1","at_us":2000000})");
  kept.run_for(seconds(3));
  EXPECT_TRUE(kept.fra.up());
  EXPECT_FALSE(kept.sin.up()) << "others begin as ever";
  EXPECT_FALSE(kept.injector.has_begun(*kept.injector.faults()[0]));
  Stage sooner({{decision_key("fault.at_us", cause, 0), 500'000}, {decision_key("fault.lasts_us", cause, 0), 1'000'000}});
  sooner.add(kCrash);
  sooner.run_for(seconds(1));
  EXPECT_FALSE(sooner.fra.up());
  sooner.run_for(seconds(1));
  EXPECT_TRUE(sooner.fra.up());
}

TEST(Injector, WhatCanNeverBeCarriedOutIsRefused) {
  Stage s;
  EXPECT_NE(s.add(R"({"kind":"crash","target":"FRA"})"), "");
  EXPECT_NE(s.add(R"({"kind":"crash","target":"host:XXX/1"})"), "");
  EXPECT_NE(s.add(R"({"kind":"lose_pop","target":"pop:XXX"})"), "");
  EXPECT_NE(s.add(R"({"kind":"partition","a":["Atlantis"],"b":[]})"), "");
}

TEST(Injector, BeginningsAndEndsAreAnnounced) {
  Stage s;
  std::vector<std::string> said;
  s.world.observers().subscribe<FaultBegan>(
      [&](const FaultBegan& e, const EventContext&) { said.push_back(e.text()); });
  s.world.observers().subscribe<FaultEnded>(
      [&](const FaultEnded& e, const EventContext&) { said.push_back(e.text()); });
  s.add(R"({"kind":"pause","target":"host:FRA/1","for_us":1000})");
  s.run_for(seconds(1));
  EXPECT_EQ(said, (std::vector<std::string>{"pause:host:FRA/1 begins: host:FRA/1",
                                            "pause:host:FRA/1 is over"}));
}

}  // namespace
}  // namespace orrery::fault
