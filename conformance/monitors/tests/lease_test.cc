// Goal: leases, epochs and recoveries break their rules exactly when they should. Method: events by hand; clocks
// are those of the hosts.
#include "conformance/monitors/tests/rig.h"

namespace orrery::monitors {
namespace {

struct Leases : Rig {
  void SetUp() override {
    at(seconds(1));
    for (host::HostId member : {6, 7, 8}) renewed(member);
    start(1);
  }
  void act(uint64_t number, uint64_t epoch = 1) {
    event(number, epoch);
    turn_ends();
  }
};

TEST_F(Leases, EventsWithinTheLeaseAreFine) {
  at(seconds(10));
  act(1);
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, AnEventAfterTheLeaseBreaksLease1) {
  at(seconds(12));
  act(1);
  EXPECT_EQ(broken(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, TwoMembersDoNotExtendALease) {
  at(seconds(9));
  renewed(6);
  renewed(7);
  at(seconds(12));
  act(1);
  EXPECT_EQ(broken(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, ThreeMembersDo) {
  at(seconds(9));
  for (host::HostId member : {7, 9, 10}) renewed(member);
  at(seconds(12));
  act(1);
  EXPECT_EQ(all(), 0u);
}
// Members 7 and 8 of view 1 and 9 of view 2 are three, but not of one view.
TEST_F(Leases, MembersOfTwoViewsDoNotMakeAQuorum) {
  at(seconds(9));
  renewed(7);
  renewed(8);
  auto members = view->members;
  members[0] = {5, 1};
  view = make_ref<const durable::View>(2, members);
  renewed(9);
  at(seconds(12));
  act(1);
  EXPECT_EQ(broken(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, ThreeMembersOfTheNextViewExtendALease) {
  auto members = view->members;
  members[0] = {5, 1};
  view = make_ref<const durable::View>(2, members);
  at(seconds(9));
  for (host::HostId member : {5, 7, 8}) renewed(member);
  at(seconds(12));
  act(1);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Leases, AViewWithTwoListsOfMembersBreaksDir1) {
  auto members = view->members;
  tell(durable::ViewChanged{hosts.by_id(6).lane(), 2, members});
  EXPECT_EQ(all(), 0u);
  members[4].birth = 7;
  tell(durable::ViewChanged{hosts.by_id(7).lane(), 2, members});
  EXPECT_EQ(broken(RuleId::kViewAgreed), 1u);
}
TEST_F(Leases, AMemberThatRevokedTheSessionDoesNotCount) {
  tell(durable::SessionRevoked{hosts.by_id(6).lane(), 0, 77, false});
  at(seconds(9));
  for (host::HostId member : {6, 7, 8}) renewed(member);
  at(seconds(12));
  act(1);
  EXPECT_EQ(broken(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, TheLeaseIsCountedOnTheHostsOwnClock) {
  hosts.drift_clock(hosts.by_id(0), -10'000);  // one in a hundred slow
  at(seconds(11) + millis(50));
  act(1);
  EXPECT_EQ(all(), 0u);
  at(seconds(11) + millis(200));
  act(2);
  EXPECT_EQ(broken(RuleId::kLeaseOwn), 1u);
}
TEST_F(Leases, AnAnswerAfterAnotherWasGrantedBreaksLease2) {
  at(seconds(5));
  act(1);
  grant(2, 3, 88);
  reply();
  EXPECT_EQ(broken(RuleId::kLeaseOther), 1u);
}
TEST_F(Leases, AClockThatJumpedExcusesLease2) {
  hosts.step_clock(hosts.by_id(0), seconds(-1));
  grant(2, 3, 88);
  act(1);
  EXPECT_EQ(broken(RuleId::kLeaseOther), 0u);
}
TEST_F(Leases, AnEpochGrantedTwiceBreaksSi1) {
  grant(1, 3, 88);
  EXPECT_EQ(broken(RuleId::kSingleEpoch), 1u);
}
TEST_F(Leases, AnInstanceUnderAnEpochThatIsNotNewerBreaksSi1) {
  grant(2, 3, 88);
  start(2, 3);
  EXPECT_EQ(all(), 0u);
  start(1, 0);
  EXPECT_EQ(broken(RuleId::kSingleEpoch), 1u);
}

struct Recoveries : Leases {
  void acknowledge() {
    event(1);
    write(1);
    turn_ends();
    put_on_three(1, 1, 0);
    commit(1, 1);
    reply();
    ASSERT_EQ(all(), 0u);
  }
};
TEST_F(Recoveries, WithEverythingAcknowledgedAreFine) {
  acknowledge();
  recovered(2, {1, 1});
  recovered(3, {2, 2});
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kAcknowledgedStays), 2u);
}
TEST_F(Recoveries, WithoutAnAcknowledgedWriteBreakDur1) {
  acknowledge();
  recovered(2, {0, 0});
  EXPECT_EQ(broken(RuleId::kAcknowledgedStays), 1u);
}
TEST_F(Recoveries, OfALogThatBranchedOffBeforeAnAcknowledgedWriteBreakDur1) {
  recovered(2, {0, 0});  // knows nothing of entry 1, then writes its own
  acknowledge();
  recovered(3, {2, 5});
  EXPECT_EQ(broken(RuleId::kAcknowledgedStays), 1u);
}
TEST_F(Leases, AMessageForAHostThatIsDownBreaksNet1) {
  auto message = make_ref<durable::RenewRequest>(view, 0, 77);
  host::Host& to = hosts.by_id(6);
  tell(net::Delivered{to.lane(), net::Carriage::kPost, 0, hosts.by_id(0), to, *message});
  EXPECT_EQ(all(), 0u);
  hosts.crash(to);
  tell(net::Delivered{to.lane(), net::Carriage::kPost, 0, hosts.by_id(0), to, *message});
  EXPECT_EQ(broken(RuleId::kDeliveredToLiving), 1u);
}

}  // namespace
}  // namespace orrery::monitors
