// What replication announces, all on the object's lane. What followers say
// is checked against the sync events of their disks (conformance/monitors).
#pragma once

#include <string>

#include "platform/durable/replication/log_entry.h"
#include "sim/core/trace.h"
#include "sim/host/host.h"

namespace orrery::durable {

// The owner appended an entry and sent it out.
struct EntryAppended {
  static constexpr const char* kKind = "durable.append";
  LaneId lane;
  uint64_t epoch;
  uint64_t index;
  uint32_t pages;
  host::HostId owner;
  void fold(Fold& f) const { f.add(epoch).add(index).add(pages); }
  std::string text() const {
    return "entry " + std::to_string(index) + " of epoch " + std::to_string(epoch) + ", " +
           std::to_string(pages) + (pages == 1 ? " page" : " pages") + ", sent to its followers";
  }
};

// A follower tells its owner that its disk holds that epoch's log up to `index`, synced.
struct FollowerDurable {
  static constexpr const char* kKind = "durable.follower";
  LaneId lane;
  host::HostId follower;
  uint64_t epoch;
  uint64_t index;
  void fold(Fold& f) const { f.add(follower).add(epoch).add(index); }
  std::string text() const {
    return "follower host #" + std::to_string(follower) + " has entry " + std::to_string(index) +
           " on disk";
  }
};

// The owner counts entries up to `index` as durable.
struct Durable {
  static constexpr const char* kKind = "durable.durable";
  LaneId lane;
  uint64_t epoch;
  uint64_t index;
  host::HostId owner;
  void fold(Fold& f) const { f.add(epoch).add(index); }
  std::string text() const { return "entry " + std::to_string(index) + " is durable"; }
};

// A new owner has the log and may serve.
struct Recovered {
  static constexpr const char* kKind = "durable.recovered";
  LaneId lane;
  uint64_t epoch;
  LogPosition from;  // the best log found
  host::HostId owner;
  void fold(Fold& f) const { f.add(epoch).add(from.epoch).add(from.index); }
  std::string text() const {
    return "recovered under epoch " + std::to_string(epoch) + " up to entry " +
           std::to_string(from.index) + " of epoch " + std::to_string(from.epoch);
  }
};

// An owner learned from a follower that there is a newer one.
struct Deposed {
  static constexpr const char* kKind = "durable.deposed";
  LaneId lane;
  uint64_t epoch;
  uint64_t newer_epoch;
  host::HostId owner;
  void fold(Fold& f) const { f.add(epoch).add(newer_epoch); }
  std::string text() const {
    return "owner of epoch " + std::to_string(epoch) + " deposed by epoch " +
           std::to_string(newer_epoch);
  }
};

// A follower could not vouch for the object: its disk was lost.
struct FollowerLost {
  static constexpr const char* kKind = "durable.follower_lost";
  LaneId lane;
  host::HostId follower;
  void fold(Fold& f) const { f.add(follower); }
  std::string text() const {
    return "follower host #" + std::to_string(follower) + " lost its disk and cannot vote";
  }
};

// A follower folded its log into its page image.
struct Folded {
  static constexpr const char* kKind = "durable.folded";
  LaneId lane;
  host::HostId follower;
  uint64_t index;
  void fold(Fold& f) const { f.add(follower).add(index); }
  std::string text() const {
    return "log folded into the page image up to " + std::to_string(index);
  }
};

// An owner gives the place of a silent follower to another host.
struct FollowerChange {
  static constexpr const char* kKind = "durable.followers";
  enum class Stage : uint8_t {
    kCatchesUp,  // who joins gets the log; it does not count
    kJoint,      // an entry is durable only with three of either five
    kDone,       // the directory knows of it: the new five count
    kGivenUp,    // who left is back, or who was to join is silent too
  };
  LaneId lane;
  uint64_t epoch;
  Stage stage;
  host::HostId left;
  host::HostId joins;
  bool far;  // who left is not silent, but far from where the object went
  void fold(Fold& f) const { f.add(epoch).add(static_cast<uint64_t>(stage)).add(left).add(joins); }
  std::string text() const {
    const std::string who = "host #" + std::to_string(joins), whose = "host #" + std::to_string(left);
    switch (stage) {
      case Stage::kCatchesUp: return whose + (far ? " is far: " : " is silent: ") + who + " gets the log, to follow in its place";
      case Stage::kJoint: return who + " has the log; the directory is told that it follows in place of " + whose;
      case Stage::kDone: return who + " follows in place of " + whose;
      case Stage::kGivenUp: return who + " does not follow in place of " + whose;
    }
    return {};
  }
};

// The archive has these entries of an object's log (platform/durable/history).
struct PastArchived {
  static constexpr const char* kKind = "durable.archived";
  LaneId lane;
  uint64_t epoch;
  uint64_t first;
  uint64_t last;
  void fold(Fold& f) const { f.add(epoch).add(first).add(last); }
  std::string text() const {
    return "log entries " + std::to_string(first) + " to " + std::to_string(last) + " are archived";
  }
};

// A host's release does not know the format of an object's log there, which a newer one wrote: the host takes no part in
// following the object until it runs a newer release again.
struct LogUnreadable {
  static constexpr const char* kKind = "durable.unreadable";
  LaneId lane;
  host::HostId follower;
  uint32_t release;
  std::string_view host;
  void fold(Fold& f) const { f.add(follower).add(release); }
  std::string text() const {
    return std::string(host) + " runs release " + std::to_string(release) +
           ", which cannot read the log that a newer release wrote there: it does not follow this object";
  }
};

// A host's process ends to start again as another release of the software.
struct Upgraded {
  static constexpr const char* kKind = "host.release";
  LaneId lane;
  uint32_t from;
  uint32_t to;
  void fold(Fold& f) const { f.add(from).add(to); }
  std::string text() const { return "release " + std::to_string(from) + " ends, release " + std::to_string(to) + " is next"; }
};

}  // namespace orrery::durable
