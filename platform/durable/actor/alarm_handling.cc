// Storage of the alarm, and runs of its handler. What is said to the scheduler is in alarm_promise.cc.
#include "platform/durable/actor/alarm_handling.h"

#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/steps.h"
#include "platform/worker/events.h"

namespace orrery::durable {

namespace {
constexpr Site kEarly{"alarm.early"};
constexpr Site kLimit{"alarm.wall_limit"};
// How long a run that came early waits before it looks at its host's clock again.
constexpr int64_t kLongestWaitMs = 60'000;
constexpr std::string_view kNoHandler =
    "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() "
    "function?";
}  // namespace

struct Actor::Alarms::RunWork final : Actor::Work {
  using Work::Work;
  void run() override {
    if (actor.alarms_->running_) actor.alarms_->run();
  }
};

// The end of a successful run passes the output gate like an answer (2.4).
class Actor::Alarms::EndOutput final : public GatedOutput {
 public:
  explicit EndOutput(Alarms& alarms) : alarms_(alarms) {}
  void release() override {
    if (alarms_.actor_.passes(steps::kAlarmDone)) alarms_.finish(AlarmAnswer::Outcome::kDone);
  }
  void broken(const runtime::ErrorInfo&) override {}  // object_ended answers

 private:
  Alarms& alarms_;
};

Actor::Alarms::Alarms(Actor& actor)
    : actor_(actor), client_(*actor.host_.process().find<AlarmClient>()) {
  const std::string& name = world().trace().lane_at(actor.info_->lane).name;
  lane_ = world().trace().lane(alarm_name(name), "alarm", actor.info_->lane);
  touched_.assign(actor.savepoints_, false);
  StorageError error;
  durable_ = committed_ = told_ = actor.database_->alarm(error);
}

Actor::Alarms::~Alarms() {
  world().loop().cancel(wait_timer_);
  world().loop().cancel(limit_timer_);
}

int64_t Actor::Alarms::clock_ms() const { return actor_.host_.process().clock().wall_ms(); }

// ---- storage ----

AlarmTime Actor::Alarms::get(StorageError& error) {
  bool touched = false;
  for (bool t : touched_) touched = touched || t;
  if (deferred_ && !touched) return std::nullopt;
  return actor_.database_->alarm(error);
}

StorageError Actor::Alarms::set(AlarmTime time, bool confirmed) {
  StorageError error;
  const AlarmTime before = actor_.database_->alarm(error);
  if (!error) error = actor_.database_->set_alarm(time);
  if (error) return error;
  if (touched_.empty()) deferred_ = false;
  else touched_.back() = true;
  if (before != time)
    actor_.wrote(time ? "setAlarm" : "deleteAlarm", time ? std::to_string(*time) : "", confirmed);
  return {};
}

void Actor::Alarms::savepoint(Savepoint what) {
  const bool rolled_back = what == Savepoint::kRollBack;
  if (!rolled_back && what != Savepoint::kRelease) return touched_.push_back(false);
  if (touched_.empty()) return;
  const bool touched = touched_.back();
  touched_.pop_back();
  ORRERY_SOMETIMES(world(), rolled_back && touched && running_,
                   "a transaction that set the alarm is rolled back while its handler runs");
  if (rolled_back || !touched) return;
  if (touched_.empty()) deferred_ = false;
  else touched_.back() = true;
}

// ---- arrival (6.4, 6.5) ----

void Actor::Alarms::arrived(const net::Caller& caller, const worker::ObjectMessage& event) {
  Run made{event.alarm_ms, event.alarm_retries, event.alarm_attempt,
           event.event == worker::ObjectMessage::Event::kAlarmGivenUp, {caller}};
  auto same = [&](const std::optional<Run>& run) {
    return run && run->scheduled == made.scheduled && run->give_up == made.give_up;
  };
  if (same(running_) || same(queued_)) {
    ORRERY_SOMETIMES(world(), true, "an alarm is delivered twice and the second joins the first");
    (same(running_) ? running_ : queued_)->callers.push_back(caller);
    return;
  }
  if (running_) {
    if (queued_) {
      ORRERY_SOMETIMES(world(), true, "a queued alarm is replaced by a newer one");
      answer(*queued_, AlarmAnswer::Outcome::kCanceled, false, true);
    }
    ORRERY_SOMETIMES(world(), true, "an alarm waits for the handler of another one");
    queued_ = std::move(made);
    return;
  }
  running_ = std::move(made);
  start();
}

// Queues the run at the input gate, when the host's clock has reached its time.
void Actor::Alarms::start() {
  const int64_t early_ms = running_->scheduled - clock_ms();
  if (early_ms <= 0 || running_->give_up) {
    actor_.input_gate_->wait(*new RunWork(actor_));
    return;
  }
  ORRERY_SOMETIMES(world(), true, "an alarm comes before its time on the object's host");
  Duration wait = actor_.host_.process().clock().world_duration(
      millis(std::min(early_ms, kLongestWaitMs)));
  wait_timer_ = world().loop().schedule_in(wait, kEarly, actor_.host_.process().owner(), [this] {
    wait_timer_ = {};
    if (actor_.state_ == State::kRunning && running_) start();
  });
}

void Actor::Alarms::run() {
  Run& run = *running_;
  if (run.give_up) return give_up();
  const int64_t now = clock_ms();
  if (run.scheduled > now) return start();  // the clock went back
  if (!actor_.passes(steps::kAlarmArrived)) return;
  StorageError error;
  const AlarmTime stored = actor_.database_->alarm(error);
  deferred_ = true;
  if (stored != run.scheduled) {
    if (stored != durable_) {
      // The new alarm must not be destroyed by the end of this run.
      ORRERY_SOMETIMES(world(), true, "an alarm runs while another one is not durable yet");
      deferred_ = false;
    } else if (stored && *stored < now) {
      ORRERY_SOMETIMES(world(), true, "an alarm runs for a stored one that is overdue");
    } else {
      ORRERY_SOMETIMES(world(), !stored, "an alarm comes that the object does not have any more");
      ORRERY_SOMETIMES(world(), stored && *stored > run.scheduled,
                       "an alarm comes that the object has moved to a later time");
      deferred_ = false;
      world().announce(AlarmCanceled{lane_, actor_.info_->lane, run.scheduled, stored});
      return finish(AlarmAnswer::Outcome::kCanceled);
    }
  }
  retry_ = true;
  // The stored alarm stays until the handler has ended well.
  if (actor_.host_.options().weaken.alarm_deleted_early) delete_deferred();
  ORRERY_SOMETIMES(world(), run.attempt > 1 && run.retries == 0,
                   "an alarm runs again without a counted failure");
  world().announce(AlarmFired{lane_, actor_.info_->lane, actor_.epoch_, run.scheduled, now,
                              run.attempt, run.retries, deferred_});
  limit_timer_ = world().loop().schedule_in(
      kAlarmWallLimit, kLimit, actor_.host_.process().owner(), [this] {
        limit_timer_ = {};
        if (actor_.state_ != State::kRunning) return;
        ORRERY_SOMETIMES(world(), true, "an alarm handler runs into its wall limit");
        actor_.end(alarm_timeout(), "its alarm ran for too long");
      });
  actor_.depth_ = 1;
  actor_.subrequests_ = 0;
  actor_.turn("alarm", [&](runtime::Isolate& isolate) {
    return isolate.dispatch_alarm(actor_.context_id(), kEvent, run.scheduled,
                                  static_cast<int>(run.retries));
  });
}

// The scheduler gave up: the stored alarm goes, if it is still that one.
void Actor::Alarms::give_up() {
  if (put_off()) return;
  StorageError error;
  if (actor_.database_->alarm(error) == running_->scheduled) settle();
  // A turn without JavaScript.
  world().announce(worker::TurnEnded{actor_.info_->lane, "alarm given up", 0, 0, 0});
  end_through_gate();
}

// A transaction that the handler began and did not await may be open when it ends: deleting the alarm within it
// would be undone by its rollback, and would lock the gate to its batch.
bool Actor::Alarms::put_off() {
  put_off_ = actor_.savepoints_ > 0;
  ORRERY_SOMETIMES(world(), put_off_, "an alarm's run ends while a transaction is open");
  return put_off_;
}

void Actor::Alarms::transaction_ended() {
  if (!put_off_ || !running_ || actor_.state_ != State::kRunning) return;
  put_off_ = false;
  if (running_->give_up) return give_up();
  delete_deferred();
  end_through_gate();
}

// Deletes the stored alarm: a confirmed write of our own, not JavaScript's.
void Actor::Alarms::settle() {
  if (actor_.database_->set_alarm(std::nullopt)) return;  // broken: the commit will say so
  actor_.begin_batch();
  actor_.output_gate_.lock(actor_.open_batch_);
  world().announce(ObjectWrite{actor_.info_->lane, actor_.epoch_, actor_.open_batch_, true,
                               kAlarmSettled.data(), "", ""});
}

// ---- the end of a run ----

void Actor::Alarms::handler_ended(bool has_handler) {
  if (!running_ || actor_.state_ != State::kRunning) return;
  if (!has_handler) {
    ORRERY_SOMETIMES(world(), true, "an alarm has no handler");
    world().announce(worker::ConsoleLine{actor_.info_->lane, "warn", kNoHandler, ""});
    deferred_ = false;
    return finish(AlarmAnswer::Outcome::kFailed, false, false);
  }
  ORRERY_SOMETIMES(world(), !deferred_, "an alarm handler has set or deleted its alarm");
  if (!actor_.passes(steps::kHandlerEnded) || put_off()) return;
  delete_deferred();
  if (!actor_.passes(steps::kAlarmDeleting)) return;
  end_through_gate();
}

void Actor::Alarms::delete_deferred() {
  if (deferred_) {
    succeeding_ = true;
    settle();
  }
  deferred_ = false;
}

void Actor::Alarms::end_through_gate() {
  if (!actor_.lease_valid()) actor_.wait_for_lease();
  actor_.output_gate_.pass(std::make_unique<EndOutput>(*this));
}

void Actor::Alarms::handler_failed() {
  if (!running_ || actor_.state_ != State::kRunning) return;
  deferred_ = false;
  finish(AlarmAnswer::Outcome::kFailed, true, retry_);
}

// A commit that did not have to wait is in the log because the scheduler had something earlier: until it is
// durable the scheduler must not be told of anything later.
AlarmTime Actor::Alarms::earliest_on_the_way() const {
  AlarmTime earliest = durable_;
  for (const Commit& c : commits_) {
    if (!held_.empty() && c.batch >= held_.front().batch) break;
    if (earlier(c.time, earliest)) earliest = c.time;
  }
  ORRERY_SOMETIMES(actor_.world(), earliest != durable_,
                   "a run ends while an alarm that was set anew is on its way to the log");
  return earliest;
}

void Actor::Alarms::answer(const Run& run, AlarmAnswer::Outcome outcome, bool counted, bool retry) {
  auto message = make_ref<AlarmAnswer>(outcome, earliest_on_the_way());
  message->counted = counted;
  message->retry = retry;
  for (const net::Caller& caller : run.callers) caller.reply(message);
}

void Actor::Alarms::finish(AlarmAnswer::Outcome outcome, bool counted, bool retry) {
  Run ended = std::move(*running_);
  running_.reset();
  put_off_ = false;
  world().loop().cancel(limit_timer_);
  if (outcome == AlarmAnswer::Outcome::kDone && !ended.give_up)
    world().announce(AlarmSucceeded{lane_, actor_.info_->lane, actor_.epoch_, ended.scheduled});
  // The scheduler goes on from what the answer says is stored.
  if (outcome != AlarmAnswer::Outcome::kFailed && earlier(told_, earliest_on_the_way()))
    told_ = earliest_on_the_way();
  answer(ended, outcome, counted, retry);
  maybe_tell_later();
  if (!queued_) return actor_.maybe_idle();
  running_ = std::move(queued_);
  queued_.reset();
  start();
}

void Actor::Alarms::object_ended() {
  // What the platform did to the object is not the handler's fault (6.6).
  const bool counted = !actor_.end_error_.retryable && !actor_.storage_failed_;
  if (running_) answer(*running_, AlarmAnswer::Outcome::kFailed, counted, retry_);
  if (queued_) answer(*queued_, AlarmAnswer::Outcome::kFailed, false, true);
  running_.reset();
  queued_.reset();
  world().loop().cancel(wait_timer_);
  world().loop().cancel(limit_timer_);
}

}  // namespace orrery::durable
