// Which versions of a Worker serve: one, or during a gradual rollout two, and how much the newer one gets.
//
// A Durable Object belongs to one of the two by its id alone, so it changes over at most once while the share grows
// and never back (platform.md 1.6: an object is pinned to one version at a time). How the real platform divides the ids is
// not known.
#pragma once

#include <cstdint>
#include <cstring>

#include "platform/runtime/isolate_host.h"
#include "sim/core/hash.h"

namespace orrery::worker {

inline constexpr uint32_t kWholeShare = 1'000'000;

struct Rollout {
  uint32_t from = 0;   // slots (application.h); the same: one version serves
  uint32_t to = 0;
  uint32_t share = kWholeShare;  // of `to`, in millionths
  uint32_t number = 0;           // greater with every new `to`, and among all Workers

  bool gradual() const { return from != to; }
  // Whose is this object?
  uint32_t slot_of(const runtime::ObjectId& id) const {
    if (!gradual()) [[likely]] return to;
    uint64_t words[2];
    std::memcpy(words, id.bytes.data(), sizeof words);
    return mix64(mix64(words[0], words[1]), number) % kWholeShare < share ? to : from;
  }
};

}  // namespace orrery::worker
