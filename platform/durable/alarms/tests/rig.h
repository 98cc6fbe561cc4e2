// A cloud with directory, followers and the alarm scheduler on every host, and a fake object that takes
// deliveries wherever they arrive. Not part of any library.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "platform/channels.h"
#include "platform/durable/alarms/alarm_client.h"
#include "platform/durable/alarms/alarm_scheduler.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/directory/directory_member.h"
#include "platform/durable/replication/follower.h"
#include "sim/disk/disk.h"

namespace orrery::durable {

struct AlarmRig {
  struct Delivery {
    Instant at;
    int64_t scheduled;
    uint32_t retries;
    bool give_up;
    host::Host* where;
  };
  // What the object answers; null: nothing, ever.
  using Handler = std::function<Ref<const AlarmAnswer>(const worker::ObjectMessage&)>;

  class FakeObject final : public host::Service, net::Handler {
   public:
    FakeObject(host::Process& process, AlarmRig& rig) : process_(process), rig_(rig) {
      process.network().serve(process, kObjectChannel, *this);
    }
    void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override {
      const auto& m = message->as<worker::ObjectMessage>();
      bool give_up = m.event == worker::ObjectMessage::Event::kAlarmGivenUp;
      rig_.deliveries.push_back({process_.world().now(), m.alarm_ms, m.alarm_retries, give_up,
                                 &process_.host()});
      if (auto answer = rig_.handler(m)) caller.reply(answer);
    }

   private:
    host::Process& process_;
    AlarmRig& rig_;
  };

  explicit AlarmRig(uint64_t seed = 1)
      : world(World::Options{{seed, DecisionBase::kDefault, {}}, false}),
        hosts(world, geography(), [this](host::Process& p) { boot(p); }),
        network(net::make_network(world, hosts, geography())) {
    for (uint32_t i = 0; i < kDirectoryMembers; ++i) directory.members[i] = i;
    for (const char* pop : {"FRA", "AMS", "LHR", "CDG", "MAD"})
      hosts.at(*geography().find(pop), 9);
    for (const char* pop : {"WAW", "VIE", "ZRH", "MXP", "CPH", "ARN"})
      shards.pops.push_back(*geography().find(pop));
    shards.hosts_per_pop = 2;
    world.observers().subscribe<ShardSleeps>([this](const auto&, const auto&) { ++slept; });
    world.observers().subscribe<ShardTaken>([this](const auto&, const auto&) { ++taken; });
    world.observers().subscribe<AlarmAbandoned>([this](const auto&, const auto&) { ++abandoned; });
    handler = [](const auto&) { return make_ref<AlarmAnswer>(Outcome::kDone, std::nullopt); };
    object.class_name = "Trial";
    object.id.bytes[0] = 7;
    object.name = "u7";
    object.home_pop = *geography().find("VIE");
    key = mix64(1, 2);
    teller = &hosts.at(*geography().find("VIE"), 1);
  }
  ~AlarmRig() { network.reset(); }

  using Outcome = AlarmAnswer::Outcome;
  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }
  void boot(host::Process& p) {
    if (p.host_id() < kDirectoryMembers) {
      p.add<DirectoryMember>(p, directory);
      return;
    }
    auto& client = p.add<DirectoryClient>(p, directory);
    p.add<Follower>(p, client, FollowerOptions{});
    auto& replication = p.add<Replication>(p, client, ReplicationOptions{});
    p.add<AlarmScheduler>(p, client, replication, shards);
    p.add<AlarmClient>(p, shards);
    p.add<FakeObject>(p, *this);
  }
  int64_t clock_ms() { return teller->clock().wall_ms(); }
  // Tells the scheduler from the object's host; true once it confirmed.
  bool tell(AlarmTime time, AlarmVersion version, Duration patience = seconds(30)) {
    bool told = false;
    auto task = [](AlarmRig& rig, AlarmTime t, AlarmVersion v, Duration p, bool* out) -> Task<void> {
      auto& client = *rig.teller->process()->find<AlarmClient>();
      *out = co_await client.tell(rig.key, rig.object, t, v, p);
    };
    teller->process()->tasks().spawn(task(*this, time, version, patience, &told));
    for (Instant end = world.now() + patience; !told && world.now() < end;) run_for(millis(20));
    return told;
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }
  // The host that owns the object's shard now; null: none.
  host::Host* owner() {
    for (host::HostId id = kDirectoryMembers; id < hosts.count(); ++id) {
      host::Host& h = hosts.by_id(id);
      if (h.up() && h.process()->find<AlarmScheduler>()->owned(alarm_shard_of(key))) return &h;
    }
    return nullptr;
  }

  DirectoryOptions directory;
  AlarmShardOptions shards;
  AlarmObject object;
  uint64_t key = 0;
  std::vector<Delivery> deliveries;
  Handler handler;
  uint32_t slept = 0, taken = 0, abandoned = 0;
  World world;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  host::Host* teller = nullptr;
};

}  // namespace orrery::durable
