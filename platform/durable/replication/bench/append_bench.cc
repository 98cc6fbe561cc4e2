// How many entries of one page a second of CPU replicates: append, five messages, five disks with
// sync, five acknowledgements, durable. Network and disks of the world included.
#include <benchmark/benchmark.h>

#include "platform/durable/replication/tests/cluster.h"

namespace orrery::durable {
namespace {

struct Counter : LogListener, ImageSource {
  void on_durable(uint64_t index) override { durable = index; }
  void on_deposed(uint64_t) override {}
  Ref<const PageImage> current_image() override { return make_ref<const PageImage>(); }
  uint64_t durable = 0;
};

// range(0): entries in flight at once. range(1): pages an entry. range(2): over how many pages they are spread.
void append_as(benchmark::State& state, uint32_t release) {
  ClusterOptions options;
  options.release = release;
  Cluster c(options);
  uint32_t next = 0;
  Counter counter;
  Placement placement;
  placement.epoch = 1;
  for (size_t i = 0; i < kFollowers; ++i) placement.followers[i] = c.followers[i]->id();
  std::unique_ptr<ReplicatedLog> log;
  host::Process& process = *c.owners[0]->process();
  auto open = [&]() -> Task<void> {
    Replication& service = *process.find<Replication>();
    const FollowerArea area;
    Recovery recovery = co_await service.open(c.object, placement, area, seconds(1));
    log = std::move(recovery.log);
  };
  process.tasks().spawn(open());
  log->set_listener(&counter);
  log->set_image_source(&counter);
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) {
      auto payload = make_ref<LogPayload>();
      payload->db_pages = 100;
      for (int64_t p = 0; p < state.range(1); ++p)
        payload->frames.push_back({1 + next++ % static_cast<uint32_t>(state.range(2)), zero_page()});
      log->append(std::move(payload));
    }
    while (counter.durable < log->last_index()) c.world.loop().step();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  log.reset();
}
void append(benchmark::State& state) { append_as(state, 1); }
// Records in the second format (release.h), whose folds hash no page again.
void append_second_format(benchmark::State& state) { append_as(state, 3); }
BENCHMARK(append)->Args({1, 1, 1})->Args({32, 1, 1})->Args({32, 2, 2})->Args({32, 0, 1})->Args({32, 2, 100});
BENCHMARK(append_second_format)->Args({1, 1, 1})->Args({32, 1, 1})->Args({32, 2, 2})->Args({32, 2, 100});

}  // namespace
}  // namespace orrery::durable
