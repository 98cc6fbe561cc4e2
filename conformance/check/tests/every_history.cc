#include "conformance/check/tests/every_history.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

namespace {

Value integer(std::int64_t number) { return Value::integer(number); }
Value text(const char* content) { return Value::string(content); }

Letter ok(Function f, Value argument, Value result, int value = 0, std::size_t size_max = 6) {
  Letter letter;
  letter.operation.f = f;
  letter.operation.argument = std::move(argument);
  letter.operation.result = std::move(result);
  letter.operation.outcome = Outcome::kOk;
  letter.value = value;
  letter.size_max = size_max;
  return letter;
}

Letter without_answer(Letter letter, Outcome outcome, std::size_t size_max = 6) {
  letter.operation.result = Value();
  letter.operation.outcome = outcome;
  letter.size_max = size_max;
  return letter;
}

Letter unanswered(const Letter& letter, std::size_t size_max = 6) {
  return without_answer(letter, Outcome::kUnknown, size_max);
}
// A failed one is as good as absent, so smaller histories have it.
Letter failed(const Letter& letter) { return without_answer(letter, Outcome::kFail, 5); }

Value part(const char* what, std::int64_t key, Value value) {
  return Value::list({text(what), integer(key), std::move(value)});
}

// Extends `events` to every order of requests and answers in which answers next to each other are in
// order of their operations: exchanging those tells nothing.
void interleave(std::size_t size, std::vector<int>& events, std::size_t begun, unsigned answered,
                const std::function<void(const std::vector<int>&)>& visit) {
  if (events.size() == size * 2) return visit(events);
  if (begun < size) {
    events.push_back(static_cast<int>(begun));
    interleave(size, events, begun + 1, answered, visit);
    events.pop_back();
  }
  const int last_answered = !events.empty() && events.back() < 0 ? -1 - events.back() : -1;
  for (std::size_t i = static_cast<std::size_t>(last_answered + 1); i < begun; ++i) {
    if ((answered >> i & 1) != 0) continue;
    events.push_back(-1 - static_cast<int>(i));
    interleave(size, events, begun, answered | 1u << i, visit);
    events.pop_back();
  }
}

// The least of the matrices that renaming operations makes of `before`.
std::vector<unsigned> canonical(const std::vector<unsigned>& before) {
  const std::size_t size = before.size();
  std::vector<std::size_t> name(size);
  std::iota(name.begin(), name.end(), 0);
  std::vector<unsigned> least;
  do {
    std::vector<unsigned> renamed(size, 0);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        if ((before[i] >> j & 1) != 0) renamed[name[i]] |= 1u << name[j];
      }
    }
    if (least.empty() || renamed < least) least = renamed;
  } while (std::next_permutation(name.begin(), name.end()));
  return least;
}

}  // namespace

// Where values are named, an alphabet has a letter's twin of the other value too.
std::vector<Alphabet> alphabets() {
  const Letter write_1 = ok(Function::kWrite, integer(1), Value(), 1);
  const Letter write_2 = ok(Function::kWrite, integer(2), Value(), 2);
  const auto read = [](Value value, int named, std::size_t size_max = 6) {
    return ok(Function::kRead, Value(), std::move(value), named, size_max);
  };
  const auto cas = [](bool hit) {
    return ok(Function::kCas, Value::list({integer(1), integer(2)}), Value::boolean(hit));
  };
  const auto get = [](const char* value, std::size_t size_max = 6) {
    return ok(Function::kGet, Value(), text(value), 0, size_max);
  };
  const auto add = [](Value answer, std::size_t size_max = 6) {
    return ok(Function::kAdd, integer(1), std::move(answer), 0, size_max);
  };
  const auto plain = [](Letter letter) {
    letter.value = 0;
    return letter;
  };
  const Letter append = ok(Function::kAppend, text("b"), Value());
  const Letter put = ok(Function::kPut, text("a"), Value());
  const Letter add_1 = ok(Function::kAdd, integer(1), Value(), 1);
  const Letter add_2 = ok(Function::kAdd, integer(2), Value(), 2);
  const Letter enqueue_1 = ok(Function::kEnqueue, integer(1), Value(), 1);
  const Letter enqueue_2 = ok(Function::kEnqueue, integer(2), Value(), 2);
  const auto dequeue = [](Value value, int named) {
    return ok(Function::kDequeue, Value(), std::move(value), named);
  };
  const Letter acquire = ok(Function::kAcquire, Value(), Value());
  const Letter release = ok(Function::kRelease, Value(), Value());
  const auto txn = [](Value::List parts) {
    Value::List asked = parts;
    for (Value& one : asked) {
      const Value::List& p = one.as_list();
      if (p[0].as_string() == "r") one = Value::list({p[0], p[1], Value()});
    }
    return ok(Function::kTxn, Value::list(asked), Value::list(parts));
  };
  const Letter both = txn({part("w", 0, integer(1)), part("w", 1, integer(1))});
  return {
      {"register", Model::kRegister,
       {write_1, write_2, unanswered(write_1), read(Value(), 0), read(integer(1), 1),
        read(integer(2), 2), unanswered(write_2), failed(write_1), unanswered(read(Value(), 0), 4)}},
      {"cas-register", Model::kCasRegister,
       {plain(write_1), cas(true), cas(false), unanswered(cas(true)), read(integer(1), 0),
        read(integer(2), 0), plain(unanswered(write_1, 5)), failed(cas(true)), read(Value(), 0, 5)}},
      {"kv", Model::kKv,
       {put, append, unanswered(append), get("a"), get("ab"), get("b"), get("", 5), failed(put),
        unanswered(put, 5)}},
      {"counter", Model::kCounter,
       {add(Value()), unanswered(add(Value())), add(integer(1)), add(integer(2)), read(integer(1), 0),
        read(integer(2), 0), read(integer(0), 0, 5), failed(add(Value())),
        ok(Function::kAdd, integer(-1), Value(), 0, 4)}},
      {"set", Model::kSet,
       {add_1, add_2, unanswered(add_1), unanswered(add_2), read(Value::list({}), 0),
        read(Value::list({integer(1)}), 1), read(Value::list({integer(2)}), 2),
        read(Value::list({integer(2), integer(1)}), 0), failed(add_1)}},
      {"queue", Model::kQueue,
       {enqueue_1, enqueue_2, unanswered(enqueue_1), unanswered(enqueue_2), dequeue(Value(), 0), dequeue(integer(1), 1),
        dequeue(integer(2), 2), unanswered(dequeue(Value(), 0), 5), failed(enqueue_1)}},
      {"lock", Model::kLock,
       {acquire, unanswered(acquire), release, unanswered(release), failed(acquire), failed(release)}},
      {"multi-register", Model::kMultiRegister,
       {both, unanswered(both), txn({part("r", 0, Value()), part("w", 1, integer(2))}),
        txn({part("r", 0, integer(1)), part("r", 1, Value())}),
        txn({part("r", 0, integer(1)), part("r", 1, integer(2))}),
        txn({part("r", 1, integer(1)), part("w", 0, Value())}), failed(both)}},
  };
}

std::vector<IntervalOrder> interval_orders(std::size_t size) {
  std::vector<IntervalOrder> out;
  std::set<std::vector<unsigned>> known;
  std::set<std::vector<unsigned>> met;  // before renaming, which is what costs
  std::vector<int> events;
  interleave(size, events, 0, 0, [&](const std::vector<int>& whole) {
    IntervalOrder order{whole, std::vector<unsigned>(size, 0), std::vector<bool>(size, false)};
    unsigned answered = 0;
    for (const int event : whole) {
      if (event < 0) answered |= 1u << (-1 - event);
      else order.before[static_cast<std::size_t>(event)] = answered;
    }
    if (!met.insert(order.before).second || !known.insert(canonical(order.before)).second) return;
    for (const unsigned before : order.before) {
      for (std::size_t i = 0; i < size; ++i) {
        if ((before >> i & 1) != 0) order.has_later[i] = true;
      }
    }
    out.push_back(std::move(order));
  });
  return out;
}

unsigned SmallHistory::required() const {
  unsigned out = 0;
  for (std::size_t i = 0; i < choice_.size(); ++i) {
    if (alphabet_.letters[choice_[i]].operation.outcome == Outcome::kOk) out |= 1u << i;
  }
  return out;
}

bool SmallHistory::explained(unsigned required, unsigned placed, int state) const {
  if ((required & ~placed) == 0) return true;
  for (std::size_t i = 0; i < choice_.size(); ++i) {
    if ((placed >> i & 1) != 0 || (order_.before[i] & required & ~placed) != 0) continue;
    if (alphabet_.letters[choice_[i]].operation.outcome == Outcome::kFail) continue;
    const int next = automaton_.next[static_cast<std::size_t>(state)][choice_[i]];
    if (next >= 0 && explained(required, placed | 1u << i, next)) return true;
  }
  return false;
}

std::size_t SmallHistory::shortest_witness() const {
  const unsigned all = required();
  std::size_t least = choice_.size() + 1;
  for (unsigned kept = all; kept != 0; kept = (kept - 1) & all) {
    const auto count = static_cast<std::size_t>(std::popcount(kept));
    if (count < least && !explained(kept, 0, 0)) least = count;
  }
  return least;
}

History SmallHistory::history() const {
  History history;
  for (const int event : order_.events) {
    const auto id = static_cast<OperationId>(event < 0 ? -1 - event : event);
    const Operation& operation = alphabet_.letters[choice_[id]].operation;
    if (event >= 0) history.invoke(Value::integer(event), operation.f, Value(), operation.argument, 0);
    else if (operation.outcome == Outcome::kOk) history.ok(id, operation.result, 0);
    else if (operation.outcome == Outcome::kFail) history.fail(id, 0);
  }
  return history;
}

void every_history(const Alphabet& whole, std::size_t size,
                   const std::function<bool(const SmallHistory&)>& visit) {
  Alphabet alphabet{whole.name, whole.model, {}};
  std::vector<Operation> operations;
  for (const Letter& letter : whole.letters) {
    if (letter.size_max < size) continue;
    alphabet.letters.push_back(letter);
    operations.push_back(letter.operation);
  }
  const Automaton automaton = automaton_of(whole.model, operations, size);
  for (const IntervalOrder& order : interval_orders(size)) {
    std::vector<std::size_t> choice(size, 0);
    for (;;) {
      bool another = true;
      int first_value = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const Letter& letter = alphabet.letters[choice[i]];
        if (letter.operation.outcome != Outcome::kOk && order.has_later[i]) another = false;
        if (first_value == 0) first_value = letter.value;
      }
      if (another && first_value != 2 && !visit(SmallHistory(alphabet, automaton, order, choice))) return;
      std::size_t i = 0;
      while (i < size && ++choice[i] == alphabet.letters.size()) choice[i++] = 0;
      if (i == size) break;
    }
  }
}

}  // namespace orrery::check
