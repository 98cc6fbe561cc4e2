// Faults at the border of the cloud, and of what runs on its hosts: isolates that are killed, origins that answer badly,
// clients that anycast sends elsewhere, WebSockets that are cut, alarms that are delivered once more.
#pragma once

#include <string>

#include "platform/cloud.h"
#include "sim/fault/fault.h"

namespace orrery {

class OutsideFaults {
 public:
  explicit OutsideFaults(Cloud& cloud) : cloud_(cloud) {}

  // Whether this is one of them.
  static bool takes(fault::FaultKind kind);
  std::string check(const fault::Fault& fault) const;
  void begin(const fault::Fault& fault);
  void end(const fault::Fault& fault);

 private:
  void kill_isolate(const fault::Fault& fault);
  void evict_isolate(host::Host& host, uint32_t slot);
  void spoil_origin(const fault::Fault& fault);
  void reroute(const fault::Fault& fault, bool back);
  void cut_sockets(const fault::Fault& fault);

  Cloud& cloud_;
};

}  // namespace orrery
