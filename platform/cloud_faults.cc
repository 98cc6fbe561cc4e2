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
  isolations_.push_back(std::move(isolation));
  const Isolation* planned = &isolations_.back();
  cloud_.world().loop().schedule(planned->at, kIsolate, kWorldOwner,
                                 [this, planned] { begin_isolation(*planned); });
}

void CloudFaults::begin_isolation(const Isolation& isolation) {
  durable::Actor* actor = cloud_.find_object(isolation.object);
  if (!actor) return;  // nobody owns it yet
  host::Host& owner = actor->object_host().process().host();
  uint32_t pop = owner.pop();
  std::vector<std::string> island = {owner.name()};
  if (isolation.followers_cut > 0) {
    auto followers = actor->followers();
    for (size_t i = 0; i + isolation.followers_cut < followers.size(); ++i)
      island.push_back(cloud_.hosts().by_id(followers[i]).name());
  }
  bool whole_island = isolation.followers_cut > 0;
  auto cut = [this, directory = isolation.directory, followers = isolation.followers, pop, island,
              whole_island](const host::Host& h) {
    if (h.outside() || std::find(island.begin(), island.end(), h.name()) != island.end())
      return false;
    const auto& members = cloud_.directory_hosts();
    bool member = std::find(members.begin(), members.end(), h.name()) != members.end();
    return member ? directory : followers && (whole_island || h.pop() != pop);
  };
  cloud_.network().partition(isolation.name, {.names = island}, {.predicate = cut});
  if (isolation.for_.us > 0)
    cloud_.world().loop().schedule_in(isolation.for_, kIsolate, kWorldOwner,
                                      [this, &isolation] { cloud_.network().heal(isolation.name); });
}

}  // namespace orrery
