// The checker against every order of small histories, and against stores that keep their promise.
#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

#include "conformance/check/history_file.h"
#include "conformance/check/transactions/tests/every_order.h"
#include "conformance/check/transactions/transactions.h"

namespace orrery::check {
namespace {

using history::History;

bool has(const std::vector<Level>& levels, Level level) {
  return std::find(levels.begin(), levels.end(), level) != levels.end();
}

struct Count {
  std::uint64_t violating = 0, allowed = 0;
};

// Never a false alarm; with `exact`, never silence either.
Count compare(RandomTransactions shape, std::uint64_t histories, bool exact) {
  Count count;
  const Model model = shape.lists ? Model::kListAppend : Model::kRwRegister;
  for (std::uint64_t seed = 0; seed < histories; ++seed) {
    Chance chance(seed);
    shape.transactions = 2 + seed % 5;
    const History history = random_transactions(shape, chance);
    const TransactionVerdict verdict = check_transactions(history, model);
    EXPECT_NE(verdict.kind, VerdictKind::kBadInput) << verdict.error.reason;
    for (const bool realtime : {false, true}) {
      const bool allowed = some_order(history, shape.lists, realtime);
      const Level level = realtime ? Level::kStrictSerializability : Level::kSerializability;
      const bool violated = has(verdict.violates, level);
      ++(allowed ? count.allowed : count.violating);
      const bool wrong = allowed ? violated : exact && !violated;
      EXPECT_FALSE(wrong) << "seed " << seed << ", " << name(level)
                          << (violated ? ": a false alarm\n" : ": not seen\n")
                          << write_history(history) << document(history, model, verdict, nullptr);
      if (wrong) return count;
    }
  }
  return count;
}

TEST(EveryOrder, AllowsNoListHistoryThatIsCalledViolating) {
  const Count count = compare({.lists = true}, 12'000, false);
  EXPECT_GT(count.violating, 2000u);
  EXPECT_GT(count.allowed, 2000u);
}

TEST(EveryOrder, AllowsNoRegisterHistoryThatIsCalledViolating) {
  const Count count = compare({.lists = false}, 12'000, false);
  EXPECT_GT(count.violating, 2000u);
  EXPECT_GT(count.allowed, 2000u);
}

TEST(EveryOrder, AgreesOnListsThatAreReadAtTheEnd) {
  const Count count = compare({.lists = true, .read_all_at_end = true}, 12'000, true);
  EXPECT_GT(count.violating, 2000u);
  EXPECT_GT(count.allowed, 2000u);
}

TEST(EveryOrder, AgreesOnRegistersThatAreReadBeforeTheyAreWritten) {
  const Count count =
      compare({.lists = false, .unknown_one_in = 0, .read_first = true}, 12'000, true);
  EXPECT_GT(count.violating, 2000u);
  EXPECT_GT(count.allowed, 2000u);
}

// Larger histories of stores that are as good as they say.
TEST(Stores, OneAtATimeIsStrictlySerializable) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Chance chance(seed);
    const bool lists = seed % 2 == 0;
    const History history = random_transactions(
        {.lists = lists, .transactions = 60, .processes = 6, .keys = 4, .wrong_one_in = 0}, chance);
    const TransactionVerdict verdict =
        check_transactions(history, lists ? Model::kListAppend : Model::kRwRegister,
                           Level::kStrictSerializability);
    ASSERT_EQ(verdict.kind, VerdictKind::kOk) << "seed " << seed << "\n" << write_history(history);
    ASSERT_TRUE(verdict.anomalies.empty()) << verdict.anomalies[0].sentence;
  }
}

TEST(Stores, SnapshotsGiveSnapshotIsolationAndSometimesSkewedWrites) {
  std::uint64_t skewed = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Chance chance(seed);
    const bool lists = seed % 2 == 0;
    const History history = random_transactions({.lists = lists,
                                                 .transactions = 60,
                                                 .processes = 6,
                                                 .keys = 4,
                                                 .wrong_one_in = 0,
                                                 .snapshots = true},
                                                chance);
    const TransactionVerdict verdict =
        check_transactions(history, lists ? Model::kListAppend : Model::kRwRegister,
                           Level::kSessionSnapshotIsolation);
    ASSERT_EQ(verdict.kind, VerdictKind::kOk)
        << "seed " << seed << "\n"
        << write_history(history) << verdict.anomalies[verdict.witness].name << ": "
        << verdict.anomalies[verdict.witness].sentence;
    skewed += has(verdict.violates, Level::kSerializability);
  }
  EXPECT_GT(skewed, 100u);
}

}  // namespace
}  // namespace orrery::check
