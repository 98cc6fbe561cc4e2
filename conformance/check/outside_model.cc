#include "conformance/check/outside_model.h"

#include <utility>

#include "conformance/check/history_file.h"
#include "conformance/check/problem.h"

namespace orrery::check {

using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

std::int64_t OutsideModel::step(std::int64_t state, std::int64_t kind) {
  if (given_up_) return kGivenUp;
  // Both are counted from 0 by whoever numbers them; 2^32 of either do not fit in any budget.
  const std::uint64_t question =
      static_cast<std::uint64_t>(state) << 32 | static_cast<std::uint64_t>(kind);
  const auto found = known_.find(question);
  if (found != known_.end()) {
    if (++remembered_ % kPollEvery != 0 || poll()) return found->second;
    given_up_ = true;
    return kGivenUp;
  }
  ++asked_;
  const std::int64_t next = ask(state, kind);
  if (next == kGivenUp) {
    given_up_ = true;
  } else {
    known_.emplace(question, next);
  }
  return next;
}

namespace {

std::string described(const HistoryFile& file, OperationId id, bool with_process) {
  const Operation& op = file.history.operations()[id];
  const bool answered = op.outcome == Outcome::kOk;
  std::string out = "[";
  Value::append_quoted(out, file.function(id));
  out += ',';
  file.history.key(op.key).append_text(out);
  out += ',';
  op.argument.append_text(out);
  out += ',';
  (answered ? op.result : Value()).append_text(out);
  out += answered ? ",true," : ",false,";
  (with_process ? file.history.process(op.process) : Value()).append_text(out);
  return out + "]";
}

}  // namespace

ProblemSet compile(const HistoryFile& file, OutsideModel& model) {
  ProblemSet set;
  set.model = Model::kOutside;
  set.outside = &model;
  const auto& operations = file.history.operations();
  std::unordered_map<std::string, std::uint32_t> kind_of;  // look-up only
  std::vector<std::string> told;
  std::vector<Op> ops;
  const bool with_process = model.sees_process();
  for (OperationId id = 0; id < operations.size(); ++id) {
    const Operation& operation = operations[id];
    if (operation.outcome == Outcome::kFail) continue;
    std::string text = described(file, id, with_process);
    const auto [kind, fresh] = kind_of.try_emplace(text, static_cast<std::uint32_t>(told.size()));
    if (fresh) told.push_back(std::move(text));
    Op& op = ops.emplace_back();
    op.code = Code::kOutside;
    op.a = kind->second;
    op.source = id;
    op.request = static_cast<std::int32_t>(operation.invoke_seq);
    if (operation.outcome == Outcome::kOk) op.answer = static_cast<std::int32_t>(operation.return_seq);
  }
  std::vector<OutsideModel::Kind> kinds;
  if (!model.learn(told, kinds)) return set;
  std::unordered_map<std::uint32_t, std::size_t> problem_of;  // look-up only
  for (Op& op : ops) {
    const OutsideModel::Kind& kind = kinds[static_cast<std::size_t>(op.a)];
    if (kind.reads && op.optional()) continue;
    if (kind.reads) op.code = Code::kOutsideRead;
    const Value& key = file.history.key(operations[op.source].key);
    const auto [at, fresh] = problem_of.try_emplace(kind.object, set.problems.size());
    if (fresh) set.problems.emplace_back().key = key;
    Problem& problem = set.problems[at->second];
    // Objects of several keys have no name.
    if (!(problem.key == key)) problem.key = Value();
    problem.ops.push_back(op);
  }
  return set;
}

}  // namespace orrery::check
