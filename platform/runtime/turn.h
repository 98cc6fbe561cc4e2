// The outcome of one turn. A turn is the only way into JavaScript: the clock is read once, one callback
// runs, then all microtasks, then control is back in C++ (durable-objects.md 0.2). Nothing else of the
// isolate runs in between, and the events that its code causes have already been handed to IsolateHost.
#pragma once

#include <cstdint>
#include <memory>

#include "platform/runtime/error_info.h"

namespace orrery::runtime {

enum class TurnKind : uint8_t {
  kOk,                // the callback and its microtasks came to an end
  kException,         // the callback itself threw: start-up, constructor (see `error`)
  kTerminatedCpu,     // the event's CPU time is used up; its context runs no JavaScript any more
  kTerminatedMemory,  // the isolate is over its memory limit; no context of it runs any more
  kCrashed,           // the process ends here (crash_at_host_call): as if the turn's rest had never been
  kAborted,           // the context was aborted (by its own abort() or before the turn began)
};

struct TurnResult {
  TurnKind kind = TurnKind::kOk;
  int64_t meter_units = 0;            // CPU used by this turn; see limits.h for the unit
  uint32_t clock_reads = 0;           // how often JavaScript looked at its clock,
  int64_t clock_moved_ms = 0;         // and by how much that moved meanwhile: never, says DO-CLK-1
  std::unique_ptr<ErrorInfo> error;   // set for everything but kOk

  explicit operator bool() const { return kind == TurnKind::kOk; }
};

}  // namespace orrery::runtime
