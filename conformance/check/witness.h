// From "this object's history cannot be explained" to the few operations that show it.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/check/problem.h"

namespace orrery::check {

// Indices of ops of `problem`, ascending, that contradict each other even if every other operation
// may have taken effect at any moment after its request, as its answer says, or never. So a witness
// never comes from a value whose writer was left out. No single one of them can be spared; and where
// the object has at most kShortestOf answered operations and `shortest_steps` suffice, none are fewer.
//
// `stuck_at`: the furthest answer that the search could not explain, or kNever. `steps` is lowered by what was
// spent and bounds the work; a witness found when it runs out is right but may not be the smallest.
std::vector<std::int32_t> minimal_witness(const ProblemSet& set, const Problem& problem,
                                          std::int32_t stuck_at, std::uint64_t& steps,
                                          std::uint64_t shortest_steps, std::uint64_t memory_bytes);

inline constexpr std::size_t kShortestOf = 200;

}  // namespace orrery::check
