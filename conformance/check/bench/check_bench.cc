// How fast histories are checked: the cases that the project sets itself as targets.
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <benchmark/benchmark.h>

#include "conformance/check/check.h"
#include "conformance/check/history_file.h"
#include "conformance/check/outside_model.h"
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

// Appends and gets, half of each, on keys at random, by a store in which each takes effect when asked for.
std::string kv_lines(std::uint64_t operations, std::uint64_t clients, std::uint64_t keys) {
  Chance chance(1);
  std::vector<std::string> store(keys), asked(clients), answer(clients);
  std::string out;
  std::uint64_t begun = 0;
  const auto line = [&](std::uint64_t client, const char* event, const std::string& rest) {
    out += "{\"p\":" + std::to_string(client) + ",\"e\":\"" + event + "\"," + rest + "}\n";
  };
  for (bool open = true; open || begun < operations;) {
    const std::uint64_t client = chance.below(clients);
    if (asked[client].empty() && begun < operations) {
      const std::uint64_t key = chance.below(keys);
      const bool get = chance.one_in(2);
      asked[client] = std::string(get ? "\"f\":\"get\"" : "\"f\":\"append\"") + ",\"k\":" + std::to_string(key);
      const std::string more = "x" + std::to_string(client) + "." + std::to_string(begun++) + "y";
      line(client, "invoke", asked[client] + (get ? "" : ",\"v\":\"" + more + "\""));
      if (!get) store[key] += more;
      answer[client] = get ? ",\"v\":\"" + store[key] + "\"" : "";
    } else if (!asked[client].empty()) {
      line(client, "ok", asked[client] + answer[client]);
      asked[client].clear();
    }
    open = false;
    for (const std::string& each : asked) open = open || !each.empty();
  }
  return out;
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

// The same with one answer in thirty made up: most are violations, to be made small.
void EtcdLikeHundredWrong(benchmark::State& state) {
  std::vector<History> histories;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Chance chance(seed);
    histories.push_back(random_history(
        Model::kCasRegister,
        {.operations = 85, .processes = 5, .values = 5, .wrong_one_in = 30, .unknown_one_in = 8}, chance));
  }
  std::uint64_t violations = 0;
  for (auto _ : state) {
    violations = 0;
    for (const History& history : histories) {
      const Verdict verdict = linearizable(history, Model::kCasRegister);
      if (verdict.kind == VerdictKind::kUnknown) state.SkipWithError("unexpected verdict");
      violations += verdict.kind == VerdictKind::kViolation;
    }
  }
  state.counters["violations"] = static_cast<double>(violations);
}
BENCHMARK(EtcdLikeHundredWrong)->Unit(benchmark::kMillisecond);

// Target: 10,000 operations of 20 clients with repeated values end within the budget, below 4 GB (`ulimit -v
// 4194304`), whatever the verdict. Arguments: the model; one answer in so many made up, 0: none; one in so many
// never given, 0: none.
void RepeatedValuesTwentyClients(benchmark::State& state) {
  const auto model = static_cast<Model>(state.range(0));
  Chance chance(1);
  const History history = random_history(model,
                                         {.operations = 10'000,
                                          .processes = 20,
                                          .values = 5,
                                          .wrong_one_in = static_cast<std::uint64_t>(state.range(1)),
                                          .unknown_one_in = static_cast<std::uint64_t>(state.range(2))},
                                         chance);
  Verdict verdict;
  for (auto _ : state) verdict = linearizable(history, model);
  state.counters["steps"] = static_cast<double>(verdict.steps);
  state.counters["witness"] = static_cast<double>(verdict.witness.operations.size());
  state.counters["explained"] = static_cast<double>(verdict.explained);
  state.SetLabel(std::string(name(model)) + ": " + std::string(name(verdict.kind)));
}
BENCHMARK(RepeatedValuesTwentyClients)
    ->ArgNames({"model", "wrong", "unanswered"})
    ->ArgsProduct({{0, 1, 2, 3, 4, 5, 7}, {0, 3000}, {0, 200}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// A kv that is one object: its states are what every key holds, by an OutsideModel in C++.
class WholeKv : public OutsideModel {
 public:
  bool sees_process() override { return false; }
  bool learn(const std::vector<std::string>& operations, std::vector<Kind>& kinds) override {
    for (const std::string& text : operations) {
      // ["append",key,"text",null,true,null] or ["get",key,null,"text",true,null].
      const std::size_t after = text.find(',', 2) + 1;
      Asked& asked = asked_.emplace_back();
      asked.reads = text[2] == 'g';
      asked.key = static_cast<std::size_t>(std::stoi(text.substr(after)));
      const std::size_t begin = text.find('"', after);
      asked.text = begin == std::string::npos ? "" : text.substr(begin + 1, text.find('"', begin + 1) - begin - 1);
      kinds.push_back({0, asked.reads});
    }
    return true;
  }
  std::int64_t initial() override { return number(std::vector<std::int64_t>(10, text_number(""))); }
  std::string why() const override { return ""; }

 protected:
  std::int64_t ask(std::int64_t state, std::int64_t kind) override {
    const Asked& asked = asked_[static_cast<std::size_t>(kind)];
    const std::vector<std::int64_t>& before = *states_[static_cast<std::size_t>(state)];
    const std::string& text = *texts_[static_cast<std::size_t>(before[asked.key])];
    if (asked.reads) return text == asked.text ? state : kRefused;
    std::vector<std::int64_t> after = before;
    after[asked.key] = text_number(text + asked.text);
    return number(std::move(after));
  }

 private:
  struct Asked {
    bool reads = false;
    std::size_t key = 0;
    std::string text;
  };

  // A text's number, so that a state is ten numbers.
  std::int64_t text_number(std::string text) {
    const auto [found, fresh] = text_numbers_.try_emplace(std::move(text), static_cast<std::int64_t>(texts_.size()));
    if (fresh) texts_.push_back(&found->first);
    return found->second;
  }

  std::int64_t number(std::vector<std::int64_t> state) {
    const auto [found, fresh] = numbers_.try_emplace(std::move(state), static_cast<std::int64_t>(states_.size()));
    if (fresh) states_.push_back(&found->first);
    return found->second;
  }

  std::vector<Asked> asked_;
  std::map<std::vector<std::int64_t>, std::int64_t> numbers_;
  std::vector<const std::vector<std::int64_t>*> states_;
  std::unordered_map<std::string, std::int64_t> text_numbers_;
  std::vector<const std::string*> texts_;
};

// Target: 10 clients, 10 keys, 2,000 appends (and as many gets), not partitioned by key, under 0.3 s.
void KvUnpartitionedTwoThousandAppends(benchmark::State& state) {
  const auto file = read_history(kv_lines(4'000, 10, 10), {.any_function = true});
  for (auto _ : state) {
    WholeKv model;
    const Verdict verdict = linearizable(std::get<HistoryFile>(file), model);
    if (verdict.kind != VerdictKind::kOk) state.SkipWithError("unexpected verdict");
  }
}
BENCHMARK(KvUnpartitionedTwoThousandAppends)->Unit(benchmark::kMillisecond);

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
