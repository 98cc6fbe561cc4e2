// Goal: DO-RR-1 and DO-RR-2 are broken by exactly what they forbid. Method: events by hand, real log records.
#include "conformance/monitors/tests/rig.h"
#include "platform/durable/replicas/events.h"

namespace orrery::monitors {
namespace {

using rules::RuleId;

struct Replicas : Rig {
  static constexpr host::HostId kHost = 3;
  LaneId replica = world.trace().lane("do:Cart/1@WEUR", "object");

  void SetUp() override {
    start(1);
    for (uint32_t follower = 0; follower < 3; ++follower) {
      put(follower, 1, 1, 0);
      put(follower, 1, 2, 1);
    }
    begins();
  }
  void begins() { tell(durable::ReplicaStarted{replica, lane, kHost, "host:CDG/1"}); }
  void reads(uint64_t epoch, uint64_t index) { tell(durable::ReplicaReads{replica, lane, kHost, {epoch, index}}); }
  void waited(uint64_t wanted, uint64_t index) { tell(durable::ReplicaWaited{replica, kHost, wanted, index}); }
};

TEST_F(Replicas, WhatIsDurableMayBeReadOneAfterAnother) {
  reads(1, 1);
  reads(1, 2);
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kReplicaPrefix), 2u);
}
TEST_F(Replicas, WhatTwoFollowersHaveBreaksRr1) {
  put(0, 1, 3, 1);
  put(1, 1, 3, 1);
  reads(1, 3);
  EXPECT_EQ(broken(RuleId::kReplicaPrefix), 1u);
  EXPECT_NE(monitors.breaches()[0].reason.find("not on the disks of three followers"), std::string::npos);
}
TEST_F(Replicas, GoingBackBreaksRr1) {
  reads(1, 2);
  reads(1, 1);
  EXPECT_EQ(broken(RuleId::kReplicaPrefix), 1u);
}
TEST_F(Replicas, AnotherInstanceMayBeginFurtherBack) {
  reads(1, 2);
  begins();
  reads(1, 1);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Replicas, WaitingForWhatIsNotReadBreaksRr2WhateverIsSaid) {
  reads(1, 1);
  waited(1, 1);
  EXPECT_EQ(all(), 0u);
  waited(2, 2);
  EXPECT_EQ(broken(RuleId::kReplicaBookmark), 1u);
  EXPECT_EQ(monitors.exercised(RuleId::kReplicaBookmark), 2u);
}

}  // namespace
}  // namespace orrery::monitors
