// The fault `crash_at_step`: a process ends when it passes one of the numbered steps of platform/durable/steps.h for the
// n-th time, be it on the owner's way through a commit, a follower's, or the alarm scheduler's.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "platform/cloud.h"
#include "sim/fault/fault.h"

namespace orrery {

class StepCrashes {
 public:
  explicit StepCrashes(Cloud& cloud) : cloud_(cloud) {}
  ~StepCrashes();
  StepCrashes(const StepCrashes&) = delete;

  // What is wrong with it, or empty.
  static std::string check(const fault::Fault& fault);
  // From now on it waits for its step; it strikes once.
  void begin(const fault::Fault& fault);
  // It waits no more.
  void end(const fault::Fault& fault);

 private:
  struct Armed final : host::StepWatcher {
    std::optional<Duration> passing(const host::Step& at, LaneId subject, host::Process& process) override;

    StepCrashes* all;
    std::string name;
    const host::Step* step;
    std::string object;  // printable; empty: any
    std::string host;    // empty: any
    uint64_t left;
    Duration down;
  };
  void disarm(const std::string& name);

  Cloud& cloud_;
  std::list<Armed> armed_;
};

}  // namespace orrery
