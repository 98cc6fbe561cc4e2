// A sweep over the platform's numbered steps: the process that passes the n-th of them, of all hosts, ends there and
// restarts after Sweep::kDown.
#pragma once

#include <string>

#include "sim/host/host.h"

namespace orrery::host {

class StepSweep final : public StepWatcher {
 public:
  explicit StepSweep(Hosts& hosts) : hosts_(hosts) {
    if (hosts.world().sweep().kind == Sweep::Kind::kCommitStep) hosts.watch_steps(*this);
  }
  ~StepSweep() { hosts_.unwatch_steps(*this); }
  StepSweep(const StepSweep&) = delete;

  std::optional<Duration> passing(const Step& step, LaneId subject, Process& process) override {
    World& world = hosts_.world();
    if (!world.sweep().hits(Sweep::Kind::kCommitStep)) return std::nullopt;
    world.sweep().fire(world.now(), std::string("step ") + step.name + " (" + step.text + ") of " +
                                        world.trace().lane_at(subject).name + " on " + process.host().name());
    return Sweep::kDown;
  }

 private:
  Hosts& hosts_;
};

}  // namespace orrery::host
