#include "conformance/live/alarm_watch.h"

#include "platform/durable/alarms/events.h"

namespace orrery::live {

using namespace durable;

AlarmWatch::AlarmWatch(World& world) : world_(world) {
  auto& observers = world_.observers();
  observers.subscribe<AlarmDurable>([this](const AlarmDurable& e, const EventContext&) {
    alarms_[e.lane] = {e.object, e.time_ms};
  });
  observers.subscribe<AlarmReplaced>([this](const AlarmReplaced& e, const EventContext&) {
    alarms_[e.lane] = {e.object, e.time_ms};
  });
  observers.subscribe<AlarmDeleted>(
      [this](const AlarmDeleted& e, const EventContext&) { alarms_.erase(e.lane); });
  observers.subscribe<AlarmAbandoned>(
      [this](const AlarmAbandoned& e, const EventContext&) { alarms_.erase(e.lane); });
  observers.subscribe<AlarmFired>([this](const AlarmFired& e, const EventContext&) {
    auto alarm = alarms_.find(e.lane);
    if (alarm != alarms_.end() && alarm->second.time_ms == e.scheduled_ms) alarm->second.fired = true;
  });
  observers.subscribe<AlarmCanceled>([this](const AlarmCanceled& e, const EventContext&) {
    auto alarm = alarms_.find(e.lane);
    if (alarm == alarms_.end() || alarm->second.time_ms != e.scheduled_ms) return;
    if (!e.stored) alarms_.erase(alarm);
    else alarm->second = {e.object, *e.stored};
  });
}

std::vector<AlarmWatch::Due> AlarmWatch::due(int64_t now_ms) const {
  std::vector<Due> out;
  for (const auto& [lane, alarm] : alarms_)
    if (!alarm.fired && alarm.time_ms <= now_ms)
      out.push_back({world_.trace().lane_at(lane).name, world_.trace().lane_at(alarm.object).name,
                     alarm.time_ms});
  return out;
}

}  // namespace orrery::live
