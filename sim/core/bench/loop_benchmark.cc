// What the world itself costs: events a second bare, with the trace hash folded in, with a keyed draw, and
// through pooled coroutines. 4,096 timers are pending throughout.
#include <benchmark/benchmark.h>

#include "sim/core/task.h"
#include "sim/core/world.h"

namespace orrery {
namespace {

constexpr Site kTick{"bench.tick"};
constexpr Site kDraw{"bench.draw"};
constexpr int kPending = 4096;

struct Ticked {
  static constexpr const char* kKind = "bench.tick";
  LaneId lane;
  uint64_t count;
  void fold(Fold& f) const { f.add(count); }
  std::string text() const { return {}; }
};

enum class With { kNothing, kHash, kHashAndDraw };

// One of many timers that set themselves again.
class Ticker {
 public:
  Ticker(World& world, With with, int i) : world_(world), with_(with), period_(50 + i % 700) {
    world_.loop().schedule_in(micros(i), kTick, kWorldOwner, [this] { tick(); });
  }

 private:
  void tick() {
    int64_t wait = period_;
    if (with_ != With::kNothing) world_.announce(Ticked{kWorldLane, ++count_});
    if (with_ == With::kHashAndDraw) wait += world_.decide().between(kDraw, 0, 63, 0);
    world_.loop().schedule_in(micros(wait), kTick, kWorldOwner, [this] { tick(); });
  }
  World& world_;
  With with_;
  int64_t period_;
  uint64_t count_ = 0;
};

void run(benchmark::State& state, With with) {
  World world({});
  std::vector<std::unique_ptr<Ticker>> tickers;
  for (int i = 0; i < kPending; ++i) tickers.push_back(std::make_unique<Ticker>(world, with, i));
  for (auto _ : state) world.loop().step();
  state.SetItemsProcessed(state.iterations());
}
void BM_EventsBare(benchmark::State& state) { run(state, With::kNothing); }
void BM_EventsWithHash(benchmark::State& state) { run(state, With::kHash); }
void BM_EventsWithHashAndDraw(benchmark::State& state) { run(state, With::kHashAndDraw); }
BENCHMARK(BM_EventsBare);
BENCHMARK(BM_EventsWithHash);
BENCHMARK(BM_EventsWithHashAndDraw);

Task<void> sleeper(Loop& loop, int64_t period_us) {
  for (;;) co_await sleep(loop, kTick, micros(period_us));
}

void BM_CoroutineWakes(benchmark::State& state) {
  World world({});
  TaskScope scope(world.loop());
  for (int i = 0; i < kPending; ++i) scope.spawn(sleeper(world.loop(), 50 + i % 700));
  for (auto _ : state) world.loop().step();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CoroutineWakes);

}  // namespace
}  // namespace orrery
