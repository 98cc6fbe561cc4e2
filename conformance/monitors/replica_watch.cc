#include "conformance/monitors/replica_watch.h"

namespace orrery::monitors {

using rules::RuleId;

void ReplicaWatch::on(const durable::ReplicaStarted& e, const EventContext&) { reads_.erase({e.lane, e.host}); }

void ReplicaWatch::on(const durable::ReplicaReads& e, const EventContext& at) {
  const auto shown = [&] {
    return ledger_.name(e.lane) + " reads entry " + std::to_string(e.position.index) + " of epoch " +
           std::to_string(e.position.epoch) + " at " + show(at.at);
  };
  ledger_.exercise(RuleId::kReplicaPrefix);
  LogPosition& last = reads_[{e.lane, e.host}];
  if (e.position < last || e.position.index < last.index)
    ledger_.breach(RuleId::kReplicaPrefix, at, {e.lane, e.of}, [&] {
      return shown() + ", but had read entry " + std::to_string(last.index) + " of epoch " + std::to_string(last.epoch);
    });
  last = e.position;
  Object* object = objects_.find(e.of);
  Epoch* epoch = object ? object->find(e.position.epoch) : nullptr;
  if (!epoch) return;  // made before the monitors look
  if (object->durable_index(*epoch) < e.position.index)
    ledger_.breach(RuleId::kReplicaPrefix, at, {e.lane, e.of},
                   [&] { return shown() + ", which is not on the disks of three followers"; });
}

void ReplicaWatch::on(const durable::ReplicaWaited& e, const EventContext& at) {
  ledger_.exercise(RuleId::kReplicaBookmark);
  const LogPosition reads = reads_[{e.lane, e.host}];
  if (reads.index < e.wanted)
    ledger_.breach(RuleId::kReplicaBookmark, at, {e.lane}, [&] {
      return "waitForBookmark() of " + ledger_.name(e.lane) + " resolved at " + show(at.at) + " for entry " +
             std::to_string(e.wanted) + ", but it reads entry " + std::to_string(reads.index);
    });
}

}  // namespace orrery::monitors
