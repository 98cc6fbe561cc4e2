// Goal: gates, turns, order and life of an object break their rules exactly when they should. Method: events by
// hand; durability by real records on followers' disks.
#include "conformance/monitors/tests/rig.h"

namespace orrery::monitors {
namespace {

struct Life : Rig {
  void SetUp() override {
    at(seconds(1));
    for (host::HostId member : {6, 7, 8}) renewed(member);
    start(1);
  }
};
using Gates = Life;

TEST_F(Gates, AnAnswerAfterThreeDisksHaveTheWriteIsFine) {
  event(1);
  write(1);
  held(1);
  turn_ends();
  commit(1, 1);
  put_on_three(1, 1, 0);
  reply(1);
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Gates, AnAnswerWithTwoDisksBreaksOg1) {
  event(1);
  write(1);
  held(1);
  turn_ends();
  commit(1, 1);
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  put(2, 1, 1, 0, false);  // written, not synced
  reply(1);
  ASSERT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
  EXPECT_NE(monitors.breaches()[0].reason.find("entry 1 was on 2 of 3"), std::string::npos);
}
TEST_F(Gates, AnAnswerBeforeTheCommitBreaksOg1) {
  event(1);
  write(1);
  reply();
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Gates, AnAnswerNeedsNotWaitForLaterWrites) {
  event(1);
  write(1);
  held(1);
  turn_ends();
  commit(1, 1);
  event(2);
  write(2);
  turn_ends();
  commit(2, 2);
  put_on_three(1, 1, 0);
  reply(1);
  EXPECT_EQ(all(), 0u);
  held(2);
  reply(2);
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Gates, AnAnswerNeedsNotWaitForUnconfirmedWritesAfterDurableOnes) {
  event(1);
  write(1);
  turn_ends();
  commit(1, 1);
  put_on_three(1, 1, 0);
  reply();
  event(2);
  write(2, false);
  turn_ends();
  commit(2, 2);
  event(3);
  reply();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Gates, UnconfirmedWritesAndUngatedAnswersWaitForNothing) {
  event(1);
  write(1, false);
  reply();
  turn_ends();
  event(2);
  write(1);
  reply(0, false);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Gates, ATransactionsWritesHoldBackWhatLeavesAfterItsEndAlone) {
  event(1);
  write(1, false);
  tell(durable::ObjectCalled{lane, 1, 0, "GET", "/y"});
  EXPECT_EQ(all(), 0u);
  tell(durable::SavepointEnded{lane, 1, false, 1});
  reply();
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Gates, ACallAheadOfAWritesDurabilityBreaksOg2) {
  tell(durable::ObjectCalled{lane, 1, 0, "GET", "/y"});
  EXPECT_EQ(all(), 0u);
  event(1);
  write(1);
  turn_ends();
  commit(1, 1);
  tell(durable::ObjectCalled{lane, 1, 0, "GET", "/y"});
  EXPECT_EQ(broken(RuleId::kOutputGateCalls), 1u);
}
TEST_F(Gates, APartOfAStreamAheadOfAWritesDurabilityBreaksOg1) {
  event(1);
  tell(durable::ObjectStreamed{lane, 1, 0, 10});
  EXPECT_EQ(all(), 0u);
  write(1);
  turn_ends();
  commit(1, 1);
  tell(durable::ObjectStreamed{lane, 1, 0, 10});
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Gates, AnEventInsideASectionBreaksIg1) {
  tell(durable::SectionBegan{lane, 1, 5, 1});
  tell(durable::SectionEnded{lane, 1, 5});
  event(1);
  turn_ends();
  EXPECT_EQ(all(), 0u);
  tell(durable::SectionBegan{lane, 1, 6, 1});
  event(2);
  EXPECT_EQ(broken(RuleId::kInputGateSection), 1u);
}
TEST_F(Gates, TwoTurnsAtOnceBreakIg2) {
  event(1);
  event(2);
  EXPECT_EQ(broken(RuleId::kInputGateTurn), 1u);
}
TEST_F(Gates, SectionsMayNestButNotMix) {
  tell(durable::SectionBegan{lane, 1, 5, 1});
  tell(durable::SectionBegan{lane, 1, 6, 2});
  EXPECT_EQ(all(), 0u);
  tell(durable::SectionBegan{lane, 1, 7, 2});
  EXPECT_EQ(broken(RuleId::kInputGateNesting), 1u);
}

using Turns = Life;
TEST_F(Turns, OfOneTransactionAreFine) {
  event(1);
  write(1);
  write(1);
  turn_ends();
  event(2);
  write(1);  // joins the same: allowed
  turn_ends();
  commit(1, 1);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Turns, OfTwoTransactionsBreakTurn1) {
  event(1);
  write(1);
  write(2);
  EXPECT_EQ(broken(RuleId::kTurnBatch), 1u);
}
TEST_F(Turns, ACommitInTheMiddleBreaksTurn2) {
  event(1);
  write(1);
  commit(1, 1);
  EXPECT_EQ(broken(RuleId::kTurnCommit), 1u);
}

using Order = Life;
TEST_F(Order, CallsOfOneCallerInOrderAreFine) {
  for (uint64_t n : {1, 2, 5}) {
    event(n);
    turn_ends();
  }
  event(3, 1, 10);  // another caller
  turn_ends();
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kStubOrder), 2u);
}
TEST_F(Order, AnOvertakenCallBreaksOrd1) {
  event(2);
  turn_ends();
  event(1);
  EXPECT_EQ(broken(RuleId::kStubOrder), 1u);
  EXPECT_EQ(broken(RuleId::kDeliveredOnce), 0u);
}
TEST_F(Order, ACallDeliveredTwiceBreaksOrd2) {
  event(2);
  turn_ends();
  event(2);
  EXPECT_EQ(broken(RuleId::kDeliveredOnce), 1u);
}
TEST_F(Order, ACallerThatRestartedIsAnother) {
  event(uint64_t{1} << 40 | 9);
  turn_ends();
  event(uint64_t{2} << 40 | 1);
  EXPECT_EQ(all(), 0u);
}

TEST_F(Rig, AnEventBeforeTheConstructorBreaksLife1) {
  tell(durable::ObjectStarted{lane, 1, 0, "host"});
  event(1);
  EXPECT_EQ(broken(RuleId::kConstructorFirst), 1u);
}
TEST_F(Life, AnEventOrAnswerAfterTheEndBreaksLife2) {
  event(1);
  turn_ends();
  tell(durable::ObjectEnded{lane, 1, "abort()"});
  EXPECT_EQ(all(), 0u);
  reply();
  EXPECT_EQ(broken(RuleId::kNothingAfterEnd), 1u);
}
TEST_F(Life, EvictionAfterTenIdleSecondsIsFine) {
  at(seconds(2));
  event(1);
  turn_ends();
  at(seconds(12));
  tell(durable::ObjectEnded{lane, 1, durable::kIdleEnd});
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kIdleEviction), 1u);
}
TEST_F(Life, EvictionAfterNineIdleSecondsBreaksLife3) {
  at(seconds(2));
  event(1);
  turn_ends();
  at(seconds(11));
  tell(durable::ObjectEnded{lane, 1, durable::kIdleEnd});
  EXPECT_EQ(broken(RuleId::kIdleEviction), 1u);
}

}  // namespace
}  // namespace orrery::monitors
