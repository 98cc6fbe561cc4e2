// The fewest operations that contradict each other, where that can be known within the budget.
//
// Method: whatever explains some of the operations leaves others out, and any contradiction needs one
// of those. So the smallest candidate is the smallest set with a member in each such rest; if it is a
// contradiction, none is smaller, and if it is not, what explains it gives one rest more (implicit
// hitting sets, as for smallest unsatisfiable subsets).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace orrery::check {

enum class Tried : std::uint8_t { kContradiction, kExplained, kUnknown };

// Of the numbers below `count`, the fewest of which `contradict` says that they contradict each other,
// ascending; at most `size_max` of them. None if there are no so few or it could not be known.
// `contradict` is asked about ascending sets, and what contradicts does so with more added. `steps` is
// lowered by the work done here.
std::optional<std::vector<std::int32_t>> smallest_contradiction(
    std::size_t count, std::size_t size_max,
    const std::function<Tried(const std::vector<std::int32_t>&)>& contradict, std::uint64_t& steps);

}  // namespace orrery::check
