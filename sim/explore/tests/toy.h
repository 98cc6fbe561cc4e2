// A toy world for schedulers: processes whose events at one instant note that they ran; what a process knows is the
// sequence of its own notes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/world.h"

namespace orrery::explore {

inline constexpr Site kToy{"test.toy"};

struct Toy {
  explicit Toy(const World::Options& options = {}) : world(options) {}
  OwnerId process() { return world.loop().create_owner(); }
  // At `at`, `name` runs for this process, on a strand of it.
  void plan(OwnerId owner, uint32_t strand, int64_t at, const std::string& name) {
    EventHandle handle = world.loop().schedule(Instant{at}, kToy, owner, [this, owner, name] {
      known[owner] += name;
      order += name;
    });
    world.loop().on_strand(handle, strand);
  }
  World world;
  std::map<OwnerId, std::string> known;
  std::string order;
};

}  // namespace orrery::explore
