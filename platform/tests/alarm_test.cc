// Alarms of live objects (durable-objects.md section 6): the handler's view of storage, the end of a run, and
// what crashes between leave (6.7).
#include "platform/channels.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/alarms/delivery.h"
#include "platform/durable/alarms/events.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    // Only here nobody knows yet whether there is a handler.
    if (ctx.id.name !== "late" || ctx.storage.kv.get("made")) return;
    ctx.storage.kv.put("made", true);
    ctx.storage.setAlarm(Date.now() + 1000);
  }
  async pending() { return `${await this.ctx.storage.getAlarm()}`; }
  set(time) { return this.ctx.storage.setAlarm(time); }
}
export class Thing extends DurableObject {
  async program(what, ...args) { await this.ctx.storage.put("what", what); return this[what]?.(...args); }
  set(ms) { return this.ctx.storage.setAlarm(Date.now() + ms); }
  get() { return this.ctx.storage.getAlarm(); }
  value(key) { return this.ctx.storage.get(key); }
  async alarm(info) {
    const { storage } = this.ctx;
    const what = await storage.get("what");
    console.log(`alarm ${info.retryCount} ${info.isRetry} ${await storage.getAlarm()}`);
    if (what === "unawaited") {
      // Within the transaction's turn, so that the handler's end comes while it is open.
      await new Promise((go) => storage.transaction(async (txn) => {
        await txn.put("within", 1); go(); await wait(3000); txn.rollback();
      }));
    }
    if (what === "unawaitedSets") {
      await new Promise((go) => storage.transaction(async (txn) => {
        await txn.put("within", 1); go(); await wait(1000); await txn.setAlarm(Date.now() + 60000);
      }));
    }
    if (what === "again") { await storage.put("what", "done"); await storage.setAlarm(Date.now() + 5000); }
    if (what === "deletes") { await storage.deleteAlarm(); throw new Error("after deleting"); }
    if (what === "throws") throw new Error("always");
    if (what === "hangs") await wait(20 * 60 * 1000);
    if (what === "abortsForGood") this.ctx.abort("for good", { retryAlarm: false });
    if (what === "aborts") { if (info.retryCount === 0) this.ctx.abort("once"); }
    if (what === "slow") await wait(2000);
    console.log("ends");
  }
}
const at = (T, name) => T.get(T.idFromName(name));
const program = (what) => async (env, T, o) => { await at(T, o).program(what); await at(T, o).set(1000); };
const cases = {
  refused: async (env, T) => (await Promise.all([
    () => env.OTHER.getByName("a").set(0), () => env.OTHER.getByName("b").set(Date.now() + 1000),
  ].map((f) => saw(f)))).join("\n"),
  pending: (env, T, o) => at(T, o).get(),
  noHandler: (env) => env.OTHER.getByName("late").pending(),
  within: async (env, T, o) => (await at(T, o).value("within")) ?? "nothing",
  plain: program("plain"), slow: program("slow"),
  unawaited: program("unawaited"), unawaitedSets: program("unawaitedSets"), again: program("again"),
  deletes: program("deletes"), throws: program("throws"), hangs: program("hangs"),
  abortsForGood: program("abortsForGood"), aborts: program("aborts"),
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

size_t runs(const Rig& rig) {
  size_t count = 0;
  for (size_t at = rig.lines().find("alarm "); at != std::string::npos; at = rig.lines().find("alarm ", at + 1)) ++count;
  return count;
}

TEST(SetAlarm, RefusesWhatTheRealOneRefuses) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("refused"),
            "TypeError: setAlarm() cannot be called with an alarm time <= 0 remote=true\n"
            "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm() "
            "remote=true");
}

TEST(DeferredDelete, IsNoPartOfATransactionThatTheHandlerDidNotAwait) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("unawaited"), "undefined");
  rig.run_for(seconds(2));
  EXPECT_EQ(runs(rig), 1u);
  rig.run_for(seconds(5));  // the transaction is rolled back
  EXPECT_EQ(rig.ask("pending"), "null");
  EXPECT_EQ(rig.ask("within"), "nothing");
  rig.crash_owner("o");
  rig.run_for(minutes(30));
  EXPECT_EQ(rig.ask("pending"), "null");
  EXPECT_EQ(runs(rig), 1u) << rig.lines();
}

TEST(DeferredDelete, IsDroppedWhenSuchATransactionSetsTheAlarm) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("unawaitedSets"), "undefined");
  rig.run_for(seconds(4));
  EXPECT_EQ(runs(rig), 1u);
  EXPECT_NE(rig.ask("pending"), "null");
}

TEST(Handler, SeesNoAlarmAndMaySetTheNext) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("again"), "undefined");
  rig.run_for(seconds(2));
  EXPECT_EQ(rig.lines(), "alarm 0 false null\nends\n");
  EXPECT_NE(rig.ask("pending"), "null");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.lines(), "alarm 0 false null\nends\nalarm 0 false null\nends\n");
  EXPECT_EQ(rig.ask("pending"), "null");
}

TEST(Handler, ThatDeletesTheAlarmAndFailsIsNotRunAgain) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("deletes"), "undefined");
  rig.run_for(minutes(2));
  EXPECT_EQ(runs(rig), 1u) << rig.lines();
  EXPECT_EQ(rig.ask("pending"), "null");
}

TEST(Handler, ThatAlwaysFailsRunsSevenTimesAndIsGivenUp) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("throws"), "undefined");
  rig.run_for(minutes(20));
  EXPECT_EQ(runs(rig), 7u) << rig.lines();
  EXPECT_NE(rig.lines().find("alarm 6 true null\n"), std::string::npos);
  EXPECT_EQ(rig.ask("pending"), "null");
}

TEST(Handler, IsCutOffAfterFifteenMinutesAndTheRetryIsCounted) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hangs"), "undefined");
  rig.run_for(minutes(14));
  EXPECT_EQ(rig.ends(), "");
  rig.run_for(minutes(2));
  EXPECT_EQ(rig.ends(), "its alarm ran for too long\n");
  EXPECT_EQ(rig.lines(), "alarm 0 false null\nalarm 1 true null\n");
}

TEST(Handler, ThatAbortsIsRunAgainUnlessItSaysOtherwise) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("aborts"), "undefined");
  rig.run_for(minutes(1));
  EXPECT_EQ(rig.lines(), "alarm 0 false null\nalarm 1 true null\nends\n");
  Rig other(app());
  EXPECT_EQ(other.ask("abortsForGood"), "undefined");
  other.run_for(minutes(10));
  EXPECT_EQ(runs(other), 1u) << other.lines();
  EXPECT_EQ(other.ask("pending"), "null");
}

TEST(Handler, ThatIsMissingIsWarnedOfAndNotTriedAgain) {
  Rig rig(app());
  EXPECT_NE(rig.ask("noHandler"), "null");
  rig.run_for(minutes(60));
  EXPECT_EQ(rig.lines(), "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() "
                         "function?\n");
  EXPECT_EQ(rig.ask("noHandler"), "null");
}

// What comes while the handler runs: the same time joins it, another one waits, a newer one takes its place.
TEST(Deliveries, OfTheSameTimeJoinAndOthersWaitForTheHandler) {
  Rig rig(app());
  int64_t due = 0;
  rig.world().observers().subscribe<durable::AlarmFired>(
      [&](const durable::AlarmFired& e, const EventContext&) { due = e.scheduled_ms; });
  rig.ask("slow");
  while (due == 0) rig.world().loop().step();
  durable::Actor& actor = *rig.object("o");
  host::Process& process = actor.object_host().process();
  std::string seen;
  TaskScope tasks(rig.world().loop());
  auto deliver = [&](const char* what, int64_t at) {
    auto send = [](host::Process& from, durable::Actor& to, std::string* out, std::string name, int64_t ms) -> Task<void> {
      durable::AlarmObject object{"Thing", to.id(), to.name(), from.host().pop(), {}};
      auto event = durable::alarm_event(object, ms, 0, 1, false);
      net::Reply reply = co_await from.network().call(from, from.host_id(), kObjectChannel, event, minutes(5));
      using Outcome = durable::AlarmAnswer::Outcome;
      const auto outcome = reply.message->as<durable::AlarmAnswer>().outcome;
      *out += name + (outcome == Outcome::kDone ? " done\n" : outcome == Outcome::kCanceled ? " canceled\n" : " failed\n");
    };
    tasks.spawn(send(process, actor, &seen, what, at));
    rig.run_for(millis(10));
  };
  deliver("same", due);
  deliver("later", due + 1);
  EXPECT_EQ(seen, "");
  deliver("latest", due + 2);
  EXPECT_EQ(seen, "later canceled\n");
  deliver("latest again", due + 2);
  rig.run_for(seconds(10));
  EXPECT_EQ(seen, "later canceled\nsame done\nlatest canceled\nlatest again canceled\n");  // nothing is stored any more
  EXPECT_EQ(rig.lines(), "alarm 0 false null\nends\n");
}

size_t ends(const Rig& rig) {
  size_t count = 0;
  for (size_t at = rig.lines().find("ends"); at != std::string::npos; at = rig.lines().find("ends", at + 1)) ++count;
  return count;
}

// 6.7: the moment of a crash, and how often the handler begins and ends then.
struct Crash {
  const char* moment;
  bool (*now)(Rig&);
  size_t begins;
  size_t ends;
};

bool after(Rig& rig, Duration since_the_set) {
  static Instant set;
  if (rig.answers().empty()) set = rig.world().now();
  return rig.world().now() - set >= since_the_set;
}

TEST(CrashMatrix, AtLeastOnceWhateverTheMoment) {
  const Crash kMoments[] = {
      {"before the set is in the log, while the scheduler is told",
       [](Rig& rig) { return rig.object("o") && rig.object("o")->waiting_on().alarm; }, 0, 0},
      {"once the alarm is durable, before its time",
       [](Rig& rig) { return after(rig, millis(500)); }, 1, 1},
      {"in the middle of the handler", [](Rig& rig) { return after(rig, seconds(2)); }, 2, 1},
      {"after the handler's end, before the delete is durable",
       [](Rig& rig) { return ends(rig) > 0; }, 2, 2},
      {"after the delete is durable", [](Rig& rig) { return after(rig, millis(4'500)); }, 1, 1},
  };
  for (const Crash& crash : kMoments) {
    Rig rig(app());
    rig.send("slow");
    while (!crash.now(rig)) rig.world().loop().step();
    rig.crash_owner("o");
    rig.run_for(minutes(2));
    EXPECT_EQ(runs(rig), crash.begins) << crash.moment << "\n" << rig.lines();
    EXPECT_EQ(ends(rig), crash.ends) << crash.moment;
    EXPECT_EQ(rig.ask("pending"), "null") << crash.moment;
  }
}

}  // namespace
}  // namespace orrery::objects
