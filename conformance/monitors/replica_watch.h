// Watches read replicas: what they read is durable, never goes back, and is all that was waited for. Rules DO-RR-1 and 2.
//
// The evidence is the followers' disks, and which place of the log a replica opened: not what its primary sent.
#pragma once

#include <map>
#include <utility>

#include "conformance/monitors/ledger.h"
#include "conformance/monitors/objects.h"
#include "platform/durable/replicas/events.h"

namespace orrery::monitors {

class ReplicaWatch {
 public:
  ReplicaWatch(Ledger& ledger, Objects& objects) : ledger_(ledger), objects_(objects) {}

  void on(const durable::ReplicaStarted& e, const EventContext& at);
  void on(const durable::ReplicaReads& e, const EventContext& at);
  void on(const durable::ReplicaWaited& e, const EventContext& at);

 private:
  Ledger& ledger_;
  Objects& objects_;
  std::map<std::pair<LaneId, host::HostId>, LogPosition> reads_;  // of the present instance
};

}  // namespace orrery::monitors
