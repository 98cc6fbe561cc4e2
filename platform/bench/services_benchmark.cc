// What the services around the hot path manage on one core, each through a whole world: a read and a write of KV
// from a Worker, an insert and a select of SQL in an object, alarms from being set to the durable end of their handlers.
#include <benchmark/benchmark.h>

#include "platform/bench/bench_world.h"
#include "platform/durable/alarms/events.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"js(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
export class Keeper extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, what TEXT, at INTEGER)");
  }
  insert() {
    (meter[0] -= 20) < 0 && trip();
    this.ctx.storage.sql.exec("INSERT INTO lines (what, at) VALUES (?, ?)", "a line of text", Date.now());
  }
  select() {
    (meter[0] -= 20) < 0 && trip();
    return this.ctx.storage.sql.exec("SELECT what, at FROM lines WHERE id = ?", 1).one().what;
  }
  async tick() {
    (meter[0] -= 20) < 0 && trip();
    await this.ctx.storage.setAlarm(Date.now() + 100);
  }
  async alarm() { await this.tick(); }
}
export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    const path = request.url.slice(request.url.lastIndexOf("/") + 1);
    switch (path[0]) {
      case "g": await env.SPACE.get(path.slice(1)); break;
      case "p": await env.SPACE.put(path.slice(1), "a value of KV"); break;
      case "s": await env.OBJECTS.get(env.OBJECTS.idFromName(path)).insert(); break;
      case "q": await env.OBJECTS.get(env.OBJECTS.idFromName(`s${path.slice(1)}`)).select(); break;
      case "a": await env.OBJECTS.get(env.OBJECTS.idFromName(path)).tick(); break;
    }
    return new Response("ok");
  },
};
)js";

const worker::Deployment& deployment() {
  static const auto made = bench::deploy(kWorker, "Keeper", true);
  return *made;
}

void requests(benchmark::State& state, const char* prefix, uint64_t numbers) {
  Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
  // What is read is there.
  if (*prefix == 'g') bench::ClosedLoop(cloud, static_cast<int>(numbers), "p", numbers).run(numbers);
  if (*prefix == 'q') bench::ClosedLoop(cloud, static_cast<int>(numbers), "s", numbers).run(numbers);
  bench::ClosedLoop loop(cloud, 64, prefix, numbers);
  loop.run(200);
  constexpr uint64_t kBatch = 1000;
  for (auto _ : state) loop.run(kBatch);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
  if (loop.wrong()) state.SkipWithError("a request failed");
}

void BM_KvGet(benchmark::State& state) { requests(state, "g", 16); }
// A key takes one write a second, so there are many.
void BM_KvPut(benchmark::State& state) { requests(state, "p", 1'000'003); }
void BM_SqlInsert(benchmark::State& state) { requests(state, "s", 16); }
void BM_SqlSelect(benchmark::State& state) { requests(state, "q", 16); }
BENCHMARK(BM_KvGet)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_KvPut)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SqlInsert)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SqlSelect)->Unit(benchmark::kMillisecond);

// Objects whose handlers set the next alarm. Items are alarms.
void BM_Alarms(benchmark::State& state) {
  Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
  uint64_t done = 0, failed = 0;
  cloud.world().observers().subscribe<durable::AlarmSucceeded>(
      [&done](const durable::AlarmSucceeded&, const EventContext&) { ++done; });
  cloud.world().observers().subscribe<durable::AlarmFailed>(
      [&failed](const durable::AlarmFailed&, const EventContext&) { ++failed; });
  TaskScope tasks(cloud.world().loop());
  constexpr int kObjects = 200;
  for (int i = 0; i < kObjects; ++i)
    tasks.spawn([](client::Client& client, int n) -> Task<void> {
      auto request = make_ref<runtime::HttpRequest>();
      request->method = "POST";
      request->url = "/a" + std::to_string(n);
      co_await client.fetch(std::move(request));
    }(cloud.add_client(*rig::geography().find("FRA"), "client/" + std::to_string(i + 1)), i));
  auto run = [&](uint64_t alarms) {
    const uint64_t until = done + alarms;
    while (done < until) cloud.world().loop().step();
  };
  run(kObjects);
  constexpr uint64_t kBatch = 500;
  for (auto _ : state) run(kBatch);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
  if (failed) state.SkipWithError("an alarm failed");
}
BENCHMARK(BM_Alarms)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
