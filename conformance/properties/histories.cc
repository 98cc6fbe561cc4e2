#include "conformance/properties/histories.h"

#include <algorithm>
#include <ostream>

#include "conformance/check/check.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {

using history::Function;
using history::Value;

namespace {

constexpr Site kClientWaits{"property.client_waits"};
constexpr Duration kTimeout = seconds(20);

// Every way of doing an operation reads and writes within one piece of work that nothing else may come
// into: a turn, storage awaits under the input gate, a transaction or a critical section.
constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY, v INTEGER)");
  }

  sqlGet(key) {
    const rows = this.ctx.storage.sql.exec("SELECT v FROM t WHERE k = ?", key).toArray();
    return rows.length ? rows[0].v : undefined;
  }
  sqlPut(key, value) {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO t VALUES(?, ?)", key, value);
  }
  get(key) {
    return key === "r1" ? this.sqlGet(key) : this.ctx.storage.kv.get(key);
  }
  put(key, value) {
    if (key === "r1") this.sqlPut(key, value);
    else this.ctx.storage.kv.put(key, value);
  }

  async run({ op, how, pause, key, value, from, parts }) {
    (meter[0] -= 20) < 0 && trip();
    const { storage } = this.ctx;
    switch (op) {
      case "read":
        if (how === 0 && key !== "r1") return (await storage.get(key)) ?? null;
        return this.get(key) ?? null;
      case "write":
        if (pause) await wait(30);
        if (how === 0 && key !== "r1") await storage.put(key, value);
        else this.put(key, value);
        return null;
      case "cas":
        return this.alone(how, pause, async (halfway, target) => {
          const held = (key === "r1" ? this.get(key) : await target.get(key)) ?? null;
          await halfway();
          if (held !== from) return false;
          if (key === "r1") this.put(key, value);
          else await target.put(key, value);
          return true;
        });
      case "add":
        if (how === 3) return this.addInBatch();
        return this.alone(how, pause, async (halfway, target) => {
          const n = ((await target.get("c0")) ?? 0) + 1;
          await halfway();
          await target.put("c0", n);
          return n;
        });
      case "count":
        return (await storage.get("c0")) ?? 0;
      case "transaction":
        return this.alone(how, pause, async (halfway, target) => {
          const out = [];
          for (const [what, k, v] of parts) {
            if (what === "w") await target.put(k, v);
            out.push(what === "w" ? [what, k, v] : [what, k, (await target.get(k)) ?? null]);
            await halfway();
          }
          return out;
        });
    }
  }

  // Wrong in some orders: the first of those that ask within 100 ms looks the counter up for all of them, and the others
  // believe that timers come in the order in which they were set.
  places = 0;
  base = 0;
  async addInBatch() {
    const place = this.places++;
    await wait(100 - Date.now() % 100);
    if (place === 0) {
      this.base = (await this.ctx.storage.get("c0")) ?? 0;
      this.places = 0;
    }
    const n = this.base + place + 1;
    await this.ctx.storage.put("c0", n);
    return n;
  }

  alone(how, pause, work) {
    const { storage } = this.ctx;
    const halfway = async () => { if (pause) await wait(30); };
    switch (how) {
      case 0: return work(async () => {}, storage);
      case 1: return this.ctx.blockConcurrencyWhile(() => work(halfway, storage));
      default: return storage.transaction((txn) => work(halfway, txn));
    }
  }
}
)js";

constexpr const char* kNames[] = {"read", "write", "cas", "add", "count", "transaction", "crash the host of", "evict"};

std::string object_name(int object) { return std::string(1, static_cast<char>('a' + object)); }

Value value_of(const Json& json) {
  if (json.is_number_integer()) return Value::integer(json.get<int64_t>());
  if (json.is_boolean()) return Value::boolean(json.get<bool>());
  if (json.is_string()) return Value::string(json.get<std::string>());
  if (!json.is_array()) return Value::null();
  Value::List list;
  for (const Json& item : json) list.push_back(value_of(item));
  return Value::list(std::move(list));
}

}  // namespace

void showValue(const Operation& o, std::ostream& os) {
  if (o.after_ms) os << "+" << o.after_ms << "ms ";
  os << kNames[o.kind] << " " << object_name(o.object);
  if (o.kind >= Operation::kCrash) return;
  if (o.kind <= Operation::kCas) os << ".r" << o.key;
  for (const Part& p : o.parts) os << (p.write ? " w" : " r") << ":m" << p.key;
  os << " (way " << o.how << (o.pause ? ", pausing)" : ")");
}

rc::Gen<Program> programs(int clients, int objects) {
  auto part = rc::gen::build<Part>(rc::gen::set(&Part::write), rc::gen::set(&Part::key, number(0, 3)));
  auto parts = rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<Part>>(part)));
  auto operation = rc::gen::exec([objects, parts] {
    Operation o{};
    o.kind = *rc::gen::weightedElement<Operation::Kind>(
        {{3, Operation::kRead}, {2, Operation::kWrite}, {2, Operation::kCas},
         {4, Operation::kAdd}, {1, Operation::kCount}, {4, Operation::kTransaction}});
    o.object = std::max(0, *number(-objects, objects));  // mostly the first
    if (o.kind <= Operation::kCas) o.key = *number(0, 2);
    o.how = *number(0, 3);
    o.pause = *rc::gen::arbitrary<bool>();
    o.after_ms = *rc::gen::weightedOneOf<int>({{4, number(0, 20)}, {1, number(0, 8000)}});
    if (o.kind == Operation::kTransaction) o.parts = *parts;
    return o;
  });
  return rc::gen::container<Program>(
      static_cast<size_t>(clients),
      rc::gen::resize(14, rc::gen::container<std::vector<Operation>>(std::move(operation))));
}

const App& histories_app() {
  static const App made(kThing);
  return made;
}

void Recorder::wake(int objects) {
  client::Client& client = rig_.add_client("FRA");
  for (int i = 0; i < objects; ++i) rig_.call(client, object_name(i), {{"op", "count"}});
}

void Recorder::run(const Program& program, const std::vector<std::string>& pops) {
  for (size_t i = 0; i < program.size(); ++i) {
    ++running_;
    rig_.tasks().spawn(run_client(rig_.add_client(pops[i % pops.size()]), program[i]));
  }
  while (running_ > 0) rig_.world().loop().step();
}

Task<void> Recorder::run_client(client::Client& client, const std::vector<Operation>& operations) {
  World& world = rig_.world();
  const Value process = Value::string(client.name());
  for (const Operation& o : operations) {
    co_await sleep(world.loop(), kClientWaits, millis(o.after_ms));
    const std::string object = object_name(o.object);
    if (o.kind == Operation::kCrash) rig_.crash_owner(object);
    if (o.kind == Operation::kEvict) rig_.evict(object);
    if (o.kind >= Operation::kCrash) continue;
    Json ask = {{"op", kNames[o.kind]}, {"how", o.how}, {"pause", o.pause}};
    history::History* history = &registers_;
    Function function = Function::kRead;
    Value argument;
    std::string key = "r" + std::to_string(o.key);
    if (o.kind <= Operation::kCas) ask["key"] = key;
    if (o.kind == Operation::kWrite || o.kind == Operation::kCas) {
      ask["value"] = next_value_++;
      function = o.kind == Operation::kWrite ? Function::kWrite : Function::kCas;
      argument = value_of(ask["value"]);
      if (o.kind == Operation::kCas) {
        // Some value of a little earlier, or none yet.
        const int64_t from = next_value_ - 2 - o.how;
        ask["from"] = from > 0 ? Json(from) : Json();
        argument = Value::list({value_of(ask["from"]), argument});
      }
    } else if (o.kind == Operation::kAdd || o.kind == Operation::kCount) {
      history = &counters_;
      key = "c0";
      if (o.kind == Operation::kAdd) {
        function = Function::kAdd;
        argument = Value::integer(1);
      }
    } else if (o.kind == Operation::kTransaction) {
      history = &transactions_[o.object];
      function = Function::kTxn;
      key.clear();
      ask["parts"] = Json::array();
      for (const Part& p : o.parts)
        ask["parts"].push_back({p.write ? "w" : "r", "m" + std::to_string(p.key),
                                p.write ? Json(next_value_++) : Json()});
      argument = value_of(ask["parts"]);
    }
    const Value where = key.empty() ? Value() : Value::string(object + "." + key);
    const history::OperationId id =
        history->invoke(process, function, where, std::move(argument), world.now().us);
    const Reply reply = co_await rig_.ask(client, object, std::move(ask), kTimeout);
    if (reply.ok()) {
      history->ok(id, value_of(reply.body), world.now().us);
      ++answered_;
    } else if (reply.never_sent) {
      history->fail(id, world.now().us);
    } else {
      history->unknown(id, world.now().us);
    }
  }
  --running_;
}

std::string Recorder::contradiction() const {
  auto look = [](const history::History& history, check::Model model) -> std::string {
    const check::Verdict verdict = check::linearizable(history, model, {.steps = 2'000'000});
    if (verdict.kind == check::VerdictKind::kBadInput) return "bad input: " + verdict.reason;
    if (verdict.kind != check::VerdictKind::kViolation) return {};
    std::string text = verdict.witness.sentence;
    for (history::OperationId id : verdict.witness.operations) {
      const history::Operation& o = history.operations()[id];
      text += "\n  " + std::to_string(o.invoke_us) + " .. " + std::to_string(o.return_us) + " us  " +
              check::describe(history, id);
    }
    return text;
  };
  std::string found = look(registers_, check::Model::kCasRegister);
  if (found.empty()) found = look(counters_, check::Model::kCounter);
  for (const auto& [object, history] : transactions_)
    if (found.empty()) found = look(history, check::Model::kMultiRegister);
  return found;
}

}  // namespace orrery::properties
