// What the bridge costs: isolates from the snapshot, and turns through it.
#include <benchmark/benchmark.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

constexpr char kWorker[] = R"(
import { DurableObject } from 'cloudflare:workers';
export class Counter extends DurableObject {
  n = 0;
  async fetch(request) { return new Response(String(++this.n)); }
  async add(n) { return this.n += n; }
}
export default { async fetch(request, env) {
  M();
  if (request.url === 'https://example.com/') return new Response('hello');
  const stub = env.COUNTER.get(env.COUNTER.idFromName('room'));
  if (request.url === 'https://example.com/rpc') return new Response(String(await stub.add(1)));
  return stub.fetch(request);
} };
)";

Ref<AppCode> worker() {
  Ref<AppCode> app = test_app(kWorker);
  app->bindings.push_back({.name = "COUNTER", .kind = BindingKind::kDurableObject, .class_name = "Counter"});
  return app;
}

// Answers nothing and keeps only the last of everything.
class LastHost final : public IsolateHost {
 public:
  int64_t now_us() override { return clock_us += 1000; }
  void random_bytes(std::span<uint8_t> out) override { for (uint8_t& b : out) b = 7; }
  void start_fetch(ContextId, OperationId op, const Target&, Ref<const HttpRequest> r) override { operation = op; request = std::move(r); }
  void start_rpc(ContextId, OperationId op, const Target&, std::string_view, Ref<Buffer> a) override { operation = op; bytes = std::move(a); }
  void respond(ContextId, EventId, Ref<const HttpResponse> r) override { response = std::move(r); ++answers; }
  void respond_value(ContextId, EventId, Ref<Buffer> v) override { bytes = std::move(v); ++answers; }
  void respond_error(ContextId, EventId, const ErrorInfo&) override {}
  void start_turn(ContextId, OperationId) override {}
  void start_timer(ContextId, TimerId, int64_t) override {}
  void cancel_timer(ContextId, TimerId) override {}
  void console(ContextId, ConsoleLevel, std::string_view, const SourcePosition&) override {}
  void wait_until_changed(ContextId, int) override {}
  ObjectId id_from_name(uint32_t, std::string_view) override { return {}; }
  ObjectId new_unique_id(uint32_t) override { return {}; }
  int parse_id(uint32_t, std::string_view, ObjectId&) override { return 1; }
  SectionId begin_section(ContextId) override { return 1; }
  void end_section(ContextId, SectionId, const ErrorInfo*) override {}
  void abort_context(ContextId, const ErrorInfo&) override {}

  int64_t clock_us = 1'700'000'000'000'000;
  OperationId operation = 0;
  Ref<const HttpRequest> request;
  Ref<const HttpResponse> response;
  Ref<Buffer> bytes;
  int64_t answers = 0;
};

void SnapshotBuild(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Snapshot::build());
  state.counters["bytes"] = static_cast<double>(test_snapshot().size_bytes());
}
BENCHMARK(SnapshotBuild)->Unit(benchmark::kMillisecond);

void IsolateMakeStartDispose(benchmark::State& state) {
  LastHost host;
  Ref<AppCode> app = worker();
  for (auto _ : state) {
    Isolate isolate(test_snapshot(), app, host);
    if (!isolate.start()) state.SkipWithError("start");
  }
}
BENCHMARK(IsolateMakeStartDispose)->Unit(benchmark::kMillisecond);

// Request in, handler, Response out: one turn.
void FetchTurn(benchmark::State& state) {
  LastHost host;
  Isolate isolate(test_snapshot(), worker(), host);
  if (!isolate.start()) state.SkipWithError("start");
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->url = "https://example.com/";
  request->headers.append("host", "example.com");
  request->headers.append("user-agent", "bench");
  for (auto _ : state) {
    const ContextId context = isolate.open_context(ContextKind::kStateless);
    isolate.dispatch_fetch(context, 1, "", *request);
    isolate.close_context(context);
  }
  state.SetItemsProcessed(host.answers);
}
BENCHMARK(FetchTurn);

// Worker -> object -> Worker: three turns, as the hot path has them.
void FetchThroughObject(benchmark::State& state) {
  LastHost host;
  Isolate isolate(test_snapshot(), worker(), host);
  if (!isolate.start()) state.SkipWithError("start");
  const ContextId actor = isolate.open_context(ContextKind::kActor);
  isolate.construct_actor(actor, "Counter", ObjectId(), nullptr, 0, 1);
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->url = "https://example.com/do";
  request->headers.append("host", "example.com");
  for (auto _ : state) {
    const ContextId context = isolate.open_context(ContextKind::kStateless);
    isolate.dispatch_fetch(context, 1, "", *request);
    const Ref<const HttpRequest> inner = host.request;
    isolate.dispatch_actor_fetch(actor, 2, *inner);
    const Ref<const HttpResponse> answer = host.response;
    isolate.settle_fetch(context, host.operation, *answer);
    isolate.close_context(context);
  }
  state.SetItemsProcessed(host.answers / 2);
}
BENCHMARK(FetchThroughObject);

void RpcThroughObject(benchmark::State& state) {
  LastHost host;
  Isolate isolate(test_snapshot(), worker(), host);
  if (!isolate.start()) state.SkipWithError("start");
  const ContextId actor = isolate.open_context(ContextKind::kActor);
  isolate.construct_actor(actor, "Counter", ObjectId(), nullptr, 0, 1);
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->url = "https://example.com/rpc";
  for (auto _ : state) {
    const ContextId context = isolate.open_context(ContextKind::kStateless);
    isolate.dispatch_fetch(context, 1, "", *request);
    const Ref<Buffer> arguments = host.bytes;
    isolate.dispatch_actor_rpc(actor, 2, "add", arguments);
    const Ref<Buffer> result = host.bytes;
    isolate.settle_rpc(context, host.operation, result);
    isolate.close_context(context);
  }
  state.SetItemsProcessed(host.answers / 2);
}
BENCHMARK(RpcThroughObject);

}  // namespace
}  // namespace orrery::runtime
