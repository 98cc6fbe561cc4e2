#include "conformance/monitors/followers.h"

#include <algorithm>
#include <functional>

namespace orrery::monitors {

size_t Followers::slot_of(host::HostId host) const {
  return static_cast<size_t>(std::find(hosts_.begin(), hosts_.end(), host) - hosts_.begin());
}

size_t Followers::slot_on(LaneId lane) const {
  for (size_t i = 0; i < kSlots; ++i)
    if (hosts_[i] != host::kNoHost && lanes_[i] == lane) return i;
  return kSlots;
}

Followers::Slot Followers::remember(host::HostId host, LaneId lane) {
  if (const size_t slot = slot_of(host); slot < kSlots) return {slot, false};
  auto counts = [this](uint8_t slot) {
    auto has = [slot](const Five& five) { return std::find(five.begin(), five.end(), slot) != five.end(); };
    return known() && (has(now_) || (next_ && has(*next_)));
  };
  size_t slot = slot_of(host::kNoHost);
  for (; slot >= kSlots; oldest_ = (oldest_ + 1) % kSlots)
    if (!counts(oldest_)) slot = oldest_;
  hosts_[slot] = host;
  lanes_[slot] = lane;
  return {slot, true};
}

void Followers::set(const Hosts& hosts) {
  for (size_t i = 0; i < hosts.size(); ++i) now_[i] = static_cast<uint8_t>(slot_of(hosts[i]));
  next_.reset();
}

Followers::Five Followers::with_change(host::HostId left, host::HostId joins) const {
  Five five = now_;
  std::replace(five.begin(), five.end(), static_cast<uint8_t>(slot_of(left)), static_cast<uint8_t>(slot_of(joins)));
  return five;
}

void Followers::joint(host::HostId left, host::HostId joins) { next_ = with_change(left, joins); }

void Followers::settle(host::HostId left, host::HostId joins) {
  now_ = with_change(left, joins);
  next_.reset();
}

bool Followers::is(const Five& five, const Hosts& hosts) const {
  for (size_t i = 0; i < hosts.size(); ++i)
    if (hosts_[five[i]] != hosts[i]) return false;
  return true;
}

bool Followers::may_be(const Hosts& hosts) const { return is(now_, hosts) || (next_ && is(*next_, hosts)); }

uint64_t Followers::on_quorum(const Have& have) const {
  auto third = [&](const Five& five) {
    std::array<uint64_t, durable::kFollowers> sorted;
    for (size_t i = 0; i < five.size(); ++i) sorted[i] = have[five[i]];
    std::nth_element(sorted.begin(), sorted.begin() + durable::kFollowerQuorum - 1, sorted.end(), std::greater<>());
    return sorted[durable::kFollowerQuorum - 1];
  };
  return next_ ? std::min(third(now_), third(*next_)) : third(now_);
}

int Followers::with(const Have& have, uint64_t index) const {
  return static_cast<int>(std::count_if(now_.begin(), now_.end(), [&](uint8_t slot) { return have[slot] >= index; }));
}

}  // namespace orrery::monitors
