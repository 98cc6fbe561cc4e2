// The checker against the plain definition, on random histories.
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/check/check.h"
#include "conformance/check/history_file.h"
#include "conformance/check/tests/brute_force.h"
#include "conformance/check/tests/long_run.h"
#include "conformance/check/tests/random_history.h"

namespace orrery::check {
namespace {

using history::Function;
using history::History;
using history::OperationId;
using history::Outcome;
using history::Value;

// The witness must be about operations that, with nothing else, are no better explained.
History only(const History& history, const std::vector<OperationId>& kept) {
  const std::set<OperationId> wanted(kept.begin(), kept.end());
  History smaller;
  std::vector<std::pair<OperationId, bool>> events(history.event_count(), {0xffffffff, false});
  for (OperationId id = 0; id < history.size(); ++id) {
    if (wanted.count(id) == 0) continue;
    events[history.operations()[id].invoke_seq] = {id, false};
    const std::uint32_t end = history.operations()[id].return_seq;
    if (end != history::kNoEvent) events[end] = {id, true};
  }
  std::vector<OperationId> renamed(history.size());
  for (const auto& [id, answer] : events) {
    if (id == 0xffffffff) continue;
    const auto& op = history.operations()[id];
    if (!answer) {
      renamed[id] =
          smaller.invoke(history.process(op.process), op.f, history.key(op.key), op.argument, 0);
    } else if (op.outcome == Outcome::kOk) {
      smaller.ok(renamed[id], op.result, 0);
    } else if (op.outcome == Outcome::kUnknown) {
      smaller.unknown(renamed[id], 0);
    }
  }
  return smaller;
}

// Each object's order holds every answered operation once, keeps real time, and one after the other the operations give the
// answers they gave.
void expect_explaining(const History& history, Model model) {
  std::set<OperationId> placed;
  for (const Order& order : linearizable(history, model, {}, Orders::kYes).orders) {
    History sequential;
    std::uint32_t latest_request = 0;
    for (const OperationId id : order) {
      const auto& op = history.operations()[id];
      ASSERT_TRUE(placed.insert(id).second || op.outcome != Outcome::kOk);
      ASSERT_TRUE(op.return_seq == history::kNoEvent || op.outcome != Outcome::kOk || op.return_seq > latest_request);
      latest_request = std::max(latest_request, op.invoke_seq);
      const OperationId again =
          sequential.invoke(history.process(op.process), op.f, history.key(op.key), op.argument, 0);
      if (op.outcome == Outcome::kOk) sequential.ok(again, op.result, 0);
      else sequential.unknown(again, 0);
    }
    ASSERT_TRUE(brute_force_linearizable(sequential, model)) << write_history(sequential) << write_history(history);
  }
  for (OperationId id = 0; id < history.size(); ++id) {
    if (history.operations()[id].outcome == Outcome::kOk) {
      ASSERT_TRUE(placed.count(id)) << id;
    }
  }
}

void compare(const History& history, Model model, std::uint64_t* violations) {
  const Verdict verdict = linearizable(history, model);
  const bool expected = brute_force_linearizable(history, model);
  ASSERT_EQ(verdict.kind, expected ? VerdictKind::kOk : VerdictKind::kViolation)
      << name(model) << " " << verdict.reason << verdict.witness.sentence << "\n"
      << write_history(history);
  if (expected) return expect_explaining(history, model);
  ++*violations;
  ASSERT_FALSE(verdict.witness.operations.empty());
  ASSERT_FALSE(verdict.witness.sentence.empty());
  ASSERT_EQ(verdict.witness.sentence.find('{'), std::string::npos) << verdict.witness.sentence;
  // A counter's or a lock's witness names the operations of the contradiction, not all that
  // counted.
  if (model != Model::kCounter && model != Model::kLock) {
    ASSERT_FALSE(brute_force_linearizable(only(history, verdict.witness.operations), model))
        << verdict.witness.sentence << "\n"
        << write_history(history);
  }
}

struct Kind {
  Model model;
  std::uint64_t values;
  std::uint64_t keys;
};

class RandomHistories : public testing::TestWithParam<Kind> {};

TEST_P(RandomHistories, GetTheVerdictOfBruteForce) {
  const Kind kind = GetParam();
  std::uint64_t violations = 0;
  const std::uint64_t count = long_run("ORRERY_CHECK_RANDOM", 15'000);
  for (std::uint64_t seed = 0; seed < count && !HasFatalFailure(); ++seed) {
    Chance chance(seed * 1'000'003 + static_cast<std::uint64_t>(kind.model) * 17 + kind.values);
    RandomHistory shape;
    shape.operations = 1 + chance.below(10);
    shape.processes = 1 + chance.below(5);
    shape.values = kind.values;
    shape.keys = kind.keys;
    shape.wrong_one_in = chance.one_in(3) ? 0 : 2 + chance.below(6);
    shape.unknown_one_in = chance.one_in(3) ? 0 : 2 + chance.below(8);
    shape.fail_one_in = chance.one_in(2) ? 0 : 3 + chance.below(8);
    compare(random_history(kind.model, shape, chance), kind.model, &violations);
  }
  EXPECT_GT(violations, count / 50);
  EXPECT_LT(violations, count - count / 50);
  record("random, up to 10 operations", std::string(name(kind.model)) + ", " +
             (kind.values == 0 ? "every value new" : std::to_string(kind.values) + " values") + ", " +
             std::to_string(kind.keys) + (kind.keys == 1 ? " key" : " keys"),
         {{"count", count}, {"yes", count - violations}, {"no", violations}});
}

INSTANTIATE_TEST_SUITE_P(
    Models, RandomHistories,
    testing::Values(Kind{Model::kRegister, 0, 1}, Kind{Model::kRegister, 3, 1},
                    Kind{Model::kRegister, 2, 2}, Kind{Model::kCasRegister, 0, 1},
                    Kind{Model::kCasRegister, 3, 1}, Kind{Model::kKv, 0, 2}, Kind{Model::kKv, 2, 1},
                    Kind{Model::kCounter, 0, 1}, Kind{Model::kCounter, 3, 1},
                    Kind{Model::kCounter, 1, 1}, Kind{Model::kSet, 0, 1}, Kind{Model::kSet, 3, 1},
                    Kind{Model::kQueue, 0, 1}, Kind{Model::kQueue, 2, 1}, Kind{Model::kLock, 0, 1},
                    Kind{Model::kMultiRegister, 0, 1}, Kind{Model::kMultiRegister, 2, 1}),
    [](const auto& info) {
      std::string text(name(info.param.model));
      std::erase(text, '-');
      return text + (info.param.values == 0 ? "Unique" : std::to_string(info.param.values)) +
             "Keys" + std::to_string(info.param.keys);
    });

TEST(HistoryFile, ReadsBackEveryHistoryItWrites) {
  EXPECT_TRUE(rc::check("write, read, write again", [](std::uint64_t seed) {
    Chance chance(seed);
    const auto model = static_cast<Model>(chance.below(8));
    RandomHistory shape;
    shape.operations = 12;
    shape.keys = 1 + chance.below(3);
    const History history = random_history(model, shape, chance);
    const std::string text = write_history(history);
    const auto file = read_history(text);
    RC_ASSERT(std::holds_alternative<HistoryFile>(file));
    RC_ASSERT(write_history(std::get<HistoryFile>(file).history) == text);
  }));
}

}  // namespace
}  // namespace orrery::check
