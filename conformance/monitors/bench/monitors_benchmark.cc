// What monitors cost on the hot path (client, Worker, object's get and put, five followers, gate, answer): two
// worlds of the same seed take batches in turn, one watched and one not, so that noise of the machine hits both.
// The counter `monitors_percent` is the cost; the promise is under 10.
#include <benchmark/benchmark.h>

#include <chrono>

#include "conformance/monitors/monitors.h"
#include "platform/cloud.h"
#include "platform/durable/actor/storage_natives.h"
#include "platform/runtime/v8_process.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
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
    const name = request.url.slice(request.url.lastIndexOf("/") + 1);
    return new Response(`${await env.COUNTER.get(env.COUNTER.idFromName(name)).add()}`);
  },
};
)";

const worker::Deployment& deployment() {
  static const auto snapshot = [] {
    runtime::start_v8();
    return runtime::Snapshot::build(durable::storage_natives());
  }();
  static const auto made = [] {
    auto code = make_ref<runtime::AppCode>();
    code->name = "bench";
    code->main = "worker.js";
    code->modules.push_back({"worker.js", runtime::ModuleKind::kEsModule, kWorker});
    runtime::Binding binding;
    binding.name = "COUNTER";
    binding.kind = runtime::BindingKind::kDurableObject;
    binding.class_name = "Counter";
    code->bindings.push_back(binding);
    return std::make_unique<worker::Deployment>(*snapshot, code, "v1",
                                                std::vector<worker::ObjectClass>{{"Counter", true}},
                                                runtime::Isolate::Options{});
  }();
  return *made;
}

const net::Geography& geography() {
  static const net::Geography g;
  return g;
}

// A world under a closed loop of clients.
class Loaded {
 public:
  explicit Loaded(bool watched)
      : cloud_(geography(), deployment(), {.pops = {"FRA"}}), tasks_(cloud_.world().loop()) {
    if (watched)
      monitors_ = std::make_unique<monitors::Monitors>(cloud_.world(), cloud_.hosts());
    uint32_t pop = *geography().find("FRA");
    for (int i = 0; i < 64; ++i)
      tasks_.spawn(one(cloud_.add_client(pop, "client/" + std::to_string(i + 1)), i));
    run(1000);
  }
  void run(uint64_t answers) {
    const uint64_t until = answered_ + answers;
    while (answered_ < until) cloud_.world().loop().step();
  }
  bool broken() const { return monitors_ && !monitors_->breaches().empty(); }

 private:
  Task<void> one(client::Client& client, int i) {
    for (uint64_t n = 0;; ++n) {
      auto request = make_ref<runtime::HttpRequest>();
      request->method = "POST";
      request->url = "/" + std::to_string((static_cast<uint64_t>(i) + n * 7) % 16);
      co_await client.fetch(std::move(request));
      ++answered_;
    }
  }
  Cloud cloud_;
  std::unique_ptr<monitors::Monitors> monitors_;
  TaskScope tasks_;
  uint64_t answered_ = 0;
};

void BM_MonitorsOnTheHotPath(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  Loaded plain(false), watched(true);
  constexpr uint64_t kBatch = 1000;
  Clock::duration without{}, with{};
  for (auto _ : state) {
    const auto a = Clock::now();
    plain.run(kBatch);
    const auto b = Clock::now();
    watched.run(kBatch);
    without += b - a;
    with += Clock::now() - b;
  }
  if (watched.broken()) state.SkipWithError("a rule was broken");
  state.counters["monitors_percent"] = 100.0 * static_cast<double>((with - without).count()) /
                                       static_cast<double>(without.count());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch * 2));
}
BENCHMARK(BM_MonitorsOnTheHotPath)->Unit(benchmark::kMillisecond)->MinTime(5);

}  // namespace
}  // namespace orrery
