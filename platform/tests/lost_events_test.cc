// Events whose handler awaits what nobody can settle (durable-objects.md 0.5): they fail once the object has been still
// for ten seconds; what a later event may still settle goes on waiting.
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
const never = () => new Promise(() => {});
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  async hang() { await never(); }
  plain() { return never(); }
  fetch() { return never(); }
  async latch() { return await new Promise((release) => { this.release = release; }); }
  async open(value) { this.release(value); }
  async kept() { this.all = never(); await this.all; }
  async slow() { await wait(12_000); return "slow"; }
  async chained() { try { await never(); } finally { await this.ctx.storage.put("ran", true); } }
  ran() { return this.ctx.storage.get("ran"); }
  async set() { await this.ctx.storage.setAlarm(Date.now()); }
  async alarm(info) {
    const runs = (await this.ctx.storage.get("runs")) ?? [];
    await this.ctx.storage.put("runs", [...runs, info.retryCount]);
    if (info.retryCount < 2) await never();
  }
  runs() { return this.ctx.storage.get("runs"); }
}
const at = (T, name) => T.get(T.idFromName(name));
// Of an object that is there already; for no longer than its client waits.
const timed = async (stub, f) => {
  await stub.ran();
  const began = Date.now();
  const what = await Promise.race([saw(() => f(stub)), wait(26_000).then(() => "waits")]);
  return `${what} after ${Math.round((Date.now() - began) / 1000)} s`;
};
const cases = {
  hang: (env, T, o) => timed(at(T, o), (thing) => thing.hang()),
  plain: (env, T, o) => timed(at(T, o), (thing) => thing.plain()),
  fetch: (env, T, o) => timed(at(T, o), (thing) => thing.fetch("https://o/")),
  several: async (env, T, o) => (await Promise.all([timed(at(T, o), (thing) => thing.hang()), timed(at(T, o), (thing) => thing.plain())])).join("\n"),
  latch: async (env, T, o) => {
    const latch = timed(at(T, o), (thing) => thing.latch());
    const hang = timed(at(T, o), (thing) => thing.hang());
    await wait(24_000);
    await at(T, o).open("opened");
    return `${await latch}\n${await hang}`;
  },
  kept: (env, T, o) => timed(at(T, o), (thing) => thing.kept()),
  beside: async (env, T, o) => (await Promise.all([timed(at(T, o), (thing) => thing.slow()), timed(at(T, o), (thing) => thing.hang())])).join("\n"),
  chained: async (env, T, o) => `${await timed(at(T, o), (thing) => thing.chained())} ran=${await at(T, o).ran()}`,
  alarm: async (env, T, o) => { await at(T, o).set(); return "set"; },
  runs: (env, T, o) => at(T, o).runs(),
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

constexpr const char* kLost = "Error: Promise will never complete. remote=true after 10 s";

TEST(LostEvents, FailWhenTheObjectHasBeenStillForTenSeconds) {
  for (const char* name : {"hang", "plain", "fetch"}) EXPECT_EQ(Rig(app()).ask(name), kLost) << name;
  EXPECT_EQ(Rig(app()).ask("several"), std::string(kLost) + "\n" + kLost);
}

TEST(LostEvents, OfAnAlarmCountAsItsFailures) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("alarm"), "set");
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.ask("runs"), "[0,1,2]");
}

TEST(LostEvents, AreNotThoseThatALaterEventCanSettle) {
  EXPECT_EQ(Rig(app()).ask("latch"), std::string("opened after 23 s\n") + kLost);
  EXPECT_EQ(Rig(app()).ask("kept"), "waits after 26 s");
}

TEST(LostEvents, AreLookedForOnlyWhenNothingElseIsUnderWay) {
  EXPECT_EQ(Rig(app()).ask("beside"),
            "slow after 12 s\nError: Promise will never complete. remote=true after 22 s");
}

TEST(LostEvents, RunNoFinally) {
  EXPECT_EQ(Rig(app()).ask("chained"), std::string(kLost) + " ran=undefined");
}

TEST(LostEvents, AreTheSameInEveryRun) {
  auto run = [] {
    Rig rig(app());
    std::string seen;
    for (const char* name : {"several", "latch", "alarm"}) seen += rig.ask(name);
    return seen + std::to_string(rig.cloud().world().trace().hash());
  };
  const std::string first = run();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(run(), first);
}

}  // namespace
}  // namespace orrery::objects
