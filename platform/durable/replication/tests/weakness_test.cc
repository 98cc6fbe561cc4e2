// Goal: each planted weakness breaks a promise in the situation its guard is there for, and the
// same situation is harmless without it. Method: one staged situation each, run with and without.
#include <gtest/gtest.h>

#include "platform/durable/replication/tests/cluster.h"

namespace orrery::durable {
namespace {

ClusterOptions with(const Weaken& weaken, uint64_t seed = 1) {
  ClusterOptions o;
  o.weaken = weaken;
  o.seed = seed;
  o.base = DecisionBase::kSeed;
  return o;
}

void down(Cluster& c, std::initializer_list<int> followers) {
  for (int i : followers) c.crash(c.followers[static_cast<size_t>(i)]);
}
void up(Cluster& c, std::initializer_list<int> followers) {
  for (int i : followers) c.restart(c.followers[static_cast<size_t>(i)]);
}
// The third owner takes over and tells what is missing of what was acknowledged.
uint64_t missing_after_takeover(Cluster& c) {
  for (int i = 0; i < 2; ++i) c.crash(c.owners[static_cast<size_t>(i)]);
  c.write(2, 1);
  c.run_for(seconds(40));
  EXPECT_EQ(c.writer(2).opened, Recovery::Status::kOk);
  return c.promises.missing(c.writer(2).list);
}

uint64_t two_have_it_and_go(const Weaken& weaken) {
  Cluster c(with(weaken));
  c.write(0, 10);
  c.run_for(seconds(3));
  down(c, {2, 3, 4});
  c.writer(0).add();
  c.run_for(seconds(1));
  c.crash(c.owners[0]);
  down(c, {0, 1});
  up(c, {2, 3, 4});
  return missing_after_takeover(c);
}
TEST(Weakness, AQuorumOfTwoLosesWhatOnlyTwoHad) {
  EXPECT_EQ(two_have_it_and_go({}), 0u);
  Weaken w;
  w.quorum_of_two = true;
  EXPECT_GT(two_have_it_and_go(w), 0u);
}

uint64_t power_cut_during_slow_syncs(const Weaken& weaken, uint64_t seed) {
  Cluster c(with(weaken, seed));
  c.write(0, 20);
  c.run_for(seconds(3));
  disk::DiskFaults slow;
  slow.slow_factor = 2000;
  for (host::Host* f : c.followers) f->disk().set_faults(slow);
  for (int i = 0; i < 5; ++i) c.writer(0).add();
  c.run_for(millis(60));
  down(c, {0, 1, 2, 3, 4});
  c.run_for(seconds(1));
  for (host::Host* f : c.followers) f->disk().set_faults({});
  up(c, {0, 1, 2, 3, 4});
  return missing_after_takeover(c);
}
TEST(Weakness, AcknowledgingBeforeTheSyncLosesAPowerCutsWrites) {
  uint64_t sound = 0, weak = 0;
  Weaken w;
  w.ack_before_sync = true;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    sound += power_cut_during_slow_syncs({}, seed);
    weak += power_cut_during_slow_syncs(w, seed);
  }
  EXPECT_EQ(sound, 0u);
  EXPECT_GT(weak, 0u);
}
TEST(Weakness, BelievingATornTailSpoilsWhatWasThereBefore) {
  uint64_t weak = 0;
  Weaken w;
  w.torn_tail_accepted = true;
  for (uint64_t seed = 1; seed <= 40; ++seed) weak += power_cut_during_slow_syncs(w, seed);
  EXPECT_GT(weak, 0u);
}

uint64_t old_owner_goes_on(const Weaken& weaken) {
  Cluster c(with(weaken));
  c.write(0, 1'000'000);
  c.run_for(seconds(3));
  net::Endpoints owner, members;
  owner.names = {c.owners[0]->name()};
  for (host::Host* h : c.members) members.names.push_back(h->name());
  c.network->partition("cut", owner, members);
  c.write(1, 100, millis(1));
  c.run_for(seconds(20));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kGranted);
  return missing_after_takeover(c);
}
TEST(Weakness, AFollowerThatForgetsItsPromiseLetsAnOldOwnerCutOffTheNewOnesWrites) {
  EXPECT_EQ(old_owner_goes_on({}), 0u);
  Weaken w;
  w.epoch_unchecked = true;
  EXPECT_GT(old_owner_goes_on(w), 0u);
}

uint64_t long_old_tail(const Weaken& weaken) {
  Cluster c(with(weaken));
  c.write(0, 10);
  c.run_for(seconds(3));
  down(c, {0, 1, 2});
  for (int i = 0; i < 50; ++i) c.writer(0).add();  // two followers get them: never durable
  c.run_for(seconds(1));
  c.crash(c.owners[0]);
  down(c, {3, 4});
  up(c, {0, 1, 2});
  c.write(1, 10);
  c.run_for(seconds(30));
  EXPECT_EQ(c.writer(1).opened, Recovery::Status::kOk);
  c.crash(c.owners[1]);
  down(c, {1, 2});
  up(c, {3, 4});
  return missing_after_takeover(c);
}
TEST(Weakness, ComparingLogsByIndexAloneLetsAnOldTailWin) {
  EXPECT_EQ(long_old_tail({}), 0u);
  Weaken w;
  w.stale_epoch_read = true;
  EXPECT_GT(long_old_tail(w), 0u);
}

uint64_t cut_off_owner_reads(const Weaken& weaken) {
  Cluster c(with(weaken));
  c.write(0, 10);
  c.run_for(seconds(3));
  net::Endpoints alone;
  alone.names = {c.owners[0]->name()};
  c.network->partition("cut", alone, {});
  c.write(1, 100);
  c.run_for(seconds(25));
  return c.promises.stale_reads;
}
TEST(Weakness, ALeaseNobodyChecksShowsOldReads) {
  EXPECT_EQ(cut_off_owner_reads({}), 0u);
  Weaken w;
  w.lease_unchecked = true;
  EXPECT_GT(cut_off_owner_reads(w), 0u);
}

uint64_t rolled_back_after_the_switch(const Weaken& weaken) {
  ClusterOptions o = with(weaken);
  Cluster c(o);
  c.write(0, 10);
  c.run_for(seconds(3));
  for (uint32_t release : {2u, 3u}) {
    for (host::Host* f : c.followers) {
      c.upgrade(f, release);
      c.run_for(seconds(2));
    }
    c.upgrade(c.owners[0], release);
    c.run_for(seconds(15));
    c.write(0, 10);
    c.run_for(seconds(15));
  }
  EXPECT_EQ(c.promises.acknowledged, 30u);
  c.crash(c.owners[0]);
  for (host::Host* f : c.followers) c.upgrade(f, 1);
  c.run_for(seconds(15));
  c.write(1, 0);
  c.run_for(seconds(15));
  const uint64_t missing = c.writer(1).log() ? c.promises.missing(c.writer(1).list) : 0;
  // Three of five know the format again.
  for (size_t f : {0, 1, 2}) c.upgrade(c.followers[f], 2);
  return missing + missing_after_takeover(c);
}
TEST(Weakness, AnOldReleaseThatTakesNewerRecordsForATornTailVotesWithAShorterLog) {
  EXPECT_EQ(rolled_back_after_the_switch({}), 0u);
  Weaken w;
  w.old_release_reads_torn = true;
  EXPECT_GT(rolled_back_after_the_switch(w), 0u);
}

}  // namespace
}  // namespace orrery::durable
