// The objects themselves: what a state is and what an operation does to it.
//
// A state is one 64-bit number: the value itself (register, counter, lock) or the index of an
// interned content (kv with appends, set, queue, multi-register). Equal states are equal numbers,
// so a search can remember them cheaply.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conformance/check/problem.h"

namespace orrery::check {

// Interns sequences of numbers; equal sequences get equal indices. Grows, never forgets.
class SequenceTable {
 public:
  SequenceTable();
  std::int64_t id(std::span<const std::int64_t> content);
  std::span<const std::int64_t> content(std::int64_t id) const;
  std::uint64_t memory_bytes() const;

 private:
  void grow();

  std::vector<std::int64_t> arena_;
  std::vector<std::uint64_t> starts_;   // of content i; one more at the end
  std::vector<std::uint64_t> hashes_;   // of content i
  std::vector<std::uint32_t> buckets_;  // content + 1, or 0; a power of two of them
};

// The state machine of one problem. `set` and `problem` must outlive it.
class Machine {
 public:
  Machine(const ProblemSet& set, const Problem& problem);

  std::int64_t initial() const { return initial_; }

  // Whether `op` may happen in `state` with the answer it got; if so, `next` is the state after it.
  bool step(std::int64_t state, const Op& op, std::int64_t* next);

  std::uint64_t memory_bytes() const;
  // Of a model from outside: what its questions cost since this machine was made; whether it gave up.
  std::uint64_t steps_of_asking() const;
  bool given_up() const;

 private:
  // Strings are compared by length and two polynomial hashes modulo 2^61-1, so that an append costs
  // the same however long the value has become.
  struct Text {
    std::int64_t length = 0, hash_a = 0, hash_b = 0, power_a = 1, power_b = 1;
  };
  static Text text_of(std::string_view bytes);
  std::int64_t text_state(std::int64_t value);
  std::int64_t append(std::int64_t state, const Text& text);
  bool step_transaction(std::int64_t state, const Op& op, std::int64_t* next);

  const ProblemSet& set_;
  SequenceTable table_;
  std::vector<std::int64_t> scratch_;
  std::vector<Text> texts_;                // of ProblemSet::strings
  std::vector<std::int64_t> list_states_;  // of ProblemSet::lists
  bool appends_ = false;
  std::int64_t initial_ = 0;
  std::uint64_t asked_before_ = 0;
  std::unordered_map<std::int64_t, std::int64_t> text_states_;  // value id -> state; look-up only
};

}  // namespace orrery::check
