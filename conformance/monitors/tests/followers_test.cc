// Goal: what counts as durable follows the followers, also while one is replaced. Method: events by hand; entries on
// real simulated disks.
#include "conformance/monitors/tests/rig.h"

namespace orrery::monitors {
namespace {

using Stage = durable::FollowerChange::Stage;

struct Following : Rig {
  static constexpr host::HostId kSixth = 10;
  void SetUp() override {
    start(1);
    event(1);
    write(1);
    turn_ends();
    commit(1, 1);
  }
  void change(Stage stage, uint64_t epoch = 1) { tell(durable::FollowerChange{lane, epoch, stage, followers[4], kSixth, false}); }
  // The sixth host writes as the follower in whose place it comes.
  void sixth_has(uint64_t epoch, uint64_t index, uint64_t previous) {
    const host::HostId left = std::exchange(followers[4], kSixth);
    put(4, epoch, index, previous);
    followers[4] = left;
  }
};

TEST_F(Following, WhoCatchesUpDoesNotCount) {
  change(Stage::kCatchesUp);
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  sixth_has(1, 1, 0);
  reply();
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Following, WhileTheDirectoryIsToldThreeOfEitherFiveAreNeeded) {
  change(Stage::kCatchesUp);
  change(Stage::kJoint);
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  put(4, 1, 1, 0);  // three of the former, two of the new
  reply();
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Following, ThreeOfBothAreEnough) {
  change(Stage::kCatchesUp);
  change(Stage::kJoint);
  for (uint32_t f : {0, 1, 2}) put(f, 1, 1, 0);
  reply();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Following, AfterwardsWhoJoinedCountsAndWhoLeftDoesNot) {
  change(Stage::kCatchesUp);
  sixth_has(1, 1, 0);
  change(Stage::kJoint);
  change(Stage::kDone);
  put(0, 1, 1, 0);
  put(4, 1, 1, 0);
  reply();
  EXPECT_EQ(broken(RuleId::kOutputGateAnswers), 1u);
}
TEST_F(Following, AndThreeOfTheNewFiveAreEnough) {
  change(Stage::kCatchesUp);
  sixth_has(1, 1, 0);
  change(Stage::kJoint);
  change(Stage::kDone);
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  reply();
  EXPECT_EQ(all(), 0u);
}
TEST_F(Following, AGrantWithOtherFollowersBreaksRep6) {
  change(Stage::kCatchesUp);
  change(Stage::kDone);
  grant(2, 6, 88);  // with the first five
  EXPECT_EQ(broken(RuleId::kFollowersKnown), 1u);
}
TEST_F(Following, AGrantWhileTheDirectoryIsToldMayHaveEither) {
  change(Stage::kCatchesUp);
  change(Stage::kJoint);
  grant(2, 6, 88);
  EXPECT_EQ(all(), 0u);
  followers[4] = kSixth;
  grant(3, 6, 88);
  EXPECT_EQ(broken(RuleId::kFollowersKnown), 1u) << "the second grant had settled it";
}
TEST_F(Following, AChangeOfAnOwnerThatANewerOneFollowedIsNoNews) {
  grant(2, 6, 88);
  change(Stage::kCatchesUp, 1);
  change(Stage::kDone, 1);
  grant(3, 6, 88);
  EXPECT_EQ(all(), 0u);
}

}  // namespace
}  // namespace orrery::monitors
