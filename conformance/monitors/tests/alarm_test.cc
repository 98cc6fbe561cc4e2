// Goal: alarms break their rules exactly when they should. Method: events by hand, writes and logs on real simulated
// disks; clocks are the hosts'.
#include "conformance/monitors/tests/rig.h"
#include "platform/durable/alarms/events.h"
#include "sim/fault/events.h"

namespace orrery::monitors {
namespace {

struct Alarms : Rig {
  Alarms() { start(1); }

  // ---- the scheduler ----
  void told(durable::AlarmTime time) { tell(durable::AlarmTold{alarm, 3, 1, time, 1}); }
  void sent(int64_t ms, uint64_t shard_epoch = 1) {
    tell(durable::AlarmSent{alarm, 3, shard_epoch, ms, ms, 1, 1});
  }
  void failed(int64_t ms, Duration next, bool counted = true, uint64_t shard_epoch = 1) {
    tell(durable::AlarmFailed{alarm, shard_epoch, ms, counted, true, next});
  }
  void taken(uint64_t shard_epoch) { tell(durable::ShardTaken{alarm, 3, shard_epoch, 1, 2}); }

  // ---- the object ----
  void set(int64_t ms) { asked("setAlarm", std::to_string(ms)); }
  void remove() { asked("deleteAlarm", ""); }
  void settled() { asked(durable::kAlarmSettled, ""); }
  void asked(std::string_view operation, std::string_view key) {
    tell(durable::ObjectWrite{lane, 1, batch, true, operation, key, ""});
  }
  void begin() { tell(durable::SavepointBegan{lane, 1}); }
  void roll_back() { tell(durable::SavepointEnded{lane, 1, true, 0}); }
  void release() { tell(durable::SavepointEnded{lane, 1, false, 0}); }
  // Commits the batch; its entry gets onto this many followers' disks.
  void commit_on(uint32_t disks) {
    turn_ends();
    commit(batch++, ++index);
    for (uint32_t f = 0; f < disks; ++f) put(f, 1, index, index == 1 ? 0 : 1);
  }
  void stored(int64_t ms) { tell(durable::AlarmDurable{alarm, lane, 1, ms}); }
  void deleted(int64_t ms) { tell(durable::AlarmDeleted{alarm, lane, 1, ms, false}); }
  void durably(int64_t ms) {
    told(ms);
    set(ms);
    commit_on(3);
    stored(ms);
  }
  void fired(int64_t ms, uint32_t retries = 0) {
    tell(durable::AlarmFired{alarm, lane, 1, ms, ms, 1 + retries, retries, true});
  }
  void handler_ends(bool well) {
    tell(durable::AlarmHandlerEnded{lane, 1, well});
    tell(worker::TurnEnded{lane, "alarm", 1, 0, 0});
  }
  void runs(int64_t ms, uint32_t retries = 0, bool well = true) {
    sent(ms);
    fired(ms, retries);
    handler_ends(well);
  }
  testing::AssertionResult only(RuleId rule) {
    if (all() == 1 && broken(rule) == 1) return testing::AssertionSuccess();
    testing::AssertionResult result = testing::AssertionFailure() << all() << " breaches:";
    for (const Breach& b : monitors.breaches()) result << "\n  " << b.reason;
    return result;
  }

  LaneId alarm = world.trace().lane("alarm:Cart/1", "alarm", lane);
  const int64_t soon = host::kWorldEpochMs + 5'000;
  uint64_t batch = 1, index = 0;
};

TEST_F(Alarms, ALifeInOrderIsFine) {
  durably(soon);
  at(seconds(5));
  runs(soon, 0, false);
  failed(soon, seconds(2));
  at(seconds(7));
  runs(soon, 1);
  settled();
  commit_on(3);
  deleted(soon);
  told({});
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}

// ---- DO-ALARM-1: it runs, and stays until then ----

TEST_F(Alarms, DeletionByThePlatformWithoutARunBreaksAlarm1) {
  durably(soon);
  settled();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}
TEST_F(Alarms, DeletionByThePlatformInTheMiddleOfTheHandlerBreaksAlarm1) {
  durably(soon);
  at(seconds(5));
  fired(soon);
  settled();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}
TEST_F(Alarms, DeletionByThePlatformAfterAFailureBreaksAlarm1) {
  durably(soon);
  at(seconds(5));
  runs(soon, 0, false);
  settled();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}
TEST_F(Alarms, DeletionByJavaScriptNeedsNoRun) {
  durably(soon);
  remove();
  commit_on(3);
  deleted(soon);
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, DeletionOfAnAlarmThatIsGivenUpNeedsNoSuccess) {
  durably(soon);
  tell(durable::AlarmAbandoned{alarm, soon, 6});
  settled();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, ADurableAlarmThatIsLongDueAndNeverRanBreaksAlarm1) {
  durably(soon);
  at(minutes(20));
  monitors.finish();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}
TEST_F(Alarms, AnAlarmThatHasRunMayStillBeStoredAtTheEnd) {
  durably(soon);
  at(seconds(6));
  runs(soon);
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmSetAnewAfterItsRunHasToRunAgain) {
  durably(soon);
  at(seconds(6));
  runs(soon);
  durably(soon + 1000);
  at(minutes(20));
  monitors.finish();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}
TEST_F(Alarms, AnAlarmAfterTheEndIsNotMissed) {
  durably(host::kWorldEpochMs + minutes(19).us / 1000);
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmThatTwoDisksHaveIsNotMissed) {
  told(soon);
  set(soon);
  commit_on(2);
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmIsNotMissedWhileFaultsGoOn) {
  durably(soon);
  const fault::Fault fault{};
  tell(fault::FaultBegan{kWorldLane, fault});
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmIsNotMissedRightAfterTheLastFault) {
  durably(soon);
  const fault::Fault fault{};
  tell(fault::FaultBegan{kWorldLane, fault});
  at(minutes(20));
  tell(fault::FaultEnded{kWorldLane, fault});
  at(minutes(21));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmOfALostCommitIsGone) {
  told(soon);
  set(soon);
  commit_on(2);
  grant(2, 0);
  recovered(2, {});
  start(2);
  at(minutes(20));
  monitors.finish();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, AnAlarmThatALaterInstanceRecoveredIsMissedToo) {
  told(soon);
  set(soon);
  commit_on(2);
  grant(2, 0);
  recovered(2, {1, 1});
  start(2);
  at(minutes(20));
  monitors.finish();
  EXPECT_TRUE(only(RuleId::kAlarmFires));
}

// ---- DO-ALARM-2: not early ----

TEST_F(Alarms, ARunBeforeItsTimeOnItsHostsClockBreaksAlarm2) {
  durably(soon);
  at(seconds(5));
  hosts.step_clock(hosts.by_id(0), millis(-1));
  fired(soon);
  EXPECT_TRUE(only(RuleId::kAlarmEarly));
}
TEST_F(Alarms, ARunAtItsTimeIsNotEarly) {
  durably(soon);
  at(seconds(5));
  fired(soon);
  EXPECT_EQ(all(), 0u);
}

// ---- DO-ALARM-3: retries ----

TEST_F(Alarms, ARetryThatForgotItsFailuresBreaksAlarm3) {
  durably(soon);
  at(seconds(5));
  runs(soon);
  failed(soon, seconds(2));
  fired(soon, 0);
  EXPECT_TRUE(only(RuleId::kAlarmRetries));
}
TEST_F(Alarms, ASchedulerThatTookOverMayForget) {
  durably(soon);
  at(seconds(5));
  runs(soon);
  failed(soon, seconds(2));
  taken(2);
  fired(soon, 0);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, WhileTwoSchedulersDeliverCountsMayDiffer) {
  durably(soon);
  at(seconds(5));
  taken(2);
  sent(soon, 2);
  failed(soon, seconds(2), true, 2);
  sent(soon, 1);
  fired(soon, 0);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, FailuresThatDoNotCountChangeNoRetryCount) {
  durably(soon);
  at(seconds(5));
  runs(soon);
  failed(soon, seconds(2), false);
  fired(soon, 0);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, ASeventhRetryBreaksAlarm3) {
  durably(soon);
  at(seconds(5));
  for (uint32_t n = 0; n < 6; ++n) {
    runs(soon, n);
    failed(soon, seconds(64));
  }
  EXPECT_EQ(all(), 0u);
  runs(soon, 6);
  failed(soon, seconds(128));
  EXPECT_TRUE(only(RuleId::kAlarmRetries));
}
TEST_F(Alarms, ARetryAfterTooShortAPauseBreaksAlarm3) {
  durably(soon);
  at(seconds(5));
  failed(soon, millis(1999));
  EXPECT_TRUE(only(RuleId::kAlarmRetries));
}
TEST_F(Alarms, AnAlarmSetAnewBeginsToCountAnew) {
  durably(soon);
  at(seconds(5));
  runs(soon);
  failed(soon, seconds(2));
  durably(soon + 1);
  durably(soon);
  fired(soon, 0);
  EXPECT_EQ(all(), 0u);
}

// ---- DO-ALARM-4: the scheduler knows first ----

TEST_F(Alarms, LoggingATimeTheSchedulerDoesNotHoldBreaksAlarm4) {
  set(soon);
  commit_on(0);
  EXPECT_TRUE(only(RuleId::kAlarmScheduler));
}
TEST_F(Alarms, LoggingAnEarlierTimeThanTheSchedulersBreaksAlarm4) {
  durably(soon);
  set(soon - 1);
  commit_on(0);
  EXPECT_TRUE(only(RuleId::kAlarmScheduler));
}
TEST_F(Alarms, TheSchedulerHearsOfALaterTimeAfterwards) {
  durably(soon);
  set(soon + 1);
  commit_on(3);
  EXPECT_EQ(all(), 0u);
}

// ---- DO-ALARM-5: nothing that was taken back ----

TEST_F(Alarms, AnAlarmOfATransactionRolledBackThatIsStoredBreaksAlarm5) {
  begin();
  set(soon);
  roll_back();
  told(soon);
  commit_on(3);
  EXPECT_EQ(all(), 0u);
  stored(soon);
  EXPECT_TRUE(only(RuleId::kAlarmStored));
}
TEST_F(Alarms, RollingAnInnerTransactionBackLeavesTheOuterOnes) {
  told(soon);
  begin();
  set(soon);
  begin();
  set(soon + 1);
  roll_back();
  release();
  commit_on(3);
  stored(soon);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, RunningForATimeThatWasReplacedBreaksAlarm5) {
  durably(soon);
  durably(soon + 60'000);
  at(seconds(5));
  fired(soon);
  EXPECT_TRUE(only(RuleId::kAlarmStored));
}
TEST_F(Alarms, AnEarlierTimeMayRunWhileTheNewOneIsNotDurable) {
  durably(soon);
  set(soon + 60'000);
  at(seconds(5));
  fired(soon);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Alarms, ALateRunMayServeAStoredTimeThatIsOverdue) {
  durably(soon);
  durably(soon + 1000);
  at(seconds(7));
  fired(soon);
  EXPECT_EQ(all(), 0u);
}

// ---- DO-CLK-1 ----

TEST_F(Alarms, AClockThatMovesWithinATurnBreaksClk1) {
  tell(worker::TurnEnded{lane, "fetch", 1, 2, 0});
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kClockFrozen), 1u);
  tell(worker::TurnEnded{lane, "fetch", 1, 2, 3});
  EXPECT_TRUE(only(RuleId::kClockFrozen));
}

}  // namespace
}  // namespace orrery::monitors
