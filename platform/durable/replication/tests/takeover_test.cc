// Goal: ownership and the log together survive crashes, partitions and lost disks. Method: a small
// cloud and a list object whose content tells every write that was ever acknowledged.
#include <gtest/gtest.h>

#include "platform/durable/replication/tests/cluster.h"

namespace orrery::durable {
namespace {

TEST(Takeover, AFreshObjectIsClaimedOpenedAndWritten) {
  Cluster c;
  c.write(0, 50);
  c.run_for(seconds(5));
  EXPECT_EQ(c.writer(0).claimed, Claim::Status::kGranted);
  EXPECT_EQ(c.writer(0).placement.epoch, 1u);
  EXPECT_EQ(c.promises.acknowledged, 50u);
  EXPECT_EQ(c.writer(0).log()->durable_index(), 50u);
}

TEST(Takeover, AHostThatRestartsTakesItsObjectsBackWithEveryAcknowledgedWrite) {
  Cluster c;
  c.write(0, 50);
  c.run_for(seconds(5));
  c.crash(c.owners[0]);
  c.restart(c.owners[0]);
  c.run_for(seconds(1));
  const Instant asked = c.world.now();
  c.write(0, 1);
  c.run_for(seconds(3));
  EXPECT_EQ(c.writer(0).placement.epoch, 2u);
  ASSERT_EQ(c.writer(0).list.size(), 51u);
  EXPECT_EQ(c.promises.acknowledged, 51u);
  EXPECT_EQ(c.promises.missing(c.writer(0).list), 0u);
  EXPECT_LT((c.world.now() - asked).us, seconds(4).us) << "the former session is retired at boot";
}

TEST(Takeover, AnotherHostWaitsForTheLeaseOfADeadOne) {
  Cluster c;
  c.write(0, 50);
  c.run_for(seconds(5));
  c.crash(c.owners[0]);
  c.write(1, 5);
  c.run_for(seconds(5));
  EXPECT_EQ(c.promises.acknowledged, 50u) << "the lease still runs";
  c.run_for(seconds(10));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kGranted);
  EXPECT_EQ(c.promises.acknowledged, 55u);
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
}

TEST(Takeover, ALivingOwnerIsNamedToWhoeverClaimsItsObject) {
  Cluster c;
  c.write(0, 3000);
  c.run_for(seconds(2));
  c.write(1, 5);
  c.run_for(seconds(20));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kHeld);
  EXPECT_EQ(c.writer(1).placement.owner, c.owners[0]->id());
}

TEST(Takeover, AnOwnerCutOffFromEveryoneIsReplacedAndItsLateWritesReachNobody) {
  Cluster c;
  c.write(0, 100'000);
  c.run_for(seconds(3));
  net::Endpoints alone;
  alone.names = {c.owners[0]->name()};
  c.network->partition("cut", alone, {});
  c.write(1, 100);
  c.run_for(seconds(20));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kGranted);
  EXPECT_FALSE(c.client(0).lease_valid());
  c.network->heal("cut");
  c.run_for(seconds(20));
  EXPECT_EQ(c.writer(0).log(), nullptr) << "deposed or its session over";
  EXPECT_EQ(c.promises.conflicts, 0u);
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
}

TEST(Takeover, AClockBeyondTheBoundShowsAnOldReadAtMost) {
  Cluster c;
  c.hosts.drift_clock(*c.owners[0], -480'000);
  c.write(0, 100'000);
  c.run_for(seconds(8));
  net::Endpoints alone;
  alone.names = {c.owners[0]->name()};
  c.network->partition("cut", alone, {});
  c.write(1, 100);
  c.run_for(seconds(14));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kGranted);
  EXPECT_TRUE(c.client(0).lease_valid()) << "its slow clock says so";
  EXPECT_GT(c.promises.stale_reads, 0u);
  c.network->heal_all();
  c.run_for(seconds(20));
  EXPECT_EQ(c.promises.conflicts, 0u);
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
}

TEST(Takeover, AClockWithinTheBoundShowsNone) {
  Cluster c;
  c.hosts.drift_clock(*c.owners[0], -10'000);
  for (host::Host* h : c.members) c.hosts.drift_clock(*h, 10'000);
  c.write(0, 100'000);
  c.run_for(seconds(8));
  net::Endpoints alone;
  alone.names = {c.owners[0]->name()};
  c.network->partition("cut", alone, {});
  c.write(1, 100);
  c.run_for(seconds(14));
  EXPECT_EQ(c.writer(1).claimed, Claim::Status::kGranted);
  EXPECT_EQ(c.promises.stale_reads, 0u);
}

TEST(Takeover, TwoFollowersDownDoNotStopWritesThreeDo) {
  Cluster c;
  c.write(0, 1'000'000);
  c.run_for(seconds(2));
  c.crash(c.followers[0]);
  c.crash(c.followers[1]);
  c.run_for(seconds(1));
  const uint64_t before = c.promises.acknowledged;
  c.run_for(seconds(1));
  EXPECT_GT(c.promises.acknowledged, before + 50);
  c.crash(c.followers[2]);
  c.run_for(seconds(1));
  const uint64_t stopped = c.promises.acknowledged;
  c.run_for(seconds(2));
  EXPECT_EQ(c.promises.acknowledged, stopped);
  c.restart(c.followers[2]);
  c.run_for(seconds(5));
  EXPECT_GT(c.promises.acknowledged, stopped);
}

TEST(Takeover, AFollowerThatLostItsDiskVotesOnlyAfterAnOwnerFilledItAgain) {
  Cluster c;
  c.write(0, 100);
  c.run_for(seconds(3));
  c.crash(c.followers[0]);
  c.followers[0]->disk().wipe();
  c.restart(c.followers[0]);
  EXPECT_TRUE(c.on<Follower>(c.followers[0]).disk_was_lost());
  c.crash(c.followers[1]);
  c.crash(c.followers[2]);
  c.crash(c.owners[0]);
  c.restart(c.owners[0]);
  c.run_for(seconds(2));
  c.write(0, 1, millis(10), seconds(5));
  c.run_for(seconds(10));
  EXPECT_EQ(c.writer(0).opened, Recovery::Status::kUnavailable) << "two of five vote";
  c.restart(c.followers[1]);
  c.write(0, 100, millis(10), seconds(20));
  c.run_for(seconds(20));
  EXPECT_EQ(c.promises.acknowledged, 200u);
  // Now the refilled one is one of the three that vote.
  c.restart(c.followers[2]);
  c.run_for(seconds(20));
  c.crash(c.followers[3]);
  c.crash(c.followers[4]);
  c.crash(c.owners[0]);
  c.restart(c.owners[0]);
  c.run_for(seconds(2));
  c.write(0, 1, millis(10), seconds(20));
  c.run_for(seconds(20));
  EXPECT_EQ(c.promises.acknowledged, 201u);
  EXPECT_EQ(c.promises.missing(c.writer(0).list), 0u);
}

TEST(Takeover, LogsStayShortAndImagesCarryTheRest) {
  ClusterOptions o;
  o.fold_entries = 32;
  Cluster c(o);
  c.write(0, 2000, millis(1));
  c.run_for(seconds(8));
  EXPECT_EQ(c.promises.acknowledged, 2000u);
  for (host::Host* f : c.followers) EXPECT_LT(f->disk().used_bytes(), 200u * 2 * 4096);
  c.crash(c.owners[0]);
  for (host::Host* f : c.followers) c.crash(f);
  for (host::Host* f : c.followers) c.restart(f);
  c.restart(c.owners[0]);
  c.run_for(seconds(1));
  c.write(0, 1);
  c.run_for(seconds(5));
  EXPECT_EQ(c.writer(0).list.size(), 2001u);
  EXPECT_EQ(c.promises.missing(c.writer(0).list), 0u);
}

TEST(Takeover, ARottenImageIsNoticedAndAnotherFollowersIsTaken) {
  ClusterOptions o;
  o.fold_entries = 8;
  Cluster c(o);
  c.write(0, 100);
  c.run_for(seconds(4));
  disk::DiskFaults rot;
  rot.bit_rot = {1, 1};
  c.followers[0]->disk().set_faults(rot);  // the nearest: it answers first
  c.followers[1]->disk().set_faults(rot);
  c.crash(c.owners[0]);
  c.write(1, 1);
  c.run_for(seconds(30));
  EXPECT_EQ(c.writer(1).opened, Recovery::Status::kOk);
  EXPECT_EQ(c.promises.acknowledged, 101u);
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
}

TEST(Takeover, AFollowerFarBehindIsBroughtUpToDateByAnImage) {
  ClusterOptions o;
  o.retained_entries = 16;
  Cluster c(o);
  c.write(0, 20);
  c.run_for(seconds(2));
  c.crash(c.followers[4]);
  c.writer(0).stop();
  c.run_for(seconds(1));
  for (int i = 0; i < 200; ++i) {
    c.writer(0).add();
    c.run_for(millis(20));
  }
  c.restart(c.followers[4]);
  c.run_for(seconds(20));
  c.crash(c.followers[0]);
  c.crash(c.followers[1]);
  c.writer(0).add();
  c.run_for(seconds(1));
  EXPECT_EQ(c.promises.acknowledged, 221u) << "the late follower is the third";
}

}  // namespace
}  // namespace orrery::durable
