// The regions that an object has at most one replica in each of. Source: platform.md 12.2 (those of D1).
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/net/geography.h"

namespace orrery::durable {

enum class Region : uint8_t { kEnam, kWnam, kWeur, kEeur, kApac, kOc };

// "WEUR".
std::string_view name_of(Region region);
// South America is served from eastern North America, Africa from western and the Middle East from eastern Europe:
// a choice of ours.
Region region_of(const net::Pop& pop);

}  // namespace orrery::durable
