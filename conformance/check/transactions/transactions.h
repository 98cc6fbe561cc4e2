// Which models of transactions a history of list-append or rw-register refutes, and by what.
//
// Infers what must come before what, looks for what no order explains and for cycles. Sound: a
// model is called violated only if no order allows the history. Complete as far as the order of
// versions is known; see README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/check/check.h"
#include "conformance/check/history_file.h"
#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

enum class Level : std::uint8_t {
  kReadUncommitted,
  kReadCommitted,
  kMonotonicReads,
  kMonotonicWrites,
  kReadYourWrites,
  kWritesFollowReads,
  kSnapshotIsolation,
  kSessionSnapshotIsolation,
  kSerializability,
  kSessionSerializability,
  kStrictSerializability,
};

inline constexpr std::size_t kLevels = 11;

std::string_view name(Level level);
std::optional<Level> level_named(std::string_view text);

struct TransactionVerdict {
  VerdictKind kind = VerdictKind::kOk;  // of the level required
  Level required = Level::kSerializability;
  std::vector<Anomaly> anomalies;  // the gravest first; one of a name
  std::size_t witness = 0;         // kViolation: the anomaly that shows it
  std::vector<Level> violates, holds, undecided;
  std::uint64_t steps = 0;
  InputError error;    // kBadInput
  std::string reason;  // kUnknown
};

// REQUIRES: `model` is kListAppend or kRwRegister.
TransactionVerdict check_transactions(const history::History& history, Model model,
                                      Level required = Level::kSerializability,
                                      Budget budget = {});

// As JSON, in the shape of `check_history`; `lines` is null for a history that came from no file.
// REQUIRES: the verdict is not kBadInput.
std::string document(const history::History& history, Model model,
                     const TransactionVerdict& verdict, const HistoryFile* lines);

}  // namespace orrery::check
