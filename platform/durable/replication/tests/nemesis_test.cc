// Goal: no acknowledged write is ever lost and no two owners have durable effects at one place,
// whatever crashes, partitions, disk errors and clock drift within the bound. Method: drawn fault
// schedules; and the same schedules must catch each planted weakness.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "platform/durable/replication/tests/nemesis.h"

namespace orrery::durable {
namespace {

Verdict run(uint64_t seed, const Weaken& weaken = {}, const NemesisOptions& faults = {}) {
  ClusterOptions o;
  o.seed = seed;
  o.base = DecisionBase::kSeed;
  o.fold_entries = seed % 3 == 0 ? 16 : 64;
  o.retained_entries = seed % 2 == 0 ? 32 : 1024;
  o.weaken = weaken;
  if (faults.releases && seed % 4 != 0) o.release = kNewestRelease;
  if (faults.releases && seed % 8 > 3) o.replace_after = seconds(5);
  return run_nemesis(o, faults);
}

// The same with followers replaced after five seconds of silence, so that several are in most runs.
Verdict run_replacing(uint64_t seed, const Weaken& weaken = {}) {
  ClusterOptions o;
  o.seed = seed;
  o.base = DecisionBase::kSeed;
  o.fold_entries = 16;
  o.retained_entries = seed % 2 == 0 ? 32 : 1024;
  o.replace_after = seconds(5);
  o.weaken = weaken;
  NemesisOptions faults;
  faults.steps = 80;
  return run_nemesis(o, faults);
}

// How many seeds it takes until the object shows that something acknowledged is wrong; 0: never.
uint64_t seeds_to_find(const Weaken& weaken, uint64_t most, const NemesisOptions& faults = {}) {
  for (uint64_t seed = 1; seed <= most; ++seed) {
    const Verdict v = run(seed, weaken, faults);
    if (v.missing || v.conflicts || v.stale_reads) return seed;
  }
  return 0;
}

TEST(Nemesis, NoAcknowledgedWriteIsLostUnderDrawnFaults) {
  uint64_t seeds = 100;
  if (const char* more = std::getenv("ORRERY_TEST_SEEDS")) seeds = std::strtoull(more, nullptr, 10);
  uint64_t acknowledged = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Verdict v = run(seed);
    ASSERT_EQ(v.missing, 0u) << "seed " << seed;
    ASSERT_EQ(v.conflicts, 0u) << "seed " << seed;
    ASSERT_EQ(v.stale_reads, 0u) << "seed " << seed;
    EXPECT_TRUE(v.recovered) << "seed " << seed << ": everything works again, yet nobody serves";
    acknowledged += v.acknowledged;
  }
  EXPECT_GT(acknowledged, seeds * 50) << "the faults leave room for writes";
}

TEST(Nemesis, NoAcknowledgedWriteIsLostWhileFollowersAreReplaced) {
  uint64_t seeds = 60;
  if (const char* more = std::getenv("ORRERY_TEST_SEEDS")) seeds = std::strtoull(more, nullptr, 10);
  std::map<std::string, int> seen;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Verdict v = run_replacing(seed);
    ASSERT_EQ(v.missing, 0u) << "seed " << seed;
    ASSERT_EQ(v.conflicts, 0u) << "seed " << seed;
    ASSERT_EQ(v.stale_reads, 0u) << "seed " << seed;
    EXPECT_TRUE(v.recovered) << "seed " << seed << ": everything works again, yet nobody serves";
    for (const std::string& what : v.seen) ++seen[what];
  }
  for (const char* what : {"a follower is replaced", "a host that is to follow stays silent itself",
                           "a follower that was to be replaced is back in time",
                           "a change of followers has to be asked for again", "a follower that was replaced drops its log",
                           "an owner is deposed while a follower is replaced"})
    EXPECT_GT(seen[what], 0) << what;
}

TEST(Nemesis, AFollowerReplacedWithoutTheDirectoryIsFound) {
  Weaken w;
  w.change_unregistered = true;
  uint64_t found = 0;
  for (uint64_t seed = 1; seed <= 400 && !found; ++seed) {
    const Verdict v = run_replacing(seed, w);
    if (v.missing || v.conflicts) found = seed;
  }
  std::printf("  found by seed %llu\n", static_cast<unsigned long long>(found));
  EXPECT_GT(found, 0u);
}

TEST(Nemesis, HostsOfSeveralReleasesLoseNothing) {
  NemesisOptions faults;
  faults.releases = true;
  uint64_t acknowledged = 0, unreadable = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Verdict v = run(seed, {}, faults);
    ASSERT_EQ(v.missing, 0u) << "seed " << seed;
    ASSERT_EQ(v.conflicts, 0u) << "seed " << seed;
    EXPECT_TRUE(v.recovered) << "seed " << seed << ": all run the newest release, yet nobody serves";
    acknowledged += v.acknowledged;
    unreadable += std::count(v.seen.begin(), v.seen.end(), "an old release finds a log of a newer one");
  }
  EXPECT_GT(acknowledged, 60u * 50);
  EXPECT_GT(unreadable, 20u);
}

TEST(Nemesis, TheSameSeedGivesTheSameRun) {
  EXPECT_EQ(run(11).hash, run(11).hash);
  EXPECT_NE(run(11).hash, run(12).hash);
}

TEST(Nemesis, ClocksBeyondTheBoundLoseNothing) {
  NemesisOptions faults;
  faults.drift_ppm = 400'000;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Verdict v = run(seed, {}, faults);
    ASSERT_EQ(v.missing, 0u) << "seed " << seed;
    ASSERT_EQ(v.conflicts, 0u) << "seed " << seed;
  }
}

TEST(Nemesis, ALeaseThatNobodyChecksIsFound) {
  Weaken w;
  w.lease_unchecked = true;
  EXPECT_GT(seeds_to_find(w, 300), 0u);
}

TEST(Nemesis, AQuorumOfTwoIsFound) {
  Weaken w;
  w.quorum_of_two = true;
  EXPECT_GT(seeds_to_find(w, 200), 0u);
}

}  // namespace
}  // namespace orrery::durable
