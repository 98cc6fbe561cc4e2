#include "platform/kv/probes.h"

#include "platform/kv/events.h"

namespace orrery::kv {

Probes::Probes(World& world) {
  world.observers().subscribe<Stored>([this](const Stored& e, const EventContext&) {
    Version& greatest = greatest_[e.lane];
    greatest = std::max(greatest, e.version);
  });
  world.observers().subscribe<ReadServed>([this, &world](const ReadServed& e, const EventContext&) {
    if (e.list) return;
    auto it = greatest_.find(e.lane);
    const bool stale = it != greatest_.end() && it->second > e.version;
    ORRERY_SOMETIMES(world, stale && e.found, "a KV read gets a stale value");
    ORRERY_SOMETIMES(world, stale && !e.found, "a KV read gets a stale \"not found\"");
    ORRERY_SOMETIMES(world, stale && e.tier == Tier::kCentral, "a KV read from a back end is stale");
  });
}

}  // namespace orrery::kv
