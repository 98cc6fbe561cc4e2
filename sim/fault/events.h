// What the injector announces: a fault begins and ends. Observers count by kind.
#pragma once

#include <string>

#include "sim/core/trace.h"
#include "sim/fault/fault.h"

namespace orrery::fault {

struct FaultBegan {
  static constexpr const char* kKind = "fault.begin";
  LaneId lane;
  const Fault& fault;
  void fold(Fold& f) const { f.add(fault.name).add(static_cast<uint64_t>(fault.kind)); }
  std::string text() const { return fault.name + " begins: " + fault.where(); }
  std::string data() const { return to_json(fault).dump(); }
};

// Said also for faults without a length, right after their beginning.
struct FaultEnded {
  static constexpr const char* kKind = "fault.end";
  LaneId lane;
  const Fault& fault;
  void fold(Fold& f) const { f.add(fault.name).add(static_cast<uint64_t>(fault.kind)); }
  std::string text() const { return fault.name + " is over"; }
};

}  // namespace orrery::fault
