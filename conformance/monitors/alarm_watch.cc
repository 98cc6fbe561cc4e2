#include "conformance/monitors/alarm_watch.h"

#include <algorithm>
#include <cstring>

namespace orrery::monitors {

namespace {

// How long after its time, and after the last fault, an alarm may stay unseen: a takeover of its shard, one of its
// object and the longest pause between deliveries fit in twice. Ours.
constexpr Duration kLate = seconds(180);

bool contains(const std::vector<durable::AlarmTime>& times, const durable::AlarmTime& time) {
  return std::find(times.begin(), times.end(), time) != times.end();
}

std::string show(const durable::AlarmTime& time) {
  return time ? std::to_string(*time) : std::string("none");
}

}  // namespace

AlarmWatch::Alarm& AlarmWatch::of_object(LaneId object) {
  if (object >= by_object_.size()) by_object_.resize(object + 64);
  if (!by_object_[object]) by_object_[object] = std::make_unique<Alarm>();
  return *by_object_[object];
}

// ---- what the object should have ----

void AlarmWatch::on(const durable::ObjectWrite& e, const EventContext& at) {
  if (e.operation == "setAlarm") {
    write(e.lane, e.batch, std::strtoll(std::string(e.key).c_str(), nullptr, 10));
  } else if (e.operation == "deleteAlarm" ||
             (e.operation == "deleteAll" && e.key == durable::kAlarmToo)) {
    if (find(e.lane)) write(e.lane, e.batch, std::nullopt);
  } else if (e.operation == durable::kAlarmSettled) {
    Alarm& alarm = of_object(e.lane);
    ledger_.exercise(RuleId::kAlarmFires);
    const Time time = alarm.stored;
    if (!contains(alarm.done, time) && alarm.given_up != time)
      ledger_.breach(RuleId::kAlarmFires, at, {alarm.lane, e.lane}, [&] {
        return ledger_.name(alarm.lane) + " for " + show(time) + " was deleted at " +
               monitors::show(at.at) + " before its handler had " +
               (contains(alarm.firing, time) ? "succeeded" : "run");
      });
    write(e.lane, e.batch, std::nullopt);
  }
}

void AlarmWatch::write(LaneId object, uint64_t batch, Time time) {
  Alarm& alarm = of_object(object);
  if (alarm.stored != time) {
    alarm.ran.clear();
    alarm.done.clear();
    alarm.failures = {};
  }
  alarm.stored = time;
  if (!alarm.writes.empty() && alarm.writes.back().batch == batch) alarm.writes.back().time = time;
  else alarm.writes.push_back({batch, time});
}

void AlarmWatch::on(const durable::SavepointBegan& e, const EventContext&) {
  Alarm& alarm = of_object(e.lane);
  alarm.savepoints.push_back(alarm.stored);
}

void AlarmWatch::on(const durable::SavepointEnded& e, const EventContext&) {
  Alarm& alarm = of_object(e.lane);
  if (alarm.savepoints.empty()) return;
  const Time before = alarm.savepoints.back();
  alarm.savepoints.pop_back();
  if (!e.rolled_back) return;
  ledger_.exercise(RuleId::kAlarmStored);
  if (before == alarm.stored || alarm.writes.empty()) return;
  // Nothing commits while a savepoint is open, so the change was made in the last batch.
  alarm.stored = alarm.writes.back().time = before;
}

void AlarmWatch::on(const durable::ObjectCommitted& e, const EventContext& at) {
  Alarm* alarm = find(e.lane);
  if (!alarm) return;
  for (; !alarm->writes.empty() && alarm->writes.front().batch <= e.batch; alarm->writes.pop_front()) {
    const Time time = alarm->writes.front().time;
    const Time before = alarm->changes.back().time;
    if (time == before) continue;
    alarm->changes.push_back({{e.epoch, e.index}, time, at.at});
    if (!time || (before && *before < *time)) continue;
    // It enters the log now: from here on it may become durable.
    ledger_.exercise(RuleId::kAlarmScheduler);
    if (!alarm->told || *alarm->told > *time)
      ledger_.breach(RuleId::kAlarmScheduler, at, {e.lane}, [&] {
        return "the alarm of " + ledger_.name(e.lane) + " entered the log for " + show(time) +
               " at " + monitors::show(at.at) + ", but the scheduler held " +
               (alarm->told ? "the later " + show(alarm->told) : std::string("none"));
      });
  }
}

// What was not in the log it recovered is gone.
void AlarmWatch::on(const durable::ObjectStarted& e, const EventContext&) {
  Alarm* alarm = find(e.lane);
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!alarm || !epoch) return;
  auto& changes = alarm->changes;
  while (changes.size() > 1 && !object->contains(epoch->start, changes.back().position))
    changes.pop_back();
  changes.erase(changes.begin(), changes.end() - 1);
  alarm->writes.clear();
  alarm->savepoints.clear();
  alarm->firing.clear();
  const Time stored = changes.back().time;
  if (stored != alarm->stored) alarm->failures = {};
  alarm->stored = stored;
}

// ---- what the object says ----

// The change must be one that was asked for, committed and not undone.
void AlarmWatch::may_be_stored(LaneId lane, LaneId object, int64_t time_ms,
                               const EventContext& at) {
  Alarm& alarm = of_object(object);
  alarm.lane = lane;
  ledger_.exercise(RuleId::kAlarmStored);
  auto& changes = alarm.changes;
  for (size_t i = 0; i < changes.size(); ++i)
    if (changes[i].time == time_ms) {
      changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  ledger_.breach(RuleId::kAlarmStored, at, {lane, object}, [&] {
    return ledger_.name(lane) + " was stored for " + std::to_string(time_ms) + " at " +
           monitors::show(at.at) + ", but no transaction that stayed had set that";
  });
}

void AlarmWatch::on(const durable::AlarmDurable& e, const EventContext& at) {
  may_be_stored(e.lane, e.object, e.time_ms, at);
}
void AlarmWatch::on(const durable::AlarmReplaced& e, const EventContext& at) {
  may_be_stored(e.lane, e.object, e.time_ms, at);
}

void AlarmWatch::on(const durable::AlarmDeleted& e, const EventContext&) {
  Alarm& alarm = of_object(e.object);
  while (alarm.changes.size() > 1 && alarm.changes.front().time) alarm.changes.pop_front();
}

void AlarmWatch::on(const durable::AlarmTold& e, const EventContext&) {
  of_lane(e.lane).told = e.time;
}

// ---- runs ----

void AlarmWatch::on(const durable::AlarmFired& e, const EventContext& at) {
  Alarm& alarm = of_object(e.object);
  alarm.lane = e.lane;
  int64_t now = e.clock_ms;
  Object* object = objects_.find(e.object);
  if (Epoch* epoch = object ? object->find(e.epoch) : nullptr; epoch && epoch->host < hosts_.count())
    now = hosts_.by_id(epoch->host).clock().wall_ms();
  ledger_.exercise(RuleId::kAlarmEarly);
  if (now < e.scheduled_ms)
    ledger_.breach(RuleId::kAlarmEarly, at, {e.lane, e.object}, [&] {
      return ledger_.name(e.lane) + " ran at " + monitors::show(at.at) + ", " +
             std::to_string(e.scheduled_ms - now) + " ms before its time on its host's clock";
    });

  ledger_.exercise(RuleId::kAlarmStored);
  const bool overdue = alarm.stored && *alarm.stored <= now;
  const bool settled = alarm.stored == alarm.changes.front().time;
  // A change that is not durable yet does not stop a run of what is (6.4).
  if (alarm.stored != e.scheduled_ms && settled && !overdue)
    ledger_.breach(RuleId::kAlarmStored, at, {e.lane, e.object}, [&] {
      return ledger_.name(e.lane) + " ran at " + monitors::show(at.at) + " for " +
             std::to_string(e.scheduled_ms) + ", but what is stored is " + show(alarm.stored);
    });
  alarm.firing = {Time(e.scheduled_ms)};
  if (e.deletes && alarm.stored) alarm.firing.push_back(alarm.stored);

  ledger_.exercise(RuleId::kAlarmRetries);
  const Failures& f = alarm.failures;
  const bool same = f.time == e.scheduled_ms && f.shard_epoch == shard_epochs_[alarm.shard];
  if (e.retry_count > durable::kAlarmRetries ||
      (same && !alarm.two_owners && e.retry_count < f.counted))
    ledger_.breach(RuleId::kAlarmRetries, at, {e.lane, e.object}, [&] {
      return ledger_.name(e.lane) + " ran at " + monitors::show(at.at) + " with retryCount " +
             std::to_string(e.retry_count) + " after " + std::to_string(f.counted) +
             " counted failures";
    });
}

void AlarmWatch::on(const worker::TurnEnded& e, const EventContext&) {
  Alarm* alarm = find(e.lane);
  if (!alarm || alarm->firing.empty() || std::strcmp(e.why, "alarm") != 0) return;
  ledger_.exercise(RuleId::kAlarmFires);
  alarm->ran = alarm->firing;
}

void AlarmWatch::on(const durable::AlarmHandlerEnded& e, const EventContext&) {
  Alarm& alarm = of_object(e.lane);
  if (e.well) alarm.done = std::move(alarm.firing);
  else alarm.ran = std::move(alarm.firing);
  alarm.firing.clear();
}

void AlarmWatch::shard_acts(Alarm& alarm, uint32_t shard, uint64_t shard_epoch) {
  alarm.shard = shard % durable::kAlarmShards;
  if (shard_epoch < shard_epochs_[alarm.shard]) alarm.two_owners = true;
}

void AlarmWatch::on(const durable::AlarmSent& e, const EventContext&) {
  Alarm& alarm = of_lane(e.lane);
  alarm.lane = e.lane;
  shard_acts(alarm, e.shard, e.shard_epoch);
}

void AlarmWatch::on(const durable::AlarmFailed& e, const EventContext& at) {
  Alarm& alarm = of_lane(e.lane);
  const uint64_t newest = shard_epochs_[alarm.shard];
  if (e.shard_epoch < newest) alarm.two_owners = true;
  alarm.retry_by = std::max(alarm.retry_by, at.at + e.next_in);
  Failures& f = alarm.failures;
  if (f.time != e.scheduled_ms || f.shard_epoch != newest) {
    f = {};
    f.time = e.scheduled_ms;
    f.shard_epoch = newest;
  }
  if (e.next_in.us == 0) return;  // it is given up
  if (e.counted && f.last_uncounted) f.pauses = 0;
  f.last_uncounted = !e.counted;
  f.counted += e.counted;
  ++f.pauses;
  ledger_.exercise(RuleId::kAlarmRetries);
  const bool endless = f.counted > durable::kAlarmRetries && !alarm.two_owners;
  if (e.next_in < durable::kAlarmRetryFirst || endless)
    ledger_.breach(RuleId::kAlarmRetries, at, {e.lane}, [&] {
      return ledger_.name(e.lane) + " failed at " + monitors::show(at.at) + " for the " +
             std::to_string(f.counted) + ". counted time and is to run again after " +
             std::to_string(e.next_in.us / 1000) + " ms";
    });
}

void AlarmWatch::on(const durable::AlarmAbandoned& e, const EventContext&) {
  Alarm& alarm = of_lane(e.lane);
  alarm.failures = {};
  alarm.given_up = e.scheduled_ms;
}

void AlarmWatch::on(const durable::ShardTaken& e, const EventContext&) {
  uint64_t& newest = shard_epochs_[e.shard % durable::kAlarmShards];
  newest = std::max(newest, e.epoch);
}

// ---- the end ----

void AlarmWatch::on(const fault::FaultBegan&, const EventContext&) { ++faults_in_force_; }
void AlarmWatch::on(const fault::FaultEnded&, const EventContext& at) {
  --faults_in_force_;
  faults_over_ = at.at;
}

bool AlarmWatch::is_durable(Object& object, LogPosition position) {
  Epoch* own = object.find(position.epoch);
  if (own && position.index <= object.durable_index(*own)) return true;
  for (const Epoch& later : object.epochs)
    if (later.number > position.epoch && later.started && later.recovered &&
        object.contains(later.start, position))
      return true;
  return false;
}

void AlarmWatch::finish(const EventContext& at) {
  bool healed = faults_in_force_ == 0;
  for (host::HostId id = 0; id < hosts_.count(); ++id)
    healed = healed && hosts_.by_id(id).up() && !hosts_.by_id(id).paused();
  if (!healed) return;
  for (LaneId object = 0; object < by_object_.size(); ++object) {
    const auto of_object = [&](const std::string& prefix) { return ledger_.name(object).starts_with(prefix); };
    if (by_object_[object] && std::none_of(deleted_.begin(), deleted_.end(), of_object))
      check_missed(object, *by_object_[object], at);
  }
}

void AlarmWatch::on(const worker::ClassDeleted& e, const EventContext&) {
  deleted_.push_back("do:" + std::string(e.label) + "/");
}

void AlarmWatch::check_missed(LaneId lane, Alarm& alarm, const EventContext& at) {
  Object* object = objects_.find(lane);
  if (!object || !alarm.changes.back().time) return;
  const Change& change = alarm.changes.back();
  // Later writes, durable or not, are the object's own business.
  if (alarm.stored != change.time || alarm.given_up == change.time) return;
  Instant since = std::max({change.at, faults_over_, alarm.retry_by});
  if (at.at < since + kLate || !is_durable(*object, change.position)) return;
  int64_t slowest = INT64_MAX;
  for (host::HostId id = 0; id < hosts_.count(); ++id)
    slowest = std::min(slowest, hosts_.by_id(id).clock().wall_ms());
  if (slowest < *change.time + kLate.us / 1000) return;
  ledger_.exercise(RuleId::kAlarmFires);
  for (const auto* times : {&alarm.firing, &alarm.ran, &alarm.done})
    if (contains(*times, change.time)) return;
  ledger_.breach(RuleId::kAlarmFires, at, {lane}, [&] {
    return "the alarm of " + ledger_.name(lane) + " has been durable since " +
           monitors::show(change.at) + " for " + show(change.time) +
           ", but had not run when the world ended at " + monitors::show(at.at);
  });
}

}  // namespace orrery::monitors
