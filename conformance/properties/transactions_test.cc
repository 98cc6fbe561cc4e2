// Goal: whatever an object does in nested transactions, its storage is what a plain model says, before and
// after it starts anew. Method: generated programs of writes, deletes, deleteAll, SQL and alarms in nested
// transaction(), transactionSync() and blockConcurrencyWhile(), which end well, throw or are rolled back;
// the model is a map, copied at each beginning. Between requests the object may be evicted or its host
// crash.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "conformance/properties/rig.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  async run({ steps, fail }) {
    const looks = [];
    await this.asynchronous(steps, null, looks);
    if (fail) throw new Error("failed at the end");
    return { looks, end: this.look() };
  }

  look() {
    const { storage } = this.ctx;
    const out = { kv: {}, sql: {} };
    const short = (v) => `${v.split("#")[0]}#${v.split("#")[1].length}`;
    for (const [k, v] of storage.kv.list()) out.kv[k] = short(v);
    if (storage.sql.exec("SELECT 1 FROM sqlite_schema WHERE name = 't'").toArray().length > 0) {
      for (const { k, v } of storage.sql.exec("SELECT k, v FROM t")) out.sql[k] = short(v);
    }
    return out;
  }

  // What can be done without an await.
  step({ op, key, value, length }) {
    const { storage } = this.ctx;
    const text = `${value}#${"x".repeat(length)}`;
    switch (op) {
      case "put": return storage.kv.put(key, text);
      case "delete": return storage.kv.delete(key);
      case "sql put":
        storage.sql.exec("CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY, v TEXT)");
        return void storage.sql.exec("INSERT OR REPLACE INTO t VALUES(?, ?)", key, text);
      case "sql delete":
        storage.sql.exec("CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY, v TEXT)");
        return void storage.sql.exec("DELETE FROM t WHERE k = ?", key);
      case "set alarm": return void storage.setAlarm(4e12 + value);
      case "delete alarm": return void storage.deleteAlarm();
    }
  }

  synchronous(steps, looks) {
    (meter[0] -= 20) < 0 && trip();
    for (const step of steps) {
      if (step.op === "sync" || step.op === "async" || step.op === "section") {
        try {
          this.ctx.storage.transactionSync(() => {
            this.synchronous(step.steps, looks);
            if (step.fail) throw new Error("as planned");
          });
        } catch (error) {
          if (error.message !== "as planned") throw error;
        }
        looks.push(this.look());
      } else if (step.op !== "roll back" && step.op !== "delete all") {
        this.step(step);
      }
    }
  }

  async asynchronous(steps, txn, looks) {
    (meter[0] -= 20) < 0 && trip();
    const { storage } = this.ctx;
    for (const step of steps) {
      if (step.pause) await wait(1);
      switch (step.op) {
        case "sync":
          this.synchronous([step], looks);
          continue;
        case "section":
          await this.ctx.blockConcurrencyWhile(() => this.asynchronous(step.steps, txn, looks));
          break;
        case "async":
          try {
            await storage.transaction(async (inner) => {
              await this.asynchronous(step.steps, inner, looks);
              if (step.fail) throw new Error("as planned");
            });
          } catch (error) {
            if (error.message !== "as planned") throw error;
          }
          break;
        case "roll back":
          if (txn) txn.rollback();
          break;
        case "delete all":
          try {
            await storage.deleteAll();
          } catch (error) {
            if (!txn) throw error;
          }
          break;
        default:
          // Half of the puts go by way of the transaction.
          if (txn && step.op === "put" && step.value % 2) {
            try {
              await txn.put(step.key, `${step.value}#${"x".repeat(step.length)}`);
            } catch (error) {
              if (!error.message.includes("rolled back")) throw error;
            }
          } else {
            this.step(step);
          }
          continue;
      }
      looks.push({ ...this.look(), alarm: await storage.getAlarm() });
    }
  }

  alarm() {}
}
)js";

enum class Op {
  kPut, kDelete, kSqlPut, kSqlDelete, kSetAlarm, kDeleteAlarm, kRollBack, kDeleteAll,
  kSync, kAsync, kSection,
};
constexpr const char* kNames[] = {"put",       "delete",     "sql put", "sql delete",
                                  "set alarm", "delete alarm", "roll back", "delete all",
                                  "sync",      "async",      "section"};

struct Step {
  Op op;
  int key;
  int value;
  int length;
  bool pause;
  bool fail;  // of a transaction: its callback throws
  std::vector<Step> steps;
  bool block() const { return op >= Op::kSync; }
};

Json json_of(const std::vector<Step>& steps) {
  Json out = Json::array();
  for (const Step& s : steps) {
    Json step = {{"op", kNames[static_cast<int>(s.op)]}};
    if (s.block()) {
      step["steps"] = json_of(s.steps);
      if (s.fail) step["fail"] = true;
    } else {
      step["key"] = "k" + std::to_string(s.key);
      step["value"] = s.value;
      step["length"] = s.length;
    }
    if (s.pause) step["pause"] = true;
    out.push_back(std::move(step));
  }
  return out;
}

struct Request {
  enum After { kNothing, kEvict, kCrash };
  std::vector<Step> steps;
  bool fail;
  After after;
};

void showValue(const Request& r, std::ostream& os) {
  os << json_of(r.steps).dump() << (r.fail ? " and throw" : "")
     << (r.after == Request::kEvict ? ", evict" : r.after == Request::kCrash ? ", crash" : "") << "\n";
}

rc::Gen<std::vector<Step>> steps_of(int depth) {
  return rc::gen::resize(
      5, rc::gen::container<std::vector<Step>>(rc::gen::exec([depth] {
        Step s{};
        const bool block = depth > 0 && *rc::gen::weightedElement<bool>({{3, false}, {2, true}});
        s.op = block ? *rc::gen::element(Op::kAsync, Op::kSync, Op::kSection)
                     : *rc::gen::weightedElement<Op>({{6, Op::kPut}, {2, Op::kDelete}, {3, Op::kSqlPut},
                                                      {2, Op::kSqlDelete}, {2, Op::kSetAlarm},
                                                      {1, Op::kDeleteAlarm}, {2, Op::kRollBack},
                                                      {1, Op::kDeleteAll}});
        s.pause = *rc::gen::weightedElement<bool>({{3, false}, {1, true}});
        if (block) {
          s.fail = *rc::gen::element(false, true);
          s.steps = *steps_of(depth - 1);
        } else {
          s.key = *number(0, 4);
          s.value = *number(0, 100);
          s.length = *rc::gen::weightedElement<int>({{4, 0}, {1, 3000}, {1, 60'000}});
        }
        return s;
      })));
}

rc::Gen<std::vector<Request>> requests() {
  return rc::gen::resize(
      4, rc::gen::container<std::vector<Request>>(rc::gen::build<Request>(
             rc::gen::set(&Request::steps, steps_of(3)),
             rc::gen::set(&Request::fail, rc::gen::weightedElement<bool>({{4, false}, {1, true}})),
             rc::gen::set(&Request::after,
                          rc::gen::weightedElement<Request::After>(
                              {{2, Request::kNothing}, {1, Request::kEvict}, {2, Request::kCrash}})))));
}

// What an object should hold, and what it should have seen on the way.
class Model {
 public:
  void run(const Request& request) {
    looks_ = Json::array();
    asynchronous(request.steps, nullptr, nullptr);
  }
  const Json& looks() const { return looks_; }
  Json look() const { return {{"kv", now_.kv}, {"sql", now_.sql}}; }
  Json alarm() const { return now_.alarm ? Json(*now_.alarm) : Json(); }

 private:
  struct State {
    std::map<std::string, std::string> kv = {}, sql = {};
    std::optional<int64_t> alarm = {};
  };

  void step(const Step& s) {
    const std::string key = "k" + std::to_string(s.key);
    const std::string text = std::to_string(s.value) + "#" + std::to_string(s.length);
    switch (s.op) {
      case Op::kPut: now_.kv[key] = text; break;
      case Op::kDelete: now_.kv.erase(key); break;
      case Op::kSqlPut: now_.sql[key] = text; break;
      case Op::kSqlDelete: now_.sql.erase(key); break;
      case Op::kSetAlarm: now_.alarm = 4'000'000'000'000 + s.value; break;
      case Op::kDeleteAlarm: now_.alarm.reset(); break;
      default: break;
    }
  }
  void synchronous(const std::vector<Step>& steps) {
    for (const Step& s : steps) {
      if (!s.block()) {
        step(s);
        continue;
      }
      const State before = now_;
      synchronous(s.steps);
      if (s.fail) now_ = before;
      looks_.push_back(look());
    }
  }
  // `before`: the state at the beginning of the innermost transaction, and whether it is still open.
  void asynchronous(const std::vector<Step>& steps, const State* before, bool* open) {
    for (const Step& s : steps) {
      switch (s.op) {
        case Op::kSync: synchronous({s}); continue;
        case Op::kSection: asynchronous(s.steps, before, open); break;
        case Op::kAsync: {
          const State at_begin = now_;
          bool inner = true;
          asynchronous(s.steps, &at_begin, &inner);
          if (s.fail && inner) now_ = at_begin;
          break;
        }
        case Op::kRollBack:
          if (before && *open) {
            now_ = *before;
            *open = false;
          }
          break;
        case Op::kDeleteAll:
          if (!before) {  // the alarm stays, at this compatibility date
            now_.kv.clear();
            now_.sql.clear();
          }
          break;
        default:
          // By way of a transaction that was rolled back nothing can be written.
          if (before && !*open && s.op == Op::kPut && s.value % 2) continue;
          step(s);
          continue;
      }
      Json seen = look();
      seen["alarm"] = alarm();
      looks_.push_back(std::move(seen));
    }
  }

  State now_;
  Json looks_;
};

const App& app() {
  static const App made(kThing);
  return made;
}

void agrees_with_the_model(const std::vector<Request>& requests, const Setup& setup) {
  Rig rig(app(), setup);
  client::Client& client = rig.add_client("FRA");
  Model model;
  for (const Request& request : requests) {
    model.run(request);
    const Reply reply =
        rig.call(client, "a", {{"steps", json_of(request.steps)}, {"fail", request.fail}});
    if (request.fail) {
      RC_ASSERT(reply.error == "Error: failed at the end");
      rig.run_for(seconds(1));  // an exception does not wait for the writes before it
    } else {
      RC_ASSERT(reply.error == "");
      RC_ASSERT(reply.body["looks"].dump() == model.looks().dump());
      RC_ASSERT(reply.body["end"].dump() == model.look().dump());
    }
    if (request.after == Request::kEvict) rig.evict("a");
    if (request.after == Request::kCrash) RC_ASSERT(rig.crash_owner("a"));
    // An empty section shows what is there, the alarm too.
    const Reply after = rig.insist(client, "a", {{"steps", {{{"op", "section"}, {"steps", Json::array()}}}}});
    RC_ASSERT(after.error == "");
    RC_ASSERT(after.body["end"].dump() == model.look().dump());
    RC_ASSERT(after.body["looks"][0]["alarm"].dump() == model.alarm().dump());
  }
}

TEST(Transactions, AgreeWithAModelThatCopiesTheState) {
  expect_holds(150, [] {
    const auto program = *requests();
    agrees_with_the_model(program, {.seed = *number<uint64_t>(0, 1000)});
  });
}

TEST(Transactions, ARollbackThatKeepsItsChangesIsFound) {
  expect_found(20, [] {
    const auto program = *requests();
    agrees_with_the_model(program, {.weaken = {.rollback_kept = true}});
  });
}

constexpr std::string_view kAwaiting = R"js(
export class Thing extends DurableObject {
  async run({ op, end }) {
    const { storage } = this.ctx;
    if (op === "read") return [await storage.get("before"), await storage.get("within")];
    storage.kv.put("before", 1);
    const other = this.env.THING.get(this.env.THING.idFromName("b"));
    await storage.transaction(async (txn) => {
      await txn.put("within", 1);
      if (op === "sync") await storage.sync();
      else await other.run({ op: "read" });
      if (end === "roll back") {
        txn.rollback();
        await storage.put("within", 2);
        await other.run({ op: "read" });
      }
      if (end === "throw") throw new Error("as planned");
    }).catch(() => {});
    return null;
  }
}
)js";

// What a transaction sends waited for the transaction's own writes, hence for its end (3.4); and the writes
// of the turn before it were part of it (5.1).
TEST(Transactions, MayAwaitACallOrSyncAfterTheirWrites) {
  static const App awaiting(kAwaiting);
  for (const char* op : {"sync", "call"}) {
    for (const char* end : {"commit", "throw", "roll back"}) {
      SCOPED_TRACE(std::string(op) + ", " + end);
      Rig rig(awaiting, {});
      client::Client& client = rig.add_client("FRA");
      const Reply reply = rig.call(client, "a", {{"op", op}, {"end", end}});
      EXPECT_EQ(reply.error, "");
      EXPECT_LT(reply.received - reply.sent, seconds(5));
      ASSERT_TRUE(rig.crash_owner("a"));
      const Reply read = rig.insist(client, "a", {{"op", "read"}});
      Json expected = {1, end == std::string("commit") ? Json(1) : end == std::string("throw") ? Json() : Json(2)};
      EXPECT_EQ(read.body.dump(), expected.dump());
    }
  }
}

}  // namespace
}  // namespace orrery::properties
