// Goal: a world is its seed, its program and its overrides, nothing else: the same twice, whatever is in memory; the same
// again from the list of its decisions; and a decision taken back moves no other, by name.
// Method: drawn programs of several clients (histories.h) under drawn faults and strategies. The second run has a process of
// its own (fork) with its heap stirred first; decisions are compared by key.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/properties/faults.h"
#include "conformance/properties/histories.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};

struct Experiment {
  Program program;
  fault::FaultPlan plan;
  Setup setup;
};
void showValue(const Experiment& e, std::ostream& os) {
  os << "seed " << e.setup.seed << ", " << explore::to_string(e.setup.schedule) << "\n";
  for (const auto& client : e.program) {
    os << "  client:";
    for (const Operation& o : client) showValue(o, os << "  ");
    os << "\n";
  }
  for (const fault::Fault& f : e.plan) fault::showValue(f, os), os << "\n";
}

rc::Gen<Experiment> experiments() {
  return rc::gen::exec([] {
    using Kind = explore::StrategyKind;
    Experiment e{.program = *programs(3, 2),
                 .plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(10)}),
                 .setup = {.seed = *number<uint64_t>(1, 1 << 20), .pops = kPops}};
    e.setup.schedule = *rc::gen::element(explore::StrategySpec{Kind::kFifo}, explore::StrategySpec{Kind::kRandom},
                                         explore::StrategySpec{Kind::kPct, 3}, explore::StrategySpec{Kind::kPos});
    e.setup.list_decisions = true;
    return e;
  });
}

struct Run {
  uint64_t hash = 0, events = 0;
  std::vector<DecisionRecord> decisions = {};
  uint64_t applied = 0;
};

Run run(const Experiment& e) {
  Rig rig(histories_app(), e.setup);
  Recorder recorder(rig);
  rig.plan(e.plan);  // now: when a fault begins must not hang on how long anything took
  recorder.wake(2);
  recorder.run(e.program, kPops);
  return {rig.world().trace().hash(), rig.world().trace().events(), rig.world().decision_records(),
          rig.world().decide().overrides_applied()};
}

// In a process of its own, with other things at other addresses. `spoil`: as if something outside steered the world.
uint64_t hash_elsewhere(Experiment e, uint64_t noise, bool spoil) {
  int ends[2];
  ORRERY_CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  ORRERY_CHECK(child >= 0);
  if (child == 0) {
    std::vector<std::unique_ptr<char[]>> stirred;
    for (uint64_t i = 0; i < 3000; ++i) {
      const uint64_t size = mix64(noise, i) % 5000 + 1;
      stirred.push_back(std::make_unique<char[]>(size));
      if (size % 3 == 0) stirred[mix64(i, noise) % stirred.size()].reset();
    }
    if (spoil) e.setup.seed += reinterpret_cast<uintptr_t>(stirred.back().get()) % 2 + 1;
    const uint64_t hash = run(e).hash;
    const bool told = write(ends[1], &hash, sizeof hash) == sizeof hash;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  uint64_t hash = 0;
  ORRERY_CHECK(read(ends[0], &hash, sizeof hash) == sizeof hash, "the other process died");
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return hash;
}

void runs_are_the_same(bool spoil) {
  const Experiment e = *experiments();
  const uint64_t noise = *number<uint64_t>(1, 1 << 30);
  const uint64_t hash = run(e).hash;
  RC_ASSERT(hash_elsewhere(e, noise, spoil) == hash);
}

TEST(Determinism, TheSameWorldInAnotherProcessIsTheSameRun) {
  expect_holds(20, [] { runs_are_the_same(false); });
}

TEST(Determinism, AnAddressThatSteersAWorldIsFound) {
  expect_found(5, [] { runs_are_the_same(true); });
}

using Values = std::map<std::string, int64_t>;

Values values_of(const std::vector<DecisionRecord>& decisions) {
  Values out;
  for (const DecisionRecord& d : decisions) out[d.key] = d.value;
  return out;
}

// Of a world under the overrides of its own decisions one is dropped. `slip`: those behind it move up by one place, as they
// would if decisions were numbered through or came from a stream.
void a_decision_dropped_moves_no_other(bool slip, uint64_t* kept = nullptr, uint64_t* met = nullptr) {
  Experiment e = *experiments();
  const Run drawn = run(e);
  Values overrides;
  for (const DecisionRecord& d : drawn.decisions)
    if (!d.is_default()) overrides[d.key] = d.value;
  e.setup.overrides = overrides;
  const Run again = run(e);
  RC_ASSERT(again.hash == drawn.hash);
  RC_ASSERT(again.applied == overrides.size());
  if (overrides.empty()) return;
  const Values before = values_of(again.decisions);
  for (int i = 0; i < 3; ++i) {
    auto dropped = std::next(overrides.begin(), static_cast<std::ptrdiff_t>(*number<size_t>(0, overrides.size())));
    Experiment fewer = e;
    fewer.setup.overrides->erase(dropped->first);
    if (slip) {
      auto later = fewer.setup.overrides->lower_bound(dropped->first);
      for (auto next = later; later != fewer.setup.overrides->end() && ++next != fewer.setup.overrides->end(); later = next)
        later->second = next->second;
    }
    const Run without = run(fewer);
    size_t common = 0;
    for (const auto& [key, value] : values_of(without.decisions)) {
      auto was = before.find(key);
      if (was == before.end()) continue;  // it went another way
      ++common;
      if (key != dropped->first && value != was->second) RC_FAIL("without " + dropped->first + " another decision is: " + key);
    }
    // Up to the one dropped it is the same run.
    for (size_t n = 0; again.decisions[n].key != dropped->first; ++n) {
      RC_ASSERT(n < without.decisions.size());
      RC_ASSERT(without.decisions[n].key == again.decisions[n].key);
      RC_ASSERT(without.decisions[n].value == again.decisions[n].value);
    }
    if (kept) *kept += common;
    if (met) *met += before.size();
  }
}

TEST(Decisions, ThatAreDroppedMoveNoOthersInRandomWorlds) {
  uint64_t kept = 0, met = 0;
  expect_holds(12, [&] { a_decision_dropped_moves_no_other(false, &kept, &met); });
  std::printf("  %llu of %llu decisions were met again\n", static_cast<unsigned long long>(kept),
              static_cast<unsigned long long>(met));
  EXPECT_GT(kept * 10, met * 7);
}

TEST(Decisions, ThatMoveUpAreFound) {
  expect_found(5, [] { a_decision_dropped_moves_no_other(true); });
}

}  // namespace
}  // namespace orrery::properties
