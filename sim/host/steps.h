// Named points within a process at which it may be ended: between writing a log entry and syncing it, say. The platform
// says `process.passes(step, subject)` at each of its numbered steps; a fault or a sweep that watches may have the process
// end right there.
//
// Nothing is told to the trace and nothing is drawn by passing a step: who does not watch sees no difference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/core/trace.h"

namespace orrery::host {

class Process;

// A point that is passed; one constant each, all of the platform's in platform/durable/steps.h.
struct Step {
  const char* name;  // "3.2.4"
  const char* text;  // "a transaction is committed on the owner's disk"
};

class StepWatcher {
 public:
  virtual ~StepWatcher() = default;
  // The process is at this step for the thing with this lane (an object). A value: it ends here, before anything that it
  // still would do, and its host restarts after so long (zero: never by itself). Do nothing else to the world here.
  virtual std::optional<Duration> passing(const Step& step, LaneId subject, Process& process) = 0;
};

// A process is ended at a step.
struct EndedAtStep {
  static constexpr const char* kKind = "host.ended_at_step";
  LaneId lane;
  const Step& step;
  std::string_view subject;  // printable
  void fold(Fold& f) const { f.add(std::string_view(step.name)).add(subject); }
  std::string text() const {
    return std::string("the process ends at step ") + step.name + ", when " + step.text + " (" + std::string(subject) + ")";
  }
};

}  // namespace orrery::host
