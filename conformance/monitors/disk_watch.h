// Reads every follower's log file along with each sync of its disk: what is durable where, taken from the
// medium and not from what any part of the platform says. Watches DO-REP-1, 2, 3, 7 and DO-SI-2.
//
// Only headers are read, and only of records added since the last sync of the same file.
#pragma once

#include <map>
#include <unordered_map>

#include "conformance/monitors/ledger.h"
#include "conformance/monitors/objects.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/log_file.h"
#include "sim/disk/events.h"

namespace orrery::monitors {

class DiskWatch {
 public:
  // `host_lane` gives a host's lane from its id; disks announce on it.
  DiskWatch(Ledger& ledger, Objects& objects, std::function<LaneId(host::HostId)> host_lane)
      : ledger_(ledger), objects_(objects), host_lane_(std::move(host_lane)) {}

  void on(const disk::Synced& e, const EventContext& at);
  void on(const durable::FollowerDurable& e, const EventContext& at);
  // Files of a disk that was wiped, or whose names a crash took back, may come again under the same names.
  void on(const disk::Crashed& e, const EventContext&);
  void on(const disk::FaultFired& e, const EventContext&);

 private:
  struct FileState {
    Object* object = nullptr;  // null: not a log of an object we know
    size_t follower = 0;       // its host's slot
    uint64_t read = 0;         // bytes of the file taken in
    uint64_t along = 0;        // records still to come that were written with the base
    bool broken = false;       // unreadable from here on
    uint64_t renewals = 0;     // of its disk, when it was read last
    durable::RecordHead first = {};
  };
  FileState make(const disk::Synced& e);
  void take(FileState& file, const durable::RecordHead& head, LaneId host, const EventContext& at);
  void entry(FileState& file, const durable::RecordHead& head, LaneId host, const EventContext& at);

  Ledger& ledger_;
  Objects& objects_;
  std::function<LaneId(host::HostId)> host_lane_;
  struct Identity {
    size_t operator()(uint64_t key) const { return key; }
  };
  // Of a disk that came back without names it had: another file of this name is read from its beginning.
  void look_again(FileState& file, const disk::Content& content, uint64_t renewals);

  std::unordered_map<uint64_t, FileState, Identity> files_;  // looked up only
  std::map<LaneId, uint64_t> renewals_;                      // by host, of those that had any
  // Files synced lately, by their identity; spares most look-ups.
  struct Recent {
    uint64_t id = 0;
    FileState* file = nullptr;
  };
  std::array<Recent, 512> recent_;
};

}  // namespace orrery::monitors
