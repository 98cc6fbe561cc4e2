#include "platform/cloud_faults.h"

#include <algorithm>

namespace orrery {

inline constexpr Site kIsolate{"fault.isolate_owner"};

std::string CloudFaults::check(const fault::Fault& fault) {
  if (fault.kind == fault::FaultKind::kEvict) return {};
  return std::string(fault::to_string(fault.kind)) + " is not supported yet";
}

std::string CloudFaults::begin(const fault::Fault& fault) {
  if (std::string error = check(fault); !error.empty()) return error;
  // An object that is not live has nothing to lose.
  if (durable::Actor* actor = cloud_.find_object(fault.target))
    actor->object_host().evict(*actor, "evicted by a fault");
  return {};
}

void CloudFaults::end(const fault::Fault&) {}

std::vector<std::string> CloudFaults::hosts_of(std::string_view entity) {
  durable::Actor* actor = cloud_.find_object(entity);
  if (!actor) return {};
  return {actor->object_host().process().host().name()};
}

void CloudFaults::isolate_owner(Isolation isolation) {
  World& world = cloud_.world();
  world.loop().schedule(isolation.at, kIsolate, kWorldOwner, [this, isolation] {
    std::vector<std::string> owner = hosts_of(isolation.object);
    if (owner.empty()) return;  // nobody owns it yet
    uint32_t pop = cloud_.hosts().by_name(owner.front())->pop();
    auto cut = [this, isolation, pop](const host::Host& h) {
      if (h.outside()) return false;
      const auto& members = cloud_.directory_hosts();
      bool member = std::find(members.begin(), members.end(), h.name()) != members.end();
      return member ? isolation.directory : isolation.followers && h.pop() != pop;
    };
    cloud_.network().partition(isolation.name, {.names = owner}, {.predicate = cut});
    if (isolation.for_.us > 0)
      cloud_.world().loop().schedule_in(isolation.for_, kIsolate, kWorldOwner,
                                        [this, name = isolation.name] {
                                          cloud_.network().heal(name);
                                        });
  });
}

}  // namespace orrery
