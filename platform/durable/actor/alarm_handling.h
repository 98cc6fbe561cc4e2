// The alarm of one live object (durable-objects.md section 6): what storage says of it, the handler's
// runs, and the promise to the scheduler.
//
// Deferred delete: while the handler runs, the alarm it runs for is still stored but reads as none; success
// deletes it. Setting or deleting the alarm meanwhile ends that, within a transaction only when the
// outermost one commits.
//
// Invariants
//  - scheduler's time <= durable stored time, always: a commit that moves the alarm earlier is kept back,
//    with all that follow it, until the scheduler has the new time durably; a later time or a deletion
//    is told after it is durable.
//  - One run at a time; at most one other waits.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "platform/durable/actor/actor.h"
#include "platform/durable/alarms/alarm_client.h"
#include "platform/durable/alarms/messages.h"

namespace orrery::durable {

class Actor::Alarms {
 public:
  // The event id of the running handler: runs are not among the events in flight.
  static constexpr runtime::EventId kEvent = 0x7fff'fff0;

  // Reads the stored alarm; make it before the first change of it.
  explicit Alarms(Actor& actor);
  ~Alarms();

  // ---- storage ----
  AlarmTime get(StorageError& error);
  StorageError set(AlarmTime time, bool confirmed);
  void savepoint(Savepoint what);
  // The outermost transaction has ended: what the platform put off until then.
  void transaction_ended();
  // The database is that of another time: the scheduler is told its alarm.
  void restored();
  // deleteAll() deletes the alarm too.
  void deleting_with_the_rest() { deferred_ = false; }
  // abort({retryAlarm: false})
  void no_retry() { retry_ = false; }

  // ---- runs ----
  void arrived(const net::Caller& caller, const worker::ObjectMessage& event);
  void handler_ended(bool has_handler);
  void handler_failed();
  // The object is reset or evicted: whoever waits for a run hears so.
  void object_ended();

  // ---- commits ----
  // True when the commit must wait for the scheduler: it enters the log later, in order.
  bool keep_back(Batch batch, Ref<LogPayload>& payload);
  void durable(Batch batch);
  // Commits wait for the scheduler.
  bool holding() const { return !held_.empty(); }

  // The handler, or what comes before or after it, is under way.
  bool handling() const { return running_.has_value(); }
  // A run, or a word with the scheduler, is under way.
  bool busy() const { return running_ || queued_ || telling_ || telling_later_; }

 private:
  struct Run {
    int64_t scheduled;
    uint32_t retries;
    uint32_t attempt;
    bool give_up;
    std::vector<net::Caller> callers;
  };
  struct Commit {
    Batch batch;
    AlarmTime time;
    bool after_success;
  };
  struct Held {
    Batch batch;
    AlarmTime time;  // the alarm as of this commit
    Ref<LogPayload> payload;
  };
  struct RunWork;
  class EndOutput;

  World& world() { return actor_.world(); }
  int64_t clock_ms() const;
  void start();
  void run();
  void give_up();
  // True when a transaction is open: what the platform does must not be part of it.
  bool put_off();
  void settle();
  void delete_deferred();
  void end_through_gate();
  void finish(AlarmAnswer::Outcome outcome, bool counted = false, bool retry = true);
  void answer(const Run& run, AlarmAnswer::Outcome outcome, bool counted, bool retry);
  // Of what is durable and what is in the log but not durable yet.
  AlarmTime earliest_on_the_way() const;
  // Of what is held back.
  AlarmTime earliest_held() const;
  AlarmObject object() const;
  void late_commit(Batch batch, uint64_t index);
  Task<void> tell_first();
  void maybe_tell_later();
  Task<void> tell_later();

  Actor& actor_;
  AlarmClient& client_;
  LaneId lane_;

  std::optional<Run> running_;
  std::optional<Run> queued_;
  bool deferred_ = false;          // success deletes the stored alarm
  bool retry_ = true;
  bool put_off_ = false;           // the end of the run waits for an open transaction
  std::vector<bool> touched_;      // by open savepoint: the alarm was set or deleted in it
  EventHandle wait_timer_;         // the clock is behind the alarm's time
  EventHandle limit_timer_;

  AlarmTime durable_;              // stored, as of the last durable commit
  AlarmTime committed_;            // as of the last commit
  AlarmTime told_;                 // the scheduler has this or something earlier
  bool succeeding_ = false;        // the change being committed is the end of a successful run
  std::deque<Commit> commits_;     // changes not durable yet
  std::deque<Held> held_;
  bool telling_ = false;
  bool telling_later_ = false;
  uint64_t sequence_ = 0;
};

}  // namespace orrery::durable
