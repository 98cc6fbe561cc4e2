#include "platform/durable/alarms/alarm_scheduler.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/alarms/events.h"
#include "platform/durable/directory/fan_out.h"
#include "platform/durable/replication/follower_choice.h"

namespace orrery::durable {

namespace {

constexpr Site kCheck{"alarm.check"};
constexpr Site kDrop{"alarm.drop"};
constexpr Site kRestartPause{"alarm.restart_pause"};
constexpr Duration kDirectoryPause = seconds(2);
// Closer than this, a timer goes for the whole wait; farther, for this part of it.
constexpr Duration kNear = seconds(64);
constexpr int64_t kPartNumerator = 7, kPartDenominator = 8;

}  // namespace

AlarmScheduler::AlarmScheduler(host::Process& process, DirectoryClient& directory,
                               Replication& replication, const AlarmShardOptions& options)
    : process_(process),
      directory_(directory),
      replication_(replication),
      options_(options) {
  directory_.add_listener(this);
  process_.network().serve(process_, kAlarmChannel, *this);
  // A host's first incarnation has watched nothing yet.
  if (process_.incarnation() == 1) return;
  for (uint32_t shard = 0; shard < kAlarmShards; ++shard)
    if (rank(shard) >= 0) process_.tasks().spawn(look_after_restart(shard));
}

AlarmScheduler::~AlarmScheduler() { directory_.remove_listener(this); }

const AlarmShard* AlarmScheduler::owned(uint32_t shard) const {
  auto it = slots_.find(shard);
  return it == slots_.end() ? nullptr : it->second.shard.get();
}

bool AlarmScheduler::keeps_alarm_of(std::string_view object) const {
  for (const auto& [number, slot] : slots_)
    if (slot.shard && slot.shard->keeps_alarm_of(object)) return true;
  return false;
}

// This host's place among the candidates, or -1.
int64_t AlarmScheduler::rank(uint32_t shard) const {
  const AlarmPlace here{process_.host().pop(), process_.host().number()};
  auto places = alarm_places(process_.hosts().places().pop_count(), options_, shard);
  auto it = std::find(places.begin(), places.end(), here);
  return it == places.end() ? -1 : it - places.begin();
}

Ref<const ObjectInfo> AlarmScheduler::info_of(const AlarmObject& object) {
  std::string hex = worker::hex_of(object.id);
  std::string printable =
      "do:" + object.class_name + "/" + (object.name.empty() ? hex.substr(0, 8) : object.name);
  return make_ref<const ObjectInfo>(process_.world(), "do:" + object.class_name + "#" + hex,
                                    printable);
}

Duration AlarmScheduler::until(int64_t time_ms) {
  Instant local{(time_ms - host::kWorldEpochMs) * 1000};
  Duration left = local - process_.clock().now();
  if (left.us <= 0) return Duration{0};
  if (left > kNear) left = left / kPartDenominator * kPartNumerator;
  return process_.clock().world_duration(left);
}

// ---- owning ----

Task<void> AlarmScheduler::open(uint32_t number) {
  Loop& loop = process_.world().loop();
  Slot& slot = slots_[number];
  if (slot.shard) co_return;
  if (slot.opening) {
    OneShot<bool> turn(loop);
    slot.waiting.push_back(&turn);
    co_await turn;
    co_return;
  }
  slot.opening = true;
  slot.held_by = host::kNoHost;
  auto info = alarm_shard_info(process_.world(), number);
  ClaimOptions claim_options;
  claim_options.followers =
      choose_followers(process_.hosts(), process_.network().geography(), process_.host().pop(),
                       info->key, options_.hosts_per_pop);
  claim_options.home_pop = process_.host().pop();
  claim_options.patience = kShardPatience;
  Claim claim = co_await directory_.claim(info, claim_options);
  if (claim.status == Claim::Status::kHeld) slot.held_by = claim.placement.owner;
  if (claim.status == Claim::Status::kGranted) {
    const FollowerArea area{options_.hosts_per_pop};
    Recovery recovery = co_await replication_.open(info, claim.placement, area, kShardPatience);
    ShardTable table;
    bool ok = recovery.status == Recovery::Status::kOk &&
              directory_.session() == claim.placement.session &&
              table.load(options_.weaken.alarms_forgotten ? nullptr : recovery.image.get());
    if (ok) {
      process_.world().loop().cancel(slot.check);
      slot.shard = std::make_unique<AlarmShard>(*this, number, info, claim.placement.epoch,
                                                std::move(recovery.log), std::move(table));
    } else {
      ORRERY_SOMETIMES(process_.world(), true, "an alarm shard is claimed but cannot be read");
      recovery.log.reset();
      co_await directory_.release(info, claim.placement.epoch);
    }
  }
  slot.opening = false;
  auto waiting = std::move(slot.waiting);
  slot.waiting.clear();
  for (OneShot<bool>* w : waiting) w->set(true);
}

void AlarmScheduler::drop(uint32_t number, bool release) {
  Slot& slot = slots_[number];
  if (!slot.shard) return;
  uint64_t epoch = slot.shard->epoch();
  slot.shard.reset();
  if (!release) return;
  auto give_up = [](AlarmScheduler& self, Ref<const ObjectInfo> info, uint64_t e) -> Task<void> {
    co_await self.directory_.release(std::move(info), e);
  };
  process_.tasks().spawn(give_up(*this, alarm_shard_info(process_.world(), number), epoch));
}

void AlarmScheduler::lost(uint32_t number, uint64_t epoch) {
  process_.world().loop().schedule(process_.world().now(), kDrop, process_.owner(),
                                   [this, number, epoch] {
                                     Slot& slot = slots_[number];
                                     if (!slot.shard || slot.shard->epoch() != epoch) return;
                                     drop(number, false);
                                     slot.watch = {epoch, host::kNoHost, true, std::nullopt};
                                     arm_check(number, kWatchEvery);
                                   });
}

void AlarmScheduler::put_to_sleep(uint32_t number, const ShardWatch& watch) {
  slots_[number].watch = watch;
  process_.world().loop().schedule(process_.world().now(), kDrop, process_.owner(),
                                   [this, number] {
                                     drop(number, true);
                                     check_due(number);
                                   });
}

void AlarmScheduler::on_session_ended(SessionId) {
  for (auto& [number, slot] : slots_) {
    if (!slot.shard) continue;
    ORRERY_SOMETIMES(process_.world(), true, "an alarm shard is lost with its host's session");
    slot.watch = {slot.shard->epoch(), host::kNoHost, true, std::nullopt};
    drop(number, false);
    arm_check(number, kWatchEvery);
  }
}

// ---- requests ----

void AlarmScheduler::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (&message->kind() == &AlarmTellMessage::kKind) {
    Ref<const AlarmTellMessage> m(&message->as<AlarmTellMessage>());
    auto it = slots_.find(m->shard);
    if (it != slots_.end() && it->second.shard) return it->second.shard->tell(caller, std::move(m));
    return process_.tasks().spawn(serve(caller, std::move(m)));
  }
  uint32_t number;
  if (&message->kind() == &WatchMessage::kKind) {
    const auto& m = message->as<WatchMessage>();
    number = m.shard;
    adopt(number, m.watch);
  } else {
    number = message->as<PingMessage>().shard;
  }
  const Slot& slot = slots_[number];
  caller.reply(make_ref<const WatchReply>(slot.shard != nullptr, slot.watch));
}

Task<void> AlarmScheduler::serve(net::Caller caller, Ref<const AlarmTellMessage> message) {
  co_await open(message->shard);
  Slot& slot = slots_[message->shard];
  if (slot.shard) {
    slot.shard->tell(caller, std::move(message));
    co_return;
  }
  const host::HostId owner = slot.held_by;
  if (owner != host::kNoHost && owner != process_.host_id() && !message->relayed) {
    // Whoever asks may not be able to reach the owner: we pass it on.
    auto copy = make_ref<AlarmTellMessage>();
    copy->shard = message->shard;
    copy->object = message->object;
    copy->time = message->time;
    copy->version = message->version;
    copy->relayed = true;
    net::Reply reply = co_await process_.network().call(process_, owner, kAlarmChannel,
                                                        std::move(copy), kTellOwnerTimeout);
    ORRERY_SOMETIMES(process_.world(), true, "a message about an alarm is passed on to the owner");
    if (reply.ok()) {
      caller.reply(reply.message);
      co_return;
    }
  }
  caller.reply(make_ref<const AlarmTellReply>(false, owner));
}

// ---- watching ----

Task<bool> AlarmScheduler::tell_watchers(uint32_t number, ShardWatch watch) {
  std::vector<host::HostId> others = alarm_candidates(process_.hosts(), options_, number);
  std::erase(others, process_.host_id());
  const size_t needed = std::min<size_t>(kWatchersNeeded, others.size());
  if (needed == 0) co_return true;
  auto heard = [](const std::vector<Answer>& answers) {
    return static_cast<size_t>(std::count_if(answers.begin(), answers.end(),
                                             [](const Answer& a) { return a.reply.ok(); }));
  };
  auto enough = [heard, needed](const std::vector<Answer>& a) { return heard(a) >= needed; };
  auto message = make_ref<const WatchMessage>(number, watch);
  std::vector<Answer> answers = co_await ask_all(process_, others, kAlarmChannel, message,
                                                 kWatchTimeout, enough);
  co_return heard(answers) >= needed;
}

void AlarmScheduler::adopt(uint32_t number, const ShardWatch& watch) {
  Slot& slot = slots_[number];
  if (slot.shard || watch.epoch < slot.watch.epoch) return;
  slot.watch = watch;
  // Its owner has just spoken.
  if (watch.awake) return arm_check(number, watch_period(number));
  check_due(number);
}

Duration AlarmScheduler::watch_period(uint32_t number) const {
  return kWatchEvery + kWatchStep * std::max<int64_t>(rank(number), 0);
}

void AlarmScheduler::arm_check(uint32_t number, Duration wait) {
  Slot& slot = slots_[number];
  process_.world().loop().cancel(slot.check);
  slot.check = process_.world().loop().schedule_in(wait, kCheck, process_.owner(),
                                                   [this, number] { check_due(number); });
}

// Sets the timer for the next look, or looks if it is time.
void AlarmScheduler::check_due(uint32_t number) {
  Slot& slot = slots_[number];
  process_.world().loop().cancel(slot.check);
  if (slot.shard || slot.checking) return;
  const int64_t place = std::max<int64_t>(rank(number), 0);
  if (slot.watch.awake) {
    process_.tasks().spawn(check(number));
    return;
  }
  if (!slot.watch.wake) return;  // empty: whoever sets an alarm wakes it
  bool own = slot.watch.owner == process_.host_id();
  int64_t late_ms = own ? 0 : (place + 1) * kWakeStep.us / 1000;
  Duration wait = until(*slot.watch.wake + late_ms);
  if (wait.us > 0) return arm_check(number, wait);
  process_.tasks().spawn(check(number));
}

Task<void> AlarmScheduler::check(uint32_t number) {
  Slot& slot = slots_[number];
  const Duration again = watch_period(number);
  slot.checking = true;
  if (slot.watch.awake && slot.watch.owner != host::kNoHost &&
      slot.watch.owner != process_.host_id()) {
    auto ping = make_ref<const PingMessage>(number);
    net::Reply reply = co_await process_.network().call(process_, slot.watch.owner, kAlarmChannel,
                                                        std::move(ping), kWatchTimeout);
    if (reply.ok()) {
      const auto& answer = reply.message->as<WatchReply>();
      slot.checking = false;
      if (slot.shard) co_return;
      if (answer.owns) {
        arm_check(number, again);
        co_return;
      }
      // It sleeps, or has another owner that this one knows of.
      if (answer.watch.epoch >= slot.watch.epoch && !(answer.watch == slot.watch)) {
        slot.watch = answer.watch;
        if (slot.watch.awake) arm_check(number, again);
        else check_due(number);
        co_return;
      }
      slot.checking = true;
    }
    ORRERY_SOMETIMES(process_.world(), !reply.ok(), "the owner of an alarm shard does not answer");
  }
  if (!slot.shard) co_await open(number);
  slot.checking = false;
  if (slot.shard) co_return;
  // Another host owns it, or no quorum could be reached.
  if (slot.held_by != host::kNoHost) {
    slot.watch.owner = slot.held_by;
    slot.watch.awake = true;
  }
  arm_check(number, again);
}

Task<void> AlarmScheduler::look_after_restart(uint32_t number) {
  auto info = alarm_shard_info(process_.world(), number);
  for (;;) {
    Lookup found = co_await directory_.lookup(info);
    if (found.status == Lookup::Status::kNone) co_return;  // never used
    if (found.status == Lookup::Status::kFound) {
      // Whoever owns it will be asked; if nobody does, we take it and see when it is to be woken.
      ORRERY_SOMETIMES(process_.world(), true, "a host looks after an alarm shard it watched");
      Slot& slot = slots_[number];
      if (slot.shard || slot.checking || found.placement.epoch < slot.watch.epoch) co_return;
      slot.watch = {found.placement.epoch, found.placement.owner, true, std::nullopt};
      co_await check(number);
      co_return;
    }
    co_await sleep(process_.world().loop(), kRestartPause, kDirectoryPause);
  }
}

}  // namespace orrery::durable
