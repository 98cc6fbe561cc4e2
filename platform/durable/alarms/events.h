// What alarms announce, on the alarm's own lane ("alarm:Trial/u7") unless said otherwise. Times are
// milliseconds since 1970. "Stored" events come from the object when the log has made its change durable,
// AlarmTold from the scheduler when its own log has; the two are independent of each other.
#pragma once

#include <string>

#include "platform/durable/alarms/messages.h"
#include "sim/core/trace.h"

namespace orrery::durable {

namespace internal {
inline uint64_t fold_time(const AlarmTime& t) { return t ? static_cast<uint64_t>(*t) : UINT64_MAX; }
inline std::string show_time(const AlarmTime& t) { return t ? std::to_string(*t) : "none"; }
}  // namespace internal

// An alarm that did not exist before is durable in the object's storage.
struct AlarmDurable {
  static constexpr const char* kKind = "alarm.durable";
  LaneId lane;
  LaneId object;
  uint64_t epoch;
  int64_t time_ms;
  void fold(Fold& f) const { f.add(epoch).add(static_cast<uint64_t>(time_ms)); }
  std::string text() const { return "set for " + std::to_string(time_ms) + ", durable"; }
};

// The stored alarm is durably at another time now.
struct AlarmReplaced {
  static constexpr const char* kKind = "alarm.replaced";
  LaneId lane;
  LaneId object;
  uint64_t epoch;
  int64_t former_ms;
  int64_t time_ms;
  void fold(Fold& f) const {
    f.add(epoch).add(static_cast<uint64_t>(former_ms)).add(static_cast<uint64_t>(time_ms));
  }
  std::string text() const {
    return "moved from " + std::to_string(former_ms) + " to " + std::to_string(time_ms) + ", durable";
  }
};

// The stored alarm is durably gone.
struct AlarmDeleted {
  static constexpr const char* kKind = "alarm.deleted";
  LaneId lane;
  LaneId object;
  uint64_t epoch;
  int64_t former_ms;
  bool after_success;  // by the end of its handler, else by the application or because it was given up
  void fold(Fold& f) const {
    f.add(epoch).add(static_cast<uint64_t>(former_ms)).add(after_success);
  }
  std::string text() const {
    return std::string("deleted, durable: ") +
           (after_success ? "its handler succeeded" : "by the object");
  }
};

// The scheduler durably holds this time for the object (none: nothing any more).
struct AlarmTold {
  static constexpr const char* kKind = "alarm.told";
  LaneId lane;
  uint32_t shard;
  uint64_t shard_epoch;
  AlarmTime time;
  host::HostId host;
  void fold(Fold& f) const {
    f.add(shard).add(shard_epoch).add(internal::fold_time(time)).add(host);
  }
  std::string text() const { return "the scheduler has " + internal::show_time(time); }
};

// The scheduler found the alarm due and sends it to its object.
struct AlarmSent {
  static constexpr const char* kKind = "alarm.sent";
  LaneId lane;
  uint32_t shard;
  uint64_t shard_epoch;
  int64_t scheduled_ms;
  int64_t clock_ms;  // of the scheduler's host
  uint32_t attempt;  // 1 for the first
  host::HostId host;
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(scheduled_ms)).add(static_cast<uint64_t>(clock_ms)).add(attempt);
  }
  std::string text() const {
    return "due: " + std::to_string(scheduled_ms) + ", attempt " + std::to_string(attempt);
  }
};

// The handler is about to run.
struct AlarmFired {
  static constexpr const char* kKind = "alarm.fired";
  LaneId lane;
  LaneId object;
  uint64_t epoch;
  int64_t scheduled_ms;
  int64_t clock_ms;  // of the object's host: what Date.now() shows
  uint32_t attempt;
  uint32_t retry_count;
  bool deletes;  // success will delete the stored alarm
  void fold(Fold& f) const {
    f.add(epoch).add(static_cast<uint64_t>(scheduled_ms)).add(static_cast<uint64_t>(clock_ms));
    f.add(attempt).add(retry_count).add(deletes);
  }
  std::string text() const {
    return "alarm() for " + std::to_string(scheduled_ms) + ", attempt " + std::to_string(attempt) +
           ", retryCount " + std::to_string(retry_count);
  }
};

// The handler ended well and the deletion of its alarm is durable: the scheduler is told so now.
struct AlarmSucceeded {
  static constexpr const char* kKind = "alarm.succeeded";
  LaneId lane;
  LaneId object;
  uint64_t epoch;
  int64_t scheduled_ms;
  void fold(Fold& f) const { f.add(epoch).add(static_cast<uint64_t>(scheduled_ms)); }
  std::string text() const { return "alarm() done"; }
};

// A run failed: the handler threw, its object was reset, or the delivery did not get through.
struct AlarmFailed {
  static constexpr const char* kKind = "alarm.failed";
  LaneId lane;
  uint64_t shard_epoch;
  int64_t scheduled_ms;
  bool counted;      // against the limit of retries
  bool delivered;    // false: the object may never have seen it
  Duration next_in;  // pause before the next run; zero when there is none
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(scheduled_ms)).add(counted).add(delivered);
    f.add(static_cast<uint64_t>(next_in.us));
  }
  std::string text() const {
    return std::string(delivered ? "alarm() failed" : "not delivered") +
           (counted ? "" : ", not counted") +
           (next_in.us ? ", again in " + std::to_string(next_in.us / 1000) + " ms" : "");
  }
};

// An arriving alarm was not run: the object's alarm is another one or none (6.4), or a newer run took its
// place in the queue (6.5).
struct AlarmCanceled {
  static constexpr const char* kKind = "alarm.canceled";
  LaneId lane;
  LaneId object;
  int64_t scheduled_ms;
  AlarmTime stored;
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(scheduled_ms)).add(internal::fold_time(stored));
  }
  std::string text() const {
    return "not run for " + std::to_string(scheduled_ms) + ": the stored alarm is " +
           internal::show_time(stored);
  }
};

// The scheduler gives the alarm up: too many failures, no handler, or abort({retryAlarm: false}).
struct AlarmAbandoned {
  static constexpr const char* kKind = "alarm.abandoned";
  LaneId lane;
  int64_t scheduled_ms;
  uint32_t retry_count;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(scheduled_ms)).add(retry_count); }
  std::string text() const {
    return "given up after " + std::to_string(retry_count) + " counted retries";
  }
};

// A host owns a shard of the scheduler from now on; on the shard's lane.
struct ShardTaken {
  static constexpr const char* kKind = "alarm.shard_taken";
  LaneId lane;
  uint32_t shard;
  uint64_t epoch;
  uint64_t alarms;
  host::HostId host;
  void fold(Fold& f) const { f.add(shard).add(epoch).add(alarms).add(host); }
  std::string text() const {
    return "alarm shard " + std::to_string(shard) + " taken under epoch " + std::to_string(epoch) +
           " with " + std::to_string(alarms) + " alarms";
  }
};

// Its owner gave the shard up until `wake`; on the shard's lane.
struct ShardSleeps {
  static constexpr const char* kKind = "alarm.shard_sleeps";
  LaneId lane;
  uint32_t shard;
  AlarmTime wake;
  void fold(Fold& f) const { f.add(shard).add(internal::fold_time(wake)); }
  std::string text() const {
    return "alarm shard " + std::to_string(shard) + " sleeps until " + internal::show_time(wake);
  }
};

}  // namespace orrery::durable
