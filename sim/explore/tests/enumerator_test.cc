#include "sim/explore/enumerator.h"

#include <deque>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/explore/tests/toy.h"

namespace orrery::explore {
namespace {

using Outcome = std::map<OwnerId, std::string>;

struct Found {
  size_t runs = 0;
  std::set<uint64_t> states;
  std::set<std::string> orders;
  std::set<Outcome> outcomes;
};

enum class Mode { kBruteForce, kPruned, kReduced };

// As pybindings/orrery/exhaustive.py searches: a run for each alternative of each point, unless its state had that
// alternative before. Brute force knows no state.
template <class Plan>
Found search(Plan plan, Mode mode) {
  Found found;
  std::deque<std::map<std::string, int64_t>> frontier(1);
  std::map<uint64_t, std::set<int64_t>> seen;
  std::set<std::map<std::string, int64_t>> asked;
  for (; !frontier.empty(); frontier.pop_front()) {
    World::Options options;
    options.decisions.base = DecisionBase::kDefault;
    options.decisions.overrides = frontier.front();
    Toy toy(options);
    Enumerator enumerator(toy.world, [](OwnerId owner) { return owner == kWorldOwner; });
    toy.world.loop().schedule_by(&enumerator);
    plan(toy);
    toy.world.loop().run_until(Instant{100});
    ++found.runs;
    found.orders.insert(toy.order);
    found.outcomes.insert(toy.known);
    std::map<std::string, int64_t> prefix;
    for (const Enumerator::Point& p : enumerator.points()) {
      found.states.insert(p.state);
      const std::string key = decision_key("schedule.order", p.cause, 0);
      const size_t count = mode == Mode::kReduced && !p.full ? p.reduced : p.tags.size();
      seen[p.state].insert(p.tags[p.taken]);
      for (size_t i = 0; i < count; ++i) {
        auto next = prefix;
        if (i != 0) next[key] = p.tags[i];
        const bool fresh = seen[p.state].insert(p.tags[i]).second;
        if (mode == Mode::kBruteForce ? i != p.taken && asked.insert(next).second : fresh) frontier.push_back(next);
      }
      if (p.taken != 0) prefix[key] = p.tags[p.taken];
    }
    asked.insert(prefix);
  }
  return found;
}

void three_processes(Toy& toy) {
  for (const char* names : {"ab", "cd", "ef"}) {
    const OwnerId owner = toy.process();
    toy.plan(owner, 0, 10, std::string(1, names[0]));
    toy.plan(owner, 0, 10, std::string(1, names[1]));
  }
}

TEST(Enumerator, BruteForceHasEveryInterleavingOnce) {
  const Found found = search(three_processes, Mode::kBruteForce);
  EXPECT_EQ(found.orders.size(), 90u);  // 6! / (2! 2! 2!)
  EXPECT_EQ(found.runs, 90u);
  EXPECT_EQ(found.outcomes.size(), 1u);
}

TEST(Enumerator, StatesOfIndependentProcessesAreALattice) {
  const Found found = search(three_processes, Mode::kPruned);
  // How far each process is: 3 * 3 * 3 states, of which those with at most one process left offer no choice.
  EXPECT_EQ(found.states.size(), 27u - 7u);
  EXPECT_LT(found.runs, 90u);
  EXPECT_EQ(found.outcomes.size(), 1u);
}

TEST(Enumerator, IndependentProcessesNeedOneRun) { EXPECT_EQ(search(three_processes, Mode::kReduced).runs, 1u); }

// Two streams bring two messages each to one process; another process has something to do as well.
void two_streams(Toy& toy) {
  const OwnerId owner = toy.process(), other = toy.process();
  for (const char* name : {"a", "b"}) toy.plan(owner, 1, 10, name);
  for (const char* name : {"c", "d"}) toy.plan(owner, 3, 10, name);
  toy.plan(other, 0, 10, "x");
}

TEST(Enumerator, OrdersOfOneProcessAreAllTriedAndAllDifferent) {
  const Found brute = search(two_streams, Mode::kBruteForce);
  EXPECT_EQ(brute.orders.size(), 30u);   // 5! / (2! 2! 1!)
  EXPECT_EQ(brute.outcomes.size(), 6u);  // 4! / (2! 2!)
  const Found pruned = search(two_streams, Mode::kPruned), reduced = search(two_streams, Mode::kReduced);
  EXPECT_EQ(pruned.outcomes, brute.outcomes);
  EXPECT_EQ(reduced.outcomes, brute.outcomes);
  EXPECT_EQ(reduced.runs, 6u);
  EXPECT_LT(pruned.runs, brute.runs);
}

// The world ends a process at the instant at which two others still have something to tell it.
void a_crash_amid(Toy& toy) {
  const OwnerId owner = toy.process(), other = toy.process();
  toy.plan(other, 0, 10, "x");
  toy.plan(owner, 0, 10, "a");
  toy.plan(owner, 0, 10, "b");
  toy.world.loop().schedule(Instant{10}, kToy, kWorldOwner, [&toy, owner] {
    toy.known[kWorldOwner] += "crash";
    toy.world.loop().kill_owner(owner);
  });
}

TEST(Enumerator, WhatTouchesOthersIsTriedBeforeAndAfterEachOfThem) {
  const Found brute = search(a_crash_amid, Mode::kBruteForce), reduced = search(a_crash_amid, Mode::kReduced);
  EXPECT_EQ(brute.outcomes.size(), 3u);  // nothing, a, ab
  EXPECT_EQ(reduced.outcomes, brute.outcomes);
  EXPECT_LE(reduced.runs, brute.runs);
}

TEST(Enumerator, AStateKnowsTheOrderInWhichAProcessRan) {
  const Found found = search(two_streams, Mode::kPruned);
  // Histories of the first process: 1, a c, ab ac ca cd, ... with x run or not; those without a choice are not seen.
  std::set<std::string> prefixes;
  for (const Outcome& outcome : found.outcomes)
    for (const auto& [owner, text] : outcome)
      if (text != "x")
        for (size_t i = 0; i <= text.size(); ++i) prefixes.insert(text.substr(0, i));
  EXPECT_EQ(prefixes.size(), 19u);
  // Before x: a choice is left unless all four ran (13 histories); after x: unless one stream is left (5 histories).
  EXPECT_EQ(found.states.size(), 13u + 5u);
}

}  // namespace
}  // namespace orrery::explore
