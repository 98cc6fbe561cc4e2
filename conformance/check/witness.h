// From "this object's history cannot be explained" to the few operations that show it.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/check/problem.h"

namespace orrery::check {

// Indices of ops of `problem`, ascending: those begun before the event `stuck_at`, less every
// operation that the contradiction does not need. "Does not need" is strict: an operation is left
// out only if the rest contradict each other even when it may have taken effect at any moment after
// its request, or never. So a witness never comes from a value whose writer was left out. `steps`
// is lowered by what was spent and bounds the work; a witness found when it runs out is right but
// may not be the smallest.
std::vector<std::int32_t> minimal_witness(const ProblemSet& set, const Problem& problem,
                                          std::int32_t stuck_at, std::uint64_t& steps,
                                          std::uint64_t memory_bytes);

}  // namespace orrery::check
