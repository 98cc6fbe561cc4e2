// How fast histories of transactions are checked.
#include <benchmark/benchmark.h>

#include "conformance/check/transactions/tests/every_order.h"
#include "conformance/check/transactions/transactions.h"

namespace orrery::check {
namespace {

using history::History;

void check(benchmark::State& state, const RandomTransactions& shape, VerdictKind expected) {
  Chance chance(1);
  const History history = random_transactions(shape, chance);
  std::uint64_t appends = 0;
  for (const history::Operation& op : history.operations()) {
    for (const history::Value& part : op.argument.as_list()) {
      appends += part.as_list()[0].as_string() != "r";
    }
  }
  for (auto _ : state) {
    const TransactionVerdict verdict =
        check_transactions(history, shape.lists ? Model::kListAppend : Model::kRwRegister);
    if (verdict.kind != expected) state.SkipWithError("unexpected verdict");
  }
  state.counters["transactions"] = static_cast<double>(history.size());
  state.counters["writes"] = static_cast<double>(appends);
}

RandomTransactions shape(bool lists, std::uint64_t transactions) {
  return {.lists = lists,
          .transactions = transactions,
          .processes = 10,
          .keys = 10,
          .parts = 4,
          .wrong_one_in = 0,
          .fail_one_in = 20,
          .unknown_one_in = 50};
}

// Target: 2,000 appends of 10 clients to 10 keys under 0.3 s.
void ListAppendTwoThousand(benchmark::State& state) {
  check(state, shape(true, 1650), VerdictKind::kOk);
}
BENCHMARK(ListAppendTwoThousand)->Unit(benchmark::kMillisecond);

// The same from a store with snapshots: thousands of cycles to look through.
void ListAppendTwoThousandSnapshots(benchmark::State& state) {
  RandomTransactions weak = shape(true, 3000);
  weak.snapshots = true;
  check(state, weak, VerdictKind::kViolation);
}
BENCHMARK(ListAppendTwoThousandSnapshots)->Unit(benchmark::kMillisecond);

void RwRegisterTenThousand(benchmark::State& state) {
  check(state, shape(false, 10'000), VerdictKind::kOk);
}
BENCHMARK(RwRegisterTenThousand)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery::check
