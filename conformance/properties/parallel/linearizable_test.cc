// Goal: commands that run at once against one object are answered as if one ran after another, in every order of
// messages and timers. Method: drawn commands (commands.h), with crashes and evictions among them, under drawn
// strategies; the answers go through conformance/check. What is planted is found, and its story is as short as it can be:
// each part of it is shown to be needed by leaving it out.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/properties/histories.h"
#include "conformance/properties/parallel/commands.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {

// The least first: fewer parts, the plainest way, the first key, at once.
std::vector<Operation> simpler(const Operation& o) {
  std::vector<Operation> out;
  auto add = [&](auto change) {
    Operation less = o;
    change(less);
    out.push_back(std::move(less));
  };
  if (o.after_ms > 0) add([](Operation& l) { l.after_ms = 0; });
  if (o.after_ms > 1) add([](Operation& l) { l.after_ms /= 2; });
  if (o.pause) add([](Operation& l) { l.pause = false; });
  for (int how = 0; how < o.how; ++how) add([how](Operation& l) { l.how = how; });
  if (o.key > 0) add([](Operation& l) { l.key = 0; });
  for (size_t i = 0; o.parts.size() > 1 && i < o.parts.size(); ++i)
    add([i](Operation& l) { l.parts.erase(l.parts.begin() + static_cast<std::ptrdiff_t>(i)); });
  return out;
}

namespace {

using parallel::Commands;
using parallel::Interleaving;
using parallel::Outcome;
using parallel::Overrides;
using parallel::Shrinker;
using parallel::Story;

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};

struct Range {
  std::vector<Operation::Kind> kinds = {Operation::kRead, Operation::kWrite, Operation::kCas,   Operation::kAdd,
                                        Operation::kAdd,  Operation::kCount, Operation::kTransaction};
  int least_way = 0, ways = 3;
  bool ends = false;  // crashes and evictions too
};

rc::Gen<Commands<Operation>> commands(const Range& range) {
  return rc::gen::noShrink(rc::gen::exec([range] {
    auto one = [&] {
      Operation o{};
      o.kind = *rc::gen::elementOf(range.kinds);
      if (range.ends && *number(0, 6) == 0) o.kind = *rc::gen::element(Operation::kCrash, Operation::kEvict);
      if (o.kind <= Operation::kCas) o.key = *number(0, 2);
      o.how = *number(range.least_way, range.ways);
      o.pause = *rc::gen::arbitrary<bool>();
      o.after_ms = *number(0, 3) ? 0 : *number(0, 40);
      if (o.kind == Operation::kTransaction)
        for (int parts = *number(1, 4); parts > 0; --parts) o.parts.push_back({*rc::gen::arbitrary<bool>(), *number(0, 3)});
      return o;
    };
    auto some = [&](int least, int most) {
      std::vector<Operation> out;
      for (int n = *number(least, most + 1); n > 0; --n) out.push_back(one());
      return out;
    };
    Commands<Operation> out;
    out.prefix = some(0, 3);
    for (int n = *number(2, 4); n > 0; --n) out.branches.push_back(some(1, 4));
    return out;
  }));
}

rc::Gen<Interleaving> interleavings() {
  return rc::gen::noShrink(rc::gen::exec([] {
    using Kind = explore::StrategyKind;
    Interleaving out;
    out.seed = *number<uint64_t>(1, 1 << 20);
    out.schedule = *rc::gen::element(explore::StrategySpec{Kind::kRandom}, explore::StrategySpec{Kind::kPos},
                                     explore::StrategySpec{Kind::kPct, 2}, explore::StrategySpec{Kind::kPct, 4});
    return out;
  }));
}

Outcome run(const Commands<Operation>& commands, const Interleaving& interleaving, durable::Weaken weaken) {
  Rig rig(histories_app(), interleaving.setup({.pops = kPops, .weaken = weaken}));
  Recorder recorder(rig);
  recorder.wake(1);
  recorder.run({commands.prefix}, {"FRA"});
  recorder.run(commands.branches, {"FRA"});
  return {recorder.contradiction(), rig.world().decision_records()};
}

void are_linearizable(const Range& range, durable::Weaken weaken = {}) {
  const Commands<Operation> drawn = *commands(range);
  const Interleaving interleaving = *interleavings();
  const Outcome outcome = run(drawn, interleaving, weaken);
  if (!outcome.failed()) return;
  auto again = [&](const Commands<Operation>& c, const Interleaving& i) { return run(c, i, weaken); };
  RC_FAIL(Shrinker<Operation>(again).shrink(drawn, interleaving, outcome).text());
}

// The smallest story of the first failure among some drawn commands.
Story<Operation> story_of(const Range& range, durable::Weaken weaken, int draws) {
  auto again = [&](const Commands<Operation>& c, const Interleaving& i) { return run(c, i, weaken); };
  const auto all = commands(range);
  const auto orders = interleavings();
  rc::Random random(7);
  for (int draw = 1; draw <= draws; ++draw) {
    const auto drawn = all(random.split(), rc::kNominalSize).value();
    const auto interleaving = orders(random.split(), rc::kNominalSize).value();
    const Outcome outcome = run(drawn, interleaving, weaken);
    if (!outcome.failed()) continue;
    Story<Operation> story = Shrinker<Operation>(again).shrink(drawn, interleaving, outcome);
    std::printf("  draw %d: %zu commands and %zu decisions become these\n%s\n", draw, drawn.count(),
                parallel::different(outcome.decisions).size(), story.text().c_str());
    // It is what it says, and nothing of its interleaving can be left out.
    EXPECT_TRUE(again(story.commands, story.interleaving).failed());
    for (const auto& [key, value] : story.interleaving.overrides) {
      Interleaving fewer = story.interleaving;
      fewer.overrides.erase(key);
      EXPECT_FALSE(again(story.commands, fewer).failed()) << key;
    }
    // Nor can a command.
    for (size_t b = 0; b <= story.commands.branches.size(); ++b) {
      const size_t length = (b ? story.commands.branches[b - 1] : story.commands.prefix).size();
      for (size_t i = 0; i < length; ++i) {
        Commands<Operation> fewer = story.commands;
        auto& list = b ? fewer.branches[b - 1] : fewer.prefix;
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(again(fewer, story.interleaving).failed()) << "without command " << i << " of list " << b;
      }
    }
    return story;
  }
  ADD_FAILURE() << "the planted flaw shows in none of " << draws << " draws";
  return {};
}

TEST(ParallelCommands, AreAnsweredAsIfOneRanAfterAnother) {
  expect_holds(25, [] { are_linearizable({}); });
}

TEST(ParallelCommands, AreSoAcrossCrashesAndEvictions) {
  expect_holds(20, [] { are_linearizable({.ends = true}); });
}

TEST(ParallelCommands, SectionsThatLetOthersInBecomeTwoCommands) {
  const auto story = story_of({}, {.sections_open = true}, 50);
  EXPECT_LE(story.commands.count(), 3u);
  EXPECT_EQ(story.commands.branches.size(), 2u);
}

TEST(ParallelCommands, AnswersAheadOfTheirWritesBecomeAWriteACrashAndALook) {
  const auto story = story_of({.ends = true}, {.answers_early = true}, 400);
  EXPECT_LE(story.commands.count(), 4u);
}

TEST(ParallelCommands, AnAppThatReliesOnTheOrderOfItsTimersFailsByAFewDecisionsOnly) {
  const auto story = story_of({.kinds = {Operation::kAdd}, .least_way = 3, .ways = 4}, {}, 50);
  EXPECT_EQ(story.commands.count(), 2u);
  EXPECT_GE(story.interleaving.overrides.size(), 1u);
  EXPECT_LE(story.interleaving.overrides.size(), 4u);
}

}  // namespace
}  // namespace orrery::properties
