// Watches KV's events for the situations that only somebody who sees everything can name: a read that got
// less than was durable somewhere. An observer; it never acts on the world.
#pragma once

#include <map>

#include "platform/kv/record.h"

namespace orrery::kv {

class Probes {
 public:
  explicit Probes(World& world);

 private:
  std::map<LaneId, Version> greatest_;  // durable at one back end at least
};

}  // namespace orrery::kv
