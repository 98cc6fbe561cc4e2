// Goal: an alarm that is stored runs at least once to a good end, unless it is replaced or deleted, and never
// before its time. Method: programs that set, replace and delete the alarms of several objects, with
// handlers that fail in drawn ways, under drawn faults. Each operation stores its number in the turn
// that moves the alarm, each good end of a handler stores the number it saw: when all is quiet the two are
// equal and no alarm is left. Runs are seen by what the handler prints, even of runs that a crash undid.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "conformance/properties/faults.h"
#include "conformance/properties/rig.h"
#include "platform/worker/events.h"
#include "sim/core/tests/property.h"
#include "sim/host/clock.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  async run({ op, number, inMs, plan }) {
    (meter[0] -= 20) < 0 && trip();
    const { kv } = this.ctx.storage;
    if (op === "state") {
      const alarm = await this.ctx.storage.getAlarm();
      return { number: kv.get("number") ?? 0, done: kv.get("done") ?? 0, alarm, deleted: kv.get("deleted") ?? false };
    }
    kv.put("number", number);
    kv.put("deleted", op === "delete");
    kv.put("plan", plan);
    kv.put("failures", 0);
    if (op === "set") this.ctx.storage.setAlarm(Date.now() + inMs);
    else this.ctx.storage.deleteAlarm();
    return null;
  }

  async alarm({ scheduledTime }) {
    (meter[0] -= 20) < 0 && trip();
    const { storage } = this.ctx;
    const number = storage.kv.get("number");
    const plan = storage.kv.get("plan");
    console.log(`run ${scheduledTime} ${Date.now()}`);
    const failures = storage.kv.get("failures");
    if (failures < plan.failures) {
      storage.kv.put("failures", failures + 1);
      await storage.sync();
      switch (plan.way) {
        case "throw": throw new Error("as planned");
        case "throw later": await wait(50); throw new Error("as planned");
        case "section": await this.ctx.blockConcurrencyWhile(async () => { throw new Error("as planned"); });
        case "abort": this.ctx.abort("as planned");
      }
    }
    if (plan.takes) await wait(plan.takes);
    if (storage.kv.get("number") !== number) return;  // another operation came between
    storage.kv.put("done", number);
    if (plan.again) {
      storage.kv.put("number", number + 0.5);
      storage.kv.put("plan", { failures: 0 });
      storage.setAlarm(Date.now() + plan.again);
    }
  }
}
)js";

struct Operation {
  bool set = true;   // else delete
  int after_ms = 0;  // since the operation before
  int in_ms = 0;
  // Of the handler: how often it fails first, and how; how long it takes; when it sets another alarm (0: it
  // does not).
  int failures = 0;
  int way = 0;
  int takes = 0;
  int again = 0;
};
constexpr const char* kWays[] = {"throw", "throw later", "section", "abort"};

Json plan_of(const Operation& o) {
  return {{"failures", o.failures}, {"way", kWays[o.way]}, {"takes", o.takes}, {"again", o.again}};
}

void showValue(const Operation& o, std::ostream& os) {
  os << "+" << o.after_ms << "ms " << (o.set ? "set in " + std::to_string(o.in_ms) + "ms " : "delete ");
  if (o.set) os << plan_of(o).dump();
}

using Program = std::vector<std::vector<Operation>>;  // by object

rc::Gen<Program> programs(size_t objects) {
  auto operation = rc::gen::exec([] {
    Operation o{};
    o.set = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
    o.after_ms = *rc::gen::weightedOneOf<int>({{1, number(0, 50)}, {3, number(0, 8000)}});
    o.in_ms = *rc::gen::weightedOneOf<int>({{1, number(0, 100)}, {3, number(0, 10'000)}, {1, number(0, 90'000)}});
    o.failures = *rc::gen::weightedElement<int>({{3, 0}, {1, 1}, {1, 3}});
    o.way = *number(0, 4);
    o.takes = *rc::gen::weightedElement<int>({{3, 0}, {1, 10}, {1, 2000}});
    o.again = *rc::gen::weightedElement<int>({{4, 0}, {1, 1000}});
    return o;
  });
  return rc::gen::container<Program>(
      objects, rc::gen::resize(6, rc::gen::container<std::vector<Operation>>(std::move(operation))));
}

const App& app() {
  static const App made(kThing);
  return made;
}

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};
constexpr Site kWait{"property.alarm.wait"};

class Experiment {
 public:
  Experiment(Rig& rig, size_t objects) : rig_(rig), acknowledged_(objects), unanswered_(objects) {
    rig.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) { note(std::string(line.line)); });
  }

  Task<void> operate(client::Client& client, size_t object, const std::vector<Operation>& operations) {
    ++running_;
    int number = 0;
    for (const Operation& o : operations) {
      co_await sleep(rig_.world().loop(), kWait, millis(o.after_ms));
      Json ask = {{"op", o.set ? "set" : "delete"}, {"number", ++number}, {"inMs", o.in_ms}, {"plan", plan_of(o)}};
      const Reply reply = co_await rig_.ask(client, name_of(object), std::move(ask), seconds(20));
      if (reply.ok()) acknowledged_[object] = number;
      else unanswered_[object].insert(number);
    }
    --running_;
  }
  bool running() const { return running_ > 0; }
  static std::string name_of(size_t object) { return std::string(1, static_cast<char>('a' + object)); }

  void check(client::Client& client) {
    RC_ASSERT(early_ == "");
    for (size_t i = 0; i < acknowledged_.size(); ++i) {
      const Reply reply = rig_.insist(client, name_of(i), {{"op", "state"}});
      RC_ASSERT(reply.error == "");
      const Json& state = reply.body;
      RC_LOG() << name_of(i) << ": " << state.dump() << ", acknowledged " << acknowledged_[i] << "\n";
      // One that was not answered may take effect at any later time.
      const double number = state["number"].get<double>();
      RC_ASSERT(number >= acknowledged_[i] || unanswered_[i].contains(static_cast<int>(number)));
      RC_ASSERT(state["alarm"].is_null());
      if (!state["deleted"].get<bool>()) RC_ASSERT(state["done"].get<double>() == state["number"].get<double>());
    }
  }
  uint64_t runs() const { return runs_; }

 private:
  void note(const std::string& line) {
    if (!line.starts_with("run ")) return;
    ++runs_;
    const int64_t scheduled = std::stoll(line.substr(4));
    const int64_t shown = std::stoll(line.substr(line.rfind(' ')));
    // No fault touches clocks here, so the world's time is every host's.
    const int64_t world = host::kWorldEpochMs + rig_.world().now().us / 1000;
    if (shown < scheduled || world < scheduled) early_ = line;
  }

  Rig& rig_;
  std::vector<int> acknowledged_;  // by object: the number of the last operation that was answered
  std::vector<std::set<int>> unanswered_;
  size_t running_ = 0;
  uint64_t runs_ = 0;
  std::string early_;
};

void alarms_are_delivered(const Program& program, const fault::FaultPlan& plan, const Setup& setup,
                          uint64_t* runs = nullptr) {
  Rig rig(app(), setup);
  Experiment run(rig, program.size());
  client::Client& observer = rig.add_client("FRA");
  for (size_t i = 0; i < program.size(); ++i) rig.call(observer, Experiment::name_of(i), {{"op", "state"}});
  rig.plan(plan);
  for (size_t i = 0; i < program.size(); ++i)
    rig.tasks().spawn(run.operate(rig.add_client(kPops[i]), i, program[i]));
  while (run.running()) rig.world().loop().step();
  // The latest alarm is due in 90 s; failures, and pauses after what faults cut off, add some minutes.
  rig.run_for(minutes(1));
  rig.heal();
  rig.run_for(minutes(8));
  run.check(observer);
  if (runs) *runs += run.runs();
}

void alarms_are_delivered(durable::Weaken weaken, uint64_t* runs = nullptr) {
  const Program program = *programs(2);
  const fault::FaultPlan plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(30)});
  const Setup setup{.seed = *number<uint64_t>(0, 1000), .pops = kPops, .weaken = weaken};
  alarms_are_delivered(program, plan, setup, runs);
}

TEST(Alarms, EachThatIsStoredRunsAtLeastOnceAndNoneEarly) {
  uint64_t runs = 0;
  expect_holds(100, [&] { alarms_are_delivered({}, &runs); });
  std::printf("  %llu runs of handlers\n", static_cast<unsigned long long>(runs));
}

// Between the end of a handler and the durability of that end the object set its next alarm; the answer to
// the scheduler then said that there was none, and nobody ever told it otherwise.
TEST(Alarms, OneSetWhileTheEndOfTheLastRunIsNotYetDurableIsNotForgotten) {
  for (int64_t after_us = 0; after_us < 8'000; after_us += 250) {
    Rig rig(app(), {.pops = kPops});
    Experiment run(rig, 1);
    client::Client& client = rig.add_client("FRA");
    const Json plan = plan_of({});
    ASSERT_TRUE(rig.call(client, "a", {{"op", "set"}, {"number", 1}, {"inMs", 1'000}, {"plan", plan}}).ok());
    while (run.runs() == 0) rig.world().loop().step();
    rig.run_for(micros(after_us));
    ASSERT_TRUE(rig.call(client, "a", {{"op", "set"}, {"number", 2}, {"inMs", 5'000}, {"plan", plan}}).ok());
    rig.run_for(minutes(1));
    const Reply state = rig.insist(client, "a", {{"op", "state"}});
    EXPECT_EQ(state.body["done"], 2) << "set " << after_us << " us after the handler began";
  }
}

TEST(Alarms, OneDeletedAheadOfItsHandlersSuccessIsFound) {
  expect_found(50, [] { alarms_are_delivered({.alarm_deleted_early = true}); });
}

}  // namespace
}  // namespace orrery::properties
