// Watches alarms: what JavaScript asked for, what of it the disks have, what the scheduler holds, what ran when.
// Rules DO-ALARM.
//
// Which alarm an object has is derived here, from the writes and transactions that JavaScript asked for and
// the commits that followed; whether a commit is durable, from the followers' disks; what an instance found when
// it began, from the log it recovered. What the object says of its own alarm is held against that. Times are
// compared with clocks read here.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "conformance/monitors/ledger.h"
#include "conformance/monitors/objects.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/alarms/limits.h"
#include "platform/worker/events.h"
#include "sim/fault/events.h"
#include "sim/host/host.h"

namespace orrery::monitors {

class AlarmWatch {
 public:
  AlarmWatch(Ledger& ledger, Objects& objects, host::Hosts& hosts)
      : ledger_(ledger), objects_(objects), hosts_(hosts) {}

  // The object's side, on the object's lane.
  void on(const durable::ObjectWrite& e, const EventContext& at);
  void on(const durable::SavepointBegan& e, const EventContext& at);
  void on(const durable::SavepointEnded& e, const EventContext& at);
  void on(const durable::ObjectCommitted& e, const EventContext& at);
  void on(const durable::LateCommitted& e, const EventContext& at) { on(e.commit, at); }
  void on(const durable::ObjectStarted& e, const EventContext& at);
  void on(const durable::AlarmHandlerEnded& e, const EventContext& at);
  void on(const worker::TurnEnded& e, const EventContext& at);
  // Alarms, on their own lane.
  void on(const durable::AlarmDurable& e, const EventContext& at);
  void on(const durable::AlarmReplaced& e, const EventContext& at);
  void on(const durable::AlarmDeleted& e, const EventContext& at);
  void on(const durable::AlarmTold& e, const EventContext& at);
  void on(const durable::AlarmSent& e, const EventContext& at);
  void on(const durable::AlarmFired& e, const EventContext& at);
  void on(const durable::AlarmFailed& e, const EventContext& at);
  void on(const durable::AlarmAbandoned& e, const EventContext& at);
  void on(const durable::ShardTaken& e, const EventContext& at);
  // Faults: only to know since when none is in force.
  void on(const fault::FaultBegan& e, const EventContext& at);
  void on(const fault::FaultEnded& e, const EventContext& at);
  // A class goes with all its alarms.
  void on(const worker::ClassDeleted& e, const EventContext& at);

  // The world has come to its end: an alarm that is durable and long due must have run.
  void finish(const EventContext& at);

 private:
  using Time = durable::AlarmTime;
  struct Write {
    uint64_t batch;
    Time time;
  };
  struct Change {
    LogPosition position;  // of the commit
    Time time;
    Instant at;
  };
  // Failures in a row as the scheduler's memory should have them.
  struct Failures {
    int64_t time = 0;
    uint64_t shard_epoch = 0;
    uint32_t counted = 0;
    uint32_t pauses = 0;
    bool last_uncounted = false;
  };
  struct Alarm {
    LaneId lane = 0;
    Time stored;                    // as JavaScript and the platform left it, committed or not
    std::vector<Time> savepoints;   // what it was when each open one began
    std::deque<Write> writes;       // not committed yet
    std::deque<Change> changes = {{}};  // committed; the first is known to be durable
    Time told;                      // what the scheduler last said that it holds
    std::vector<Time> firing;       // what the handler runs for
    std::vector<Time> ran;          // the same, once its first turn is over
    std::vector<Time> done;         // the same, once it has returned
    Time given_up;
    Failures failures;
    Instant retry_by{0};
    uint32_t shard = 0;
    bool two_owners = false;        // an owner of its shard went on after the next one began
  };

  // By the lane of the object; null when it never had an alarm.
  Alarm* find(LaneId object) { return object < by_object_.size() ? by_object_[object].get() : nullptr; }
  Alarm& of_object(LaneId object);
  Alarm& of_lane(LaneId alarm) { return of_object(ledger_.world().trace().lane_at(alarm).parent); }
  void write(LaneId object, uint64_t batch, Time time);
  void may_be_stored(LaneId lane, LaneId object, int64_t time_ms, const EventContext& at);
  void shard_acts(Alarm& alarm, uint32_t shard, uint64_t shard_epoch);
  // On three followers' disks, or in what a later instance began with.
  bool is_durable(Object& object, LogPosition position);
  void check_missed(LaneId object, Alarm& alarm, const EventContext& at);

  Ledger& ledger_;
  Objects& objects_;
  host::Hosts& hosts_;
  std::vector<std::unique_ptr<Alarm>> by_object_;
  std::array<uint64_t, durable::kAlarmShards> shard_epochs_{};
  std::vector<std::string> deleted_;  // "do:Cart/"
  int64_t faults_in_force_ = 0;
  Instant faults_over_{0};
};

}  // namespace orrery::monitors
