#include "conformance/check/tests/brute_force.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace orrery::check {

using history::Function;
using history::History;
using history::kNoEvent;
using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

namespace {

// One object, written down as plainly as possible.
struct Object {
  Value value;
  std::int64_t count = 0;
  std::vector<Value> items;
  bool held = false;
  std::map<std::string, Value> registers;

  explicit Object(Model model) {
    if (model == Model::kKv) value = Value::string("");
  }

  Value get(const Value& key) const {
    const auto found = registers.find(key.text());
    return found == registers.end() ? Value() : found->second;
  }

  // Performs the operation and returns the answer it would give; `possible` is false when a lock's
  // operation cannot take effect now.
  Value perform(Model model, const Operation& op, const Value& key, bool& possible) {
    possible = true;
    switch (op.f) {
      case Function::kRead:
      case Function::kGet:
        if (model == Model::kCounter) return Value::integer(count);
        if (model == Model::kSet) return Value::list(items);
        if (model == Model::kMultiRegister) return get(key);
        return value;
      case Function::kWrite:
      case Function::kPut:
        (model == Model::kMultiRegister ? registers[key.text()] : value) = op.argument;
        return Value();
      case Function::kCas: {
        const bool hit = value == op.argument.as_list()[0];
        if (hit) value = op.argument.as_list()[1];
        return Value::boolean(hit);
      }
      case Function::kAppend:
        value = Value::string(value.as_string() + op.argument.as_string());
        return Value();
      case Function::kAdd:
        if (model == Model::kCounter) return Value::integer(count += op.argument.as_integer());
        if (std::find(items.begin(), items.end(), op.argument) == items.end()) {
          items.push_back(op.argument);
        }
        return Value();
      case Function::kEnqueue: items.push_back(op.argument); return Value();
      case Function::kDequeue: {
        if (items.empty()) return Value();
        const Value first = items.front();
        items.erase(items.begin());
        return first;
      }
      case Function::kAcquire:
        possible = !held;
        if (possible) held = true;
        return Value();
      case Function::kRelease:
        possible = held;
        if (possible) held = false;
        return Value();
      case Function::kTxn: {
        Value::List answer;
        for (const Value& part : op.argument.as_list()) {
          const Value::List& p = part.as_list();
          if (p[0].as_string() == "w") registers[p[1].text()] = p[2];
          answer.push_back(p[0].as_string() == "w" ? part : Value::list({p[0], p[1], get(p[1])}));
        }
        return Value::list(answer);
      }
    }
    return Value();
  }
};

bool same_elements(const Value& a, const Value& b) {
  const auto inside = [](const Value::List& x, const Value::List& y) {
    return std::all_of(x.begin(), x.end(), [&](const Value& item) {
      return std::find(y.begin(), y.end(), item) != y.end();
    });
  };
  return a.is_list() && b.is_list() && inside(a.as_list(), b.as_list()) &&
         inside(b.as_list(), a.as_list());
}

bool answer_fits(Model model, const Operation& op, const Value& answer) {
  if (op.outcome != Outcome::kOk) return true;
  switch (op.f) {
    case Function::kCas:
      return answer.as_boolean() == (!op.result.is_boolean() || op.result.as_boolean());
    case Function::kAdd:
      return model != Model::kCounter || op.result.is_null() || op.result == answer;
    case Function::kRead:
      if (model == Model::kSet) return same_elements(op.result, answer);
      return op.result == answer;
    case Function::kGet:
    case Function::kDequeue:
    case Function::kTxn: return op.result == answer;
    default: return true;
  }
}

bool any_order(const History& history, Model model, std::vector<OperationId> left,
               const Object& now) {
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
    Object after = now;
    bool possible = true;
    const Value answer = after.perform(model, op, history.key(op.key), possible);
    if (!possible || !answer_fits(model, op, answer)) continue;
    std::vector<OperationId> rest = left;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (any_order(history, model, std::move(rest), after)) return true;
  }
  return false;
}

Operation random_request(Model model, const RandomHistory& shape, Chance& chance,
                         std::int64_t& fresh) {
  const auto value = [&] {
    return Value::integer(
        shape.values == 0 ? ++fresh : static_cast<std::int64_t>(chance.below(shape.values)));
  };
  Operation op;
  const bool reads = chance.one_in(2);
  switch (model) {
    case Model::kRegister:
    case Model::kCasRegister:
      op.f = reads ? Function::kRead : Function::kWrite;
      if (model == Model::kCasRegister && chance.one_in(3)) op.f = Function::kCas;
      break;
    case Model::kKv:
      op.f = reads ? Function::kGet : chance.one_in(2) ? Function::kPut : Function::kAppend;
      if (!reads)
        op.argument = Value::string(std::string(1, static_cast<char>('a' + value().as_integer())));
      return op;
    case Model::kCounter:
      op.f = reads ? Function::kRead : Function::kAdd;
      if (!reads) {
        op.argument = Value::integer(
            shape.values == 0 ? 2 : 1 - static_cast<std::int64_t>(chance.below(shape.values)));
      }
      return op;
    case Model::kSet: op.f = reads ? Function::kRead : Function::kAdd; break;
    case Model::kQueue: op.f = reads ? Function::kDequeue : Function::kEnqueue; break;
    case Model::kLock: op.f = reads ? Function::kRelease : Function::kAcquire; return op;
    default: {
      op.f = Function::kTxn;
      Value::List parts;
      for (std::uint64_t i = 0; i <= chance.below(3); ++i) {
        const Value key = Value::integer(static_cast<std::int64_t>(chance.below(2)));
        parts.push_back(chance.one_in(2) ? Value::list({Value::string("r"), key, Value()})
                                         : Value::list({Value::string("w"), key, value()}));
      }
      op.argument = Value::list(parts);
      return op;
    }
  }
  if (op.f == Function::kCas) {
    const std::int64_t from = shape.values == 0 ? fresh : value().as_integer();
    op.argument = Value::list({Value::integer(from), value()});
  } else if (op.f == Function::kWrite || op.f == Function::kAdd || op.f == Function::kEnqueue) {
    op.argument = value();
  }
  return op;
}

// An answer to `op` that is well formed and, as a rule, wrong.
Value made_up(Model model, const Operation& op, const RandomHistory& shape, Chance& chance,
              std::int64_t fresh) {
  const auto some = [&] {
    return Value::integer(static_cast<std::int64_t>(
        chance.below(static_cast<std::uint64_t>(shape.values == 0 ? fresh + 1 : 3))));
  };
  switch (op.f) {
    case Function::kCas: return Value::boolean(chance.one_in(2));
    case Function::kGet: return Value::string(chance.one_in(2) ? "a" : "ba");
    case Function::kTxn: {
      Value::List parts;
      for (const Value& part : op.argument.as_list()) {
        const Value::List& p = part.as_list();
        parts.push_back(p[0].as_string() == "w" ? part : Value::list({p[0], p[1], some()}));
      }
      return Value::list(parts);
    }
    case Function::kRead:
      if (model == Model::kSet) return Value::list({some(), some()});
      return model != Model::kCounter && chance.one_in(4) ? Value() : some();
    case Function::kDequeue: return chance.one_in(3) ? Value() : some();
    default: return some();
  }
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
    if (!any_order(history, model, left, Object(model))) return false;
  }
  return true;
}

History random_history(Model model, const RandomHistory& shape, Chance& chance) {
  struct Pending {
    bool busy = false;
    bool performed = false;
    OperationId id = 0;
    Value answer;
  };
  History history;
  std::vector<Pending> pending(shape.processes);
  std::vector<Object> objects(shape.keys, Object(model));
  std::int64_t fresh = 0;
  std::int64_t now = 0;
  const auto perform = [&](Pending& p) {
    const Operation& op = history.operations()[p.id];
    bool possible = true;
    p.answer = objects[op.key].perform(model, op, history.key(op.key), possible);
    p.performed = true;
  };
  for (std::uint64_t begun = 0; begun < shape.operations;) {
    const std::uint64_t process = chance.below(shape.processes);
    Pending& p = pending[process];
    ++now;
    if (!p.busy) {
      const Operation op = random_request(model, shape, chance, fresh);
      const Value key = shape.keys == 1
                            ? Value()
                            : Value::integer(static_cast<std::int64_t>(chance.below(shape.keys)));
      p = {.busy = true, .performed = false, .id = 0, .answer = Value()};
      p.id = history.invoke(Value::integer(static_cast<std::int64_t>(process)), op.f, key,
                            op.argument, now);
      if (history.key_count() > objects.size()) objects.emplace_back(model);
      ++begun;
      if (chance.one_in(3)) perform(p);
      continue;
    }
    if (shape.unknown_one_in != 0 && chance.one_in(shape.unknown_one_in)) {
      if (chance.one_in(2) && !p.performed) perform(p);
      history.unknown(p.id, now);
    } else {
      if (!p.performed) perform(p);
      const Operation op = history.operations()[p.id];
      const bool wrong = shape.wrong_one_in != 0 && chance.one_in(shape.wrong_one_in);
      Value answer = wrong ? made_up(model, op, shape, chance, fresh) : p.answer;
      if (model == Model::kCounter && op.f == Function::kAdd && chance.one_in(2)) answer = Value();
      const bool fails =
          op.f == Function::kCas && answer == Value::boolean(false) && chance.one_in(2);
      if (fails) {
        history.fail(p.id, now);
      } else {
        history.ok(p.id, answer, now);
      }
    }
    p.busy = false;
  }
  if (shape.unknown_one_in == 0) {
    for (Pending& p : pending) {
      if (!p.busy) continue;
      if (!p.performed) perform(p);
      history.ok(p.id, p.answer, ++now);
    }
  }
  return history;
}

}  // namespace orrery::check
