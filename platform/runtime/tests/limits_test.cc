// Runaway code: each kind ends by itself, is told by kind, and leaves the process sound.
#include <gtest/gtest.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

Isolate::Options small() {
  Isolate::Options options;
  options.cpu_limit = millis(50);
  return options;
}

void expect_out_of_cpu(const std::string& body) {
  Rig rig("let n = 0; export default { async fetch(request) { if (request.url.endsWith('ok')) return new Response('ok');\n" + body + "\n} };", small());
  ASSERT_TRUE(rig.started) << rig.started.error->stack;
  const TurnResult turn = rig.fetch(1);
  EXPECT_EQ(turn.kind, TurnKind::kTerminatedCpu) << body;
  ASSERT_TRUE(turn.error);
  EXPECT_EQ(turn.error->message, "Worker exceeded CPU time limit.");
  EXPECT_EQ(turn.meter_units, 50'000 * kMeterUnitsPerMicrosecond + 1);
  EXPECT_EQ(rig.text(1), "no answer");
  EXPECT_FALSE(rig.isolate.is_open(rig.context));
  EXPECT_EQ(rig.get("https://example.com/ok"), "ok") << "other events of the isolate go on";
}

TEST(CpuMeter, EndsAnEndlessLoop) { expect_out_of_cpu("for (;;) M();"); }
TEST(CpuMeter, EndsALoopThatAwaits) { expect_out_of_cpu("for (;;) { M(); await null; }"); }
TEST(CpuMeter, EndsAnEndlessChainOfMicrotasks) {
  expect_out_of_cpu("const again = () => { M(); Promise.resolve().then(again); }; again(); return new Promise(() => {});");
}
TEST(CpuMeter, EndsQueueMicrotaskForEver) {
  expect_out_of_cpu("const again = () => { M(); queueMicrotask(again); }; again(); return new Promise(() => {});");
}
TEST(CpuMeter, CannotBeCaughtNorFinallyRun) {
  expect_out_of_cpu("try { for (;;) M(); } catch { return new Response('caught'); } finally { return new Response('finally'); }");
}

TEST(CpuMeter, CountsTheSameEachTime) {
  const std::string source = "export default { fetch() { for (let i = 0; i < 1000; i++) M(); return new Response('x'); } };";
  Rig one(source), two(source);
  EXPECT_EQ(one.fetch(1).meter_units, 1000);
  EXPECT_EQ(two.fetch(1).meter_units, 1000);
}

TEST(CpuMeter, SpendsOneBudgetOverTheTurnsOfAnEvent) {
  Rig rig("export default { async fetch() { for (;;) { for (let i = 0; i < 400000; i++) M(); await fetch('https://o.example/'); } } };", small());
  ASSERT_TRUE(rig.fetch(1));
  HttpResponse response;
  ASSERT_TRUE(rig.isolate.settle_fetch(rig.context, rig.host.fetches[0].operation, response));
  EXPECT_EQ(rig.isolate.settle_fetch(rig.context, rig.host.fetches[1].operation, response).kind,
            TurnKind::kTerminatedCpu);
}

TEST(CpuMeter, EndsAnEndlessLoopAtStartUp) {
  Rig rig("for (;;) M();");
  EXPECT_EQ(rig.started.kind, TurnKind::kTerminatedCpu);
  EXPECT_EQ(rig.started.error->message, "Script startup exceeded CPU time limit.");
}

TEST(CpuMeter, BoundsARegularExpressionByItsBacktracks) {
  Rig rig("export default { fetch() { return new Response(String(/^(a+)+$/.test('a'.repeat(40) + 'b'))); } };");
  EXPECT_EQ(rig.get(), "false");
}

TEST(Stack, RecursesIntoAnOrdinaryRangeError) {
  Rig rig("let depth = 0; const f = () => { depth++; f(); }; export default { fetch() { depth = 0; try { f(); } catch (e) { return new Response(e.name + ': ' + e.message + ' ' + depth); } } };");
  const std::string first = rig.get();
  EXPECT_TRUE(first.starts_with("RangeError: Maximum call stack size exceeded")) << first;
}

void expect_out_of_memory(const std::string& body) {
  Isolate::Options options;
  options.heap_limit_bytes = 32 << 20;
  Rig rig("export default { async fetch() {\n" + body + "\n} };", options);
  const TurnResult turn = rig.fetch(1);
  EXPECT_EQ(turn.kind, TurnKind::kTerminatedMemory) << body;
  EXPECT_EQ(rig.fetch(2).kind, TurnKind::kTerminatedMemory) << "the isolate is spent";
}

TEST(Memory, EndsAnArrayThatGrowsForEver) { expect_out_of_memory("const a = []; for (;;) { M(); a.push({}); }"); }
TEST(Memory, EndsAListThatGrowsForEver) {
  expect_out_of_memory("let l = null; for (;;) { M(); l = {l, text: 'x'.repeat(100) + Math.random()}; await null; }");
}
TEST(Memory, EndsStringsKeptFlat) {
  expect_out_of_memory("const all = []; for (let i = 0;; i++) { M(); let s = 'ab' + i; while (s.length < 1e6) { M(); s += s; } all.push(s.split('b').join('c')); }");
}

TEST(Memory, RefusesArrayBuffersOverTheLimit) {
  Isolate::Options options;
  options.heap_limit_bytes = 32 << 20;
  Rig rig("export default { fetch() { const a = []; try { for (;;) { M(); a.push(new Uint8Array(1 << 20)); } } catch (e) { return new Response(e.name + ': ' + e.message + ' ' + (a.length > 16 && a.length < 32)); } } };", options);
  EXPECT_EQ(rig.get(), "RangeError: Array buffer allocation failed true");
}

TEST(Memory, RefusesAStringThatDoublesForEver) {
  Rig rig("export default { fetch() { let s = 'x'; try { for (;;) { M(); s += s; } } catch (e) { return new Response(e.name + ': ' + e.message); } } };");
  EXPECT_EQ(rig.get(), "RangeError: Invalid string length");
}

}  // namespace
}  // namespace orrery::runtime
