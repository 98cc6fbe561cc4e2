// What the directory knows of an object: who owns it, under which epoch, and who follows it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/durable/directory/limits.h"
#include "sim/core/hash.h"
#include "sim/core/ref.h"
#include "sim/core/world.h"
#include "sim/host/host.h"

namespace orrery::durable {

// One incarnation of a host as the directory sees it: 64 random bits, 0 for none.
using SessionId = uint64_t;

// An object's identity, shared by everything that talks about it. `key` is a hash of the name, used
// wherever a name would be too slow; whoever stores by key keeps the name and checks it.
struct ObjectInfo : RefCounted {
  ObjectInfo(World& world, std::string_view printable_name)
      : ObjectInfo(world, printable_name, printable_name) {}
  // An object whose printable name does not say it all (eight digits of a longer id): `identity`
  // does.
  ObjectInfo(World& world, std::string_view identity, std::string_view printable_name)
      : name(identity),
        key(hash_bytes(identity)),
        lane(world.trace().lane(printable_name, "object")) {}
  const std::string name;  // unique: "do:Cart/42"
  const uint64_t key;
  const LaneId lane;
};

// The value of an object's register. Epochs start at 1 and grow by one with every claim; a register
// that was never written reads as epoch 0. Followers and home are chosen once, by the first claim.
struct Placement {
  uint64_t epoch = 0;
  host::HostId owner = host::kNoHost;  // kNoHost: released, nobody owns it
  SessionId session = 0;
  std::array<host::HostId, kFollowers> followers = {};
  uint32_t home_pop = 0;  // where it was made: it wakes there again, as long as anything is up there
  bool operator==(const Placement&) const = default;
};

}  // namespace orrery::durable
