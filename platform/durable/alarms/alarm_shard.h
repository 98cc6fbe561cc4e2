// One shard of the alarm scheduler at the host that owns it: the state machine of every alarm in it
// (durable-objects.md 6.6) over a table that is replicated like an object's database.
//
//   waiting -> started -> gone | waiting (newer time, or a retry after a pause) | giving up -> gone
//
// Retry counters live in memory. Everything else survives a takeover: the next owner reads the table from
// three followers and fires what is due; an alarm whose run was under way fires again (at least once).
//
// Invariants
//  - A tell is answered only after the table holds it durably and enough watchers know that the
//    shard is awake.
//  - A message older than what the table has for its object changes nothing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/durable/alarms/retry.h"
#include "platform/durable/alarms/shard_table.h"
#include "platform/durable/replication/replicated_log.h"
#include "sim/net/network.h"

namespace orrery::durable {

class AlarmScheduler;

class AlarmShard final : private LogListener, private ImageSource {
 public:
  // `image` is what recovery found, null for an empty shard; must be sound (see ShardTable::load).
  AlarmShard(AlarmScheduler& scheduler, uint32_t number, Ref<const ObjectInfo> info,
             uint64_t epoch, std::unique_ptr<ReplicatedLog> log, ShardTable table);
  ~AlarmShard();

  uint64_t epoch() const { return epoch_; }
  size_t size() const { return table_.size(); }
  const ShardTable& table() const { return table_; }
  // What becomes of an object's alarm here, in words.
  std::string waiting_on(const runtime::ObjectId& id) const;
  // By printable name: "do:Trial/u7".
  bool keeps_alarm_of(std::string_view object) const;

  // An object says when its alarm is.
  void tell(const net::Caller& caller, Ref<const AlarmTellMessage> message);

 private:
  enum class State : uint8_t { kWaiting, kStarted };
  struct Alarm {
    Ref<const ObjectInfo> info;
    LaneId lane;
    State state = State::kWaiting;
    int64_t due_ms = 0;  // while waiting: the time, or when to retry
    AlarmRetry retry;
    bool giving_up = false;  // the next delivery asks the object to clear its alarm
    uint32_t attempts = 0;
    uint64_t run = 0;  // the delivery under way
  };
  struct Asked {
    net::Caller caller;
    Ref<const AlarmTellMessage> message;
  };
  struct Confirm {
    uint64_t index;
    net::Caller caller;
  };
  struct Change {
    uint64_t index;
    LaneId lane;
    AlarmTime time;
  };

  World& world() const;
  int64_t clock_ms() const;
  Alarm& alarm_of(const AlarmObject& object);
  // At a step of platform/durable/steps.h; false: the process ends here.
  bool passes(const host::Step& step, const Alarm& alarm);
  // The same delivery a second time, as a network or a scheduler may do that is not sure of the first (a fault).
  void maybe_repeat(const Alarm& alarm, const runtime::ObjectId& id);
  Task<void> deliver_again(Duration after, Ref<const ObjectInfo> info, Ref<const worker::ObjectMessage> event,
                           uint32_t home, worker::Jurisdiction jurisdiction);
  void accept(const Asked& asked);
  // The alarm waits for this time, with fresh counters.
  void restart(const runtime::ObjectId& id, Alarm& alarm, int64_t time);
  void wait_until(const runtime::ObjectId& id, Alarm& alarm, int64_t due_ms);
  void stop_waiting(const runtime::ObjectId& id, Alarm& alarm);
  void forget(const runtime::ObjectId& id);
  void changed(LaneId lane, AlarmTime time);
  void flush();
  void confirm();
  void arm();
  void on_timer();
  void fire(const runtime::ObjectId& id, Alarm& alarm);
  Task<void> deliver(runtime::ObjectId id, uint64_t run, bool give_up);
  void finished(const runtime::ObjectId& id, uint64_t run, AlarmVersion version, bool give_up,
                const AlarmAnswer* answer);
  void settle(const runtime::ObjectId& id, Alarm& alarm, AlarmTime stored);
  void failed(const runtime::ObjectId& id, Alarm& alarm, bool counted, bool retry, bool delivered);
  Task<void> wake();
  Task<void> go_to_sleep();
  bool may_sleep() const;
  AlarmTime next_due() const;

  void on_durable(uint64_t index) override;
  void on_deposed(uint64_t newer_epoch) override;
  Ref<const PageImage> current_image() override { return table_.image(); }

  AlarmScheduler& scheduler_;
  uint32_t number_;
  Ref<const ObjectInfo> info_;
  uint64_t epoch_;
  std::unique_ptr<ReplicatedLog> log_;
  ShardTable table_;
  TaskScope tasks_;

  std::map<runtime::ObjectId, Alarm> alarms_;
  std::set<std::pair<int64_t, runtime::ObjectId>> due_;
  std::set<runtime::ObjectId> restless_;  // under way, or with counters that sleep would lose
  uint64_t last_run_ = 0;

  bool serving_ = false;  // watchers know that the shard is awake
  std::vector<Asked> inbox_;
  std::vector<net::Caller> unflushed_;
  std::deque<Confirm> confirms_;
  std::vector<Change> unflushed_changes_;
  std::deque<Change> changes_;
  bool flush_planned_ = false;
  Instant last_asked_{0};
  EventHandle flush_event_;
  EventHandle timer_;
};

}  // namespace orrery::durable
