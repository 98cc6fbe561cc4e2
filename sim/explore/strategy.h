// Strategies: who chooses among what a real system leaves open, the order of what happens at one instant and how late
// each message is, within its legal range. Chance alone (`fifo`) draws every delay by itself and takes the simultaneous
// in the order of scheduling; the others look for orders that it seldom or never meets.
//
// Every choice is a decision, so that capsules replay it, shrinking drops it and an edit elsewhere leaves it in place:
//   schedule.order/<cause>/0   which of the simultaneous events goes first. Cause: the id of the event that would (the
//                              first one scheduled), mixed with how often it was passed over before. Value: 0 for that
//                              event, else the `tag` of the one that runs instead; when nothing with that tag is due, it
//                              is that event after all.
//   net.jitter/<cause>/<n>     the step of the table of delays, as without a strategy.
// In the default base all of them are their defaults: first in, first out, the median delay.
//
// random     a simultaneous event at random; delays as chance draws them.
// pct:d      PCT (Burckhardt et al., ASPLOS 2010), d from 1 to 16: every stream of messages and every process has a
//            priority; the higher goes first and gets the short end of the delays, the lower the long end; at d - 1
//            moments the stream that sends just then falls below all others.
// pos        partial-order sampling (Yuan, Yang, Gu, CAV 2018): every event has a random priority of its own, and those
//            that race with what runs (the same process) draw a new one; a message is early or late, seldom between.
// portfolio  one of fifo, random, pct:2, pct:3, pct:5, pos, by seed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/world.h"

namespace orrery::explore {

enum class StrategyKind : uint8_t { kFifo, kRandom, kPct, kPos, kPortfolio };

struct StrategySpec {
  StrategyKind kind = StrategyKind::kFifo;
  uint32_t depth = 3;  // of PCT
};

// Reads "fifo", "random", "pct", "pct:5", "pos", "portfolio"; nothing when it is none of them.
std::optional<StrategySpec> parse_strategy(std::string_view text);
std::string to_string(const StrategySpec& spec);
// What this seed's share of a portfolio is; any other strategy is itself.
StrategySpec resolve(const StrategySpec& spec, uint64_t seed);

// What stands for an event in a decision: 31 bits of its id, never 0.
int64_t tag_of(uint64_t event);

// Takes and records the decisions of an order, whoever makes the choice.
class Choices {
 public:
  explicit Choices(World& world) : world_(world) {}
  // The key's cause of the next choice in which `first` is the event that would run.
  uint64_t cause_of(uint64_t first) const;
  // Which of `due` runs, if `chosen` is the strategy's choice: that, or what an override or the default base says.
  size_t take(std::span<const Scheduler::Due> due, size_t chosen);

 private:
  World& world_;
  std::map<uint64_t, uint32_t> passed_over_;  // how often, by event id
};

// A strategy for this world, which it must not outlive; null for fifo. Not for a portfolio: resolve it first.
std::unique_ptr<Scheduler> make_strategy(World& world, const StrategySpec& spec);

}  // namespace orrery::explore
