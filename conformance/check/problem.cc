#include "conformance/check/problem.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::Outcome;
using history::Value;

ValueIds::ValueIds() : values_{Value(), Value::string("")} {
  ids_.emplace(values_[0].text(), kNullValue);
  ids_.emplace(values_[1].text(), kEmptyStringValue);
}

std::int64_t ValueIds::id(const Value& value) {
  static constexpr std::int64_t kDirect = std::int64_t{1} << 61;
  if (value.is_integer() && value.as_integer() > -kDirect && value.as_integer() < kDirect) {
    return value.as_integer() * 2;
  }
  if (value.is_null()) return kNullValue;
  const auto next = static_cast<std::int64_t>(values_.size()) * 2 + 1;
  const auto [found, fresh] = ids_.try_emplace(value.text(), next);
  if (fresh) values_.push_back(value);
  return found->second;
}

Value ValueIds::value(std::int64_t id) const {
  if ((id & 1) == 0) return Value::integer(id / 2);
  return values_[static_cast<std::size_t>(id / 2)];
}

namespace {

constexpr std::uint32_t kNoProblem = 0xffffffff;

// Turns operations into ops, one at a time; the first that does not fit the model stops it.
class Compiler {
 public:
  Compiler(const History& history, Model model) : history_(history) { set_.model = model; }

  std::variant<ProblemSet, InputError> run() {
    std::vector<std::uint32_t> problem_of(history_.key_count(), kNoProblem);
    const auto& operations = history_.operations();
    for (history::OperationId id = 0; id < operations.size(); ++id) {
      const Operation& operation = operations[id];
      keep_ = true;
      op_ = Op{};
      op_.source = id;
      op_.request = static_cast<std::int32_t>(operation.invoke_seq);
      if (operation.outcome == Outcome::kOk) {
        op_.answer = static_cast<std::int32_t>(operation.return_seq);
      }
      if (!translate(operation)) {
        error_.operation = id;
        return std::move(error_);
      }
      if (!keep_ || operation.outcome == Outcome::kFail) continue;
      const std::uint32_t key = set_.model == Model::kMultiRegister ? 0 : operation.key;
      std::uint32_t& problem = problem_of[key];
      if (problem == kNoProblem) {
        problem = static_cast<std::uint32_t>(set_.problems.size());
        Problem& fresh = set_.problems.emplace_back();
        if (set_.model != Model::kMultiRegister) fresh.key = history_.key(key);
        if (history_.key_count() == 1) fresh.ops.reserve(operations.size());
      }
      set_.problems[problem].ops.push_back(op_);
    }
    return std::move(set_);
  }

 private:
  bool bad(bool at_return, std::string reason) {
    error_ = {.operation = 0, .at_return = at_return, .reason = std::move(reason)};
    return false;
  }
  bool bad_function(const Operation& operation) {
    return bad(false, "model " + std::string(name(set_.model)) + " has no operation \"" +
                          std::string(history::name(operation.f)) + "\"");
  }

  bool translate(const Operation& operation) {
    switch (set_.model) {
      case Model::kRegister:
        if (operation.f == Function::kCas) return bad_function(operation);
        return translate_register(operation);
      case Model::kCasRegister: return translate_register(operation);
      case Model::kKv: return translate_kv(operation);
      case Model::kCounter: return translate_counter(operation);
      case Model::kSet: return translate_set(operation);
      case Model::kQueue: return translate_queue(operation);
      case Model::kLock:
        if (operation.f == Function::kAcquire) return code(Code::kAcquire);
        if (operation.f == Function::kRelease) return code(Code::kRelease);
        return bad_function(operation);
      case Model::kMultiRegister: return translate_transaction(operation);
      case Model::kListAppend:
      case Model::kRwRegister:
      case Model::kOutside: break;
    }
    return bad(false, "model " + std::string(name(set_.model)) +
                          " is about transactions: ask check_transactions");
  }

  bool code(Code value) {
    op_.code = value;
    return true;
  }

  // A read whose answer nobody got tells nothing and changes nothing.
  bool read(const Operation& operation) {
    keep_ = operation.outcome == Outcome::kOk;
    if (keep_) op_.a = set_.values.id(operation.result);
    return code(Code::kRead);
  }

  bool write(const Operation& operation) {
    op_.a = set_.values.id(operation.argument);
    return code(Code::kWrite);
  }

  bool cas(const Operation& operation) {
    if (!operation.argument.is_list() || operation.argument.as_list().size() != 2) {
      return bad(false, "cas needs v = [from, to]");
    }
    op_.a = set_.values.id(operation.argument.as_list()[0]);
    op_.b = set_.values.id(operation.argument.as_list()[1]);
    if (operation.outcome != Outcome::kOk) return code(Code::kCas);
    if (operation.result.is_boolean()) {
      return code(operation.result.as_boolean() ? Code::kCas : Code::kCasMiss);
    }
    // Some recorders repeat the argument in the answer; that is no answer of `false`.
    if (operation.result.is_null() || operation.result == operation.argument) {
      return code(Code::kCas);
    }
    return bad(true, "the answer of a cas is v = true, v = false or no v");
  }

  bool translate_register(const Operation& operation) {
    if (operation.f == Function::kRead) return read(operation);
    if (operation.f == Function::kWrite) return write(operation);
    if (operation.f == Function::kCas) return cas(operation);
    return bad_function(operation);
  }

  bool translate_kv(const Operation& operation) {
    switch (operation.f) {
      case Function::kGet:
      case Function::kRead: return read(operation);
      case Function::kPut:
      case Function::kWrite: return write(operation);
      case Function::kCas: return cas(operation);
      case Function::kAppend:
        if (!operation.argument.is_string()) return bad(false, "append needs v = a string");
        op_.a = static_cast<std::int64_t>(set_.strings.size());
        set_.strings.push_back(operation.argument.as_string());
        return code(Code::kAppend);
      default: return bad_function(operation);
    }
  }

  bool translate_counter(const Operation& operation) {
    // Sums of up to 2^31 such numbers cannot overflow.
    static constexpr std::int64_t kLargest = std::int64_t{1} << 31;
    const bool answered = operation.outcome == Outcome::kOk;
    if (operation.f == Function::kRead) {
      keep_ = answered;
      if (!answered) return true;
      if (!operation.result.is_integer()) return bad(true, "a counter's read needs v = an integer");
      op_.a = operation.result.as_integer();
      return code(Code::kRead);
    }
    if (operation.f != Function::kAdd) return bad_function(operation);
    if (!operation.argument.is_integer()) return bad(false, "a counter's add needs v = an integer");
    op_.a = operation.argument.as_integer();
    if (op_.a > kLargest || op_.a < -kLargest) return bad(false, "add is larger than 2^31");
    if (answered && !operation.result.is_null()) {
      if (!operation.result.is_integer()) return bad(true, "the new value must be an integer");
      op_.b = operation.result.as_integer();
      op_.known = true;
    }
    return code(Code::kAdd);
  }

  bool translate_set(const Operation& operation) {
    if (operation.f == Function::kAdd) {
      op_.a = set_.values.id(operation.argument);
      return code(Code::kSetAdd);
    }
    if (operation.f != Function::kRead) return bad_function(operation);
    keep_ = operation.outcome == Outcome::kOk;
    if (!keep_) return true;
    if (!operation.result.is_list()) return bad(true, "a set's read needs v = a list");
    std::vector<std::int64_t> list;
    list.reserve(operation.result.as_list().size());
    for (const Value& item : operation.result.as_list()) list.push_back(set_.values.id(item));
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    op_.a = static_cast<std::int64_t>(set_.lists.size());
    set_.lists.push_back(std::move(list));
    return code(Code::kSetRead);
  }

  bool translate_queue(const Operation& operation) {
    if (operation.f == Function::kEnqueue) {
      if (operation.argument.is_null()) {
        return bad(false, "enqueue needs a v other than null (null answers an empty queue)");
      }
      op_.a = set_.values.id(operation.argument);
      return code(Code::kEnqueue);
    }
    if (operation.f != Function::kDequeue) return bad_function(operation);
    if (operation.outcome != Outcome::kOk) return code(Code::kDequeueAny);
    op_.a = set_.values.id(operation.result);
    return code(Code::kDequeue);
  }

  std::int64_t register_index(const Value& key) {
    const auto [found, fresh] = registers_.try_emplace(key.text(), set_.registers);
    if (fresh) ++set_.registers;
    return found->second;
  }

  bool translate_transaction(const Operation& operation) {
    const bool answered = operation.outcome == Outcome::kOk;
    std::vector<MicroOp> micros;
    bool writes = false;
    if (operation.f == Function::kRead || operation.f == Function::kWrite) {
      writes = operation.f == Function::kWrite;
      micros.push_back({.write = writes,
                        .key = register_index(history_.key(operation.key)),
                        .value = set_.values.id(writes ? operation.argument : operation.result)});
    } else if (operation.f != Function::kTxn) {
      return bad_function(operation);
    } else {
      const std::optional<std::string> reason = shape_error(operation.argument);
      if (reason) return bad(false, *reason);
      const Value::List& asked = operation.argument.as_list();
      if (answered &&
          (!operation.result.is_list() || operation.result.as_list().size() != asked.size())) {
        return bad(true, "the answer of a txn needs as many parts as its request");
      }
      for (std::size_t i = 0; i < asked.size(); ++i) {
        const Value::List& part = asked[i].as_list();
        const bool write = part[0].as_string() == "w";
        writes = writes || write;
        MicroOp micro{.write = write, .key = register_index(part[1]), .value = kNullValue};
        if (write) {
          micro.value = set_.values.id(part[2]);
        } else if (answered) {
          const Value& got = operation.result.as_list()[i];
          if (!got.is_list() || got.as_list().size() != 3) {
            return bad(true, "part " + std::to_string(i + 1) +
                                 " of the answer is not [\"r\", key, value]");
          }
          if (!(got.as_list()[0] == part[0]) || !(got.as_list()[1] == part[1])) {
            return bad(true, "part " + std::to_string(i + 1) +
                                 " of the answer is not about what was asked");
          }
          micro.value = set_.values.id(got.as_list()[2]);
        }
        if (write || answered) micros.push_back(micro);
      }
    }
    keep_ = answered || writes;
    op_.a = static_cast<std::int64_t>(set_.transactions.size());
    if (keep_) set_.transactions.push_back(std::move(micros));
    return code(writes ? Code::kTxn : Code::kTxnRead);
  }

  static std::optional<std::string> shape_error(const Value& argument) {
    if (!argument.is_list()) return "txn needs v = a list of [\"r\" or \"w\", key, value]";
    for (const Value& part : argument.as_list()) {
      if (!part.is_list() || part.as_list().size() != 3 || !part.as_list()[0].is_string()) {
        return "txn needs v = a list of [\"r\" or \"w\", key, value]";
      }
      const std::string& what = part.as_list()[0].as_string();
      if (what == "append") return "model multi-register has no \"append\" within a txn";
      if (what != "r" && what != "w") return "txn knows \"r\" and \"w\", not \"" + what + "\"";
    }
    return std::nullopt;
  }

  const History& history_;
  ProblemSet set_;
  InputError error_;
  Op op_;
  bool keep_ = true;
  std::unordered_map<std::string, std::int64_t> registers_;  // look-up only
};

}  // namespace

std::variant<ProblemSet, InputError> compile(const History& history, Model model) {
  return Compiler(history, model).run();
}

}  // namespace orrery::check
