// How fast the network carries: call round trips among three hosts, hash on, nothing recorded.
#include <benchmark/benchmark.h>

#include "sim/net/tests/fixture.h"

namespace orrery::net {
namespace {

struct Mirror : host::Service, Handler {
  void on_call(const Caller& caller, const Ref<const Message>& m) override { caller.reply(m); }
  void on_message(host::HostId, const Ref<const Message>&) override { ++count; }
  uint64_t count = 0;
};

struct Ring {
  World world{World::Options{}};
  host::Hosts hosts;
  std::unique_ptr<Network> network;
  uint64_t rounds = 0;
  Ring()
      : hosts(world, Fixture::geography(),
              [](host::Process& p) { p.network().serve(p, kEcho, p.add<Mirror>()); }),
        network(make_network(world, hosts, Fixture::geography())) {}

  Task<void> caller(host::Process& from, host::HostId to, Ref<const Message> message) {
    for (;;) {
      Reply r = co_await network->call(from, to, kEcho, message, seconds(30));
      if (r.ok()) ++rounds;
    }
  }
};

void call_round_trips(benchmark::State& state) {
  Ring ring;
  const char* names[] = {"host:FRA/1", "host:AMS/1", "host:CDG/1"};
  for (int from = 0; from < 3; ++from)
    for (int to = 0; to < 3; ++to)
      for (int i = 0; from != to && i < 20; ++i) {
        host::Process& p = *ring.hosts.by_name(names[from])->process();
        p.tasks().spawn(ring.caller(p, ring.hosts.by_name(names[to])->id(), number(i)));
      }
  for (auto _ : state) {
    uint64_t goal = ring.rounds + 1000;
    while (ring.rounds < goal) ring.world.loop().step();
  }
  state.SetItemsProcessed(state.iterations() * 2000);  // messages: one each way
}
BENCHMARK(call_round_trips);

struct Again : ReplySink {
  void on_reply(uint64_t token, Reply) override {
    ++ring->rounds;
    ring->network->request(*from, token, kEcho, message, seconds(30), *this, token);
  }
  Ring* ring = nullptr;
  host::Process* from = nullptr;
  Ref<const Message> message = number(1);
};

void sink_round_trips(benchmark::State& state) {
  Ring ring;
  const char* names[] = {"host:FRA/1", "host:AMS/1", "host:CDG/1"};
  std::vector<std::unique_ptr<Again>> sinks;
  for (int from = 0; from < 3; ++from)
    for (int to = 0; to < 3; ++to)
      for (int i = 0; from != to && i < 20; ++i) {
        sinks.push_back(std::make_unique<Again>());
        sinks.back()->ring = &ring;
        sinks.back()->from = ring.hosts.by_name(names[from])->process();
        host::HostId id = ring.hosts.by_name(names[to])->id();
        sinks.back()->on_reply(id, {});
      }
  for (auto _ : state) {
    uint64_t goal = ring.rounds + 1000;
    while (ring.rounds < goal) ring.world.loop().step();
  }
  state.SetItemsProcessed(state.iterations() * 2000);
}
BENCHMARK(sink_round_trips);

void posts(benchmark::State& state) {
  Ring ring;
  host::Process& p = *ring.hosts.by_name("host:FRA/1")->process();
  host::HostId to = ring.hosts.by_name("host:AMS/1")->id();
  Ref<const Message> message = number(1);
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) ring.network->post(p, to, kEcho, message);
    ring.world.loop().run_until(ring.world.now() + seconds(1));
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(posts);

}  // namespace
}  // namespace orrery::net
