// Ties the methods together: object by object, the near-linear one first, then the search.
#include <algorithm>
#include <array>
#include <utility>

#include "conformance/check/check.h"
#include "conformance/check/fast_paths.h"
#include "conformance/check/history_file.h"
#include "conformance/check/problem.h"
#include "conformance/check/search.h"
#include "conformance/check/witness.h"

namespace orrery::check {

using history::History;
using history::Operation;
using history::Outcome;

namespace {

constexpr std::array<std::string_view, 10> kModelNames = {
    "register", "cas-register",   "kv",          "counter",    "set", "queue",
    "lock",     "multi-register", "list-append", "rw-register"};  // kOutside has a name of its own

// Steps kept apart for making a witness small, so that a violation is never reported without one.
constexpr std::uint64_t kWitnessSteps = 4'000'000;

FastResult fast_check(const ProblemSet& set, const Problem& problem) {
  switch (set.model) {
    case Model::kRegister:
    case Model::kCasRegister: return check_register_zones(problem.ops, kNullValue);
    case Model::kKv: return check_register_zones(problem.ops, kEmptyStringValue);
    case Model::kCounter: return check_counter(problem.ops);
    case Model::kSet: return check_set_chain(set, problem.ops);
    case Model::kQueue: return check_queue_patterns(problem.ops);
    case Model::kLock: return check_lock(problem.ops);
    default: return fast_not_applicable();
  }
}

// Where operations are told by name. `file` is null for a history that came from no file.
struct Told {
  const History& history;
  const HistoryFile* file = nullptr;

  std::string operator()(history::OperationId id) const {
    return describe(history, id, file == nullptr ? std::string_view() : file->function(id));
  }
};

Witness witness_of(const Told& told, const Problem& problem, const FastResult& result) {
  Witness witness;
  for (std::size_t at = 0; at < result.sentence.size(); ++at) {
    if (result.sentence[at] == '{') {
      const auto index = static_cast<std::size_t>(result.sentence[at + 1] - '0');
      witness.sentence += told(problem.ops[result.ops[index]].source);
      at += 2;
    } else {
      witness.sentence += result.sentence[at];
    }
  }
  for (const std::int32_t i : result.ops) witness.operations.push_back(problem.ops[i].source);
  std::sort(witness.operations.begin(), witness.operations.end());
  witness.operations.erase(std::unique(witness.operations.begin(), witness.operations.end()),
                           witness.operations.end());
  return witness;
}

Witness searched_witness(const Told& told, const Problem& problem,
                         const std::vector<std::int32_t>& kept) {
  Witness witness;
  const Op* last = nullptr;
  for (const std::int32_t i : kept) {
    const Op& op = problem.ops[i];
    witness.operations.push_back(op.source);
    if (!op.optional() && (last == nullptr || op.answer > last->answer)) last = &op;
  }
  if (last == nullptr) return witness;
  const std::string about = told(last->source);
  witness.sentence = kept.size() == 1 ? "nothing explains the answer of " + about
                                      : "no order of these " + std::to_string(kept.size()) +
                                            " operations, the last answered of "
                                            "which is " +
                                            about + ", explains all their answers";
  return witness;
}

Verdict decide(const Told& told, const ProblemSet& set, Budget budget, Orders orders) {
  Verdict verdict;
  for (const Problem& problem : set.problems) {
    const FastResult fast = fast_check(set, problem);
    verdict.steps += problem.ops.size();
    const auto shortest = [&](std::int32_t stuck_at) {
      std::uint64_t left = kWitnessSteps;
      auto kept = minimal_witness(set, problem, stuck_at, left, budget.shortest_steps, budget.memory_bytes);
      verdict.steps += kWitnessSteps - left;
      return kept;
    };
    if (orders == Orders::kYes) verdict.orders.emplace_back();
    if (fast.kind == FastKind::kOk && orders == Orders::kNo) continue;
    if (fast.kind == FastKind::kViolation) {
      verdict.kind = VerdictKind::kViolation;
      verdict.key = problem.key;
      verdict.witness = witness_of(told, problem, fast);
      if (verdict.witness.operations.size() > 2 && problem.ops.size() <= kShortestOf) {
        // The method names the first contradiction that it met; one more operation than the shortest
        // has is worth its sentence, two are not.
        const auto kept = shortest(kNever);
        if (kept.size() + 1 < verdict.witness.operations.size())
          verdict.witness = searched_witness(told, problem, kept);
      }
      return verdict;
    }
    const std::uint64_t left = budget.steps > verdict.steps ? budget.steps - verdict.steps : 0;
    const SearchResult result = search(set, problem, left, budget.memory_bytes);
    verdict.steps += result.steps;
    if (orders == Orders::kYes) {
      for (const std::int32_t i : result.order) verdict.orders.back().push_back(problem.ops[i].source);
    }
    if (fast.kind == FastKind::kOk) continue;
    if (result.kind == SearchKind::kImpossible) {
      verdict.kind = VerdictKind::kViolation;
      verdict.key = problem.key;
      verdict.witness = searched_witness(told, problem, shortest(result.stuck_at));
      return verdict;
    }
    if (result.kind == SearchKind::kOutOfSteps && verdict.kind == VerdictKind::kOk) {
      verdict.kind = VerdictKind::kUnknown;
      verdict.key = problem.key;
      verdict.explained = result.explained;
      verdict.to_explain = result.to_explain;
      verdict.reason = "the budget ended with " + std::to_string(result.explained) + " of " +
                       std::to_string(result.to_explain) + " answered operations explained";
    }
  }
  return verdict;
}

}  // namespace

std::string_view name(Model model) { return kModelNames[static_cast<std::size_t>(model)]; }

std::optional<Model> model_named(std::string_view text) {
  for (std::size_t i = 0; i < kModelNames.size(); ++i) {
    if (kModelNames[i] == text) return static_cast<Model>(i);
  }
  return std::nullopt;
}

std::string_view name(VerdictKind kind) {
  static constexpr std::array<std::string_view, 4> kNames = {"ok", "violation", "unknown",
                                                             "bad-input"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string describe(const History& history, history::OperationId id, std::string_view function) {
  const Operation& op = history.operations()[id];
  const history::Value& process = history.process(op.process);
  const history::Value& key = history.key(op.key);
  std::string out = "#" + std::to_string(op.label) + " ";
  out += process.is_string() ? process.as_string() : process.text();
  out += " ";
  out += function.empty() ? history::name(op.f) : function;
  if (!key.is_null()) out += " " + (key.is_string() ? key.as_string() : key.text());
  if (!op.argument.is_null()) out += " " + op.argument.text();
  if (op.outcome == Outcome::kOk && !op.result.is_null()) out += " -> " + op.result.text();
  const bool reads = op.f == history::Function::kRead || op.f == history::Function::kGet ||
                     op.f == history::Function::kDequeue;
  if (op.outcome == Outcome::kOk && op.result.is_null() && reads) out += " -> null";
  if (op.outcome != Outcome::kOk) out += " (" + std::string(history::name(op.outcome)) + ")";
  return out;
}

Verdict linearizable(const History& history, Model model, Budget budget, Orders orders) {
  std::variant<ProblemSet, InputError> compiled = compile(history, model);
  if (auto* error = std::get_if<InputError>(&compiled)) {
    Verdict verdict;
    verdict.kind = VerdictKind::kBadInput;
    verdict.operation = error->operation;
    verdict.at_return = error->at_return;
    verdict.reason = std::move(error->reason);
    return verdict;
  }
  return decide({history}, std::get<ProblemSet>(compiled), budget, orders);
}

Verdict linearizable(const HistoryFile& file, OutsideModel& model, Budget budget, Orders orders) {
  const ProblemSet set = compile(file, model);
  Verdict verdict = decide({file.history, &file}, set, budget, orders);
  if (model.why().empty() || verdict.kind == VerdictKind::kViolation) return verdict;
  verdict.kind = VerdictKind::kUnknown;
  verdict.reason = model.why() + (verdict.to_explain == 0 ? std::string() : "; " + verdict.reason);
  return verdict;
}

}  // namespace orrery::check
