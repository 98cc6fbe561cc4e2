// Goal: what is read off followers' disks breaks the replication rules exactly when it should. Method: real log
// records on simulated disks; claims and epochs by hand.
#include "conformance/monitors/tests/rig.h"

namespace orrery::monitors {
namespace {

using Disks = Rig;

TEST_F(Disks, AnAcknowledgementOfWhatIsSyncedIsFine) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  tell(durable::FollowerDurable{lane, followers[0], 1, 2});
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kFollowerSync), 1u);
}
TEST_F(Disks, AnAcknowledgementAheadOfTheSyncBreaksRep1) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1, false);
  tell(durable::FollowerDurable{lane, followers[0], 1, 2});
  EXPECT_EQ(broken(RuleId::kFollowerSync), 1u);
  EXPECT_NE(monitors.breaches()[0].reason.find("synced only up to entry 1"), std::string::npos);
}
TEST_F(Disks, AnEntryOfAnOlderOwnerAfterAPromiseBreaksRep2) {
  put(0, 1, 1, 0);
  promise(0, 2);
  EXPECT_EQ(all(), 0u);
  put(0, 1, 2, 1);
  EXPECT_EQ(broken(RuleId::kFollowerPromise), 1u);
}
TEST_F(Disks, ANewOwnerMaySendWhatItRecoveredFromOlderOnes) {
  begin_log(0);
  promise(0, 2);
  recovered(2, {1, 1});
  put(0, 1, 1, 0);
  put(0, 2, 2, 1);
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kFollowerPromise), 2u);
}
TEST_F(Disks, CuttingBackToAnEntryThatItHasBreaksRep7) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  put(0, 1, 1, 0);
  EXPECT_EQ(broken(RuleId::kTailKept), 1u);
}
TEST_F(Disks, AfterItsDiskWasLostAFileOfANameThatWasThereIsAnother) {
  auto generation = [&](uint32_t number, std::vector<Ref<const durable::AppendMessage>> entries) {
    durable::LogContent content;
    content.entries = std::move(entries);
    auto file = log(0, number);
    ASSERT_EQ(durable::write_log(*file, *info, content), disk::DiskError::kNone);
    ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  };
  generation(2, {entry(1, 1, 0)});
  hosts.by_id(followers[0]).disk().wipe();
  generation(1, {});
  put(0, 1, 1, 0);
  for (uint64_t index = 2; index <= 4; ++index) put(0, 1, index, 1);
  generation(2, {entry(1, 1, 0), entry(1, 2, 1), entry(1, 3, 1), entry(1, 4, 1)});
  EXPECT_EQ(all(), 0u);
}
TEST_F(Disks, CuttingOffWhatANewerOwnerDoesNotHaveIsFine) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  recovered(2, {1, 1});
  put(0, 2, 2, 1);
  EXPECT_EQ(broken(RuleId::kTailKept), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kTailKept), 3u);
}
TEST_F(Disks, ALogWithAHoleBreaksRep3) {
  put(0, 1, 1, 0);
  put(0, 1, 3, 1);
  EXPECT_EQ(broken(RuleId::kLogPrefix), 1u);
}
TEST_F(Disks, AnEntryBehindAnotherOneThanItsOwnerMadeItBehindBreaksRep3) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  recovered(2, {1, 1});
  put(0, 2, 3, 2);  // epoch 2 begins at entry 2
  EXPECT_EQ(broken(RuleId::kLogPrefix), 1u);
}
TEST_F(Disks, AConflictingTailMayBeReplaced) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  recovered(2, {1, 1});
  put(0, 2, 2, 1);
  put(0, 2, 3, 2);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Disks, AnOldOwnersWriteDurableAfterANewInstanceStartedBreaksSi2) {
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  grant(2, 0);
  recovered(2, {0, 0});
  start(2);
  put(2, 1, 1, 0);
  EXPECT_EQ(broken(RuleId::kSingleEffects), 1u);
}
TEST_F(Disks, AnOldWriteThatTheNewInstanceHasMayBecomeDurableLate) {
  put(0, 1, 1, 0);
  put(1, 1, 1, 0);
  grant(2, 0);
  recovered(2, {1, 1});
  start(2);
  put(2, 1, 1, 0);
  EXPECT_EQ(all(), 0u);
}
TEST_F(Disks, ARewrittenLogIsReadFromItsBeginning) {
  put(0, 1, 1, 0);
  put(0, 1, 2, 1);
  durable::LogContent content;
  content.base = {1, 1};
  content.promised = 1;
  content.committed = 1;
  content.entries.push_back(entry(1, 2, 1));
  auto file = log(0, 2);
  ASSERT_EQ(durable::write_log(*file, *info, content), disk::DiskError::kNone);
  ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  ASSERT_EQ(durable::append_entry(*file, *entry(1, 3, 1)), disk::DiskError::kNone);
  ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  tell(durable::FollowerDurable{lane, followers[0], 1, 3});
  EXPECT_EQ(all(), 0u);
}
TEST_F(Disks, AnEntryHandedOverWithOtherBytesBreaksRep4) {
  auto content = make_ref<durable::FetchReply>();
  content->ok = true;
  content->entries.push_back(entry(1, 1, 0));
  host::Host& from = hosts.by_id(1);
  host::Host& to = hosts.by_id(0);
  tell(net::Delivered{to.lane(), net::Carriage::kReply, 0, from, to, *content});
  EXPECT_EQ(all(), 0u);
  auto torn = entry(1, 2, 1);
  auto payload = make_ref<durable::LogPayload>();
  payload->db_pages = 1;
  payload->frames.push_back({1, Buffer::copy(std::string(durable::kLogPageBytes, 'x'))});
  torn->payload = payload;
  content->entries.push_back(torn);
  tell(net::Delivered{to.lane(), net::Carriage::kReply, 0, from, to, *content});
  EXPECT_EQ(broken(RuleId::kLogContent), 1u);
}
TEST_F(Disks, AnOwnerThatLeavesAnIndexOutBreaksRep5) {
  tell(durable::EntryAppended{lane, 1, 1, 1, 0});
  tell(durable::EntryAppended{lane, 1, 2, 1, 0});
  EXPECT_EQ(all(), 0u);
  tell(durable::EntryAppended{lane, 1, 4, 1, 0});
  EXPECT_EQ(broken(RuleId::kLogOrder), 1u);
}

}  // namespace
}  // namespace orrery::monitors
