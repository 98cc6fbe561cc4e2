#include "platform/durable/replication/follower_choice.h"

#include <algorithm>

#include "sim/core/check.h"

namespace orrery::durable {

std::array<host::HostId, kFollowers> choose_followers(host::Hosts& hosts,
                                                      const net::Geography& geography,
                                                      uint32_t owner_pop, uint64_t object_key,
                                                      uint32_t hosts_per_pop,
                                                      worker::Jurisdiction jurisdiction) {
  const std::vector<uint32_t>& nearest = geography.nearest(owner_pop);
  std::array<host::HostId, kFollowers> followers;
  uint32_t i = 0;
  for (const uint32_t pop : nearest) {
    if (!worker::within(geography.at(pop), jurisdiction)) continue;
    const uint32_t number = 1 + static_cast<uint32_t>(mix64(object_key, i) % hosts_per_pop);
    followers[i] = hosts.at(pop, number).id();
    if (++i == kFollowers) return followers;
  }
  ORRERY_CHECK(i == kFollowers);
  return followers;
}

bool is_near(const net::Geography& geography, uint32_t owner_pop, uint32_t pop, const FollowerArea& area) {
  constexpr uint32_t kNear = 3 * kFollowers;
  uint32_t seen = 0;
  for (const uint32_t near : geography.nearest(owner_pop)) {
    if (!worker::within(geography.at(near), area.jurisdiction)) continue;
    if (near == pop) return true;
    if (++seen == kNear) return false;
  }
  return false;
}

host::HostId choose_next_follower(host::Hosts& hosts, const net::Geography& geography, uint32_t owner_pop,
                                  uint64_t object_key, const FollowerArea& area,
                                  const std::vector<host::HostId>& taken) {
  for (const uint32_t pop : geography.nearest(owner_pop)) {
    if (!worker::within(geography.at(pop), area.jurisdiction)) continue;
    if (std::ranges::any_of(taken, [&](host::HostId id) { return hosts.by_id(id).pop() == pop; })) continue;
    const uint32_t number = 1 + static_cast<uint32_t>(mix64(object_key, pop) % area.hosts_per_pop);
    return hosts.at(pop, number).id();
  }
  return host::kNoHost;
}

}  // namespace orrery::durable
