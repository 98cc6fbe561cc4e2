#include "platform/faults/step_crashes.h"

#include "platform/durable/steps.h"

namespace orrery {

namespace steps = durable::steps;

StepCrashes::~StepCrashes() {
  for (Armed& armed : armed_) cloud_.hosts().unwatch_steps(armed);
}

std::string StepCrashes::check(const fault::Fault& fault) {
  const std::string step = (fault.fields["step"].is_string() ? fault.fields["step"].get<std::string>() : "");
  if (!steps::find(step)) {
    std::string known;
    for (const host::Step* s : steps::kAll) known += (known.empty() ? "" : ", ") + std::string(s->name);
    return "crash_at_step: there is no step \"" + step + "\"; there are " + known;
  }
  for (const char* field : {"nth", "restart_after_us"}) {
    const auto& value = fault.fields.find(field);
    if (value != fault.fields.end() && (!value->is_number_integer() || value->get<int64_t>() <= 0))
      return std::string("crash_at_step: ") + field + " must be a whole number above 0";
  }
  const std::string& target = fault.target;
  if (target != "*" && !target.starts_with("do:") && !target.starts_with("host:"))
    return "crash_at_step: the target is an object like do:Cart/42, a host like host:FRA/2 or \"*\", not \"" + target + "\"";
  return {};
}

void StepCrashes::begin(const fault::Fault& fault) {
  Armed& armed = armed_.emplace_back();
  armed.all = this;
  armed.name = fault.name;
  armed.step = steps::find(fault.fields["step"].get<std::string>());
  if (fault.target.starts_with("do:")) armed.object = cloud_.printable_name(fault.target);
  if (fault.target.starts_with("host:")) armed.host = fault.target;
  armed.left = fault.fields.value("nth", uint64_t{1});
  armed.down = micros(fault.fields["restart_after_us"].get<int64_t>());
  cloud_.hosts().watch_steps(armed);
}

void StepCrashes::end(const fault::Fault& fault) { disarm(fault.name); }

void StepCrashes::disarm(const std::string& name) {
  armed_.remove_if([&](Armed& armed) {
    if (armed.name != name) return false;
    cloud_.hosts().unwatch_steps(armed);
    return true;
  });
}

std::optional<Duration> StepCrashes::Armed::passing(const host::Step& at, LaneId subject, host::Process& process) {
  if (&at != step && std::string_view(at.name) != step->name) return {};
  if (!host.empty() && process.host().name() != host) return {};
  if (!object.empty() && process.world().trace().lane_at(subject).name != object) return {};
  if (--left > 0) return {};
  const Duration restart = down;
  all->disarm(std::string(name));  // ends this
  return restart;
}

}  // namespace orrery
