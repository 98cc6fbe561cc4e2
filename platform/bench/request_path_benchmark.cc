// The hot path, client -> Worker fetch -> Durable Object get + put -> SQLite commit -> five followers -> durable
// at three -> output gate -> answer, with trace hash and drawn jitter on; one core. Real time is measured
// here and nowhere else. Also: time to make a world, and simulated time per real second.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/bench/bench_world.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch(request) {
    (meter[0] -= 20) < 0 && trip();
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return new Response(`${n}`);
  }
  async add() {
    (meter[0] -= 20) < 0 && trip();
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
}
export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    const path = request.url.slice(request.url.lastIndexOf("/") + 1);
    if (path.startsWith("plain")) return new Response("ok");
    const stub = env.OBJECTS.get(env.OBJECTS.idFromName(path.slice(1)));
    if (path[0] === "r") return new Response(`${await stub.add()}`);
    return stub.fetch("http://object/add", { method: "POST" });
  },
};
)";

using bench::ClosedLoop;

const worker::Deployment& deployment() {
  static const auto made = bench::deploy(kWorker, "Counter");
  return *made;
}

void requests(benchmark::State& state, const char* prefix, int clients, uint64_t objects) {
  CloudOptions options{.pops = {"FRA"}};
  options.objects.overload.requests_in_window = UINT32_MAX;  // it asks one object for more than that takes
  Cloud cloud(rig::geography(), deployment(), options);
  ClosedLoop loop(cloud, clients, prefix, objects);
  loop.run(static_cast<uint64_t>(clients) * 3);
  uint64_t events = cloud.world().trace().events();
  uint64_t ran = cloud.world().loop().events_run();
  int64_t begin_us = cloud.world().now().us;
  constexpr uint64_t kBatch = 1000;
  for (auto _ : state) loop.run(kBatch);
  auto answered = static_cast<double>(state.iterations() * kBatch);
  state.SetItemsProcessed(static_cast<int64_t>(answered));
  state.counters["trace_events_per_request"] =
      static_cast<double>(cloud.world().trace().events() - events) / answered;
  state.counters["loop_events_per_request"] =
      static_cast<double>(cloud.world().loop().events_run() - ran) / answered;
  state.counters["simulated_s"] =
      static_cast<double>(cloud.world().now().us - begin_us) / 1e6;
  if (loop.wrong()) state.SkipWithError("a request failed");
}

void BM_WorkerAlone(benchmark::State& state) { requests(state, "plain?", 64, 1); }
void BM_WorkerToObjectFetchPut(benchmark::State& state) { requests(state, "f", 64, 16); }
void BM_WorkerToObjectRpcPut(benchmark::State& state) { requests(state, "r", 64, 16); }
void BM_WorkerToOneObjectFetchPut(benchmark::State& state) { requests(state, "f", 64, 1); }
void BM_WorkerToThousandObjectsFetchPut(benchmark::State& state) {
  requests(state, "f", 1000, 1000);
}
BENCHMARK(BM_WorkerAlone)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_WorkerToObjectFetchPut)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_WorkerToObjectRpcPut)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_WorkerToOneObjectFetchPut)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_WorkerToThousandObjectsFetchPut)->Unit(benchmark::kMillisecond);

// A world that can take a request, and its end.
void BM_MakeWorld(benchmark::State& state) {
  deployment();
  for (auto _ : state) Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
}
BENCHMARK(BM_MakeWorld)->Unit(benchmark::kMicrosecond);

// World, isolates, first request through to an object, end.
void BM_MakeWorldAndServeOneRequest(benchmark::State& state) {
  deployment();
  for (auto _ : state) {
    Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
    ClosedLoop loop(cloud, 1, "f", 1);
    loop.run(1);
  }
}
BENCHMARK(BM_MakeWorldAndServeOneRequest)->Unit(benchmark::kMillisecond);

// A small run from beginning to end: ten clients, twenty requests each, one object. Items are seeds.
void BM_SmallRun(benchmark::State& state) {
  deployment();
  int64_t simulated_us = 0;
  uint64_t seed = 0;
  for (auto _ : state) {
    CloudOptions options{.pops = {"FRA", "SIN", "IAD"}};
    options.world.decisions.seed = ++seed;
    Cloud cloud(rig::geography(), deployment(), options);
    ClosedLoop loop(cloud, 10, "f", 1);
    loop.run(200);
    simulated_us += cloud.world().now().us;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["simulated_s_per_s"] =
      benchmark::Counter(static_cast<double>(simulated_us) / 1e6, benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SmallRun)->Unit(benchmark::kMillisecond);

// What branching costs: a fork of a process that holds a running world, and the child's end.
void BM_ForkWorld(benchmark::State& state) {
  Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
  ClosedLoop loop(cloud, 10, "f", 4);
  loop.run(1000);
  for (auto _ : state) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) state.SkipWithError("the child failed");
  }
}
BENCHMARK(BM_ForkWorld)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace orrery

