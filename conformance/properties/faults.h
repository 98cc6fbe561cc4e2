// Faults as values that RapidCheck draws and shrinks: which kind, whom, when, how long. A plan shrinks to the
// few faults that matter, each as early and as short as it can be.
#pragma once

#include <rapidcheck.h>

#include <iosfwd>
#include <string>
#include <vector>

#include "sim/fault/survivable.h"

namespace orrery::fault {

// As RapidCheck prints a counterexample.
void showValue(const Fault& fault, std::ostream& os);

}  // namespace orrery::fault

namespace orrery::properties {

struct Weather {
  std::vector<std::string> pops = {};     // whose hosts are hit: "FRA"
  std::vector<std::string> objects = {};  // names: their hosts and replicas are hit, they are evicted
  Duration until = seconds(30);           // faults begin before; all are over ten seconds later
  uint32_t hosts_per_pop = 3;
  bool kv = false;                        // delays of KV's propagation, and its back ends are hit
};

// Up to some six faults that a system built as designed must survive (trim of sim/fault/survivable.h).
rc::Gen<fault::FaultPlan> faults(const Weather& weather);

}  // namespace orrery::properties
