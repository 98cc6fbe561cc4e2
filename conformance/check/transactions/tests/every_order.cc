#include "conformance/check/transactions/tests/every_order.h"

#include <algorithm>
#include <string>
#include <vector>

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

namespace {

using Content = std::vector<std::int64_t>;  // of a key: its list, or its one value

Value shown_as(const Content& content, bool lists) {
  if (!lists) return content.empty() ? Value() : Value::integer(content[0]);
  Value::List list;
  for (const std::int64_t element : content) list.push_back(Value::integer(element));
  return Value::list(std::move(list));
}

class EveryOrder {
 public:
  EveryOrder(const History& history, bool lists, bool realtime)
      : history_(history), lists_(lists), realtime_(realtime), placed_(history.size(), false) {}

  bool from(const std::vector<Content>& state) {
    bool complete = true;
    for (OperationId id = 0; id < history_.size(); ++id) {
      const Operation& op = history_.operations()[id];
      if (placed_[id] || op.outcome == Outcome::kFail) continue;
      complete = complete && op.outcome != Outcome::kOk;
      if (realtime_ && waits(op)) continue;
      std::vector<Content> next = state;
      if (!apply(op, next)) continue;
      placed_[id] = true;
      const bool found = from(next);
      placed_[id] = false;
      if (found) return true;
    }
    return complete;
  }

 private:
  bool waits(const Operation& op) const {
    for (OperationId id = 0; id < history_.size(); ++id) {
      const Operation& other = history_.operations()[id];
      if (!placed_[id] && other.outcome == Outcome::kOk && other.return_seq < op.invoke_seq) {
        return true;
      }
    }
    return false;
  }

  bool apply(const Operation& op, std::vector<Content>& state) const {
    const Value::List& parts = op.argument.as_list();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Content& content = state[static_cast<std::size_t>(parts[i].as_list()[1].as_integer())];
      if (parts[i].as_list()[0].as_string() != "r") {
        if (!lists_) content.clear();
        content.push_back(parts[i].as_list()[2].as_integer());
      } else if (op.outcome == Outcome::kOk) {
        const Value& answer = op.result.as_list()[i].as_list()[2];
        if (!(answer == shown_as(content, lists_))) return false;
      }
    }
    return true;
  }

  const History& history_;
  const bool lists_;
  const bool realtime_;
  std::vector<bool> placed_;
};

// A store and its clients: each transaction is asked, takes effect, is answered.
class Maker {
 public:
  Maker(const RandomTransactions& shape, Chance& chance)
      : shape_(shape), chance_(chance), states_(1, std::vector<Content>(shape.keys)) {}

  History run() {
    std::vector<Client> clients(shape_.processes);
    std::uint64_t asked = 0;
    while (true) {
      std::vector<std::uint64_t> able;
      for (std::uint64_t i = 0; i < clients.size(); ++i) {
        if (clients[i].stage > 0 || asked < shape_.transactions) able.push_back(i);
      }
      if (able.empty()) break;
      const std::uint64_t process = able[chance_.below(able.size())];
      Client& client = clients[process];
      if (client.stage == 0) {
        client = ask(process, parts());
        ++asked;
      } else if (client.stage == 1) {
        take_effect(client);
      } else {
        answer(client);
      }
    }
    if (shape_.read_all_at_end) {
      Value::List all;
      for (std::uint64_t key = 0; key < shape_.keys; ++key) all.push_back(part("r", key, Value()));
      Client last = ask(shape_.processes, std::move(all));
      last.truthful = true;
      take_effect(last);
      answer(last);
    }
    return std::move(history_);
  }

 private:
  struct Client {
    int stage = 0;  // 0: idle, 1: asked, 2: done
    OperationId op = 0;
    std::size_t snapshot = 0;  // index of states_
    Value::List parts, results;
    bool truthful = false;
    bool refused = false;
  };

  Value part(const char* f, std::uint64_t key, Value value) {
    return Value::list({Value::string(f), Value::integer(static_cast<std::int64_t>(key)),
                        std::move(value)});
  }

  Value::List parts() {
    Value::List out;
    const std::uint64_t count = 1 + chance_.below(shape_.parts);
    std::vector<bool> read(shape_.keys, false);
    while (out.size() < count) {
      const std::uint64_t key = chance_.below(shape_.keys);
      const bool write = chance_.one_in(2);
      if (!write || (shape_.read_first && !read[key])) out.push_back(part("r", key, Value()));
      read[key] = true;
      if (write) out.push_back(part(shape_.lists ? "append" : "w", key, Value::integer(++value_)));
    }
    return out;
  }

  Client ask(std::uint64_t process, Value::List parts) {
    Client client;
    client.stage = 1;
    client.snapshot = states_.size() - 1;
    client.op = history_.invoke(Value::integer(static_cast<std::int64_t>(process)), Function::kTxn,
                                Value(), Value::list(parts), 0);
    client.parts = std::move(parts);
    return client;
  }

  void take_effect(Client& client) {
    client.stage = 2;
    const std::vector<Content>& newest = states_.back();
    std::vector<Content> view = shape_.snapshots ? states_[client.snapshot] : newest;
    std::vector<Content> next = newest;
    for (const Value& asked : client.parts) {
      const auto key = static_cast<std::size_t>(asked.as_list()[1].as_integer());
      if (asked.as_list()[0].as_string() == "r") {
        const bool lie = !client.truthful && shape_.wrong_one_in > 0 &&
                         chance_.one_in(shape_.wrong_one_in);
        client.results.push_back(
            part("r", key, shown_as(lie ? another(view[key], key) : view[key], shape_.lists)));
        continue;
      }
      // The first to commit wins.
      if (shape_.snapshots && states_[client.snapshot][key] != newest[key]) {
        client.refused = true;
      }
      for (std::vector<Content>* state : {&view, &next}) {
        if (!shape_.lists) (*state)[key].clear();
        (*state)[key].push_back(asked.as_list()[2].as_integer());
      }
      client.results.push_back(asked);
    }
    if (!client.refused && !client.truthful && shape_.fail_one_in > 0) {
      client.refused = chance_.one_in(shape_.fail_one_in);
    }
    if (!client.refused) states_.push_back(std::move(next));
  }

  // An older or longer list, or an older value; sometimes one of a failed transaction.
  Content another(const Content& content, std::size_t key) {
    if (value_ > 0 && chance_.one_in(12)) return {static_cast<std::int64_t>(1 + chance_.below(value_))};
    if (chance_.one_in(12) && shape_.lists) {
      Content changed = content;
      std::reverse(changed.begin(), changed.end());
      return changed;
    }
    return states_[chance_.below(states_.size())][key];
  }

  void answer(Client& client) {
    client.stage = 0;
    if (client.refused) {
      history_.fail(client.op, 0);
    } else if (!client.truthful && shape_.unknown_one_in > 0 &&
               chance_.one_in(shape_.unknown_one_in)) {
      history_.unknown(client.op, 0);
    } else {
      history_.ok(client.op, Value::list(std::move(client.results)), 0);
    }
  }

  const RandomTransactions& shape_;
  Chance& chance_;
  std::vector<std::vector<Content>> states_;  // after each that took effect
  History history_;
  std::int64_t value_ = 0;
};

}  // namespace

bool some_order(const History& history, bool lists, bool realtime) {
  return EveryOrder(history, lists, realtime).from(std::vector<Content>(8));
}

History random_transactions(const RandomTransactions& shape, Chance& chance) {
  return Maker(shape, chance).run();
}

}  // namespace orrery::check
