// Goal: dropping or adding one draw moves no other; overrides and bases do what capsules need.
// Method: draw under named causes and compare.
#include "sim/core/decisions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include "sim/core/world.h"

namespace orrery {
namespace {

constexpr Site kA{"test.a"};
constexpr Site kB{"test.b"};

RC_GTEST_PROP(Decisions, DroppingAnyOneCauseOrSiteMovesNoOtherDraw, (uint64_t seed)) {
  auto draw_all = [&](int skipped_cause, bool other_site) {
    World world({.decisions = {.seed = seed}});
    std::map<int, int64_t> out;
    for (int cause = 0; cause < 8; ++cause) {
      if (cause == skipped_cause) continue;
      CauseScope scope(world.cause(), mix64(cause));
      if (other_site) world.decide().between(kB, 0, 9, 0);
      out[cause] = world.decide().between(kA, 0, 1'000'000, 0);
    }
    return out;
  };
  auto all = draw_all(-1, false);
  RC_ASSERT(draw_all(-1, true) == all);
  int skipped = *rc::gen::inRange(0, 8);
  auto fewer = draw_all(skipped, true);
  all.erase(skipped);
  RC_ASSERT(fewer == all);
}

TEST(Decisions, TheDefaultBaseTakesDefaultsAndOverridesReplaceThem) {
  World plain({.decisions = {.seed = 3, .base = DecisionBase::kDefault}});
  EXPECT_EQ(plain.decide().between(kA, 0, 100, 42), 42);
  EXPECT_FALSE(plain.decide().chance(kB, {99, 100}));

  std::string key = decision_key("test.a", plain.cause().id(), 0);
  World changed({.decisions = {.seed = 3, .base = DecisionBase::kDefault, .overrides = {{key, 7}}}});
  EXPECT_EQ(changed.decide().between(kA, 0, 100, 42), 7);
  EXPECT_EQ(changed.decide().between(kA, 0, 100, 42), 42);
  EXPECT_EQ(changed.decide().overrides_applied(), 1u);
}

TEST(Decisions, WhatIsGivenOnlyAnOverrideChanges) {
  for (DecisionBase base : {DecisionBase::kSeed, DecisionBase::kDefault})
    for (uint64_t seed = 1; seed < 20; ++seed) {
      World world({.decisions = {.seed = seed, .base = base}});
      EXPECT_EQ(world.decide().given(kA, 1), 1);
    }
  World other({.decisions = {.overrides = {{decision_key("test.a", 17, 0), 0}}}});
  CauseScope scope(other.cause(), 17);
  EXPECT_EQ(other.decide().given(kA, 1), 0);
}

TEST(Decisions, AfterARedrawTheFutureIsAnotherAndThePastIsNot) {
  auto draw = [](uint64_t redrawn) {
    World world({.decisions = {.seed = 5}});
    std::vector<int64_t> out;
    for (uint64_t cause = 0; cause < 20; ++cause) {
      if (cause == 10 && redrawn) world.decide().redraw(redrawn);
      CauseScope scope(world.cause(), mix64(cause));
      out.push_back(world.decide().between(kA, 0, 1'000'000, 0));
    }
    return out;
  };
  const auto straight = draw(0), one = draw(77), again = draw(77), other = draw(78);
  EXPECT_EQ(one, again);
  EXPECT_TRUE(std::equal(straight.begin(), straight.begin() + 10, one.begin()));
  EXPECT_NE(straight, one);
  EXPECT_NE(one, other);
}

TEST(Decisions, ARecordReplaysTheSameRun) {
  World first({.decisions = {.seed = 11}, .record = true});
  std::vector<int64_t> a;
  for (int i = 0; i < 50; ++i) a.push_back(first.decide().between(kA, 0, 1000, 5));
  std::map<std::string, int64_t> overrides;
  for (const auto& r : first.decision_records())
    if (!r.is_default()) overrides[r.key] = r.value;
  World second(
      {.decisions = {.seed = 999, .base = DecisionBase::kDefault, .overrides = overrides}});
  std::vector<int64_t> b;
  for (int i = 0; i < 50; ++i) b.push_back(second.decide().between(kA, 0, 1000, 5));
  EXPECT_EQ(a, b);
}

TEST(Decisions, ChanceComesNearItsProportion) {
  World world({.decisions = {.seed = 5}});
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += world.decide().chance(kA, {1, 4});
  EXPECT_GT(hits, 2'300);
  EXPECT_LT(hits, 2'700);
}

TEST(Decisions, MalformedKeysAreRefused) {
  std::string site;
  uint64_t cause;
  uint32_t ordinal;
  EXPECT_TRUE(parse_decision_key("net.delay/00000000000000ff/2", site, cause, ordinal));
  EXPECT_EQ(cause, 255u);
  for (const char* bad : {"", "/", "a/b", "a//1", "a/zz/1", "a/ff/", "a/ff/1x", "/ff/1"})
    EXPECT_FALSE(parse_decision_key(bad, site, cause, ordinal)) << bad;
}

struct ValueEvent {
  static constexpr const char* kKind = "test.event";
  LaneId lane;
  uint64_t value;
  void fold(Fold& f) const { f.add(value); }
  std::string text() const { return "value " + std::to_string(value); }
};

TEST(Trace, TextsShowHostsByNameWhereverAnEventHasTheirNumber) {
  Trace trace;
  trace.start_recording();
  trace.name_host(1, "host:FRA/1");
  trace.name_host(12, "host:SIN/2");
  RecordedEvent event{};
  event.text = "host #12 joins in place of host #1, host #1; host #7 and host #x";
  trace.record(event);
  EXPECT_EQ(trace.recorded().back().text, "host:SIN/2 joins in place of host:FRA/1, host:FRA/1; host #7 and host #x");
}

TEST(Trace, RecordingDoesNotChangeTheHashAndFieldsDo) {
  auto run = [](bool record, uint64_t value) {
    World world({.record = record});
    LaneId lane = world.trace().lane("do:Cart/42", "object");
    world.announce(ValueEvent{lane, value});
    world.announce(ValueEvent{lane, 2});
    return world.trace().hash();
  };
  EXPECT_EQ(run(false, 1), run(true, 1));
  EXPECT_NE(run(false, 1), run(false, 3));
}

TEST(Sometimes, ProbesAreListedThoughNeverReached) {
  World world({});
  ORRERY_SOMETIMES(world, false, "test probe that is never hit");
  ORRERY_SOMETIMES(world, true, "test probe that is hit");
  auto never = world.sometimes().never();
  EXPECT_NE(std::find(never.begin(), never.end(), "test probe that is never hit"), never.end());
  EXPECT_EQ(std::find(never.begin(), never.end(), "test probe that is hit"), never.end());
}

}  // namespace
constexpr Site kPlanned{"swarm.present"};

TEST(Decisions, WhatIsFreeIsDrawnAnewAndThePlanOfFaultsIsNot) {
  auto draw = [](std::optional<uint64_t> free_from) {
    World world({.decisions = {.seed = 5, .base = DecisionBase::kDefault, .free_from = free_from}});
    std::vector<int64_t> out;
    for (uint64_t cause = 0; cause < 50; ++cause) {
      CauseScope scope(world.cause(), mix64(cause));
      EXPECT_FALSE(world.decide().chance(kPlanned, Ratio{9, 10}));
      out.push_back(world.decide().between(kA, 0, 1'000'000, 7));
    }
    return out;
  };
  EXPECT_EQ(draw({}), std::vector<int64_t>(50, 7));
  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
  EXPECT_NE(draw(3), draw({}));
}

TEST(Decisions, AWorldThatKeepsCausesKnowsWhereEachEventCameFrom) {
  World world({.causes = true});
  const uint64_t root = world.cause().id();
  uint64_t first = 0, second = 0;
  world.loop().schedule(Instant{1}, kA, kWorldOwner, [&] {
    first = world.cause().id();
    world.loop().schedule_in(micros(1), kPlanned, kWorldOwner, [&] { second = world.cause().id(); });
  });
  world.loop().run_until(Instant{10});
  ASSERT_TRUE(world.parents().count(second));
  EXPECT_EQ(world.parents().at(second).id, first);
  EXPECT_STREQ(world.parents().at(second).site, "swarm.present");
  EXPECT_EQ(world.parents().at(first).id, root);
  EXPECT_EQ(world.parents().count(root), 0u);
  EXPECT_TRUE(World({}).parents().empty());
}

}  // namespace orrery
