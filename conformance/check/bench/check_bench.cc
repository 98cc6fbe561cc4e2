// How fast histories are checked: the cases that the project sets itself as targets.
#include <benchmark/benchmark.h>

#include "conformance/check/check.h"
#include "conformance/check/history_file.h"
#include "conformance/check/tests/random_history.h"

namespace orrery::check {
namespace {

using history::History;

void check(benchmark::State& state, const std::vector<History>& histories, Model model,
           VerdictKind expected) {
  std::uint64_t operations = 0;
  for (auto _ : state) {
    for (const History& history : histories) {
      const Verdict verdict = linearizable(history, model);
      if (verdict.kind != expected) state.SkipWithError("unexpected verdict");
      operations += history.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(operations));
}

History make(Model model, std::uint64_t operations, std::uint64_t clients, std::uint64_t values,
             std::uint64_t unknown_one_in, std::uint64_t keys = 1, std::uint64_t seed = 1) {
  Chance chance(seed);
  return random_history(model,
                        {.operations = operations,
                         .processes = clients,
                         .values = values,
                         .keys = keys,
                         .wrong_one_in = 0,
                         .unknown_one_in = unknown_one_in},
                        chance);
}

// Target: under 0.2 s.
void UniqueRegisterMillion(benchmark::State& state) {
  check(state, {make(Model::kRegister, 1'000'000, 100, 0, 1000)}, Model::kRegister,
        VerdictKind::kOk);
}
BENCHMARK(UniqueRegisterMillion)->Unit(benchmark::kMillisecond);

// Target: under 50 ms for all hundred.
void EtcdLikeHundred(benchmark::State& state) {
  std::vector<History> histories;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    histories.push_back(make(Model::kCasRegister, 85, 5, 5, 8, 1, seed));
  }
  check(state, histories, Model::kCasRegister, VerdictKind::kOk);
}
BENCHMARK(EtcdLikeHundred)->Unit(benchmark::kMillisecond);

// Target: an answer within the budget.
void RepeatedValuesTwentyClients(benchmark::State& state) {
  check(state, {make(Model::kCasRegister, 10'000, 20, 5, 0)}, Model::kCasRegister,
        VerdictKind::kOk);
}
BENCHMARK(RepeatedValuesTwentyClients)->Unit(benchmark::kMillisecond);

void CounterMillion(benchmark::State& state) {
  check(state, {make(Model::kCounter, 1'000'000, 100, 0, 1000)}, Model::kCounter, VerdictKind::kOk);
}
BENCHMARK(CounterMillion)->Unit(benchmark::kMillisecond);

void QueueMillion(benchmark::State& state) {
  check(state, {make(Model::kQueue, 1'000'000, 100, 0, 0)}, Model::kQueue, VerdictKind::kOk);
}
BENCHMARK(QueueMillion)->Unit(benchmark::kMillisecond);

void ReadFileMillionLines(benchmark::State& state) {
  const std::string text = write_history(make(Model::kRegister, 500'000, 100, 0, 1000));
  for (auto _ : state) {
    const auto file = read_history(text);
    if (!std::holds_alternative<HistoryFile>(file)) state.SkipWithError("unreadable");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size() * state.iterations()));
}
BENCHMARK(ReadFileMillionLines)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery::check
