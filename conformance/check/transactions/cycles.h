// Cycles of dependencies: which classes of them there are, and the shortest of each.
//
// Components by an iterative walk, then breadth-first search inside one component for the shortest
// closed walk of a class. Components cost their edges; the search costs up to starts times edges,
// and stops where the budget ends: what is then not known is listed as undecided, never guessed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

struct CycleReport {
  std::vector<Anomaly> found;
  std::vector<std::string_view> undecided;  // classes
  bool out_of_budget = false;               // not even the components could be computed
  std::uint64_t memory_lacking = 0;         // bytes that the search would have needed; 0: it had enough
};

// Spends from `steps`, one a visited edge. What the search remembers of nodes must fit in `memory_bytes`, or
// no class of cycles is looked for.
CycleReport find_cycles(const Dependencies& graph, std::uint64_t& steps, std::uint64_t memory_bytes);

}  // namespace orrery::check
