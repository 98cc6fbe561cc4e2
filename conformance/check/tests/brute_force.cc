#include "conformance/check/tests/brute_force.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "conformance/check/tests/plain_object.h"

namespace orrery::check {

using history::History;
using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

namespace {

bool any_order(const History& history, Model model, std::vector<OperationId> left,
               const PlainObject& now) {
  const auto& ops = history.operations();
  bool done = true;
  for (const OperationId id : left) done = done && ops[id].outcome != Outcome::kOk;
  if (done) return true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Operation& op = ops[left[i]];
    const bool too_late = std::any_of(left.begin(), left.end(), [&](OperationId other) {
      return ops[other].outcome == Outcome::kOk && ops[other].return_seq < op.invoke_seq;
    });
    if (too_late) continue;
    PlainObject after = now;
    bool possible = true;
    const Value answer = after.perform(model, op, history.key(op.key), possible);
    if (!possible || !answer_fits(model, op, answer)) continue;
    std::vector<OperationId> rest = left;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (any_order(history, model, std::move(rest), after)) return true;
  }
  return false;
}

}  // namespace

bool brute_force_linearizable(const History& history, Model model) {
  const std::size_t objects = model == Model::kMultiRegister ? 1 : history.key_count();
  for (std::uint32_t key = 0; key < objects; ++key) {
    std::vector<OperationId> left;
    for (OperationId id = 0; id < history.size(); ++id) {
      const Operation& op = history.operations()[id];
      if (op.outcome == Outcome::kFail) continue;
      if (model == Model::kMultiRegister || op.key == key) left.push_back(id);
    }
    if (!any_order(history, model, left, PlainObject(model))) return false;
  }
  return true;
}

Automaton automaton_of(Model model, const std::vector<Operation>& letters, std::size_t depth) {
  Automaton out;
  std::map<std::string, int> known;
  std::vector<PlainObject> objects{PlainObject(model)};
  known[objects[0].text()] = 0;
  std::size_t begin = 0;
  for (std::size_t step = 0; step < depth; ++step) {
    const std::size_t end = objects.size();
    for (; begin < end; ++begin) {
      std::vector<int>& row = out.next.emplace_back();
      for (const Operation& letter : letters) {
        PlainObject after = objects[begin];
        bool possible = true;
        const Value answer = after.perform(model, letter, Value(), possible);
        if (!possible || !answer_fits(model, letter, answer)) {
          row.push_back(-1);
          continue;
        }
        const auto [found, fresh] = known.try_emplace(after.text(), static_cast<int>(objects.size()));
        if (fresh) objects.push_back(std::move(after));
        row.push_back(found->second);
      }
    }
  }
  return out;
}

}  // namespace orrery::check
