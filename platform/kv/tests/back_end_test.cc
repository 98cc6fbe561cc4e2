// Goal: writes survive what the back ends may suffer, and both keep the same winner. Method: hand-made
// interleavings in a small world, crashes and lost disks included.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "platform/kv/tests/kv_rig.h"

namespace orrery::kv {
namespace {

TEST(BackEnds, AWriteIsInBothAndSurvivesACrashOfBoth) {
  Rig rig;
  EXPECT_EQ(rig.put("CDG", "beta", "on").status, 200);
  EXPECT_EQ(rig.held(0, "beta"), "on");
  EXPECT_EQ(rig.held(1, "beta"), "on");
  for (host::Host* h : rig.back_ends) rig.hosts.crash(*h);
  rig.run_for(seconds(1));
  for (host::Host* h : rig.back_ends) rig.hosts.restart(*h);
  EXPECT_EQ(rig.held(0, "beta"), "on");
  EXPECT_EQ(rig.get("SYD", "beta"), "on");
}

TEST(BackEnds, AWriteSucceedsWithOneBackEndAndTheOtherLearnsItLater) {
  Rig rig;
  rig.hosts.crash(*rig.back_ends[1]);
  EXPECT_EQ(rig.put("CDG", "beta", "on").status, 200);
  rig.hosts.restart(*rig.back_ends[1]);
  EXPECT_EQ(rig.held(1, "beta"), "none");  // they differ until they reconcile
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.held(1, "beta"), "on");
}

TEST(BackEnds, AWriteWithBothDownFailsAndSurelyIsNowhere) {
  Rig rig;
  EXPECT_EQ(rig.put("CDG", "beta", "on").status, 200);
  for (host::Host* h : rig.back_ends) rig.hosts.crash(*h);
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.put("CDG", "beta", "off").status, 503);
  for (host::Host* h : rig.back_ends) rig.hosts.restart(*h);
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.held(0, "beta"), "on");
}

TEST(BackEnds, AReadFallsBackToTheOtherBackEnd) {
  Rig rig;
  rig.put("CDG", "beta", "on");
  rig.hosts.crash(*rig.back_ends[1]);  // Frankfurt, the nearer one
  EXPECT_EQ(rig.get("AMS", "beta"), "on");
  rig.hosts.crash(*rig.back_ends[0]);
  EXPECT_EQ(rig.get("LHR", "gamma"), "unavailable");
}

TEST(BackEnds, ASecondWriteWithinASecondIsRefusedAndStoredNowhere) {
  Rig rig;
  auto first = rig.start_write("CDG", "beta", "1");
  rig.run_for(millis(400));
  auto second = rig.start_write("SIN", "beta", "2");
  auto other_key = rig.start_write("SIN", "gamma", "2");
  rig.run_for(seconds(2));
  EXPECT_EQ(first->result.status, 200);
  EXPECT_EQ(second->result.status, 429);
  EXPECT_EQ(other_key->result.status, 200);
  EXPECT_EQ(rig.held(0, "beta"), "1");
  EXPECT_EQ(rig.held(1, "beta"), "1");
}

TEST(BackEnds, TheGreaterTimestampWinsThoughItArrivedFirst) {
  Rig rig;
  rig.run_for(seconds(60));
  rig.hosts.step_clock(*rig.hosts.by_name("host:SIN/1"), Duration{-seconds(30).us});
  EXPECT_EQ(rig.put("CDG", "beta", "early, good clock").status, 200);
  WriteResult late = rig.put("SIN", "beta", "late, slow clock");
  EXPECT_EQ(late.status, 200);  // acknowledged all the same: nobody can tell
  EXPECT_TRUE(late.superseded);
  for (uint32_t i : {0u, 1u}) EXPECT_EQ(rig.held(i, "beta"), "early, good clock");
}

TEST(BackEnds, TwoSidesOfAPartitionAgreeOnOneWinnerAfterIt) {
  Rig rig;
  rig.run_for(seconds(1));
  rig.network->partition("atlantic", {.names = {"ORD", "IAD"}}, {.names = {"FRA", "CDG"}});
  auto west = rig.start_write("IAD", "beta", "west");
  rig.run_for(millis(2'000));
  auto east = rig.start_write("CDG", "beta", "east");
  rig.run_for(seconds(2));
  EXPECT_EQ(west->result.status, 200);
  EXPECT_EQ(east->result.status, 200);
  EXPECT_EQ(rig.held(0, "beta"), "west");
  EXPECT_EQ(rig.held(1, "beta"), "east");
  rig.network->heal("atlantic");
  rig.run_for(seconds(10));
  EXPECT_EQ(rig.held(0, "beta"), "east");
  EXPECT_EQ(rig.held(1, "beta"), "east");
}

TEST(BackEnds, ALostDiskIsLearnedAnewBeforeAnybodyIsServed) {
  Rig rig;
  rig.put("CDG", "beta", "on");
  rig.hosts.crash(*rig.back_ends[1]);
  rig.back_ends[1]->disk().wipe();
  rig.hosts.restart(*rig.back_ends[1]);
  EXPECT_FALSE(rig.central(1)->serving());
  EXPECT_EQ(rig.get("AMS", "beta"), "on");  // the other one tells
  rig.run_for(seconds(3));
  EXPECT_TRUE(rig.central(1)->serving());
  EXPECT_EQ(rig.held(1, "beta"), "on");
}

TEST(BackEnds, ADelayHidesAWriteFromReadersButNotFromLastWriteWins) {
  Rig rig;
  rig.put("CDG", "beta", "old");
  rig.layout.delays["slow"] = {"flags-id", seconds(20)};
  EXPECT_EQ(rig.put("CDG", "beta", "new").status, 200);
  EXPECT_EQ(rig.get("SIN", "beta", seconds(30)), "old");
  EXPECT_EQ(rig.held(0, "beta"), "new");
  rig.run_for(seconds(15));
  EXPECT_EQ(rig.get("LHR", "beta"), "old");
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.get("SYD", "beta"), "new");
}

TEST(BackEnds, ADiskThatRefusesIsWrittenAnewAndTheWriteStillSucceeds) {
  Rig rig;
  rig.put("CDG", "alpha", "1");
  disk::DiskFaults faults;
  faults.lost = true;
  for (host::Host* h : rig.back_ends) h->disk().set_faults(faults);
  auto write = rig.start_write("CDG", "beta", "on");
  rig.run_for(seconds(2));
  EXPECT_FALSE(write->done);
  for (host::Host* h : rig.back_ends) h->disk().set_faults({});
  rig.run_for(seconds(2));
  EXPECT_EQ(write->result.status, 200);
  for (host::Host* h : rig.back_ends) {
    rig.hosts.crash(*h);
    rig.hosts.restart(*h);
  }
  EXPECT_EQ(rig.held(0, "alpha"), "1");
  EXPECT_EQ(rig.held(1, "beta"), "on");
}

// Every acknowledged write is there after crashes at any moment, torn tails included.
RC_GTEST_PROP(BackEnds, WhatWasAcknowledgedIsThereAfterAnyCrash, ()) {
  Rig rig(*rc::gen::arbitrary<uint32_t>(), DecisionBase::kSeed);
  std::map<std::string, std::pair<int, std::shared_ptr<Rig::Write>>> last;
  const int rounds = *rc::gen::inRange(3, 12);
  for (int round = 0; round < rounds; ++round) {
    std::string key = std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)));
    auto write = rig.start_write("CDG", key, std::to_string(round));
    rig.run_for(millis(*rc::gen::inRange(0, 60)));
    const auto victim = static_cast<size_t>(*rc::gen::inRange(0, 4));
    if (victim < kBackEnds) rig.hosts.crash(*rig.back_ends[victim]);
    rig.run_for(millis(*rc::gen::inRange(0, 1'500)));
    for (host::Host* h : rig.back_ends) rig.hosts.restart(*h);
    rig.run_for(seconds(16));  // the write has an end by now
    RC_ASSERT(write->done);
    if (write->result.ok()) last[key] = {round, write};
  }
  for (const auto& [key, entry] : last) {
    const Version acknowledged = entry.second->result.version;
    for (uint32_t i : {0u, 1u})
      RC_ASSERT(rig.central(i)->newest("flags-id", key)->version >= acknowledged);
    RC_ASSERT(rig.held(0, key) == rig.held(1, key));
  }
}

}  // namespace
}  // namespace orrery::kv
