#include "conformance/check/tests/random_history.h"

#include <string>
#include <vector>

#include "conformance/check/tests/plain_object.h"

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::OperationId;
using history::Value;

namespace {

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

History random_history(Model model, const RandomHistory& shape, Chance& chance) {
  struct Pending {
    bool busy = false;
    bool performed = false;
    OperationId id = 0;
    Value answer;
  };
  History history;
  std::vector<Pending> pending(shape.processes);
  std::vector<PlainObject> objects(shape.keys, PlainObject(model));
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
    if (shape.fail_one_in != 0 && !p.performed && chance.one_in(shape.fail_one_in)) {
      history.fail(p.id, now);
    } else if (shape.unknown_one_in != 0 && chance.one_in(shape.unknown_one_in)) {
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
