// A sweep: what fails is not drawn but counted. The world counts the calls, messages or steps of one kind and fails the
// n-th of them; whoever sweeps has runs with n = 1, 2, 3 ... until none fires. Places that may fail ask `hits`; a world
// that does not sweep pays one comparison.
#pragma once

#include <cstdint>
#include <string>

#include "sim/core/time.h"

namespace orrery {

struct Sweep {
  enum class Kind : uint8_t { kNone, kDisk, kMessage, kCommitStep, kHostCall };
  // How long a process that a sweep crashed stays away.
  static constexpr Duration kDown = seconds(3);

  Kind kind = Kind::kNone;
  uint64_t n = 0;      // which one fails, from 1
  uint64_t count = 0;  // how many there were so far
  bool fired = false;
  Instant at = {0};      // when it fired
  std::string what = {};  // what it hit: "message 17, host:FRA/1 -> host:CDG/2 on durable.follower"

  // Counts one; true when it is the one to fail. Who gets true says `what` it was.
  bool hits(Kind asked) {
    if (kind != asked) [[likely]] return false;
    return ++count == n;
  }
  void fire(Instant now, std::string text) {
    fired = true;
    at = now;
    what = std::move(text);
  }
};

}  // namespace orrery
