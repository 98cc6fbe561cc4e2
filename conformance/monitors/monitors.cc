#include "conformance/monitors/monitors.h"

#include "conformance/monitors/alarm_watch.h"
#include "conformance/monitors/disk_watch.h"
#include "conformance/monitors/kv_watch.h"
#include "conformance/monitors/lease_watch.h"
#include "conformance/monitors/object_watch.h"
#include "conformance/monitors/replica_watch.h"
#include "conformance/monitors/socket_watch.h"

namespace orrery::monitors {

struct Monitors::Parts {
  Parts(World& world, host::Hosts& hosts)
      : ledger(world),
        leases(ledger, objects, hosts),
        disks(ledger, objects,
              [&hosts](host::HostId id) { return id < hosts.count() ? hosts.by_id(id).lane() : 0; }),
        life(ledger, objects, leases),
        kv(ledger),
        alarms(ledger, objects, hosts),
        sockets(ledger),
        replicas(ledger, objects) {}

  template <class Event, class Watch>
  void subscribe(World& world, Watch& watch) {
    world.observers().subscribe<Event>(
        [&watch](const Event& e, const EventContext& at) { watch.on(e, at); });
  }

  Ledger ledger;
  Objects objects;
  LeaseWatch leases;
  DiskWatch disks;
  ObjectWatch life;
  KvWatch kv;
  AlarmWatch alarms;
  SocketWatch sockets;
  ReplicaWatch replicas;
};

Monitors::Monitors(World& world, host::Hosts& hosts)
    : parts_(std::make_unique<Parts>(world, hosts)) {
  Parts& p = *parts_;
  p.subscribe<disk::Synced>(world, p.disks);
  p.subscribe<disk::Crashed>(world, p.disks);
  p.subscribe<disk::FaultFired>(world, p.disks);
  p.subscribe<durable::FollowerDurable>(world, p.disks);
  p.subscribe<durable::Granted>(world, p.leases);
  p.subscribe<durable::FollowerChange>(world, p.leases);
  p.subscribe<durable::SessionRevoked>(world, p.leases);
  p.subscribe<durable::ViewChanged>(world, p.leases);
  p.subscribe<host::ClockChanged>(world, p.leases);
  p.subscribe<net::Delivered>(world, p.leases);
  p.subscribe<durable::Recovered>(world, p.leases);
  p.subscribe<durable::EntryAppended>(world, p.leases);
  p.subscribe<durable::ObjectStarted>(world, p.life);
  p.subscribe<durable::ObjectEnded>(world, p.life);
  p.subscribe<durable::ObjectEvent>(world, p.life);
  p.subscribe<worker::TurnEnded>(world, p.life);
  p.subscribe<durable::ObjectWrite>(world, p.life);
  p.subscribe<durable::SavepointEnded>(world, p.life);
  p.subscribe<durable::ObjectCommitted>(world, p.life);
  p.subscribe<durable::ObjectOutputHeld>(world, p.life);
  p.subscribe<durable::ObjectReplied>(world, p.life);
  p.subscribe<durable::ObjectCalled>(world, p.life);
  p.subscribe<durable::ObjectStreamed>(world, p.life);
  p.subscribe<durable::ObjectMessage>(world, p.life);
  p.subscribe<worker::SocketRead>(world, p.sockets);
  p.subscribe<durable::SectionBegan>(world, p.life);
  p.subscribe<durable::SectionEnded>(world, p.life);
  p.subscribe<kv::Stored>(world, p.kv);
  p.subscribe<kv::ReadServed>(world, p.kv);
  p.subscribe<durable::ObjectWrite>(world, p.alarms);
  p.subscribe<durable::SavepointBegan>(world, p.alarms);
  p.subscribe<durable::SavepointEnded>(world, p.alarms);
  p.subscribe<durable::ObjectCommitted>(world, p.alarms);
  p.subscribe<durable::LateCommitted>(world, p.alarms);
  p.subscribe<durable::ObjectStarted>(world, p.alarms);
  p.subscribe<durable::AlarmHandlerEnded>(world, p.alarms);
  p.subscribe<worker::TurnEnded>(world, p.alarms);
  p.subscribe<durable::AlarmDurable>(world, p.alarms);
  p.subscribe<durable::AlarmReplaced>(world, p.alarms);
  p.subscribe<durable::AlarmDeleted>(world, p.alarms);
  p.subscribe<durable::AlarmTold>(world, p.alarms);
  p.subscribe<durable::AlarmSent>(world, p.alarms);
  p.subscribe<durable::AlarmFired>(world, p.alarms);
  p.subscribe<durable::AlarmFailed>(world, p.alarms);
  p.subscribe<durable::AlarmAbandoned>(world, p.alarms);
  p.subscribe<durable::ShardTaken>(world, p.alarms);
  p.subscribe<fault::FaultBegan>(world, p.alarms);
  p.subscribe<fault::FaultEnded>(world, p.alarms);
  p.subscribe<worker::ClassDeleted>(world, p.alarms);
  p.subscribe<durable::ObjectVersion>(world, p.life);
  p.subscribe<durable::ReplicaStarted>(world, p.replicas);
  p.subscribe<durable::ReplicaReads>(world, p.replicas);
  p.subscribe<durable::ReplicaWaited>(world, p.replicas);
}

Monitors::~Monitors() = default;

void Monitors::finish() {
  const World& world = parts_->ledger.world();
  parts_->alarms.finish({world.trace().events(), world.now(), 0});
}

uint64_t Monitors::exercised(RuleId rule) const { return parts_->ledger.exercised(rule); }
const std::vector<Breach>& Monitors::breaches() const { return parts_->ledger.breaches(); }

}  // namespace orrery::monitors
