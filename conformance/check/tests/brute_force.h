// The slow, plain definition of linearizable, to compare the checker with: tries every order.
// Shares no code with the checker beyond the history itself.
#pragma once

#include <cstddef>
#include <vector>

#include "conformance/check/check.h"

namespace orrery::check {

// REQUIRES: the history fits the model and is short (about ten operations).
bool brute_force_linearizable(const history::History& history, Model model);

// What the plain object does after each sequence of fewer than `depth` of these operations, all on one
// key: `next[state][letter]`, -1 where the letter cannot have that answer there. State 0 is the first.
struct Automaton {
  std::vector<std::vector<int>> next;
};
Automaton automaton_of(Model model, const std::vector<history::Operation>& letters, std::size_t depth);

}  // namespace orrery::check
