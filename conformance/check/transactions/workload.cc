#include "conformance/check/transactions/workload.h"

#include <utility>

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::Outcome;
using history::Value;

namespace {

class TransactionCompiler {
 public:
  TransactionCompiler(const History& history, Model model) : model_(model) {
    set_.history = &history;
    set_.lists = model == Model::kListAppend;
  }

  std::variant<Workload, InputError> run() {
    const auto& operations = set_.history->operations();
    for (history::OperationId id = 0; id < operations.size(); ++id) {
      if (!take(operations[id], id)) {
        error_.operation = id;
        return std::move(error_);
      }
    }
    return std::move(set_);
  }

 private:
  bool bad(bool at_return, std::string reason) {
    error_ = {.operation = 0, .at_return = at_return, .reason = std::move(reason)};
    return false;
  }

  bool take(const Operation& operation, history::OperationId id) {
    if (operation.f != Function::kTxn) {
      return bad(false, "model " + std::string(check::name(model_)) + " has no operation \"" +
                            std::string(history::name(operation.f)) + "\"");
    }
    if (!operation.argument.is_list()) {
      return bad(false, std::string("txn needs v = [[\"r\"|\"") + write_name() +
                            "\", key, value], ...]");
    }
    const Value::List& asked = operation.argument.as_list();
    const bool ok = operation.outcome == Outcome::kOk;
    const Value::List* answers = nullptr;
    if (ok && operation.result.is_list()) answers = &operation.result.as_list();
    if (answers != nullptr && answers->size() != asked.size()) {
      return bad(true, "the answer has " + std::to_string(answers->size()) + " parts, the txn " +
                           std::to_string(asked.size()));
    }
    Txn txn{.op = id, .outcome = operation.outcome, .happened = ok};
    txn.begin = static_cast<std::uint32_t>(set_.micros.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (!take_part(asked[i], ok, answers == nullptr ? nullptr : &(*answers)[i])) return false;
    }
    txn.end = static_cast<std::uint32_t>(set_.micros.size());
    set_.txns.push_back(txn);
    return register_writes(txn);
  }

  bool take_part(const Value& asked, bool ok, const Value* answer) {
    if (!asked.is_list() || asked.as_list().size() < 2 || asked.as_list().size() > 3 ||
        !asked.as_list()[0].is_string()) {
      return bad(false, "a part of a txn is [\"r\", key, value] or [\"" +
                            std::string(write_name()) + "\", key, value]");
    }
    const Value::List& part = asked.as_list();
    const std::string& f = part[0].as_string();
    Micro micro;
    micro.write = f == write_name();
    micro.txn = static_cast<std::uint32_t>(set_.txns.size());
    if (!micro.write && f != "r") {
      return bad(false, "model " + std::string(check::name(model_)) + " has no \"" + f +
                            "\" in a txn");
    }
    micro.key = key(part[1]);
    if (answer != nullptr) {
      const bool fits = answer->is_list() && answer->as_list().size() == 3 &&
                        answer->as_list()[0] == part[0] && answer->as_list()[1] == part[1];
      if (!fits) return bad(true, "the answer's part " + answer->text() + " answers no " + f);
    }
    if (micro.write) {
      if (part.size() != 3) return bad(false, f + " needs a value");
      micro.value = &part[2];
      if (!set_.lists && micro.value->is_null()) {
        return bad(false, "a write of null cannot be told from the initial value");
      }
      micro.id = set_.values.id(*micro.value);
    } else if (ok) {
      if (answer == nullptr) return bad(true, "the answer does not say what was read");
      micro.value = &answer->as_list()[2];
      if (!set_.lists) micro.id = set_.values.id(*micro.value);
      if (set_.lists && !micro.value->is_list() && !micro.value->is_null()) {
        return bad(true, "a read's value is a list, or null for an empty one");
      }
    }
    set_.micros.push_back(micro);
    return true;
  }

  bool register_writes(const Txn& txn) {
    for (std::uint32_t i = txn.begin; i < txn.end; ++i) {
      Micro& micro = set_.micros[i];
      if (!micro.write) continue;
      const auto [found, fresh] = set_.writes[micro.key].try_emplace(micro.id, i);
      if (!fresh) {
        const Txn& other = set_.txns[set_.micros[found->second].txn];
        const bool same = set_.micros[found->second].txn + 1 == set_.txns.size();
        if (same || (other.outcome != Outcome::kFail && txn.outcome != Outcome::kFail)) {
          return bad(false, "value " + micro.value->text() + " is written to key " +
                                set_.key_name(micro.key) +
                                " twice: every value must be written once");
        }
        if (txn.outcome != Outcome::kFail) found->second = i;
      }
      // The last one of a key wins.
      std::uint32_t& last = last_write_[micro.key];
      if (last != kNone && last >= txn.begin) set_.micros[last].final = false;
      last = i;
      micro.final = true;
    }
    return true;
  }

  std::uint32_t key(const Value& value) {
    const auto next = static_cast<std::uint32_t>(set_.keys.size());
    const auto [found, fresh] = key_ids_.try_emplace(set_.values.id(value), next);
    if (fresh) {
      set_.keys.push_back(value);
      set_.writes.emplace_back();
      last_write_.push_back(kNone);
    }
    return found->second;
  }

  const char* write_name() const { return set_.lists ? "append" : "w"; }

  const Model model_;
  Workload set_;
  InputError error_;
  std::unordered_map<std::int64_t, std::uint32_t> key_ids_;  // look-up only
  std::vector<std::uint32_t> last_write_;                    // by key
};

}  // namespace

std::uint32_t Workload::writer(std::uint32_t key, const Value& value) {
  const auto found = writes[key].find(values.id(value));
  return found == writes[key].end() ? kNone : found->second;
}

std::string Workload::name(std::uint32_t txn) const {
  return "T" + std::to_string(operation(txn).label);
}

std::string Workload::key_name(std::uint32_t key) const {
  return keys[key].is_string() ? keys[key].as_string() : keys[key].text();
}

std::variant<Workload, InputError> compile_transactions(const History& history, Model model) {
  return TransactionCompiler(history, model).run();
}

}  // namespace orrery::check
