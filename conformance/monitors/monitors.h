// The monitors of one world: they subscribe to its events when it is made, count how often each rule was
// exercised, and keep what broke. They never act on the world, and their evidence does not rest on what the
// platform claims: durability is read off the followers' disks, leases off the messages that arrived.
//
// A few integers for each object, epoch and follower; no text until something breaks.
#pragma once

#include <memory>
#include <vector>

#include "conformance/monitors/ledger.h"

namespace orrery::host {
class Hosts;
}

namespace orrery::monitors {

class Monitors {
 public:
  // Make it before anything happens in the world; it must live as long as the world runs.
  Monitors(World& world, host::Hosts& hosts);
  ~Monitors();
  Monitors(const Monitors&) = delete;

  // The world has come to its end: what should have happened by now is looked for. Call it once.
  void finish();

  uint64_t exercised(RuleId rule) const;
  // In the order in which they happened.
  const std::vector<Breach>& breaches() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace orrery::monitors
