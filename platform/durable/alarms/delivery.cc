#include "platform/durable/alarms/delivery.h"

#include "platform/channels.h"
#include "platform/durable/alarms/limits.h"

namespace orrery::durable {

namespace {

constexpr Site kPause{"alarm.delivery_pause"};
constexpr Duration kFirstPause = millis(100);
constexpr Duration kLongestPause = seconds(2);

// Where an object that nobody owns is woken: at its home first, then near the scheduler, as far as its jurisdiction
// allows.
host::HostId place_to_wake(host::Process& process, uint64_t key, uint32_t home_pop,
                           uint32_t hosts_per_pop, uint32_t attempt,
                           worker::Jurisdiction jurisdiction) {
  host::Hosts& hosts = process.hosts();
  auto number = 1 + static_cast<uint32_t>((key + attempt) % hosts_per_pop);
  bool at_home = attempt % (2 * hosts_per_pop) < hosts_per_pop;
  ORRERY_SOMETIMES(process.world(), !at_home, "an alarm wakes its object away from home");
  if (at_home) return hosts.at(home_pop, number).id();
  return hosts.at(worker::place_for(process.network().geography(), process.host().pop(),
                                    worker::LocationHint::kNone, jurisdiction), number).id();
}

}  // namespace

Ref<const worker::ObjectMessage> alarm_event(const AlarmObject& object, int64_t scheduled_ms,
                                             uint32_t retry_count, uint32_t attempt, bool give_up) {
  auto event = make_ref<worker::ObjectMessage>();
  event->class_name = object.class_name;
  event->id = object.id;
  event->name = object.name;
  event->event = give_up ? worker::ObjectMessage::Event::kAlarmGivenUp
                         : worker::ObjectMessage::Event::kAlarm;
  event->alarm_ms = scheduled_ms;
  event->alarm_retries = retry_count;
  event->alarm_attempt = attempt;
  return event;
}

Task<Ref<const AlarmAnswer>> deliver_alarm(host::Process& process, DirectoryClient& directory,
                                           Ref<const ObjectInfo> info,
                                           Ref<const worker::ObjectMessage> event,
                                           uint32_t home_pop, uint32_t hosts_per_pop,
                                           worker::Jurisdiction jurisdiction) {
  Loop& loop = process.world().loop();
  const Instant deadline = loop.now() + kDeliveryPatience;
  Duration pause = kFirstPause;
  host::HostId to = host::kNoHost, suspect = host::kNoHost;
  uint32_t attempt = 0;
  while (loop.now() < deadline) {
    if (to == host::kNoHost) {
      Lookup found = co_await directory.lookup(info);
      if (found.status == Lookup::Status::kUnreachable) {
        co_await sleep(loop, kPause, pause);
        pause = std::min(pause * 2, kLongestPause);
        continue;
      }
      host::HostId owner = found.placement.owner;
      bool known = found.status == Lookup::Status::kFound && owner != host::kNoHost;
      to = known && owner != suspect
               ? owner
               : place_to_wake(process, info->key,
                               found.status == Lookup::Status::kFound ? found.placement.home_pop : home_pop,
                               hosts_per_pop, attempt++,
                               jurisdiction);
    }
    net::Reply reply =
        co_await process.network().call(process, to, kObjectChannel, event, kDeliveryTimeout);
    if (reply.ok()) {
      if (&reply.message->kind() == &AlarmAnswer::kKind)
        co_return Ref<const AlarmAnswer>(&reply.message->as<AlarmAnswer>());
      const auto& answer = reply.message->as<worker::AnswerMessage>();
      // The object ended before the alarm could begin, or it cannot be made.
      if (answer.what != worker::AnswerMessage::What::kNotHere) co_return nullptr;
      bool useful = answer.owner != host::kNoHost && answer.owner != to && answer.owner != suspect;
      to = useful ? answer.owner : host::kNoHost;
      if (useful) continue;
    } else {
      // It may run there, and when it does a second delivery joins it.
      if (reply.error != net::CallError::kUnreachable) co_return nullptr;
      ORRERY_SOMETIMES(process.world(), true, "an alarm finds its object's host down");
      suspect = to;
      to = host::kNoHost;
    }
    co_await sleep(loop, kPause, pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  co_return nullptr;
}

}  // namespace orrery::durable
