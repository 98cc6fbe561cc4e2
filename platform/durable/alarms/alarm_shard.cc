#include "platform/durable/alarms/alarm_shard.h"

#include "platform/durable/alarms/alarm_scheduler.h"
#include "platform/durable/alarms/delivery.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/alarms/shards.h"
#include "platform/durable/steps.h"

namespace orrery::durable {

namespace {
constexpr Site kFlush{"alarm.flush"};
constexpr Site kTimer{"alarm.timer"};
constexpr Site kRepeat{"alarm.repeat"};
constexpr Site kJitter{"alarm.retry_jitter"};
}  // namespace

AlarmShard::AlarmShard(AlarmScheduler& scheduler, uint32_t number, Ref<const ObjectInfo> info,
                       uint64_t epoch, std::unique_ptr<ReplicatedLog> log, ShardTable table)
    : scheduler_(scheduler),
      number_(number),
      info_(std::move(info)),
      epoch_(epoch),
      log_(std::move(log)),
      table_(std::move(table)),
      tasks_(scheduler.process().world().loop(), scheduler.process().owner()) {
  log_->set_listener(this);
  log_->set_image_source(this);
  for (const auto& [id, row] : table_.rows()) wait_until(id, alarm_of(row.object), row.time);
  last_asked_ = world().now();
  world().announce(
      ShardTaken{info_->lane, number_, epoch_, table_.size(), scheduler_.process().host_id()});
  tasks_.spawn(wake());
}

AlarmShard::~AlarmShard() {
  log_->set_listener(nullptr);
  world().loop().cancel(flush_event_);
  world().loop().cancel(timer_);
  auto refusal = make_ref<const AlarmTellReply>(false, host::kNoHost);
  if (scheduler_.process().dying()) return;
  for (const Asked& a : inbox_) a.caller.reply(refusal);
  for (const net::Caller& c : unflushed_) c.reply(refusal);
  for (const Confirm& c : confirms_) c.caller.reply(refusal);
}

World& AlarmShard::world() const { return scheduler_.process().world(); }
int64_t AlarmShard::clock_ms() const { return scheduler_.process().clock().wall_ms(); }

bool AlarmShard::passes(const host::Step& step, const Alarm& alarm) {
  return scheduler_.process().passes(step, alarm.info->lane);
}

// ---- what objects say ----

void AlarmShard::tell(const net::Caller& caller, Ref<const AlarmTellMessage> message) {
  last_asked_ = world().now();
  Asked asked{caller, std::move(message)};
  if (!serving_) return inbox_.push_back(std::move(asked));
  accept(asked);
}

AlarmShard::Alarm& AlarmShard::alarm_of(const AlarmObject& object) {
  auto [it, fresh] = alarms_.try_emplace(object.id);
  if (fresh) {
    it->second.info = scheduler_.info_of(object);
    const std::string& name = world().trace().lane_at(it->second.info->lane).name;
    it->second.lane = world().trace().lane(alarm_name(name), "alarm", it->second.info->lane);
  }
  return it->second;
}

void AlarmShard::accept(const Asked& asked) {
  const AlarmTellMessage& m = *asked.message;
  const ShardTable::Row* row = table_.find(m.object.id);
  if (auto known = alarms_.find(m.object.id); known != alarms_.end() || m.time)
    if (!passes(steps::kAlarmHeard, known != alarms_.end() ? known->second : alarm_of(m.object))) return;
  if (row && m.version < row->version) {
    ORRERY_SOMETIMES(world(), true, "a late message about an alarm is passed over");
  } else if (m.time && !(row && row->version == m.version)) {
    Alarm& alarm = alarm_of(m.object);
    table_.set(m.object, *m.time, m.version);
    changed(alarm.lane, m.time);
    // A run under way sees the newer version when it ends.
    ORRERY_SOMETIMES(world(), alarm.state != State::kWaiting,
                     "an alarm is set anew while its handler runs");
    if (alarm.state == State::kWaiting) restart(m.object.id, alarm, *m.time);
  } else if (m.time) {
    // Asked again: the former owner, perhaps, had it already and could not say so.
    ORRERY_SOMETIMES(world(), true, "an alarm scheduler is told what it has");
    changed(alarm_of(m.object).lane, row->time);
  } else if (row) {
    changed(alarm_of(m.object).lane, std::nullopt);
    forget(m.object.id);
  }
  unflushed_.push_back(asked.caller);
  if (flush_planned_) return;
  flush_planned_ = true;
  flush_event_ = world().loop().schedule(world().now(), kFlush, scheduler_.process().owner(),
                                         [this] { flush(); });
}

void AlarmShard::changed(LaneId lane, AlarmTime time) {
  unflushed_changes_.push_back({0, lane, time});
  if (flush_planned_) return;
  flush_planned_ = true;
  flush_event_ = world().loop().schedule(world().now(), kFlush, scheduler_.process().owner(),
                                         [this] { flush(); });
}

// One log entry for all that came in the same instant.
void AlarmShard::flush() {
  flush_planned_ = false;
  if (Ref<LogPayload> payload = table_.take_changes()) log_->append(std::move(payload));
  for (const Change& c : unflushed_changes_)
    if (!scheduler_.process().passes(steps::kAlarmLogged, world().trace().lane_at(c.lane).parent)) return;
  uint64_t index = log_->last_index();
  for (Change& c : unflushed_changes_) changes_.push_back({index, c.lane, c.time});
  unflushed_changes_.clear();
  for (net::Caller& c : unflushed_) confirms_.push_back({index, c});
  unflushed_.clear();
  confirm();
  arm();
}

void AlarmShard::confirm() {
  uint64_t durable = log_->durable_index();
  for (; !changes_.empty() && changes_.front().index <= durable; changes_.pop_front()) {
    const LaneId alarm = changes_.front().lane;
    if (!scheduler_.process().passes(steps::kAlarmKept, world().trace().lane_at(alarm).parent)) return;
    world().announce(AlarmTold{alarm, number_, epoch_, changes_.front().time, scheduler_.process().host_id()});
  }
  if (confirms_.empty() || confirms_.front().index > durable) return;
  auto reply = make_ref<const AlarmTellReply>(true, scheduler_.process().host_id());
  for (; !confirms_.empty() && confirms_.front().index <= durable; confirms_.pop_front())
    confirms_.front().caller.reply(reply);
}

std::string AlarmShard::waiting_on(const runtime::ObjectId& id) const {
  auto alarm = alarms_.find(id);
  if (!table_.find(id) || alarm == alarms_.end()) return "it holds no alarm of the object";
  if (!serving_) return "it has not told its watchers yet that it is awake";
  const Alarm& a = alarm->second;
  if (a.state == State::kStarted)
    return "attempt " + std::to_string(a.attempts) + " to deliver it is under way";
  return "it waits until " + std::to_string(a.due_ms) + " on a clock that shows " +
         std::to_string(clock_ms()) + (a.attempts ? ", after attempt " + std::to_string(a.attempts) : "");
}

void AlarmShard::on_durable(uint64_t) { confirm(); }

void AlarmShard::on_deposed(uint64_t) { scheduler_.lost(number_, epoch_); }

// ---- waiting ----

bool AlarmShard::keeps_alarm_of(std::string_view object) const {
  for (const auto& [id, alarm] : alarms_)
    if (world().trace().lane_at(alarm.info->lane).name == object) return true;
  return false;
}

void AlarmShard::stop_waiting(const runtime::ObjectId& id, Alarm& alarm) {
  due_.erase({alarm.due_ms, id});
}

void AlarmShard::wait_until(const runtime::ObjectId& id, Alarm& alarm, int64_t due_ms) {
  stop_waiting(id, alarm);
  alarm.state = State::kWaiting;
  alarm.due_ms = due_ms;
  due_.insert({due_ms, id});
  if (alarm.retry.any()) restless_.insert(id);
  else restless_.erase(id);
}

void AlarmShard::restart(const runtime::ObjectId& id, Alarm& alarm, int64_t time) {
  alarm.retry = {};
  alarm.giving_up = false;
  alarm.attempts = 0;
  wait_until(id, alarm, time);
  arm();
}

void AlarmShard::forget(const runtime::ObjectId& id) {
  table_.remove(id);
  auto it = alarms_.find(id);
  if (it == alarms_.end()) return;
  stop_waiting(id, it->second);
  restless_.erase(id);
  alarms_.erase(it);
}

AlarmTime AlarmShard::next_due() const {
  return due_.empty() ? AlarmTime() : AlarmTime(due_.begin()->first);
}

void AlarmShard::arm() {
  world().loop().cancel(timer_);
  if (!serving_) return;
  Duration wait = last_asked_ + kShardQuiet - world().now();
  AlarmTime next = next_due();
  bool near = next && *next - clock_ms() <= kShardStaysAwake.us / 1000;
  if (near) wait = scheduler_.until(*next);
  else if (wait.us <= 0) wait = may_sleep() ? Duration{0} : kShardQuiet;
  timer_ = world().loop().schedule_in(wait, kTimer, scheduler_.process().owner(),
                                      [this] { on_timer(); });
}

void AlarmShard::on_timer() {
  timer_ = {};
  while (!due_.empty() && due_.begin()->first <= clock_ms()) {
    runtime::ObjectId id = due_.begin()->second;
    if (!passes(steps::kAlarmDue, alarms_.at(id))) return;
    fire(id, alarms_.at(id));
  }
  if (may_sleep()) return tasks_.spawn(go_to_sleep());
  arm();
}

// ---- running ----

void AlarmShard::fire(const runtime::ObjectId& id, Alarm& alarm) {
  stop_waiting(id, alarm);
  alarm.state = State::kStarted;
  alarm.run = ++last_run_;
  if (!alarm.giving_up) ++alarm.attempts;
  restless_.insert(id);
  if (alarm.giving_up) return tasks_.spawn(deliver(id, alarm.run, true));
  world().announce(AlarmSent{alarm.lane, number_, epoch_, table_.find(id)->time, clock_ms(),
                             alarm.attempts, scheduler_.process().host_id()});
  tasks_.spawn(deliver(id, alarm.run, false));
  if (auto* repeats = scheduler_.options().repeats; repeats && !repeats->by_object.empty()) [[unlikely]]
    maybe_repeat(alarm, id);
}

void AlarmShard::maybe_repeat(const Alarm& alarm, const runtime::ObjectId& id) {
  auto& repeats = scheduler_.options().repeats->by_object;
  auto found = repeats.find(world().trace().lane_at(alarm.info->lane).name);
  if (found == repeats.end()) return;
  const Duration after = found->second;
  repeats.erase(found);
  const ShardTable::Row* row = table_.find(id);
  tasks_.spawn(deliver_again(after, alarm.info, alarm_event(row->object, row->time, alarm.retry.counted(), alarm.attempts, false),
                             row->object.home_pop, row->object.jurisdiction));
}

Task<void> AlarmShard::deliver_again(Duration after, Ref<const ObjectInfo> info, Ref<const worker::ObjectMessage> event,
                                     uint32_t home, worker::Jurisdiction jurisdiction) {
  co_await sleep(world().loop(), kRepeat, after);
  ORRERY_SOMETIMES(world(), true, "an alarm is delivered once more");
  // Whatever comes of it: the first delivery's answer is the one that counts.
  (void)co_await deliver_alarm(scheduler_.process(), scheduler_.directory(), std::move(info), std::move(event), home,
                               scheduler_.options().hosts_per_pop, jurisdiction);
}

Task<void> AlarmShard::deliver(runtime::ObjectId id, uint64_t run, bool give_up) {
  const ShardTable::Row* row = table_.find(id);
  const Alarm& alarm = alarms_.at(id);
  AlarmVersion version = row->version;
  Ref<const worker::ObjectMessage> event =
      alarm_event(row->object, row->time, alarm.retry.counted(), alarm.attempts, give_up);
  Ref<const ObjectInfo> info = alarm.info;
  uint32_t home = row->object.home_pop;
  worker::Jurisdiction jurisdiction = row->object.jurisdiction;
  Ref<const AlarmAnswer> answer =
      co_await deliver_alarm(scheduler_.process(), scheduler_.directory(), std::move(info),
                             std::move(event), home, scheduler_.options().hosts_per_pop, jurisdiction);
  finished(id, run, version, give_up, answer.get());
}

void AlarmShard::finished(const runtime::ObjectId& id, uint64_t run, AlarmVersion version,
                          bool give_up, const AlarmAnswer* answer) {
  using Outcome = AlarmAnswer::Outcome;
  auto it = alarms_.find(id);
  if (it == alarms_.end() || it->second.run != run || it->second.state == State::kWaiting) {
    ORRERY_SOMETIMES(world(), true, "an alarm is deleted while its handler runs");
    return;
  }
  Alarm& alarm = it->second;
  if (!passes(steps::kAlarmAnswered, alarm)) return;
  const ShardTable::Row* row = table_.find(id);
  if (row->version != version) {
    // A newer time came meanwhile: it runs at its own time, and the old one is not retried.
    restart(id, alarm, row->time);
  } else if (answer && answer->outcome != Outcome::kFailed) {
    settle(id, alarm, answer->stored);
  } else if (give_up) {
    // The object has to clear its stored alarm, however long that takes.
    ORRERY_SOMETIMES(world(), true, "the notice that an alarm is given up does not get through");
    alarm.retry.failed(false);
    wait_until(id, alarm, clock_ms() + alarm.retry.pause().us / 1000);
    arm();
  } else if (!answer) {
    failed(id, alarm, false, true, false);
  } else {
    ORRERY_SOMETIMES(world(), !answer->counted, "an alarm fails without being counted");
    failed(id, alarm, answer->counted, answer->retry, true);
  }
}

// The run is over and the object's durable alarm is this now.
void AlarmShard::settle(const runtime::ObjectId& id, Alarm& alarm, AlarmTime stored) {
  changed(alarm.lane, stored);
  if (!stored) return forget(id);
  const ShardTable::Row* row = table_.find(id);
  AlarmObject object = row->object;
  AlarmVersion version = row->version;
  table_.set(std::move(object), *stored, version);
  restart(id, alarm, *stored);
}

void AlarmShard::failed(const runtime::ObjectId& id, Alarm& alarm, bool counted, bool retry,
                        bool delivered) {
  int64_t scheduled = table_.find(id)->time;
  const bool counts = counted && !scheduler_.options().weaken.retries_forgotten;
  if (!retry || scheduler_.options().weaken.retries_refused || !alarm.retry.failed(counts)) {
    ORRERY_SOMETIMES(world(), retry, "an alarm is given up after its last retry");
    ORRERY_SOMETIMES(world(), !retry, "an alarm is given up without a retry");
    world().announce(AlarmFailed{alarm.lane, epoch_, scheduled, counted, delivered, Duration{0}});
    world().announce(AlarmAbandoned{alarm.lane, scheduled, alarm.retry.counted()});
    alarm.giving_up = true;
    alarm.state = State::kStarted;
    alarm.run = ++last_run_;
    return tasks_.spawn(deliver(id, alarm.run, true));
  }
  Duration pause = scheduler_.options().weaken.retries_at_once ? millis(1) : alarm.retry.pause();
  int64_t most = pause.us / kAlarmJitterParts / 1000;
  pause += millis(world().decide().between(kJitter, 0, most, 0));
  world().announce(AlarmFailed{alarm.lane, epoch_, scheduled, counted, delivered, pause});
  wait_until(id, alarm, clock_ms() + pause.us / 1000);
  arm();
}

// ---- sleep ----

bool AlarmShard::may_sleep() const {
  if (!serving_ || !inbox_.empty() || !restless_.empty() || !confirms_.empty() || flush_planned_)
    return false;
  if (log_->durable_index() != log_->last_index()) return false;
  if (world().now() < last_asked_ + kShardQuiet) return false;
  AlarmTime next = next_due();
  return !next || *next - clock_ms() > kShardStaysAwake.us / 1000;
}

// Before anything is confirmed, others must know that this shard needs an owner.
Task<void> AlarmShard::wake() {
  ShardWatch watch{epoch_, scheduler_.process().host_id(), true, std::nullopt};
  bool told = co_await scheduler_.tell_watchers(number_, watch);
  ORRERY_SOMETIMES(world(), !told, "an alarm shard is awake with too few watchers");
  serving_ = true;
  std::vector<Asked> inbox = std::move(inbox_);
  inbox_.clear();
  for (const Asked& a : inbox) accept(a);
  arm();
}

Task<void> AlarmShard::go_to_sleep() {
  serving_ = false;
  ShardWatch watch{epoch_, scheduler_.process().host_id(), false, next_due()};
  bool told = co_await scheduler_.tell_watchers(number_, watch);
  if (told && inbox_.empty()) {
    world().announce(ShardSleeps{info_->lane, number_, watch.wake});
    scheduler_.put_to_sleep(number_, watch);
    co_return;
  }
  ORRERY_SOMETIMES(world(), true, "an alarm shard that was about to sleep stays awake");
  last_asked_ = world().now();
  co_await wake();
}

}  // namespace orrery::durable
