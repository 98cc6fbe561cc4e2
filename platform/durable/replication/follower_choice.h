// Which hosts follow an object: the five points of presence nearest to its owner, other than the
// owner's own, one host in each, picked by the object's key; those of its jurisdiction only. Deterministic.
#pragma once

#include <array>

#include <vector>

#include "platform/durable/directory/placement.h"
#include "platform/worker/jurisdiction.h"
#include "sim/net/geography.h"

namespace orrery::durable {

// `hosts_per_pop` hosts exist in each point of presence. Makes the hosts if they were never used.
std::array<host::HostId, kFollowers> choose_followers(host::Hosts& hosts,
                                                      const net::Geography& geography,
                                                      uint32_t owner_pop, uint64_t object_key,
                                                      uint32_t hosts_per_pop = 3,
                                                      worker::Jurisdiction jurisdiction = {});

// Where an object's followers may be.
struct FollowerArea {
  uint32_t hosts_per_pop = 0;  // 0: none is ever replaced
  worker::Jurisdiction jurisdiction = {};
};

// Whether a point of presence is among the nearest that an owner's followers are put into, or hardly farther.
bool is_near(const net::Geography& geography, uint32_t owner_pop, uint32_t pop, const FollowerArea& area);

// The host that follows next when one is to be replaced: in the nearest point of presence that has neither the owner
// nor any of `taken` (the present followers, and hosts that were tried). kNoHost when there is none.
host::HostId choose_next_follower(host::Hosts& hosts, const net::Geography& geography, uint32_t owner_pop,
                                  uint64_t object_key, const FollowerArea& area,
                                  const std::vector<host::HostId>& taken);

}  // namespace orrery::durable
