#include "sim/host/events.h"

namespace orrery::host {

std::string Booted::text() const {
  return name +
         (incarnation == 1 ? " boots" : " restarts, incarnation " + std::to_string(incarnation));
}
std::string Crashed::text() const { return name + " crashes"; }
std::string Paused::text() const {
  return name + " pauses until " + std::to_string(until.us) + " us";
}
std::string Slowed::text() const {
  return factor == 1 ? name + " is as fast as usual again" : name + " runs for one slice in " + std::to_string(factor);
}
std::string Resumed::text() const { return name + " goes on"; }
std::string ClockChanged::text() const {
  if (step.us != 0) return name + " clock steps by " + std::to_string(step.us) + " us";
  return name + " clock drifts by " + std::to_string(drift_ppm) + " ppm";
}

std::string PopLost::text() const { return "pop:" + std::string(code) + " is lost"; }
std::string PopReturned::text() const { return "pop:" + std::string(code) + " is back"; }

}  // namespace orrery::host
