// What an object costs in memory: while it is live (its database open), and idle (evicted: its database closed, its log
// and image with its followers, its place in the directory). Counted at the C++ heap, over many objects of one world.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "platform/bench/bench_world.h"
#include "platform/durable/actor/object_host.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"js(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
export class Keeper extends DurableObject {
  put() {
    (meter[0] -= 20) < 0 && trip();
    this.ctx.storage.kv.put("key", "a value");
  }
}
export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    await env.OBJECTS.get(env.OBJECTS.idFromName(request.url)).put();
    return new Response("ok");
  },
};
)js";

double allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

size_t live_objects(Cloud& cloud) {
  size_t live = 0;
  for (host::HostId id = 0; id < cloud.hosts().count(); ++id) {
    host::Host& host = cloud.hosts().by_id(id);
    if (auto* objects = host.process() ? host.process()->find<durable::ObjectHost>() : nullptr) live += objects->live();
  }
  return live;
}

Task<void> ask(client::Client& client, int from, int to, int& answered) {
  for (int n = from; n < to; ++n) {
    auto request = make_ref<runtime::HttpRequest>();
    request->method = "POST";
    request->url = "/" + std::to_string(n);
    co_await client.fetch(std::move(request));
    ++answered;
  }
}

// What so many objects add to a world that has some already, each asked once and evicted after `idle`. All of them are
// live at first when that takes longer than they take to be asked.
void BM_ObjectMemory(benchmark::State& state, const char* counter, Duration idle, bool live) {
  const auto made = bench::deploy(kWorker, "Keeper");
  const int objects = static_cast<int>(state.range(0));
  for (auto _ : state) {
    CloudOptions options{.pops = {"FRA"}};
    options.objects.idle_before_eviction = idle;
    Cloud cloud(rig::geography(), *made, options);
    Loop& loop = cloud.world().loop();
    auto& client = cloud.add_client(*rig::geography().find("FRA"), "client/1");
    TaskScope tasks(loop);
    int answered = 0;
    auto serve = [&](int from, int to) {
      tasks.spawn(ask(client, from, to, answered));
      while (answered < to) loop.step();
      if (!live) loop.run_until(loop.now() + idle + idle);
    };
    serve(0, 100);  // what the first ones bring with them counts for none
    const double before = allocated();
    serve(100, 100 + objects);
    state.counters[counter] = (allocated() - before) / objects;
    const size_t expected = live ? static_cast<size_t>(100 + objects) : 0;
    if (live_objects(cloud) != expected) state.SkipWithError("the objects are not as they should be");
  }
}
BENCHMARK_CAPTURE(BM_ObjectMemory, live, "bytes_per_object", seconds(36'000), true)
    ->Arg(1'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ObjectMemory, idle, "bytes_per_object", seconds(10), false)
    ->Arg(1'000)->Arg(10'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
