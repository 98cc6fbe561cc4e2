// What monitors cost on the hot path (client, Worker, object's get and put, five followers, gate, answer): two
// worlds of the same seed take batches in turn, one watched and one not, so that noise of the machine hits both.
// The counter `monitors_percent` is the cost; the promise is under 10.
#include <benchmark/benchmark.h>

#include <ctime>

#include "conformance/monitors/monitors.h"
#include "platform/bench/bench_world.h"

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
    return new Response(`${await env.OBJECTS.get(env.OBJECTS.idFromName(name)).add()}`);
  },
};
)";

const worker::Deployment& deployment() {
  static const auto made = bench::deploy(kWorker, "Counter");
  return *made;
}

// A world under a closed loop of clients, watched or not.
class Loaded {
 public:
  explicit Loaded(bool watched) : cloud_(rig::geography(), deployment(), {.pops = {"FRA"}}) {
    if (watched)
      monitors_ = std::make_unique<monitors::Monitors>(cloud_.world(), cloud_.hosts());
    clients_ = std::make_unique<bench::ClosedLoop>(cloud_, 64, "", 16);
    run(1000);
  }
  void run(uint64_t answers) { clients_->run(answers); }
  bool broken() const {
    return clients_->wrong() || (monitors_ && !monitors_->breaches().empty());
  }

 private:
  Cloud cloud_;
  std::unique_ptr<monitors::Monitors> monitors_;
  std::unique_ptr<bench::ClosedLoop> clients_;
};

// Of this process: other programs of the machine do not count.
double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

void BM_MonitorsOnTheHotPath(benchmark::State& state) {
  Loaded plain(false), watched(true);
  constexpr uint64_t kBatch = 1000;
  double without = 0, with = 0;
  for (auto _ : state) {
    const double a = cpu_seconds();
    plain.run(kBatch);
    const double b = cpu_seconds();
    watched.run(kBatch);
    without += b - a;
    with += cpu_seconds() - b;
  }
  if (watched.broken()) state.SkipWithError("a rule was broken");
  state.counters["monitors_percent"] = 100 * (with - without) / without;
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch * 2));
}
BENCHMARK(BM_MonitorsOnTheHotPath)->Unit(benchmark::kMillisecond)->MinTime(5);

}  // namespace
}  // namespace orrery
