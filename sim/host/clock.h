// A host's own clock. Local time is the world's time plus an offset, running fast or slow by a
// whole number of parts in a million. All conversions are exact integer arithmetic, rounded down,
// and monotone: between two steps, later world instants never show earlier local ones.
//
// A timer set with `world_duration` before a step or a change of drift still fires at the world
// instant computed then, as a timer on the monotonic clock of a real machine would; whoever
// compares local instants (leases) reads `now()` again when it fires.
#pragma once

#include "sim/core/world.h"

namespace orrery::host {

// The world's beginning as wall time: 2026-01-01T00:00:00Z, in milliseconds since 1970.
inline constexpr int64_t kWorldEpochMs = 1'767'225'600'000;

class Clock {
 public:
  // Drift stays within this, so that a clock never stops or runs backwards.
  static constexpr int64_t kDriftLimitPpm = 500'000;

  explicit Clock(World& world) : world_(world) {}
  // Present local time, microseconds since the world's beginning as this clock believes. May be
  // negative after a step back.
  Instant now() const { return local_at(world_.now()); }
  // What this clock shows at world instant `at` (not before its last step or change of drift).
  Instant local_at(Instant at) const;
  // Present local wall time in milliseconds since 1970, as Date.now() shows it.
  int64_t wall_ms() const;
  // The shortest wait of the world after which this clock has moved on by at least `local`.
  Duration world_duration(Duration local) const;
  // Jumps the clock, forwards or back.
  void step(Duration by);
  // From now on the clock runs fast (positive) or slow by this many parts in a million.
  void set_drift(int64_t parts_per_million);
  int64_t drift_ppm() const { return drift_ppm_; }

 private:
  World& world_;
  Instant base_world_{0};
  Instant base_local_{0};
  int64_t drift_ppm_ = 0;
};

}  // namespace orrery::host
