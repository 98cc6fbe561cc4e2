// What schedulers and sweeps may do to messages, and what they may not.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/explore/strategy.h"
#include "sim/net/tests/fixture.h"

namespace orrery::net {
namespace {

World::Options sweeping(uint64_t n) {
  World::Options options;
  options.decisions.base = DecisionBase::kDefault;
  options.sweep.kind = Sweep::Kind::kMessage;
  options.sweep.n = n;
  return options;
}

TEST(MessageSweep, TheRequestThatFailsNeverArrivesAndItsCallerHearsOfIt) {
  Fixture f(sweeping(1));
  host::Host &a = f.host("host:FRA/1"), &b = f.host("host:SIN/1");
  const Outcome& outcome = f.call(a, b, 7);
  f.run_for(seconds(1));
  EXPECT_TRUE(f.world.sweep().fired);
  EXPECT_EQ(f.world.sweep().what, "request test.number of host:FRA/1 -> host:SIN/1");
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.reply.error, CallError::kDisconnected);
  EXPECT_TRUE(f.echo(b).heard.empty());
}

TEST(MessageSweep, TheReplyThatFailsWasHandled) {
  Fixture f(sweeping(2));
  host::Host &a = f.host("host:FRA/1"), &b = f.host("host:SIN/1");
  const Outcome& outcome = f.call(a, b, 7);
  f.run_for(seconds(1));
  EXPECT_EQ(f.world.sweep().what, "reply test.number of host:SIN/1 -> host:FRA/1");
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.reply.error, CallError::kDisconnected);
  EXPECT_EQ(f.echo(b).heard.size(), 1u);
  // The next connection is sound.
  const Outcome& next = f.call(a, b, 8);
  f.run_for(seconds(1));
  EXPECT_TRUE(next.reply.ok());
}

TEST(MessageSweep, WhatWasSentBeforeOnTheStreamArrivesAndWhatCameBehindDoesNot) {
  Fixture f(sweeping(2));
  host::Host &a = f.host("host:FRA/1"), &b = f.host("host:SIN/1");
  for (int64_t n = 1; n <= 3; ++n) f.network->post(*a.process(), b.id(), kEcho, number(n));
  f.run_for(seconds(1));
  ASSERT_EQ(f.echo(b).heard.size(), 1u);
  EXPECT_EQ(f.echo(b).heard[0].second, 1);
  EXPECT_EQ(f.echo(b).lost.size(), 1u);
}

TEST(MessageSweep, BeyondTheLastNothingFires) {
  Fixture f(sweeping(3));
  const Outcome& outcome = f.call(f.host("host:FRA/1"), f.host("host:SIN/1"), 7);
  f.run_for(seconds(1));
  EXPECT_FALSE(f.world.sweep().fired);
  EXPECT_EQ(f.world.sweep().count, 2u);
  EXPECT_TRUE(outcome.reply.ok());
}

// Two peers in one city tell a third host at the same moment.
std::vector<int64_t> heard_under(Scheduler* (*make)(World&), World::Options options) {
  Fixture f(options);
  std::unique_ptr<Scheduler> scheduler(make(f.world));
  f.world.loop().schedule_by(scheduler.get());
  host::Host &a = f.host("host:FRA/1"), &b = f.host("host:FRA/2"), &c = f.host("host:SIN/1");
  for (int64_t n : {1, 2}) f.network->post(*a.process(), c.id(), kEcho, number(10 + n));
  for (int64_t n : {1, 2}) f.network->post(*b.process(), c.id(), n == 1 ? kEcho : kOther, number(20 + n));
  f.run_for(seconds(1));
  std::vector<int64_t> heard;
  for (const auto& [from, n] : f.echo(c).heard) heard.push_back(n);
  f.world.loop().schedule_by(nullptr);
  return heard;
}

TEST(Schedules, StreamsThatArriveTogetherMixAndEachKeepsItsOrder) {
  using Make = Scheduler* (*)(World&);
  const Make strategies[] = {
      [](World& w) { return explore::make_strategy(w, {explore::StrategyKind::kRandom}).release(); },
      [](World& w) { return explore::make_strategy(w, {explore::StrategyKind::kPct, 2}).release(); },
      [](World& w) { return explore::make_strategy(w, {explore::StrategyKind::kPos}).release(); }};
  std::set<std::vector<int64_t>> orders;
  for (Make make : strategies)
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      World::Options options;
      options.decisions.seed = seed;
      const std::vector<int64_t> heard = heard_under(make, options);
      ASSERT_EQ(heard.size(), 4u);
      EXPECT_LT(std::find(heard.begin(), heard.end(), 11), std::find(heard.begin(), heard.end(), 12));
      orders.insert(heard);
    }
  EXPECT_GE(orders.size(), 4u);
}

// Chooses the last of those due.
class LastFirst final : public Scheduler {
 public:
  size_t choose(Instant, std::span<const Due> due) override { return due.size() - 1; }
};

TEST(Schedules, OnMedianDelaysTheSchedulerAloneDecidesWhoIsHeardFirst) {
  World::Options options;
  options.decisions.base = DecisionBase::kDefault;
  const auto fifo = [](World&) -> Scheduler* { return nullptr; };
  EXPECT_EQ(heard_under(fifo, options), (std::vector<int64_t>{11, 12, 21, 22}));
  const auto last = [](World&) -> Scheduler* { return new LastFirst; };
  EXPECT_EQ(heard_under(last, options), (std::vector<int64_t>{21, 22, 11, 12}));
}

}  // namespace
}  // namespace orrery::net
