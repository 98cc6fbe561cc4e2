// The general search for an order that explains a history.
//
// Method: depth first over "which operation takes effect next" (Wing and Gong), remembering every
// pair of (set of operations placed, state) so that none is explored twice (Lowe). Three prunings
// keep the usual history near linear: operations that only observe are placed as soon as their
// answer is right; the operation that must return next is tried first; equal unanswered operations
// are taken oldest first, and only when they change something.
//
// The remembered set is kept as a 128-bit hash of the pair; two different pairs collide with a
// chance of about one in 10^24 for a search of 10^7 steps. Iterative: depth costs heap, not stack.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/check/machine.h"
#include "conformance/check/problem.h"

namespace orrery::check {

enum class SearchKind : std::uint8_t { kFound, kImpossible, kOutOfSteps };

struct SearchResult {
  SearchKind kind = SearchKind::kFound;
  std::uint64_t steps = 0;
  // The furthest answer that no order explained (event number), and how many answers come before
  // it.
  std::int32_t stuck_at = kNever;
  std::uint64_t explained = 0;
  std::uint64_t to_explain = 0;
  // kFound: operations (indices of Problem::ops) in an order that explains them; of the unanswered ones those that it needs.
  std::vector<std::int32_t> order;
};

// At most `steps` steps. Once the memory of remembered pairs and states is used up, nothing more is
// remembered; when states alone pass twice the limit the search ends as out of steps.
SearchResult search(const ProblemSet& set, const Problem& problem, std::uint64_t steps,
                    std::uint64_t memory_bytes);

}  // namespace orrery::check
