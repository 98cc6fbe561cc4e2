// What hosts announce, each on its host's lane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/core/trace.h"

namespace orrery::host {

// A process incarnation begins: the first boot of a host, or a restart.
struct Booted {
  static constexpr const char* kKind = "host.boot";
  LaneId lane;
  uint32_t host;
  uint32_t incarnation;
  const std::string& name;
  void fold(Fold& f) const { f.add(incarnation); }
  std::string text() const;
};

// The process died; said before anything of it is destroyed.
struct Crashed {
  static constexpr const char* kKind = "host.crash";
  LaneId lane;
  uint32_t host;
  uint32_t incarnation;
  const std::string& name;
  void fold(Fold& f) const { f.add(incarnation); }
  std::string text() const;
};

// Nothing of the host runs until `until`.
struct Paused {
  static constexpr const char* kKind = "host.pause";
  LaneId lane;
  uint32_t host;
  Instant until;
  const std::string& name;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(until.us)); }
  std::string text() const;
};

// From now on the host runs for one slice in `factor`; 1: as usual.
struct Slowed {
  static constexpr const char* kKind = "host.slow";
  LaneId lane;
  uint32_t host;
  int64_t factor;
  const std::string& name;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(factor)); }
  std::string text() const;
};

struct Resumed {
  static constexpr const char* kKind = "host.resume";
  LaneId lane;
  uint32_t host;
  const std::string& name;
  void fold(Fold&) const {}
  std::string text() const;
};

// The clock was stepped by `step`, or its drift is now `drift_ppm`.
struct ClockChanged {
  static constexpr const char* kKind = "host.clock";
  LaneId lane;
  uint32_t host;
  Duration step;
  int64_t drift_ppm;
  const std::string& name;
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(step.us)).add(static_cast<uint64_t>(drift_ppm));
  }
  std::string text() const;
};

// All hosts of a point of presence are about to crash, and none boots until it returns. On the lane
// of the point of presence.
struct PopLost {
  static constexpr const char* kKind = "pop.lost";
  LaneId lane;
  uint32_t pop;
  std::string_view code;
  void fold(Fold& f) const { f.add(pop); }
  std::string text() const;
};

struct PopReturned {
  static constexpr const char* kKind = "pop.return";
  LaneId lane;
  uint32_t pop;
  std::string_view code;
  void fold(Fold& f) const { f.add(pop); }
  std::string text() const;
};

}  // namespace orrery::host
