#include "conformance/check/transactions/transactions.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "conformance/check/transactions/cycles.h"

namespace orrery::check {

namespace {

constexpr std::array<std::string_view, kLevels> kLevelNames = {
    "read-uncommitted",    "read-committed",
    "monotonic-reads",     "monotonic-writes",
    "read-your-writes",    "writes-follow-reads",
    "snapshot-isolation",  "strong-session-snapshot-isolation",
    "serializability",     "strong-session-serializability",
    "strict-serializability"};

constexpr unsigned bit(Level level) { return 1u << static_cast<unsigned>(level); }

// What falls with a level: itself and all that are stronger.
constexpr unsigned kStrict = bit(Level::kStrictSerializability);
constexpr unsigned kFromSessionSer = bit(Level::kSessionSerializability) | kStrict;
constexpr unsigned kFromSessionSi = bit(Level::kSessionSnapshotIsolation) | kFromSessionSer;
constexpr unsigned kFromSer = bit(Level::kSerializability) | kFromSessionSer;
constexpr unsigned kFromSi =
    bit(Level::kSnapshotIsolation) | bit(Level::kSessionSnapshotIsolation) | kFromSer;
constexpr unsigned kFromRc = bit(Level::kReadCommitted) | kFromSi;
constexpr unsigned kFromRu = bit(Level::kReadUncommitted) | kFromRc;

struct Meaning {
  std::string_view anomaly;
  unsigned violates;
};

// The gravest first.
constexpr std::array<Meaning, 26> kMeanings = {{
    {"unwritten-read", kFromRu},
    {"duplicate-elements", kFromRu},
    {"G0", kFromRu},
    {"G1a", kFromRc},
    {"incompatible-order", kFromRc},
    {"G1b", kFromRc},
    {"G1c", kFromRc},
    {"internal", kFromSi},
    {"lost-update", kFromSi},
    {"G-single", kFromSi},
    {"G-nonadjacent", kFromSi},
    {"G2-item", kFromSer},
    {"monotonic-writes", bit(Level::kMonotonicWrites) | kFromSessionSi},
    {"monotonic-reads", bit(Level::kMonotonicReads) | kFromSessionSi},
    {"read-your-writes", bit(Level::kReadYourWrites) | kFromSessionSi},
    {"writes-follow-reads", bit(Level::kWritesFollowReads) | kFromSessionSi},
    {"G0-process", kFromSessionSi},
    {"G1c-process", kFromSessionSi},
    {"G-single-process", kFromSessionSi},
    {"G-nonadjacent-process", kFromSessionSi},
    {"G2-item-process", kFromSessionSer},
    {"G0-realtime", kStrict},
    {"G1c-realtime", kStrict},
    {"G-single-realtime", kStrict},
    {"G-nonadjacent-realtime", kStrict},
    {"G2-item-realtime", kStrict},
}};

std::size_t rank(std::string_view anomaly) {
  std::size_t at = 0;
  while (at < kMeanings.size() && kMeanings[at].anomaly != anomaly) ++at;
  return at;
}

unsigned violates(std::string_view anomaly) { return kMeanings[rank(anomaly)].violates; }

constexpr unsigned kAll = (1u << kLevels) - 1;
constexpr unsigned kSessions = bit(Level::kMonotonicReads) | bit(Level::kMonotonicWrites) |
                               bit(Level::kReadYourWrites) | bit(Level::kWritesFollowReads);

void judge(TransactionVerdict& verdict, unsigned undecided) {
  unsigned violated = 0;
  for (const Anomaly& anomaly : verdict.anomalies) violated |= violates(anomaly.name);
  for (std::size_t i = 0; i < kLevels; ++i) {
    const auto level = static_cast<Level>(i);
    auto& list = (violated & bit(level)) != 0    ? verdict.violates
                 : (undecided & bit(level)) != 0 ? verdict.undecided
                                                 : verdict.holds;
    list.push_back(level);
  }
  const unsigned required = bit(verdict.required);
  if ((violated & required) != 0) {
    verdict.kind = VerdictKind::kViolation;
    while ((violates(verdict.anomalies[verdict.witness].name) & required) == 0) ++verdict.witness;
  } else if ((undecided & required) != 0) {
    verdict.kind = VerdictKind::kUnknown;
    if (verdict.reason.empty()) {
      verdict.reason = "the order of the versions of some key is not known";
    }
  }
}

}  // namespace

std::string_view name(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> level_named(std::string_view text) {
  for (std::size_t i = 0; i < kLevels; ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

TransactionVerdict check_transactions(const history::History& history, Model model, Level required,
                                      Budget budget) {
  TransactionVerdict verdict;
  verdict.required = required;
  std::variant<Workload, InputError> compiled = compile_transactions(history, model);
  if (auto* error = std::get_if<InputError>(&compiled)) {
    verdict.kind = VerdictKind::kBadInput;
    verdict.error = std::move(*error);
    return verdict;
  }
  Workload& work = std::get<Workload>(compiled);
  Dependencies graph(work);
  if (work.lists) {
    infer_list_append(graph);
  } else {
    infer_rw_register(graph);
  }
  check_sessions(graph);
  graph.add_process_edges();
  graph.add_realtime_edges();
  std::uint64_t steps = budget.steps;
  CycleReport cycles = find_cycles(graph, steps, budget.memory_bytes);
  verdict.steps = budget.steps - steps;
  verdict.anomalies = std::move(graph.anomalies);
  for (Anomaly& found : cycles.found) verdict.anomalies.push_back(std::move(found));
  std::stable_sort(verdict.anomalies.begin(), verdict.anomalies.end(),
                   [](const Anomaly& a, const Anomaly& b) { return rank(a.name) < rank(b.name); });
  unsigned undecided = graph.all_placed ? 0 : kSessions;
  for (const std::string_view cls : cycles.undecided) undecided |= violates(cls);
  if (cycles.out_of_budget) undecided |= kAll & ~kSessions;
  if (cycles.memory_lacking != 0) {
    verdict.reason = "looking for cycles among " + std::to_string(work.txns.size()) + " transactions needs " +
                     std::to_string((cycles.memory_lacking >> 20) + 1) + " MB, more than the budget's memory";
  } else if (cycles.out_of_budget || !cycles.undecided.empty()) {
    verdict.reason = "the budget of " + std::to_string(budget.steps) +
                     " steps ended before all cycles were looked for";
  }
  judge(verdict, undecided);
  return verdict;
}

}  // namespace orrery::check
