#include "sim/explore/strategy.h"

#include <set>

#include <gtest/gtest.h>

#include "sim/explore/tests/toy.h"

namespace orrery::explore {
namespace {

void four_processes(Toy& toy) {
  for (const char* name : {"a", "b", "c", "d"}) {
    const OwnerId owner = toy.process();
    toy.plan(owner, 0, 10, name);
    toy.plan(owner, 0, 10, std::string(name) + "'");
  }
}

struct Ran {
  std::string order;
  std::vector<DecisionRecord> decisions;
};

template <class Plan>
Ran run(Plan plan, const char* strategy, World::Options options) {
  options.record = true;
  Toy toy(options);
  auto spec = resolve(*parse_strategy(strategy), options.decisions.seed);
  auto scheduler = make_strategy(toy.world, spec);
  toy.world.loop().schedule_by(scheduler.get());
  plan(toy);
  toy.world.loop().run_until(Instant{100});
  return {toy.order, toy.world.decision_records()};
}

World::Options seeded(uint64_t seed) {
  World::Options options;
  options.decisions.seed = seed;
  return options;
}

TEST(Strategy, EachFindsMoreOrdersThanOneAndRepeatsThem) {
  for (const char* name : {"random", "pct:3", "pos"}) {
    std::set<std::string> orders;
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      const std::string order = run(four_processes, name, seeded(seed)).order;
      EXPECT_EQ(order, run(four_processes, name, seeded(seed)).order) << name;
      orders.insert(order);
    }
    EXPECT_GE(orders.size(), 15u) << name;
  }
}

TEST(Strategy, AProcessKeepsItsOwnOrder) {
  for (const char* name : {"random", "pct:3", "pos"})
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      const std::string order = run(four_processes, name, seeded(seed)).order;
      for (const char* process : {"a", "b", "c", "d"})
        EXPECT_LT(order.find(process), order.find(std::string(process) + "'")) << name;
    }
}

TEST(Strategy, TheDefaultBaseIsFirstInFirstOut) {
  for (const char* name : {"random", "pct:3", "pos"}) {
    World::Options options = seeded(7);
    options.decisions.base = DecisionBase::kDefault;
    EXPECT_EQ(run(four_processes, name, options).order, "aa'bb'cc'dd'") << name;
  }
}

// What a capsule holds after shrinking: the decisions that are not defaults, on the default base.
TEST(Strategy, ItsDecisionsGiveTheOrderAgain) {
  for (const char* name : {"random", "pct:2", "pos"})
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const Ran drawn = run(four_processes, name, seeded(seed));
      World::Options options = seeded(seed);
      options.decisions.base = DecisionBase::kDefault;
      for (const DecisionRecord& d : drawn.decisions)
        if (!d.is_default()) options.decisions.overrides[d.key] = d.value;
      EXPECT_EQ(run(four_processes, "random", options).order, drawn.order) << name << " " << seed;
    }
}

TEST(Strategy, AChoiceStaysWhenSomethingUnrelatedHappensAtTheSameInstant) {
  const auto race = [](Toy& toy) {
    const OwnerId owner = toy.process();
    CauseScope cause(toy.world.cause(), 11);
    toy.plan(owner, 1, 10, "a");
    toy.plan(owner, 3, 10, "b");
  };
  const auto with_more = [race](Toy& toy) {
    {
      const OwnerId other = toy.process();
      CauseScope cause(toy.world.cause(), 22);
      toy.plan(other, 0, 10, "x");
      toy.plan(other, 0, 10, "y");
    }
    race(toy);
  };
  // One that swaps a and b, as an override on the default base.
  World::Options options = seeded(1);
  for (uint64_t seed = 1; options.decisions.overrides.empty(); ++seed)
    for (const DecisionRecord& d : run(race, "random", seeded(seed)).decisions)
      if (!d.is_default()) options.decisions.overrides[d.key] = d.value;
  options.decisions.base = DecisionBase::kDefault;
  EXPECT_EQ(run(race, "random", options).order, "ba");
  const std::string order = run(with_more, "random", options).order;
  EXPECT_LT(order.find('b'), order.find('a'));
}

TEST(Strategy, TextsAreReadStrictly) {
  for (const char* good : {"fifo", "random", "pct:1", "pct:16", "pos", "portfolio"})
    EXPECT_EQ(to_string(*parse_strategy(good)), good);
  EXPECT_EQ(to_string(*parse_strategy("pct")), "pct:3");
  for (const char* bad : {"", "FIFO", "pct:0", "pct:17", "pct:", "pct:3x", "pos ", "pct: 3", "random:2"})
    EXPECT_FALSE(parse_strategy(bad)) << bad;
}

TEST(Strategy, APortfolioHasASeedForEach) {
  std::set<std::string> shares;
  for (uint64_t seed = 1; seed <= 60; ++seed) shares.insert(to_string(resolve({StrategyKind::kPortfolio}, seed)));
  EXPECT_EQ(shares, (std::set<std::string>{"fifo", "random", "pct:2", "pct:3", "pct:5", "pos"}));
}

// PCT keeps a stream at one end of its delays; partial-order sampling throws each message to either end.
TEST(Strategy, DelaysAreWithinTheTableAndAsEachStrategyWants) {
  for (const char* name : {"random", "pct:1", "pos"}) {
    Toy toy(seeded(3));
    auto strategy = make_strategy(toy.world, *parse_strategy(name));
    std::map<uint64_t, std::set<int64_t>> by_stream;
    int early = 0, late = 0, messages = 0;
    for (uint64_t stream = 1; stream <= 20; ++stream)
      for (uint64_t id = 1; id <= 50; ++id, ++messages) {
        const int64_t step = strategy->delay(mix64(stream, 1), mix64(stream, id), 1024);
        ASSERT_GE(step, 0);
        ASSERT_LT(step, 1024);
        by_stream[stream].insert(step);
        early += step < 128;
        late += step >= 1024 - 128;
      }
    if (std::string(name) == "pct:1") {
      for (const auto& [stream, steps] : by_stream) EXPECT_EQ(steps.size(), 1u);
    }
    if (std::string(name) == "pos") {
      EXPECT_EQ(early + late, messages);
      EXPECT_NEAR(early, messages / 2, messages / 10);
    }
    if (std::string(name) == "random") {
      EXPECT_LT(early + late, messages / 3);
    }
  }
}

}  // namespace
}  // namespace orrery::explore
