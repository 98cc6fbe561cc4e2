// Near-linear methods for histories whose values tell the operations apart.
//
// Each answers "ok" or "violation" with the operations that contradict each other, or says that it
// does not apply to this history (then `search.h` decides). All are exact where they apply; the
// tests compare each with brute force.
//
// Throughout, operation A is "before" B when A was answered before B was requested. An order that
// explains the history must keep that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/check/problem.h"

namespace orrery::check {

enum class FastKind : std::uint8_t { kOk, kViolation, kNotApplicable };

// `ops` are indices of Problem::ops; in `sentence`, `{0}` stands for the description of ops[0] and
// so on.
struct FastResult {
  FastKind kind = FastKind::kOk;
  std::vector<std::int32_t> ops;
  std::string sentence;
};

inline FastResult fast_ok() { return {}; }
inline FastResult fast_not_applicable() { return {FastKind::kNotApplicable, {}, {}}; }
inline FastResult fast_violation(std::vector<std::int32_t> ops, std::string sentence) {
  return {FastKind::kViolation, std::move(ops), std::move(sentence)};
}

// Registers (read, write, successful cas) where every value is written at most once and never the
// initial one. Zones after Gibbons and Korach, with the values that a cas joins taken as one block.
FastResult check_register_zones(const std::vector<Op>& ops, std::int64_t initial);

// Counters whose adds all have one delta; an add's new value, where known, is checked too.
// Otherwise, where every add's new value is known and all differ, by `check_register_zones`.
FastResult check_counter(const std::vector<Op>& ops);

// Sets to which no element is added twice.
FastResult check_set_chain(const ProblemSet& set, const std::vector<Op>& ops);

// Queues into which no element is put twice, without unanswered dequeues.
FastResult check_queue_patterns(const std::vector<Op>& ops);

// Locks; always applicable.
FastResult check_lock(const std::vector<Op>& ops);

}  // namespace orrery::check
