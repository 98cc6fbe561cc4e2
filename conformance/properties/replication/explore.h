// Goes through every state of the model that can be reached within bounds, and looks at the invariants in each.
#pragma once

#include <string>
#include <vector>

#include "conformance/properties/replication/model.h"

namespace orrery::protocol {

struct Bounds {
  Rules rules = {};
  int epochs = 2;
  int steps = 8;    // 0: as many as there are
  int appends = 3;  // entries of any log, barriers included
  int crashes = 2;  // and restarts at once
  int wipes = 1;
  // One step is a whole exchange: an entry or an image, taken, synced and acknowledged; a claim with the votes of a quorum
  // and the choice. Otherwise it is one message that is sent or comes, one sync, one crash.
  bool exchanges = false;
};

struct Explored {
  size_t states = 0;               // different ones, followers that can be told apart only by their number being the same
  size_t edges = 0;
  int depth = 0;                   // steps to the farthest
  std::string violation;           // the first that was met; empty: none
  std::vector<std::string> steps;  // the shortest way there
};

Explored explore(const Bounds& bounds);

}  // namespace orrery::protocol
