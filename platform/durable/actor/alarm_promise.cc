// The two-phase promise between an object's storage and the scheduler (durable-objects.md 6.3).
#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/steps.h"

namespace orrery::durable {

AlarmObject Actor::Alarms::object() const {
  return {actor_.class_label_, actor_.id_, actor_.name_, actor_.host_.process().host().pop(),
          actor_.jurisdiction_};
}

bool Actor::Alarms::keep_back(Batch batch, Ref<LogPayload>& payload) {
  StorageError error;
  const AlarmTime now = actor_.database_->alarm(error);
  if (now != committed_) {
    committed_ = now;
    commits_.push_back({batch, now, succeeding_});
  }
  succeeding_ = false;
  const bool weak = actor_.host_.options().weaken.alarm_unpromised;
  if (held_.empty() && (weak || !earlier(now, told_))) return false;
  held_.push_back({batch, now, std::move(payload)});
  if (!telling_) {
    telling_ = true;
    actor_.tasks_.spawn(tell_first());
  }
  return true;
}

void Actor::Alarms::restored() {
  committed_ = told_ = {};
  actor_.begin_batch();  // its commit tells
}

AlarmTime Actor::Alarms::earliest_held() const {
  AlarmTime first;
  for (const Held& h : held_)
    if (earlier(h.time, first)) first = h.time;
  return first;
}

// Told to observers alone: the entry is in the trace already.
void Actor::Alarms::late_commit(Batch batch, uint64_t index) {
  const orrery::EventContext now{world().trace().events(), world().now(), world().cause().id()};
  world().observers().tell(LateCommitted{{actor_.info_->lane, actor_.epoch_, batch, index}}, now);
}

Task<void> Actor::Alarms::tell_first() {
  // Of several commits each is in the log for a while, whatever the last one says.
  while (earlier(earliest_held(), told_)) {
    const AlarmTime time = earliest_held();
    AlarmVersion version{actor_.epoch_, ++sequence_};
    // Whether the process ends here or not: what is told leaves in this instant.
    (void)actor_.host_.process().passes(steps::kSchedulerAsked, actor_.info_->lane);
    const bool told = co_await client_.tell(actor_.info_->key, object(), time, version,
                                            actor_.host_.options().durability_timeout);
    if (actor_.lingering_ && !told) co_return actor_.linger_over();
    if (actor_.state_ != State::kRunning && !actor_.lingering_) co_return;
    if (!told) {
      ORRERY_SOMETIMES(world(), true, "a write fails because the alarm scheduler does not answer");
      actor_.storage_failed_ = true;
      actor_.end(durability_timeout(), "the alarm scheduler did not answer in time");
      co_return;
    }
    ORRERY_SOMETIMES(world(), earliest_held() != time,
                     "an alarm is set again while the scheduler is being told");
    told_ = time;
  }
  if (actor_.state_ == State::kRunning && !actor_.passes(steps::kSchedulerKnows)) co_return;
  telling_ = false;
  ORRERY_SOMETIMES(world(), held_.size() > 1, "commits wait behind one that moves the alarm earlier");
  std::deque<Held> held = std::move(held_);
  held_.clear();
  for (Held& h : held) {
    if (actor_.state_ == State::kRunning) actor_.log_batch(h.batch, std::move(h.payload));
    else if (actor_.lingering_ && h.payload) late_commit(h.batch, actor_.append(std::move(h.payload)));
  }
  if (actor_.lingering_) actor_.linger_over();
}

void Actor::Alarms::durable(Batch batch) {
  bool changed = false;
  for (; !commits_.empty() && commits_.front().batch <= batch; commits_.pop_front()) {
    const Commit& c = commits_.front();
    const LaneId object = actor_.info_->lane;
    if (!c.time)
      world().announce(AlarmDeleted{lane_, object, actor_.epoch_, *durable_, c.after_success});
    else if (durable_)
      world().announce(AlarmReplaced{lane_, object, actor_.epoch_, *durable_, *c.time});
    else
      world().announce(AlarmDurable{lane_, object, actor_.epoch_, *c.time});
    durable_ = c.time;
    changed = true;
  }
  if (changed) maybe_tell_later();
}

// A run that is under way tells by its answer.
void Actor::Alarms::maybe_tell_later() {
  if (running_ || telling_ || telling_later_ || !commits_.empty() || !earlier(told_, durable_)) return;
  if (actor_.state_ == State::kRunning && !actor_.passes(steps::kMoveLater)) return;
  telling_later_ = true;
  actor_.tasks_.spawn(tell_later());
}

// Best effort: when it fails the scheduler delivers at the earlier time and is put right (6.4).
Task<void> Actor::Alarms::tell_later() {
  while (!running_ && !telling_ && commits_.empty() && earlier(told_, durable_)) {
    // From here on the scheduler may have it.
    told_ = durable_;
    AlarmVersion version{actor_.epoch_, ++sequence_};
    const bool told =
        co_await client_.tell(actor_.info_->key, object(), told_, version, kTellLaterPatience);
    ORRERY_SOMETIMES(world(), !told, "the alarm scheduler does not hear of a later alarm");
    if (actor_.state_ != State::kRunning) co_return;
  }
  telling_later_ = false;
  actor_.maybe_idle();
}

}  // namespace orrery::durable
