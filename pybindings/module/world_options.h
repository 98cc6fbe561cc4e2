// What a world is made with, read from Python's JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/cloud.h"
#include "sim/explore/strategy.h"

namespace orrery::python {

struct WorldOptions {
  CloudOptions cloud;
  // Whether the rules are watched while the run goes on.
  bool monitors = true;
  // Whether the past of objects is kept; nothing: if the code names a function of point-in-time recovery.
  std::optional<bool> past;
  // The rule at whose first breach the run stops; empty: none.
  std::string until_rule;
  std::string faults = "none";  // preset: none, lite, swarm, storm
  // Over how much of the run the preset spreads its faults; its last fifth is quiet.
  Duration swarm_horizon = seconds(40);
  // After so many steps of the loop the future is drawn anew; in the order of the steps.
  struct Redraw {
    uint64_t at_step;
    uint64_t seed;
  };
  std::vector<Redraw> redraws;
  // Record only from about so many events on, for a look at a part of a long run.
  std::optional<uint64_t> record_from;
  // Flaws of the world itself that tests ask for, by name.
  std::vector<std::string> plant;
  // Who orders what a real system leaves open; never a portfolio, but this seed's share of it.
  explore::StrategySpec schedule;
  // Take note of every choice of order instead, for an exhaustive search.
  bool enumerate = false;
};

// Throws BadInput naming the field.
WorldOptions read_world_options(const std::string& json);

}  // namespace orrery::python
