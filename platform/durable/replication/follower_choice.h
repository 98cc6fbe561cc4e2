// Which hosts follow an object: the five points of presence nearest to its owner, other than the
// owner's own, one host in each, picked by the object's key; those of its jurisdiction only. Deterministic.
#pragma once

#include <array>

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

}  // namespace orrery::durable
