// Goal: drawn plans are survivable, each fault stands on its own decisions. Method: many seeds;
// drop one fault by an override and compare the rest.

#include "sim/fault/swarm.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace orrery::fault {
namespace {

const Duration kHorizon = seconds(120);

Terrain terrain() {
  Terrain t;
  t.pops = {"FRA", "SIN", "IAD", "GRU", "SYD"};
  for (const std::string& pop : t.pops)
    for (int i = 1; i <= 3; ++i) t.hosts.push_back("host:" + pop + "/" + std::to_string(i));
  t.quorums = {
      {"directory", {"host:FRA/1", "host:SIN/1", "host:IAD/1", "host:GRU/1", "host:SYD/1"}, 2}};
  t.steps = {"3.2.1", "3.2.7", "6.7.5"};
  return t;
}

FaultPlan draw(const Decisions::Options& options, Preset preset,
               std::vector<DecisionRecord>* records = nullptr) {
  World world(World::Options{options, records != nullptr});
  FaultPlan plan = draw_swarm(world, preset, terrain(), kHorizon);
  if (records) *records = world.decision_records();
  return plan;
}

std::map<std::string, std::string> by_name(const FaultPlan& plan) {
  std::map<std::string, std::string> out;
  for (const Fault& f : plan) out[f.name] = to_json(f).dump();
  return out;
}

RC_GTEST_PROP(Swarm, PlansAreSurvivableAndEndBeforeTheQuietTime, ()) {
  uint64_t seed = *rc::gen::arbitrary<uint64_t>();
  Preset preset = *rc::gen::element(Preset::kLite, Preset::kSwarm, Preset::kStorm);
  FaultPlan plan = draw({seed, DecisionBase::kSeed, {}}, preset);
  RC_ASSERT(why_not_survivable(plan, terrain(), quiet_from(kHorizon)) == "");
  RC_ASSERT(preset == Preset::kStorm || !beyond_clock_bound(plan, terrain()));
  for (const Fault& f : plan) {
    Fault back;
    std::string error;
    RC_ASSERT(parse_fault(to_json(f), &back, &error));
  }
}

RC_GTEST_PROP(Swarm, DroppingOneFaultMovesNoOther, ()) {
  uint64_t seed = *rc::gen::inRange<uint64_t>(1, 100'000);
  std::vector<DecisionRecord> records;
  FaultPlan plan = draw({seed, DecisionBase::kSeed, {}}, Preset::kStorm, &records);
  std::vector<std::string> present;
  for (const DecisionRecord& r : records)
    if (r.key.starts_with("swarm.present/") && r.value) present.push_back(r.key);
  RC_PRE(!present.empty());
  std::string key = present[*rc::gen::inRange<size_t>(0, present.size())];
  auto before = by_name(plan);
  auto after = by_name(draw({seed, DecisionBase::kSeed, {{key, 0}}}, Preset::kStorm));
  RC_ASSERT(after.size() + 1 >= before.size());
  for (auto& [name, text] : after) RC_ASSERT(before.count(name) && before[name] == text);
}

TEST(Swarm, APlanIsTheSameFromDefaultsAndOverrides) {
  std::vector<DecisionRecord> records;
  FaultPlan plan = draw({77, DecisionBase::kSeed, {}}, Preset::kSwarm, &records);
  ASSERT_FALSE(plan.empty());
  Decisions::Options options{77, DecisionBase::kDefault, {}};
  EXPECT_TRUE(draw(options, Preset::kSwarm).empty());
  for (const DecisionRecord& r : records)
    if (!r.is_default()) options.overrides[r.key] = r.value;
  EXPECT_EQ(by_name(draw(options, Preset::kSwarm)), by_name(plan));
}

// Goal: a decision about a place is about that place. Method: another point of presence; from all the old decisions the
// same plan, and under chance nearly the same.
TEST(Swarm, AnotherPlaceMovesNoFaultThatWasDrawn) {
  Terrain more = terrain();
  more.pops.push_back("HAN");
  more.hosts.insert(more.hosts.begin() + 4, "host:HAN/1");
  auto drawn = [](const Decisions::Options& options, const Terrain& where, std::vector<DecisionRecord>* records) {
    World world(World::Options{options, records != nullptr});
    FaultPlan plan = draw_swarm(world, Preset::kSwarm, where, kHorizon);
    if (records) *records = world.decision_records();
    return by_name(plan);
  };
  size_t all = 0, moved = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    std::vector<DecisionRecord> records;
    const auto plan = drawn({.seed = seed}, terrain(), &records);
    Decisions::Options given{.seed = seed, .base = DecisionBase::kDefault};
    for (const DecisionRecord& r : records)
      if (!r.is_default()) given.overrides[r.key] = r.value;
    EXPECT_EQ(drawn(given, more, nullptr), plan) << "seed " << seed;
    for (const auto& [name, text] : drawn({.seed = seed}, more, nullptr)) {
      ++all;
      moved += !plan.contains(name) || plan.at(name) != text;
    }
  }
  EXPECT_GT(moved, 0u);
  EXPECT_LT(moved, all / 5);
}

TEST(Swarm, EveryKindIsMetAndNoneIsEverywhere) {
  std::map<FaultKind, int> seen;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::map<FaultKind, int> once;
    for (const Fault& f : draw({seed, DecisionBase::kSeed, {}}, Preset::kSwarm)) once[f.kind] = 1;
    for (auto& [kind, n] : once) seen[kind] += n;
  }
  for (FaultKind kind :
       {FaultKind::kPartition, FaultKind::kCrash, FaultKind::kPause, FaultKind::kClog,
        FaultKind::kLoss, FaultKind::kClock, FaultKind::kDisk, FaultKind::kLosePop, FaultKind::kSlowHost,
        FaultKind::kKillIsolate, FaultKind::kCrashAtStep}) {
    EXPECT_GT(seen[kind], 10) << to_string(kind);
    EXPECT_LT(seen[kind], 190) << to_string(kind);
  }
}

// Goal: only a storm kills hosts for good, and never more than any quorum may lose.
TEST(Swarm, AStormKillsHostsForGoodAndLeavesAHealthyCore) {
  int killed = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    for (const Fault& f : draw({seed, DecisionBase::kSeed, {}}, Preset::kSwarm))
      EXPECT_FALSE(kills_for_good(f));
    const Terrain t = terrain();
    const auto& members = t.quorums[0].hosts;
    std::set<std::string> lost;
    for (const Fault& f : draw({seed, DecisionBase::kSeed, {}}, Preset::kStorm)) {
      killed += kills_for_good(f);
      const bool member = std::find(members.begin(), members.end(), f.target) != members.end();
      if ((kills_for_good(f) || spoils_disk(f)) && !member) lost.insert(f.target.substr(0, 8));
      EXPECT_TRUE(!f.permanent() || kills_for_good(f)) << f.name;
    }
    EXPECT_LE(lost.size(), 2u);
  }
  EXPECT_GT(killed, 40);
}

TEST(Swarm, NoneDrawsNothing) {
  EXPECT_TRUE(draw({5, DecisionBase::kSeed, {}}, Preset::kNone).empty());
}

TEST(Survivable, RefusesWhatNobodySurvives) {
  Terrain t = terrain();
  auto lost = [](const char* host, int n) {
    Fault f;
    f.kind = FaultKind::kDisk;
    f.name = "disk-" + std::to_string(n);
    f.target = host;
    f.disk = DiskFaultKind::kLost;
    f.restart_after = seconds(1);
    return f;
  };
  FaultPlan plan = {lost("host:FRA/2", 1), lost("host:SIN/2", 2)};
  EXPECT_EQ(why_not_survivable(plan, t, seconds(100)), "");
  plan.push_back(lost("host:SIN/3", 3));
  EXPECT_EQ(why_not_survivable(plan, t, seconds(100)), "") << "no object has two followers in one point of presence";
  plan.push_back(lost("host:IAD/2", 4));
  EXPECT_EQ(why_not_survivable(plan, t, seconds(100)),
            "hosts of 3 points of presence may lose what their disks held, of 2 that may");
  EXPECT_EQ(trim(plan, t, seconds(100)).size(), 3u);
  plan = {lost("host:FRA/1", 1), lost("host:SIN/1", 2), lost("host:GRU/2", 3), lost("host:SYD/2", 4)};
  EXPECT_EQ(why_not_survivable(plan, t, seconds(100)), "") << "members of the directory follow nobody";
  plan.push_back(lost("host:IAD/1", 5));
  EXPECT_EQ(why_not_survivable(plan, t, seconds(100)), "directory may lose 3 of its disks, of 2 that may");

  Fault cut;
  cut.kind = FaultKind::kPartition;
  cut.name = "cut";
  cut.a = {"FRA"};
  EXPECT_EQ(why_not_survivable({cut}, t, seconds(100)), "cut never ends");
  cut.for_ = seconds(101);
  EXPECT_NE(why_not_survivable({cut}, t, seconds(100)), "");
  cut.for_ = seconds(99);
  EXPECT_EQ(why_not_survivable({cut}, t, seconds(100)), "");
}

}  // namespace
}  // namespace orrery::fault
