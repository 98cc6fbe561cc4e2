// The checker against the plain definition, on every small history of each model.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "conformance/check/history_file.h"
#include "conformance/check/tests/every_history.h"
#include "conformance/check/tests/long_run.h"

namespace orrery::check {
namespace {

class EveryHistory : public testing::TestWithParam<Alphabet> {};

TEST_P(EveryHistory, GetsTheVerdictOfBruteForce) {
  const Alphabet& alphabet = GetParam();
  const std::uint64_t size_max = long_run("ORRERY_CHECK_ALL", 4);
  std::uint64_t count = 0, violations = 0;
  for (std::size_t size = 1; size <= size_max; ++size) {
    every_history(alphabet, size, [&](const SmallHistory& small) {
      const history::History history = small.history();
      const VerdictKind expected = small.linearizable() ? VerdictKind::kOk : VerdictKind::kViolation;
      const VerdictKind kind = linearizable(history, alphabet.model).kind;
      ++count;
      violations += expected == VerdictKind::kViolation;
      if (kind == expected) return true;
      ADD_FAILURE() << alphabet.name << ": " << name(kind) << ", not " << name(expected) << "\n"
                    << write_history(history);
      return false;
    });
  }
  if (HasFailure()) return;
  EXPECT_GT(violations, count / 20);
  EXPECT_LT(violations, count - count / 100);
  record("every one of 1 to " + std::to_string(size_max) + " operations", alphabet.name,
         {{"count", count}, {"yes", count - violations}, {"no", violations}});
}

INSTANTIATE_TEST_SUITE_P(Models, EveryHistory, testing::ValuesIn(alphabets()), [](const auto& info) {
  std::string text = info.param.name;
  std::erase(text, '-');
  return text;
});

// A witness of the search has as few operations as any contradiction; one of a near-linear method, whose sentence
// says what is wrong, at most one more. A counter's and a lock's may even have fewer than what they say counts.
TEST_P(EveryHistory, HasAShortestWitness) {
  const Alphabet& alphabet = GetParam();
  const std::uint64_t size_max = long_run("ORRERY_CHECK_WITNESSES", 4);
  std::uint64_t searched = 0, count = 0;
  for (std::size_t size = 1; size <= size_max; ++size) {
    every_history(alphabet, size, [&](const SmallHistory& small) {
      if (small.linearizable()) return true;
      const history::History history = small.history();
      const Witness witness = linearizable(history, alphabet.model).witness;
      const std::size_t shortest = small.shortest_witness();
      const bool by_search = witness.sentence.starts_with("no order of these ") ||
                             witness.sentence.starts_with("nothing explains ");
      ++count;
      searched += by_search;
      const std::size_t size_of_it = witness.operations.size();
      if (by_search ? size_of_it == shortest : size_of_it <= shortest + 1) return true;
      ADD_FAILURE() << size_of_it << " operations, but " << shortest << " contradict each other: "
                    << witness.sentence << "\n"
                    << write_history(history);
      return false;
    });
  }
  if (HasFailure()) return;
  record("every violation of 1 to " + std::to_string(size_max) + " operations", alphabet.name,
         {{"witnesses", count}, {"of the search, shortest", searched}, {"of a near-linear method", count - searched}});
}

// Fishburn's numbers: interval orders by size.
TEST(IntervalOrders, AreAsManyAsThereAre) {
  const std::size_t known[] = {1, 2, 5, 15, 53};
  for (std::size_t size = 1; size <= 5; ++size) EXPECT_EQ(interval_orders(size).size(), known[size - 1]);
}

}  // namespace
}  // namespace orrery::check
