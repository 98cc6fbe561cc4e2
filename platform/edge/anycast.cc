#include "platform/edge/anycast.h"

#include <utility>

namespace orrery::edge {

Anycast::Anycast(host::Hosts& hosts, const net::Geography& geography, std::vector<uint32_t> pops,
                 uint32_t hosts_per_pop)
    : hosts_(hosts),
      geography_(geography),
      serving_(geography.pop_count(), pops.empty()),
      hosts_per_pop_(hosts_per_pop) {
  for (uint32_t p : pops) serving_[p] = 1;
}

host::HostId Anycast::host_in(uint32_t pop, uint64_t flow) {
  for (uint32_t i = 0; i < hosts_per_pop_; ++i) {
    host::Host& h =
        hosts_.at(pop, 1 + static_cast<uint32_t>((flow + i) % hosts_per_pop_));
    if (h.up()) return h.id();
  }
  return host::kNoHost;
}

void Anycast::divert(uint64_t flow, int by) {
  if ((diverted_[flow] += by) <= 0) diverted_.erase(flow);
}

host::HostId Anycast::route(uint32_t pop, uint64_t flow) {
  host::HostId passed_over = host::kNoHost;
  bool diverted = !diverted_.empty() && diverted_.count(flow) > 0;
  if (serving_[pop]) {
    host::HostId h = host_in(pop, flow);
    if (h != host::kNoHost && !std::exchange(diverted, false)) return h;
    passed_over = h;
  }
  for (uint32_t other : geography_.nearest(pop)) {
    if (!serving_[other]) continue;
    host::HostId h = host_in(other, flow);
    if (h == host::kNoHost) continue;
    if (!std::exchange(diverted, false)) return h;
    passed_over = h;
  }
  return passed_over;  // there is no other
}

}  // namespace orrery::edge
