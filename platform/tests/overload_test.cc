// When an object refuses events as overload (platform.md 9.1): the texts, the flag, and that what is refused is
// not done.
#include "platform/durable/actor/event_queue.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  n = 0;
  hi() { return ++this.n; }
  hold(ms) { this.ctx.blockConcurrencyWhile(() => wait(ms)); }
}
const at = (T, name) => T.get(T.idFromName(name));
const tally = async (calls) => {
  const seen = {};
  for (const call of calls) { const what = await saw(() => call); const key = typeof what === "number" ? "done" : what; seen[key] = (seen[key] ?? 0) + 1; }
  return Object.entries(seen).map(([what, count]) => `${count} ${what}`).join("\n");
};
const times = (n, f) => Array.from({ length: n }, f);
const cases = {
  hi: (env, T, o) => at(T, o).hi(),
  twelve: (env, T, o) => tally(times(12, () => at(T, o).hi())),
  held: async (env, T, o) => { await at(T, o).hi(); at(T, o).hold(2000); await wait(100); return tally(times(12, () => at(T, o).hi())); },
  large: async (env, T, o) => { await at(T, o).hi(); at(T, o).hold(2000); await wait(100); return tally(times(4, () => at(T, o).hi("x".repeat(1000)))); },
  late: async (env, T, o) => {
    await at(T, o).hi(); at(T, o).hold(5000); await wait(100);
    const first = saw(() => at(T, o).hi()); await wait(3000);
    return `${await saw(() => at(T, o).hi())}\n${await first}\n${await at(T, o).hi()}`;
  },
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

CloudOptions with(durable::OverloadLimits limits) {
  CloudOptions options = one_city();
  options.objects.overload = limits;
  return options;
}

TEST(Overload, OfTooManyRequestsInTenSecondsEndsWhenTheyAreOver) {
  Rig rig(app(), with({.requests_in_window = 10}));
  EXPECT_EQ(rig.ask("twelve"),
            "10 done\n2 Error: Durable Object is overloaded. Too many requests for the same object within a 10 "
            "second window. overloaded=true");
  EXPECT_TRUE(rig.ask("hi").starts_with("Error: Durable Object is overloaded.")) << rig.answers().back();
  rig.run_for(seconds(11));
  EXPECT_TRUE(rig.ask("hi") == "1" || rig.answers().back() == "11") << rig.answers().back();
}

TEST(Overload, OfTooManyRequestsQueuedRefusesTheLast) {
  Rig rig(app(), with({.requests_queued = 5}));
  EXPECT_EQ(rig.ask("held"),
            "5 done\n7 Error: Durable Object is overloaded. Too many requests queued. overloaded=true");
  EXPECT_EQ(rig.ask("hi"), "7");
}

TEST(Overload, OfTooMuchDataQueuedRefusesWhatDoesNotFit) {
  Rig rig(app(), with({.bytes_queued = 2'500}));
  EXPECT_EQ(rig.ask("large"),
            "2 done\n2 Error: Durable Object is overloaded. Too much data queued. overloaded=true");
}

TEST(Overload, OfRequestsThatWaitForTooLongRefusesNewOnes) {
  Rig rig(app(), with({.queued_for = seconds(2)}));
  EXPECT_EQ(rig.ask("late"),
            "Error: Durable Object is overloaded. Requests queued for too long. overloaded=true\n2\n3");
}

TEST(EventQueue, CountsTheLastTenSecondsOnly) {
  durable::EventQueue queue;
  const durable::OverloadLimits limits{.requests_queued = 100, .requests_in_window = 20};
  for (int second = 0; second < 100; ++second)
    for (int i = 0; i < 2; ++i) {
      ASSERT_FALSE(queue.take(Instant{} + seconds(second), 10, limits)) << second;
      queue.begun();
    }
  EXPECT_EQ(queue.take(Instant{} + seconds(99), 10, limits), durable::Overload::kRate);
  EXPECT_FALSE(queue.take(Instant{} + seconds(200), 10, limits));
}

}  // namespace
}  // namespace orrery::objects
