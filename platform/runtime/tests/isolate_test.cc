// Isolates from outside: start-up, events, answers, clocks, chance, contexts.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

TEST(Isolate, AnswersAFetchWithinTheSameTurn) {
  Rig rig("export default { fetch(request) { return new Response('hello ' + request.url, {status: 201}); } };");
  ASSERT_TRUE(rig.started) << rig.started.error->stack;
  ASSERT_TRUE(rig.fetch(7, "https://example.com/a?b=1"));
  ASSERT_TRUE(rig.host.responses.contains(7)) << rig.text(7);
  EXPECT_EQ(rig.host.responses[7]->status, 201);
  EXPECT_EQ(rig.text(7), "hello https://example.com/a?b=1");
}

TEST(Isolate, AnswersWhatAnAsyncHandlerReturns) {
  Rig rig("export default { async fetch(request) { const t = await request.text(); await null; "
          "return new Response(t.toUpperCase() + request.method, {headers: {'x-a': 'b'}}); } };");
  ASSERT_TRUE(rig.fetch(1, "https://example.com/", "POST", "body"));
  EXPECT_EQ(rig.text(1), "no answer") << "a body is read in a later turn";
  rig.take_turns();
  EXPECT_EQ(rig.text(1), "BODYPOST");
  std::string_view value;
  EXPECT_TRUE(rig.host.responses[1]->headers.find("X-A", value));
  EXPECT_EQ(value, "b");
}

TEST(Isolate, CarriesBodiesThatAreNotAscii) {
  Rig rig("export default { async fetch(request) { return new Response(await request.text() + '\\u00fc\\u20ac'); } };");
  ASSERT_TRUE(rig.fetch(1, "https://example.com/", "POST", "\xc3\xa4"));
  rig.take_turns();
  EXPECT_EQ(rig.text(1), "\xc3\xa4\xc3\xbc\xe2\x82\xac");
}

TEST(Isolate, GivesAnInstanceOfAClassEntrypointItsEnv) {
  Ref<AppCode> app = test_app(
      "import { WorkerEntrypoint, env } from 'cloudflare:workers';\n"
      "export default class extends WorkerEntrypoint { fetch() { return new Response(this.env.A + env.B.x); } };\n"
      "export class Named extends WorkerEntrypoint { fetch() { return new Response('named'); } };");
  app->bindings.push_back({.name = "A", .kind = BindingKind::kText, .value = "text"});
  app->bindings.push_back({.name = "B", .kind = BindingKind::kJson, .value = "{\"x\":5}"});
  Rig rig(app);
  ASSERT_TRUE(rig.started) << rig.started.error->stack;
  EXPECT_EQ(rig.get(), "text5");
  const ContextId context = rig.isolate.open_context(ContextKind::kStateless);
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->url = "https://example.com/";
  ASSERT_TRUE(rig.isolate.dispatch_fetch(context, 5, "Named", *request));
  EXPECT_EQ(rig.text(5), "named");
  const ContextId other = rig.isolate.open_context(ContextKind::kStateless);
  ASSERT_TRUE(rig.isolate.dispatch_fetch(other, 6, "Absent", *request));
  EXPECT_EQ(rig.text(6), "error: TypeError: The entrypoint name Absent was not found in this worker. Ensure the "
                         "worker exports an entrypoint with that name.");
}

TEST(Isolate, SaysWhatIsMissingWithoutAFetchHandler) {
  Rig rig("export default { scheduled() {} };");
  EXPECT_EQ(rig.get(), "error: Error: Handler does not export a fetch() function.");
  Rig none("export const x = 1;");
  EXPECT_EQ(none.get(), "error: Error: Handler does not export a fetch() function.");
}

TEST(Isolate, RefusesAnAnswerThatIsNoResponse) {
  Rig rig("export default { fetch() { return 'text'; } };");
  EXPECT_EQ(rig.get(), "error: TypeError: Callback returned incorrect type; expected 'Promise'");
}

TEST(Isolate, NamesABindingOfAnUnknownKindWhenItIsUsed) {
  Ref<AppCode> app = test_app("export default { fetch(r, env) { env.AI.run('x'); } };");
  app->bindings.push_back({.name = "AI", .kind = BindingKind::kUnsupported, .kind_name = "ai"});
  Rig rig(app);
  EXPECT_EQ(rig.get(), "error: Error: binding AI of kind ai is not supported yet");
}

TEST(Isolate, FreezesTheClockWithinATurnAndMovesItBetween) {
  Rig rig("const at_start = Date.now(); export default { async fetch() { const a = Date.now(); for (let i = 0; i < 1e5; i++); "
          "await null; return new Response([at_start, a, Date.now(), +new Date(), performance.now()].join()); } };");
  rig.host.clock_us = 1'700'000'000'123'999;
  EXPECT_EQ(rig.get(), "0,1700000000123,1700000000123,1700000000123,1700000000123");
  rig.host.clock_us += 1'000'000;
  EXPECT_TRUE(rig.get().starts_with("0,1700000001123,1700000001123"));
}

TEST(Isolate, DrawsMathRandomFromTheWorldsEntropy) {
  const std::string source = "export default { fetch() { return new Response([Math.random(), Math.random()].join()); } };";
  Rig one(source), again(source);
  EXPECT_EQ(one.get(), again.get());
  FakeHost other;
  other.entropy = 43;
  Isolate third(test_snapshot(), test_app(source), other);
  ASSERT_TRUE(third.start());
  const ContextId context = third.open_context(ContextKind::kStateless);
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->url = "https://example.com/";
  ASSERT_TRUE(third.dispatch_fetch(context, 1, "", *request));
  EXPECT_NE(other.responses[1]->body.text(), again.get());
}

TEST(Isolate, RefusesIoAtGlobalScope) {
  for (const char* source : {"setTimeout(() => {}, 1);", "crypto.getRandomValues(new Uint8Array(1));",
                             "await fetch('https://example.com/');"}) {
    Rig rig(source);
    ASSERT_FALSE(rig.started) << source;
    EXPECT_EQ(rig.started.kind, TurnKind::kException);
    EXPECT_TRUE(rig.started.error->message.starts_with("Disallowed operation called within global scope."))
        << rig.started.error->message;
  }
}

TEST(Isolate, SettlesAnOutgoingFetchInALaterTurn) {
  Rig rig("export default { async fetch() { const r = await fetch('https://other.example/x', {method: 'PUT', body: 'b'});"
          "return new Response(r.status + await r.text()); } };");
  ASSERT_TRUE(rig.fetch(1));
  EXPECT_EQ(rig.text(1), "no answer");
  ASSERT_EQ(rig.host.fetches.size(), 1u);
  const FakeHost::Fetch& call = rig.host.fetches[0];
  EXPECT_EQ(call.request->method, "PUT");
  EXPECT_EQ(call.request->url, "https://other.example/x");
  EXPECT_EQ(call.request->body.text(), "b");
  EXPECT_EQ(rig.isolate.pending_operations(call.context), 1);
  HttpResponse response;
  response.status = 404;
  response.body = HttpBody::of("gone");
  ASSERT_TRUE(rig.isolate.settle_fetch(call.context, call.operation, response));
  rig.take_turns();
  EXPECT_EQ(rig.text(1), "404gone");
  EXPECT_EQ(rig.isolate.pending_operations(call.context), 0);
}

TEST(Isolate, FailsAnOperationWithTypeMessageAndFlags) {
  Rig rig("export default { async fetch() { try { await fetch('https://o.example/'); } catch (e) {"
          "return new Response([e instanceof TypeError, e.message, e.retryable, e.overloaded, e.remote, e.durableObjectId].join()); } } };");
  ASSERT_TRUE(rig.fetch(1));
  ErrorInfo error;
  error.name = "TypeError";
  error.message = "lost";
  error.retryable = error.remote = true;
  error.durable_object_id = "ab";
  ASSERT_TRUE(rig.isolate.fail(rig.host.fetches[0].context, rig.host.fetches[0].operation, error));
  EXPECT_EQ(rig.text(1), "true,lost,true,,true,ab");
}

TEST(Isolate, ReportsAThrownErrorWithItsFlagsAndItsPlace) {
  Ref<AppCode> app = test_app("export default { async fetch() {\n  const e = new RangeError('bad'); e.retryable = true;\n  throw e; } };");
  app->lookup = [](const std::string& module, int line, int column, SourcePosition& out) {
    if (module != "index.js") return false;
    out = {"src/index.ts", line + 100, column};
    return true;
  };
  Rig rig(app);
  ASSERT_TRUE(rig.fetch(1));
  const ErrorInfo& error = rig.host.errors[1];
  EXPECT_EQ(error.text(), "RangeError: bad");
  EXPECT_TRUE(error.retryable);
  EXPECT_FALSE(error.overloaded);
  EXPECT_EQ(error.stack, "RangeError: bad\n    at Object.fetch (src/index.ts:103:13)");
}

TEST(Isolate, GivesConsoleLinesTheirPlace) {
  Rig rig("export default { fetch() {\n  console.warn('a', 1);\n  return new Response(''); } };");
  rig.get();
  ASSERT_EQ(rig.host.lines.size(), 1u);
  EXPECT_EQ(rig.host.lines[0].level, ConsoleLevel::kWarn);
  EXPECT_EQ(rig.host.lines[0].text, "a 1");
  EXPECT_EQ(rig.host.lines[0].at.text(), "index.js:3:11");
}

TEST(Isolate, WarnsOfARejectionThatNobodyHandles) {
  Rig rig("export default { fetch() { Promise.reject(new Error('lost')); const p = Promise.reject(1); p.catch(() => {}); return new Response('ok'); } };");
  EXPECT_EQ(rig.get(), "ok");
  ASSERT_EQ(rig.host.lines.size(), 1u);
  EXPECT_EQ(rig.host.lines[0].level, ConsoleLevel::kWarn);
  EXPECT_TRUE(rig.host.lines[0].text.starts_with("Uncaught (in promise) Error: lost")) << rig.host.lines[0].text;
}

TEST(Isolate, FiresTimersAndRepeatsIntervals) {
  Rig rig("let n = 0; export default { fetch() { const t = setInterval(() => { if (++n === 3) clearInterval(t); }, 10);"
          "return new Promise(r => setTimeout(() => r(new Response('t' + n)), 25)); } };");
  ASSERT_TRUE(rig.fetch(1));
  ASSERT_EQ(rig.host.timers.size(), 2u);
  EXPECT_EQ(rig.isolate.pending_operations(rig.context), 2);
  const FakeHost::Timer interval = rig.host.timers[0], once = rig.host.timers[1];
  EXPECT_EQ(interval.delay_ms, 10);
  ASSERT_TRUE(rig.isolate.fire_timer(rig.context, interval.timer));
  ASSERT_EQ(rig.host.timers.size(), 3u);  // started anew
  ASSERT_TRUE(rig.isolate.fire_timer(rig.context, interval.timer));
  ASSERT_TRUE(rig.isolate.fire_timer(rig.context, once.timer));
  EXPECT_EQ(rig.text(1), "t2");
  ASSERT_TRUE(rig.isolate.fire_timer(rig.context, interval.timer));
  EXPECT_EQ(rig.isolate.pending_operations(rig.context), 0);
}

TEST(Isolate, CountsWhatIsWaitedFor) {
  Rig rig("export default { fetch(r, e, ctx) { ctx.waitUntil(fetch('https://o.example/')); return new Response('ok'); } };");
  EXPECT_EQ(rig.get(), "ok");
  EXPECT_EQ(rig.host.waiting_until, 1);
  HttpResponse response;
  ASSERT_TRUE(rig.isolate.settle_fetch(rig.context, rig.host.fetches[0].operation, response));
  EXPECT_EQ(rig.host.waiting_until, 0);
}

TEST(Isolate, RunsNothingForAClosedContext) {
  Rig rig("let n = 0; export default { async fetch() { if (n) return new Response('n' + n);"
          "try { await fetch('https://o.example/'); n++; } finally { n += 10; } } };");
  ASSERT_TRUE(rig.fetch(1));
  const FakeHost::Fetch call = rig.host.fetches[0];
  rig.isolate.close_context(call.context);
  HttpResponse response;
  EXPECT_EQ(rig.isolate.settle_fetch(call.context, call.operation, response).kind, TurnKind::kAborted);
  ASSERT_TRUE(rig.fetch(2));
  EXPECT_EQ(rig.text(2), "no answer");  // n is still 0: the second fetch waits as well
}

TEST(Isolate, DisposesOfPendingWorkWithoutRunningIt) {
  FakeHost host;
  {
    Isolate isolate(test_snapshot(), test_app("export default { async fetch() { try { await fetch('https://o.example/'); }"
                                              "finally { console.log('must not run'); } } };"), host);
    ASSERT_TRUE(isolate.start());
    Ref<HttpRequest> request = make_ref<HttpRequest>();
    request->url = "https://example.com/";
    ASSERT_TRUE(isolate.dispatch_fetch(isolate.open_context(ContextKind::kStateless), 1, "", *request));
  }
  EXPECT_TRUE(host.lines.empty());
}

TEST(Isolate, RefusesCodeFromStrings) {
  Rig rig("export default { fetch() { try { eval('1'); } catch (e) { return new Response(e.name + ': ' + e.message); } } };");
  EXPECT_EQ(rig.get(), "EvalError: Code generation from strings disallowed for this context");
}

TEST(Isolate, IsMadeAndDisposedOf500TimesWithoutGrowth) {
  // Resident pages from /proc/self/statm after a warm-up of 100.
  auto resident_pages = [] {
    FILE* file = fopen("/proc/self/statm", "r");
    long total = 0, resident = 0;
    const int read = fscanf(file, "%ld %ld", &total, &resident);
    fclose(file);
    return read == 2 ? resident : 0;
  };
  Ref<AppCode> app = test_app("export default { fetch() { return new Response('x'); } };");
  long before = 0;
  for (int i = 0; i < 500; ++i) {
    if (i == 100) before = resident_pages();
    Rig rig(app);
    ASSERT_EQ(rig.get(), "x");
  }
  EXPECT_LT(resident_pages() - before, 1000) << "pages of 4 KiB";
}

TEST(Isolate, WorksInAForkedChild) {
  Ref<AppCode> app = test_app("export default { fetch() { return new Response('child'); } };");
  Rig parent(app);
  ASSERT_EQ(parent.get(), "child");
  const pid_t child = fork();
  if (child == 0) {
    bool good = parent.get() == "child";
    for (int i = 0; i < 3; ++i) {
      Rig fresh(app);
      good = good && fresh.get() == "child";
    }
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(parent.get(), "child");
}

TEST(Isolate, RepeatsItselfExactly) {
  // Collections, weak references, map order and stacks folded into one text, twice.
  const std::string source =
      "export default { async fetch() { let h = ''; const refs = []; const m = new Map(); "
      "for (let i = 0; i < 20000; i++) { const o = {i, s: 'k' + Math.random()}; if (i % 100 === 0) refs.push(new WeakRef(o)); m.set(o.s, o.i); if (i % 7 === 0) m.clear(); await null; }"
      "h += refs.map(r => r.deref() ? 1 : 0).join('') + [...m.keys()].join() + new Error('x').stack;"
      "return new Response(h); } };";
  Rig one(source), two(source);
  const std::string first = one.get();
  EXPECT_GT(first.size(), 200u);
  EXPECT_EQ(first, two.get());
}

}  // namespace
}  // namespace orrery::runtime
