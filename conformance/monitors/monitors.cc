#include "conformance/monitors/monitors.h"

#include "conformance/monitors/disk_watch.h"
#include "conformance/monitors/kv_watch.h"
#include "conformance/monitors/lease_watch.h"
#include "conformance/monitors/object_watch.h"

namespace orrery::monitors {

struct Monitors::Parts {
  Parts(World& world, host::Hosts& hosts)
      : ledger(world),
        leases(ledger, objects, hosts),
        disks(ledger, objects,
              [&hosts](host::HostId id) { return id < hosts.count() ? hosts.by_id(id).lane() : 0; }),
        life(ledger, objects, leases),
        kv(ledger) {}

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
};

Monitors::Monitors(World& world, host::Hosts& hosts)
    : parts_(std::make_unique<Parts>(world, hosts)) {
  Parts& p = *parts_;
  p.subscribe<disk::Synced>(world, p.disks);
  p.subscribe<durable::FollowerDurable>(world, p.disks);
  p.subscribe<durable::Granted>(world, p.leases);
  p.subscribe<durable::SessionRevoked>(world, p.leases);
  p.subscribe<host::ClockChanged>(world, p.leases);
  p.subscribe<net::Delivered>(world, p.leases);
  p.subscribe<durable::Recovered>(world, p.leases);
  p.subscribe<durable::EntryAppended>(world, p.leases);
  p.subscribe<durable::ObjectStarted>(world, p.life);
  p.subscribe<durable::ObjectEnded>(world, p.life);
  p.subscribe<durable::ObjectEvent>(world, p.life);
  p.subscribe<worker::TurnEnded>(world, p.life);
  p.subscribe<durable::ObjectWrite>(world, p.life);
  p.subscribe<durable::ObjectCommitted>(world, p.life);
  p.subscribe<durable::ObjectOutputHeld>(world, p.life);
  p.subscribe<durable::ObjectReplied>(world, p.life);
  p.subscribe<durable::ObjectCalled>(world, p.life);
  p.subscribe<durable::SectionBegan>(world, p.life);
  p.subscribe<durable::SectionEnded>(world, p.life);
  p.subscribe<kv::Stored>(world, p.kv);
  p.subscribe<kv::ReadServed>(world, p.kv);
}

Monitors::~Monitors() = default;

uint64_t Monitors::exercised(RuleId rule) const { return parts_->ledger.exercised(rule); }
const std::vector<Breach>& Monitors::breaches() const { return parts_->ledger.breaches(); }

}  // namespace orrery::monitors
