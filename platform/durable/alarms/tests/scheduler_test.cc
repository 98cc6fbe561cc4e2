#include <gtest/gtest.h>

#include "platform/durable/alarms/tests/rig.h"

namespace orrery::durable {
namespace {

using Outcome = AlarmAnswer::Outcome;
constexpr int64_t kMinuteMs = 60'000;

Ref<const AlarmAnswer> failure(bool counted, bool retry = true) {
  auto answer = make_ref<AlarmAnswer>(Outcome::kFailed, std::nullopt);
  answer->counted = counted;
  answer->retry = retry;
  return answer;
}

TEST(AlarmScheduler, DeliversAtTheTimeAndOnce) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 30'000;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  rig.run_for(seconds(29));
  EXPECT_TRUE(rig.deliveries.empty());
  rig.run_for(minutes(10));
  ASSERT_EQ(rig.deliveries.size(), 1u);
  EXPECT_EQ(rig.deliveries[0].scheduled, at);
  EXPECT_EQ(rig.owner(), nullptr) << "an empty shard sleeps";
}

TEST(AlarmScheduler, ALateMessageDoesNotUndoANewerOne) {
  AlarmRig rig;
  int64_t now = rig.clock_ms();
  ASSERT_TRUE(rig.tell(now + 20'000, {2, 5}));
  ASSERT_TRUE(rig.tell(now + 50'000, {2, 4}));
  ASSERT_TRUE(rig.tell(now + 60'000, {1, 9}));
  rig.run_for(seconds(40));
  ASSERT_EQ(rig.deliveries.size(), 1u);
  EXPECT_EQ(rig.deliveries[0].scheduled, now + 20'000);
}

TEST(AlarmScheduler, MovesAndClears) {
  AlarmRig rig;
  int64_t now = rig.clock_ms();
  ASSERT_TRUE(rig.tell(now + 20'000, {1, 1}));
  ASSERT_TRUE(rig.tell(now + 90'000, {1, 2}));
  rig.run_for(seconds(60));
  EXPECT_TRUE(rig.deliveries.empty());
  ASSERT_TRUE(rig.tell(std::nullopt, {1, 3}));
  rig.run_for(minutes(5));
  EXPECT_TRUE(rig.deliveries.empty());
}

TEST(AlarmScheduler, RetriesCountedFailuresSixTimesAndThenGivesUp) {
  AlarmRig rig;
  rig.handler = [](const worker::ObjectMessage& m) -> Ref<const AlarmAnswer> {
    if (m.event == worker::ObjectMessage::Event::kAlarmGivenUp)
      return make_ref<AlarmAnswer>(Outcome::kDone, std::nullopt);
    return failure(true);
  };
  ASSERT_TRUE(rig.tell(rig.clock_ms() + 1'000, {1, 1}));
  rig.run_for(minutes(10));
  ASSERT_EQ(rig.deliveries.size(), 8u);
  for (uint32_t i = 0; i < 7; ++i) EXPECT_EQ(rig.deliveries[i].retries, i);
  EXPECT_TRUE(rig.deliveries[7].give_up);
  EXPECT_EQ(rig.abandoned, 1u);
  Duration last = rig.deliveries[6].at - rig.deliveries[5].at;
  EXPECT_GE(last, seconds(64));
  EXPECT_LT(last, seconds(82));
}

TEST(AlarmScheduler, GivingUpIsRepeatedUntilTheObjectHasHeard) {
  AlarmRig rig;
  int deaf = 3;
  rig.handler = [&](const worker::ObjectMessage& m) -> Ref<const AlarmAnswer> {
    if (m.event == worker::ObjectMessage::Event::kAlarm || deaf-- > 0) return failure(false, false);
    return make_ref<AlarmAnswer>(Outcome::kDone, std::nullopt);
  };
  ASSERT_TRUE(rig.tell(rig.clock_ms() + 1'000, {1, 1}));
  rig.run_for(minutes(5));
  ASSERT_EQ(rig.deliveries.size(), 5u);
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(rig.deliveries[i].give_up);
  EXPECT_EQ(rig.owner(), nullptr);
}

TEST(AlarmScheduler, ACanceledRunGoesOnAtTheStoredTime) {
  AlarmRig rig;
  int64_t stored = rig.clock_ms() + 40'000;
  rig.handler = [&](const worker::ObjectMessage& m) -> Ref<const AlarmAnswer> {
    bool early = m.alarm_ms < stored;
    return make_ref<AlarmAnswer>(early ? Outcome::kCanceled : Outcome::kDone,
                                 early ? AlarmTime(stored) : AlarmTime());
  };
  ASSERT_TRUE(rig.tell(stored - 30'000, {1, 1}));
  rig.run_for(minutes(2));
  ASSERT_EQ(rig.deliveries.size(), 2u);
  EXPECT_EQ(rig.deliveries[1].scheduled, stored);
}

TEST(AlarmScheduler, ANewerTimeReplacesTheRetriesOfARunUnderWay) {
  AlarmRig rig;
  int64_t now = rig.clock_ms();
  bool first = true;
  rig.handler = [&](const worker::ObjectMessage&) -> Ref<const AlarmAnswer> {
    if (!std::exchange(first, false)) return make_ref<AlarmAnswer>(Outcome::kDone, std::nullopt);
    return nullptr;  // runs for ever
  };
  ASSERT_TRUE(rig.tell(now + 1'000, {1, 1}));
  rig.run_for(seconds(5));
  ASSERT_TRUE(rig.tell(now + 20'000, {1, 2}));
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.deliveries.size(), 1u) << "one at a time";
  // The run is lost; the newer time is due long since.
  host::Host* where = rig.deliveries[0].where;
  rig.hosts.crash(*where);
  rig.hosts.restart(*where);
  rig.run_for(minutes(2));
  ASSERT_EQ(rig.deliveries.size(), 2u);
  EXPECT_EQ(rig.deliveries[1].scheduled, now + 20'000);
}

TEST(AlarmScheduler, AnotherHostTakesTheShardOverWhenItsOwnerIsGoneForGood) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 40'000;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  host::Host* first = rig.owner();
  ASSERT_NE(first, nullptr);
  if (first == rig.teller) rig.object.home_pop = *AlarmRig::geography().find("ZRH");
  rig.hosts.crash(*first);
  rig.run_for(seconds(100));
  ASSERT_GE(rig.deliveries.size(), 1u);
  EXPECT_EQ(rig.deliveries[0].scheduled, at);
  EXPECT_EQ(rig.taken, 2u);
}

TEST(AlarmScheduler, ASleepingShardIsWokenByAnotherWatcher) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 30 * kMinuteMs;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  host::Host* first = rig.owner();
  rig.run_for(minutes(5));
  EXPECT_EQ(rig.slept, 1u);
  EXPECT_EQ(rig.owner(), nullptr);
  rig.hosts.crash(*first);
  rig.run_for(minutes(25) + seconds(60));
  ASSERT_EQ(rig.deliveries.size(), 1u) << "at most a minute late";
  EXPECT_EQ(rig.deliveries[0].scheduled, at);
}

TEST(AlarmScheduler, HostsThatAllRestartedLookAfterWhatTheyWatched) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 30 * kMinuteMs;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  rig.run_for(minutes(5));
  for (host::HostId id = kDirectoryMembers; id < rig.hosts.count(); ++id)
    rig.hosts.crash(rig.hosts.by_id(id));
  for (host::HostId id = kDirectoryMembers; id < rig.hosts.count(); ++id)
    rig.hosts.restart(rig.hosts.by_id(id));
  rig.run_for(minutes(27));
  ASSERT_EQ(rig.deliveries.size(), 1u);
  EXPECT_EQ(rig.deliveries[0].scheduled, at);
}

TEST(AlarmScheduler, AFortnightAsleepCostsFewEvents) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 14 * 24 * 60 * kMinuteMs;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  rig.run_for(minutes(2));
  uint64_t before = rig.world.loop().events_run();
  rig.run_for(minutes(14 * 24 * 60 - 10));
  EXPECT_LT(rig.world.loop().events_run() - before, 100u);
  EXPECT_TRUE(rig.deliveries.empty());
  rig.run_for(minutes(10));
  EXPECT_EQ(rig.deliveries.size(), 1u);
}

TEST(AlarmScheduler, WakesInTimeAlthoughClocksRanWrong) {
  AlarmRig rig;
  int64_t at = rig.clock_ms() + 14 * 24 * 60 * kMinuteMs;
  ASSERT_TRUE(rig.tell(at, {1, 1}));
  for (host::HostId id = kDirectoryMembers; id < rig.hosts.count(); ++id)
    rig.hosts.drift_clock(rig.hosts.by_id(id), -1'000);
  rig.run_for(minutes(2));  // it goes to sleep by clocks that are slow,
  for (host::HostId id = kDirectoryMembers; id < rig.hosts.count(); ++id)
    rig.hosts.drift_clock(rig.hosts.by_id(id), 0);  // which then are put right
  rig.run_for(minutes(14 * 24 * 60));
  EXPECT_EQ(rig.deliveries.size(), 1u);
}

}  // namespace
}  // namespace orrery::durable
