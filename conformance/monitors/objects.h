// What the monitors know of each object, from events and disks alone: its epochs, where each began, who runs
// it, what is on which follower's disk, what was acknowledged.
//
// *Lineage*: the log of epoch e is the log of the epoch it recovered from, up to `start`, and then e's own
// entries. So a position (epoch, index) names one log, and whether it contains an entry is decided by
// walking `start` backwards.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "conformance/monitors/followers.h"
#include "platform/durable/directory/placement.h"
#include "platform/durable/replication/log_entry.h"
#include "sim/core/trace.h"

namespace orrery::monitors {

using durable::LogPosition;

// One epoch of an object: its owner and, once started, the instance.
struct Epoch {
  uint64_t number = 0;
  host::HostId host = host::kNoHost;
  durable::SessionId session = 0;
  bool granted = false;
  bool recovered = false;  // `start` is known
  LogPosition start;       // the end of the log it began with

  bool started = false, constructed = false, ended = false;
  Instant last_active{0};

  // Entries of this epoch, synced: up to which index each follower's disk has them.
  Followers::Have have{};
  uint64_t on_three = 0;  // of them, what three disks have; brought up to date when asked
  uint64_t appended = 0;  // index of the last entry appended
  uint64_t acknowledged = 0;  // index that an output which left had to wait for

  uint64_t confirmed_batch = 0;  // of the last confirmed write
  uint64_t committed_batch = 0, committed_index = 0;
  std::deque<std::pair<uint64_t, uint64_t>> commits;  // (batch, index), still of interest
  std::deque<std::pair<uint64_t, uint64_t>> held;     // (output, batch it needs)
  std::vector<uint32_t> sections;                     // running, outermost first

};

// A follower's log as its disk shows it: entries (base, last] in runs of one epoch each.
struct FollowerLog {
  struct Run {
    uint64_t epoch;
    uint64_t first;
  };
  LogPosition base;
  std::vector<Run> runs;
  uint64_t last = 0;
  uint64_t promised = 0;
  uint64_t highest = 0;  // greatest index ever synced
  // The epoch of the entry at `index`; 0 when unknown.
  uint64_t epoch_at(uint64_t index) const;
  // The entry replaces everything from its index on.
  void put(uint64_t epoch, uint64_t index);
};

struct Object {
  LaneId lane = 0;
  uint64_t key = 0;
  Followers followers;
  std::array<FollowerLog, Followers::kSlots> logs;
  std::deque<Epoch> epochs;  // ascending; addresses are stable
  uint64_t newest_granted = 0, newest_started = 0;
  // Of the last instance that began since the first upload: its Worker's rollout, and whether it ran the newer version.
  uint32_t rollout = 0;
  bool newer_version = false;

  bool in_turn = false;
  uint64_t turn_batch = 0;
  Epoch* constructing = nullptr;

  // The last call of each caller, as far as there is room: a caller forgotten is not checked.
  struct Call {
    uint64_t caller = 0;
    uint64_t number = 0;
  };
  std::array<Call, 32> calls;

  // What three of the followers' disks have of this epoch's entries.
  uint64_t durable_index(Epoch& epoch);
  // The host may have a part in the log from now on.
  void remember(host::HostId host, LaneId lane);
  // Its disk has nothing of the log any more.
  void forget_disk(size_t slot);
  // The epoch with this number, made if new.
  Epoch& epoch(uint64_t number);
  Epoch* find(uint64_t number);
  // Whether the log that ends at `log` has entry `entry`. True when an epoch's start is unknown.
  bool contains(LogPosition log, LogPosition entry);
};

class Objects {
 public:
  Object* find(LaneId lane) {
    return lane < by_lane_.size() ? by_lane_[lane].get() : nullptr;
  }
  Object& at(LaneId lane);
  Object* by_key(uint64_t key);

 private:
  std::vector<std::unique_ptr<Object>> by_lane_;
};

}  // namespace orrery::monitors
