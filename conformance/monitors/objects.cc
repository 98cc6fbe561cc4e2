#include "conformance/monitors/objects.h"

#include <algorithm>

namespace orrery::monitors {

uint64_t Object::durable_index(Epoch& epoch) {
  return epoch.on_three = std::max(epoch.on_three, followers.on_quorum(epoch.have));
}

void Object::remember(host::HostId host, LaneId host_lane) {
  if (const auto [slot, fresh] = followers.remember(host, host_lane); fresh) {
    logs[slot] = {};
    forget_disk(slot);
  }
}

void Object::forget_disk(size_t slot) {
  for (Epoch& e : epochs) e.have[slot] = 0;
}

uint64_t FollowerLog::epoch_at(uint64_t index) const {
  if (index == base.index) return base.epoch;
  if (index > last || index < base.index) return 0;
  for (size_t i = runs.size(); i-- > 0;)
    if (runs[i].first <= index) return runs[i].epoch;
  return 0;
}

void FollowerLog::put(uint64_t epoch, uint64_t index) {
  while (!runs.empty() && runs.back().first >= index) runs.pop_back();
  if (runs.empty() || runs.back().epoch != epoch) runs.push_back({epoch, index});
  last = index;
  highest = std::max(highest, index);
}

Epoch* Object::find(uint64_t number) {
  for (size_t i = epochs.size(); i-- > 0;)
    if (epochs[i].number == number) return &epochs[i];
  return nullptr;
}

Epoch& Object::epoch(uint64_t number) {
  if (Epoch* found = find(number)) return *found;
  Epoch fresh;
  fresh.number = number;
  fresh.recovered = number == 1;  // nobody can have written earlier
  if (epochs.empty() || epochs.back().number < number) return epochs.emplace_back(std::move(fresh));
  // Late knowledge of an older epoch goes to the front, so that addresses stay; searches do not rely on order.
  return epochs.emplace_front(std::move(fresh));
}

bool Object::contains(LogPosition log, LogPosition entry) {
  while (log.epoch > entry.epoch) {
    const Epoch* e = find(log.epoch);
    if (!e || !e->recovered) return true;
    if (entry.index > e->start.index) return false;
    log = e->start;
  }
  return log.epoch == entry.epoch && entry.index <= log.index;
}

Object& Objects::at(LaneId lane) {
  if (lane >= by_lane_.size()) by_lane_.resize(lane + 64);
  if (!by_lane_[lane]) {
    by_lane_[lane] = std::make_unique<Object>();
    by_lane_[lane]->lane = lane;
  }
  return *by_lane_[lane];
}

Object* Objects::by_key(uint64_t key) {
  for (const auto& object : by_lane_)
    if (object && object->key == key) return object.get();
  return nullptr;
}

}  // namespace orrery::monitors
