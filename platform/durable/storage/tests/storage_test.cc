// Goal: the key-value API, alarm, transactions and replication payloads of one object's database
// behave as durable-objects.md sections 3 to 5 say, and a critical error breaks it for good.
// Method: a database on a real simulated host; payloads are applied to an image that must open as
// the same database.
#include <gtest/gtest.h>

#include "platform/durable/storage/limits.h"
#include "platform/durable/storage/tests/storage_rig.h"

namespace orrery::durable {
namespace {

using Kind = StorageError::Kind;

TEST(KvStorage, KeepsValuesAcrossCommitAndReplication) {
  Rig rig;
  EXPECT_EQ(rig.get("a"), "(none)");
  EXPECT_FALSE(rig.db->in_transaction());
  EXPECT_FALSE(rig.put("a", "1"));
  EXPECT_FALSE(rig.put("b", ""));
  EXPECT_TRUE(rig.db->in_transaction());
  EXPECT_EQ(rig.get("a"), "1");
  rig.commit();
  EXPECT_FALSE(rig.db->in_transaction());
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("a"), "1");
  EXPECT_EQ(rig.get("b"), "");
  EXPECT_EQ(rig.get("c"), "(none)");
  EXPECT_TRUE(rig.remove("a"));
  EXPECT_FALSE(rig.remove("a"));
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("a"), "(none)");
}

TEST(KvStorage, ACommitWithoutWritesHasNoPayload) {
  Rig rig;
  auto r = rig.db->commit();
  EXPECT_TRUE(r.ok());
  EXPECT_FALSE(r.payload);
  rig.put("k", "v");
  EXPECT_TRUE(rig.db->commit().payload);
}

TEST(KvStorage, ListsInByteOrderWithinBounds) {
  Rig rig;
  for (const char* k : {"b", "a", "ab", "abc", "\xc3\xa9", "B", "ac"}) rig.put(k, k);
  EXPECT_EQ(rig.list({}), "B a ab abc ac b \xc3\xa9 ");
  EXPECT_EQ(rig.list({.start = "ab"}), "ab abc ac b \xc3\xa9 ");
  EXPECT_EQ(rig.list({.start_after = "ab"}), "abc ac b \xc3\xa9 ");
  EXPECT_EQ(rig.list({.start = "ab", .end = "ac"}), "ab abc ");
  EXPECT_EQ(rig.list({.prefix = "ab"}), "ab abc ");
  EXPECT_EQ(rig.list({.start = "abb", .prefix = "a"}), "abc ac ");
  EXPECT_EQ(rig.list({.prefix = "a", .reverse = true, .limit = 2}), "ac abc ");
  EXPECT_EQ(rig.list({.reverse = true, .limit = 1}), "\xc3\xa9 ");
  EXPECT_EQ(rig.list({.start = "x", .end = "b"}), "");
}

TEST(KvStorage, ListRefusesWhatCannotBeMeant) {
  Rig rig;
  StorageError e = rig.list_error({.start = "a", .start_after = "b"});
  EXPECT_EQ(e.kind, Kind::kTypeError);
  EXPECT_EQ(e.message, "list() cannot be called with both start and startAfter values.");
  EXPECT_EQ(rig.list_error({.limit = 0}).message, "List limit must be positive.");
}

TEST(KvStorage, ListBeforeAnyWriteIsEmptyAndTouchesNothing) {
  Rig rig;
  EXPECT_EQ(rig.list({}), "");
  EXPECT_FALSE(rig.db->in_transaction());
}

// As in the real runtime: from here on there is something to list.
TEST(KvStorage, ADeleteMakesTheTable) {
  Rig rig;
  StorageError e;
  EXPECT_EQ(rig.db->open_list({}, e), 0u);
  EXPECT_FALSE(rig.remove("x"));
  EXPECT_TRUE(rig.db->in_transaction());
  EXPECT_NE(rig.db->open_list({}, e), 0u);
}

// The keys that are left in a list, or the error it ends with.
std::string rest_of_list(Rig& rig, uint32_t number) {
  StorageError e;
  std::string keys;
  std::string_view key;
  std::span<const uint8_t> value;
  while (rig.db->next_of_list(number, key, value, e)) keys.append(key).append(" ");
  return e ? e.message : keys;
}

TEST(KvStorage, AnOpenListSeesWhatIsWrittenAheadOfIt) {
  Rig rig;
  for (const char* key : {"a", "c", "e"}) rig.put(key, "1");
  StorageError e;
  uint32_t number = rig.db->open_list({}, e);
  std::string_view key;
  std::span<const uint8_t> value;
  ASSERT_TRUE(rig.db->next_of_list(number, key, value, e));
  rig.put("b", "2");
  rig.remove("c");
  EXPECT_EQ(rest_of_list(rig, number), "b e ");
}

TEST(KvStorage, EveryListThatReachesTheTableEndsTheOpenOne) {
  Rig rig;
  rig.put("a", "1");
  StorageError e;
  uint32_t first = rig.db->open_list({}, e);
  rig.list({.start = "b", .end = "a"});
  EXPECT_EQ(rest_of_list(rig, first), "a ");
  first = rig.db->open_list({}, e);
  rig.list({});
  EXPECT_NE(rest_of_list(rig, first).find("was invalidated"), std::string::npos);
}

TEST(KvStorage, AListThatNobodyGoesOnWithLetsTheLogBeCheckpointed) {
  for (bool begun : {false, true}) {
    for (bool reverse : {false, true}) {
      Rig rig;
      for (const char* key : {"a", "b", "c"}) rig.put(key, "1");
      StorageError e;
      uint32_t number = rig.db->open_list({.reverse = reverse, .limit = 3}, e);
      std::string_view key;
      std::span<const uint8_t> value;
      if (begun) {
        ASSERT_TRUE(rig.db->next_of_list(number, key, value, e));
      }
      for (int i = 0; i < 4 * kListCommits; ++i) {
        rig.put("z", std::to_string(i));
        rig.commit();
      }
      EXPECT_GT(rig.log_bytes(), 0u);
      EXPECT_LT(rig.log_bytes(), (kListCommits + 2u * kCheckpointFrames) * (disk::kPageBytes + 64));
      const std::string all = reverse ? "c b a " : "a b c ";
      EXPECT_EQ(rest_of_list(rig, number), begun ? all.substr(2) : all);
    }
  }
}

TEST(KvStorage, LargeValuesPassAndTooLargeOnesFailOrdinarily) {
  Rig rig;
  std::string large(3 << 20, 'x');
  EXPECT_FALSE(rig.put("large", large));
  EXPECT_EQ(rig.get("large"), large);
  auto e = rig.put("huge", std::string(5 << 20, 'x'));
  EXPECT_EQ(e.kind, Kind::kError);
  EXPECT_EQ(e.message, "string or blob too big: SQLITE_TOOBIG");
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("large"), large);
}

TEST(KvStorage, TheReadCacheFollowsOverwritesAndRollbacks) {
  Rig rig;
  rig.put("k", "old");
  rig.commit();
  EXPECT_EQ(rig.get("k"), "old");
  ASSERT_FALSE(rig.db->begin_savepoint());
  rig.put("k", "new");
  rig.put("only inside", "x");
  EXPECT_EQ(rig.get("k"), "new");
  ASSERT_FALSE(rig.db->rollback_savepoint());
  EXPECT_EQ(rig.get("k"), "old");
  EXPECT_EQ(rig.get("only inside"), "(none)");
}

TEST(KvStorage, ARolledBackFirstPutLeavesNoTable) {
  Rig rig;
  ASSERT_FALSE(rig.db->begin_savepoint());
  rig.put("k", "v");
  ASSERT_FALSE(rig.db->rollback_savepoint());
  EXPECT_EQ(rig.get("k"), "(none)");
  EXPECT_FALSE(rig.put("k", "w"));
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("k"), "w");
}

TEST(Transactions, SavepointsNest) {
  Rig rig;
  rig.put("a", "0");
  ASSERT_FALSE(rig.db->begin_savepoint());
  rig.put("a", "1");
  ASSERT_FALSE(rig.db->begin_savepoint());
  rig.put("a", "2");
  ASSERT_FALSE(rig.db->rollback_savepoint());
  EXPECT_EQ(rig.get("a"), "1");
  ASSERT_FALSE(rig.db->release_savepoint());
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("a"), "1");
}

TEST(Alarms, AreStoredRestoredAndRolledBack) {
  Rig rig;
  StorageError e;
  EXPECT_EQ(rig.db->alarm(e), std::nullopt);
  EXPECT_FALSE(rig.db->set_alarm(std::nullopt));
  EXPECT_FALSE(rig.db->in_transaction()) << "setting the same again writes nothing";
  EXPECT_FALSE(rig.db->set_alarm(123));
  rig.commit();
  EXPECT_FALSE(rig.db->set_alarm(123));
  EXPECT_FALSE(rig.db->in_transaction());
  rig.db->begin_savepoint();
  rig.db->set_alarm(456);
  rig.db->rollback_savepoint();
  EXPECT_EQ(rig.db->alarm(e), 123);
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.db->alarm(e), 123);
  rig.db->set_alarm(std::nullopt);
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.db->alarm(e), std::nullopt);
}

TEST(DeleteAll, EmptiesTheDatabaseAndReplicatesThat) {
  Rig rig;
  rig.put("k", "v");
  rig.sql("CREATE TABLE t(x)");
  rig.db->set_alarm(5);
  rig.commit();
  rig.put("k", "moot");
  ASSERT_FALSE(rig.db->delete_all());
  EXPECT_TRUE(rig.db->in_transaction());
  EXPECT_EQ(rig.get("k"), "(none)");
  rig.commit();
  EXPECT_EQ(rig.image.pages.size(), 1u);
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("k"), "(none)");
  EXPECT_EQ(rig.sql("SELECT x FROM t"), "no such table: t: SQLITE_ERROR");
  StorageError e;
  EXPECT_EQ(rig.db->alarm(e), std::nullopt);
}

TEST(DeleteAll, MayKeepTheAlarmAndBeFollowedByWritesInTheSameCommit) {
  Rig rig;
  rig.put("k", "v");
  rig.db->set_alarm(5);
  rig.commit();
  ASSERT_FALSE(rig.db->delete_all(true));
  rig.put("k", "after");
  rig.commit();
  rig.reopen_from_image();
  StorageError e;
  EXPECT_EQ(rig.db->alarm(e), 5);
  EXPECT_EQ(rig.list({}), "k ");
}

TEST(DeleteAll, IsRefusedInsideATransaction) {
  Rig rig;
  rig.db->begin_savepoint();
  EXPECT_EQ(rig.db->delete_all().message, "Cannot call deleteAll() within a transaction");
}

TEST(CriticalErrors, AFullDiskBreaksTheDatabaseForGood) {
  Rig rig;
  rig.put("k", "v");
  rig.commit();
  auto& disk = rig.process().disk();
  disk.set_faults({.capacity_bytes = disk.used_bytes() + 100});
  StorageError e;
  for (int i = 0; i < 200 && !e; ++i)
    e = rig.put("key" + std::to_string(i), std::string(20000, 'x'));
  if (!e) e = rig.db->commit().error;
  EXPECT_EQ(e.kind, Kind::kBroken);
  EXPECT_EQ(e.message, "database or disk is full: SQLITE_FULL");
  disk.set_faults({});
  EXPECT_EQ(rig.put("k", "w").message, e.message);
  StorageError again;
  rig.db->get("k", again);
  EXPECT_EQ(again.kind, Kind::kBroken);
  EXPECT_TRUE(rig.db->broken());
}

TEST(CriticalErrors, AnyFailedDiskCallEitherKeepsOrBreaksButNeverLies) {
  for (uint64_t n = 1; n < 60; ++n) {
    Rig rig;
    rig.put("k", "old");
    rig.commit();
    rig.process().disk().set_faults({.fail_from_call = n});
    StorageError e = rig.put("k", "new");
    if (!e) e = rig.put("big", std::string(40000, 'b'));
    CommitResult r;
    if (!e) r = rig.db->commit();
    rig.process().disk().set_faults({});
    if (!e && r.ok()) {
      ASSERT_TRUE(r.payload);
      rig.image.apply(*r.payload);
      rig.reopen_from_image();
      EXPECT_EQ(rig.get("k"), "new");
    } else {
      EXPECT_FALSE(r.payload) << n;
      rig.reopen_from_image();
      EXPECT_EQ(rig.get("k"), "old");
    }
  }
}

TEST(CriticalErrors, ReleasingASavepointAfterOneSaysSo) {
  Rig rig;
  rig.put("k", "v");
  rig.commit();
  rig.db->begin_savepoint();
  rig.process().disk().set_faults({.io_error = {1, 1}});
  StorageError e;
  for (int i = 0; i < 200 && !e; ++i) e = rig.put("k" + std::to_string(i), std::string(20000, 'x'));
  ASSERT_EQ(e.kind, Kind::kBroken);
  EXPECT_EQ(rig.db->release_savepoint().message,
            "Cannot commit transaction due to an earlier SQL critical error");
  EXPECT_FALSE(rig.db->rollback_savepoint());
}

TEST(KvLimits, SayTheExactTexts) {
  EXPECT_FALSE(check_key_bytes(2048));
  EXPECT_EQ(check_key_bytes(2049).message,
            "Keys cannot be larger than 2048 bytes. A key of size 2049 was provided.");
  EXPECT_FALSE(check_value_bytes(131072 + 34));
  EXPECT_EQ(check_value_bytes(131107).message,
            "Values cannot be larger than 131072 bytes. A value of size 131107 was provided.");
  EXPECT_EQ(check_pairs(129).message,
            "Maximum number of key value pairs is 128. 129 pairs were provided.");
  EXPECT_EQ(check_pairs(129).kind, Kind::kRangeError);
}

TEST(Databases, OfSeveralObjectsAndEpochsShareAHost) {
  Rig rig;
  rig.put("k", "first");
  auto other = ObjectDatabase::open(rig.process(), "Cart/other", 1, {});
  ASSERT_TRUE(other.ok());
  StorageError e;
  EXPECT_FALSE(other.database->get("k", e));
  EXPECT_EQ(rig.get("k"), "first");
  rig.commit();
  rig.db.reset();
  other.database.reset();
  EXPECT_TRUE(rig.process().disk().list("object/").empty()) << "closed databases leave files";
}

}  // namespace
}  // namespace orrery::durable
