// Goal: the protocol as modelled keeps its promises, and each rule of it is needed. Method: every state that three followers
// and a few owners can reach within bounds; and with each rule taken away the same search finds a broken promise.
#include <gtest/gtest.h>

#include <cstdlib>

#include "conformance/properties/replication/explore.h"

namespace orrery::protocol {
namespace {

std::string told(const Explored& e) {
  std::string out = e.violation + "\n";
  for (const std::string& step : e.steps) out += "  " + step + "\n";
  return out;
}

void holds(const Bounds& bounds, size_t least) {
  const Explored e = explore(bounds);
  std::printf("  %zu states, %zu steps between them, the farthest %d steps away\n", e.states, e.edges, e.depth);
  ::testing::Test::RecordProperty("states", static_cast<int>(e.states));
  EXPECT_TRUE(e.violation.empty()) << told(e);
  EXPECT_GT(e.states, least) << "the bounds leave little to see";
}

void is_found(const Bounds& bounds) {
  const Explored e = explore(bounds);
  EXPECT_FALSE(e.violation.empty()) << "not found among " << e.states << " states";
  std::printf("  after %zu states: %s", e.states, told(e).c_str());
}

Bounds messages(int epochs, int steps) {
  Bounds b;
  b.epochs = epochs;
  b.steps = steps;
  return b;
}
Bounds exchanges(int epochs, int appends, int steps = 0) {
  Bounds b;
  b.exchanges = true;
  b.epochs = epochs;
  b.appends = appends;
  b.steps = steps;
  return b;
}

// Three of four hosts follow; each may take the place of another.
Bounds changing(Bounds b) {
  b.rules.spares = 1;
  return b;
}

TEST(Protocol, HoldsInEveryStateOfThreeFollowersTwoEpochsAndEightSteps) {
  holds(messages(2, 8), 10'000);
}
TEST(Protocol, HoldsInEveryStateThatEightExchangesOfThreeOwnersCanReach) { holds(exchanges(3, 3, 8), 10'000); }
TEST(Protocol, HoldsInEveryStateThatEightExchangesOfFourOwnersCanReach) { holds(exchanges(4, 3, 8), 10'000); }
TEST(Protocol, HoldsInEveryStateThatExchangesOfTwoOwnersOfAnEntryAndABarrierCanReach) {
  holds(exchanges(2, 2), 1'000);
}
TEST(Protocol, HoldsInEveryStateWhileOneOfFourHostsTakesTheFollowersPlaces) {
  holds(changing(messages(2, 8)), 10'000);
  holds(changing(exchanges(2, 2, 8)), 10'000);
  holds(changing(exchanges(3, 3, 7)), 10'000);
}
// Minutes: with ORRERY_TEST_LONG.
TEST(Protocol, HoldsInMoreStates) {
  if (!std::getenv("ORRERY_TEST_LONG")) GTEST_SKIP() << "takes minutes: set ORRERY_TEST_LONG";
  holds(messages(2, 10), 100'000);
  holds(exchanges(2, 3), 100'000);
  holds(exchanges(3, 3, 12), 100'000);
  holds(changing(messages(2, 10)), 100'000);
  holds(changing(exchanges(3, 3, 9)), 100'000);
}

TEST(Needed, AQuorumThatMeetsEveryOther) {
  Bounds b = messages(2, 8);
  b.rules.quorum = 1;
  is_found(b);
}
TEST(Needed, VotesOfAQuorumThatMeetsEveryOther) {
  Bounds b = exchanges(2, 3);
  b.rules.votes = 1;
  is_found(b);
}
TEST(Needed, CountingAFollowerOnce) {
  Bounds b = messages(2, 8);
  b.rules.counted_twice = true;
  is_found(b);
}
TEST(Needed, ComparingLogsByEpochFirst) {
  Bounds b = exchanges(3, 3);
  b.rules.picks_by_index = true;
  is_found(b);
}
TEST(Needed, RefusingOlderEpochs) {
  Bounds b = exchanges(2, 3);
  b.rules.takes_older = true;
  is_found(b);
}
TEST(Needed, SyncingBeforeAnAcknowledgement) {
  Bounds b = messages(2, 8);
  b.rules.acks_before_sync = true;
  is_found(b);
}
TEST(Needed, TheBarrier) {
  Bounds b = exchanges(4, 2);
  b.rules.no_barrier = true;
  is_found(b);
}
TEST(Needed, SyncingBeforeAVote) {
  Bounds b = messages(2, 8);
  b.rules.promises_unsynced = true;
  is_found(b);
}
TEST(Needed, NoVoteOfALostDisk) {
  Bounds b = exchanges(2, 2);
  b.rules.lost_votes = true;
  is_found(b);
}
TEST(Needed, LookingAtTheEntryBefore) {
  Bounds b = exchanges(2, 3);
  b.rules.unchecked_previous = true;
  is_found(b);
}

TEST(Needed, TheRegisterBeforeWhoJoinsCounts) {
  Bounds b = changing(exchanges(2, 2, 8));
  b.rules.changes_alone = true;
  is_found(b);
}
TEST(Needed, AQuorumOfEitherWhileTheRegisterIsChanged) {
  Bounds b = changing(exchanges(2, 2, 8));
  b.rules.counts_new_alone = true;
  is_found(b);
}
TEST(Needed, WhatIsDurableAtTheNewFollowersFirst) {
  Bounds b = changing(exchanges(2, 2, 8));
  b.rules.joins_empty = true;
  is_found(b);
}
TEST(Needed, AnEntryOfOnesOwnBeforeAChange) {
  Bounds b = changing(exchanges(2, 2, 8));
  b.rules.changes_unsure = true;
  is_found(b);
}
TEST(Needed, ThePromiseOfWhoLeft) {
  Bounds b = changing(exchanges(2, 1, 10));
  b.rules.retired_forget = true;
  is_found(b);
}

}  // namespace
}  // namespace orrery::protocol
