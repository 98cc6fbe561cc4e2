// The order of things in a run as data: every decision of the world that was not the usual one, by name. A run that
// failed by chance fails again when these decisions are given back over the plain order (base of defaults: median
// delays, first in first out), and may then do with far fewer of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "conformance/properties/rig.h"

namespace orrery::properties::parallel {

// Decisions that differ from the usual, by key (sim/core/decisions.h).
using Overrides = std::map<std::string, int64_t>;

// How a run is to go.
struct Interleaving {
  uint64_t seed = 1;  // randomness of Workers; with `drawn`, of the world's decisions too
  bool drawn = true;  // else every decision is the usual one, but for the overrides
  explore::StrategySpec schedule = {explore::StrategyKind::kPos};
  Overrides overrides = {};

  // The setup of a rig whose world goes like this and lists its decisions; everything else as in `base`.
  Setup setup(Setup base = {}) const;
};

// What became of a run.
struct Outcome {
  std::string contradiction = {};  // empty: there is none
  std::vector<DecisionRecord> decisions = {};
  bool failed() const { return !contradiction.empty(); }
};

// The decisions of a run that were not the usual, in the order of keys.
Overrides different(const std::vector<DecisionRecord>& decisions);

// As few of `given` as will do, each value as near to the usual (`usual` tells it by key) as it goes: whole places of
// the code first, then halves, quarters, ... down to single decisions, then values. Without any one of what is left
// `fails` is false. `given` itself fails. Asks `fails` some (n log of all) times, where n are left.
Overrides fewest(const Overrides& given, const std::function<int64_t(const std::string&)>& usual,
                 const std::function<bool(const Overrides&)>& fails);

}  // namespace orrery::properties::parallel
