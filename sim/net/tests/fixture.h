// A world with hosts that echo: shared by the network's tests. Not part of any library.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "sim/net/network.h"

namespace orrery::net {

inline constexpr Channel kEcho{"test.echo", 1};
inline constexpr Channel kOther{"test.other", 2};
inline constexpr Channel kUnserved{"test.unserved", 3};
inline constexpr Site kTestSite{"test.net"};

struct Number : Message {
  static constexpr Kind kKind{"test.number"};
  explicit Number(int64_t n) : Message(kKind), value(n) {}
  int64_t value;
};
inline Ref<const Message> number(int64_t n) { return make_ref<Number>(n); }

// Writes down all it hears; answers calls with the same number, unless told to be mute.
struct Echo : host::Service, Handler {
  explicit Echo(host::Process& process) : process(process) {}
  void on_message(host::HostId from, const Ref<const Message>& m) override {
    heard.push_back({from, m->as<Number>().value});
  }
  void on_call(const Caller& caller, const Ref<const Message>& m) override {
    heard.push_back({caller.from(), m->as<Number>().value});
    if (mute) unanswered.push_back(caller);
    else caller.reply(m);
  }
  void on_peer_lost(host::HostId peer) override { lost.push_back(peer); }
  host::Process& process;
  bool mute = false;
  std::vector<std::pair<host::HostId, int64_t>> heard;
  std::vector<Caller> unanswered;
  std::vector<host::HostId> lost;
};

struct Outcome {
  bool done = false;
  Reply reply;
  Instant at{0};
};

struct Fixture {
  explicit Fixture(uint64_t seed = 1, DecisionBase base = DecisionBase::kDefault,
                   const std::map<std::string, int64_t>& overrides = {})
      : Fixture(World::Options{{seed, base, overrides}, false}) {}
  explicit Fixture(const World::Options& options)
      : world(options),
        hosts(world, geography(),
              [](host::Process& p) {
                Echo& echo = p.add<Echo>(p);
                p.network().serve(p, kEcho, echo);
                p.network().serve(p, kOther, echo);
              }),
        network(make_network(world, hosts, geography())) {}

  static const Geography& geography() {
    static const Geography g;
    return g;
  }
  host::Host& host(const char* name) { return *hosts.by_name(name); }
  Echo& echo(host::Host& h) { return *h.process()->find<Echo>(); }
  Outcome& call(host::Host& from, host::Host& to, int64_t n, Duration timeout = seconds(60),
                const Channel& channel = kEcho) {
    outcomes.push_back(std::make_unique<Outcome>());
    from.process()->tasks().spawn(
        run(*network, world, *from.process(), to.id(), channel, n, timeout, *outcomes.back()));
    return *outcomes.back();
  }
  static Task<void> run(Network& network, World& world, host::Process& from, host::HostId to,
                        const Channel& channel, int64_t n, Duration timeout, Outcome& out) {
    out.reply = co_await network.call(from, to, channel, number(n), timeout);
    out.done = true;
    out.at = world.now();
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }

  World world;
  host::Hosts hosts;
  std::unique_ptr<Network> network;
  std::vector<std::unique_ptr<Outcome>> outcomes;
};

}  // namespace orrery::net
