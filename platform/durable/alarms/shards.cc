#include "platform/durable/alarms/shards.h"

#include <algorithm>

namespace orrery::durable {

std::vector<AlarmPlace> alarm_places(uint32_t pop_count, const AlarmShardOptions& options,
                                     uint32_t shard) {
  uint64_t h = hash_name("alarm.candidates");
  uint32_t places =
      options.pops.empty() ? pop_count : static_cast<uint32_t>(options.pops.size());
  uint32_t first = static_cast<uint32_t>(mix64(h, shard) % places);
  std::vector<AlarmPlace> out;
  uint32_t most = std::min(kAlarmCandidates, places * options.hosts_per_pop);
  for (uint32_t i = 0; out.size() < most; ++i) {
    uint32_t place = (first + i) % places;
    uint32_t pop = options.pops.empty() ? place : options.pops[place];
    // One host a place, another one when all places have their turn again.
    uint64_t number = mix64(h ^ pop, shard) % options.hosts_per_pop + i / places;
    AlarmPlace made{pop, 1 + static_cast<uint32_t>(number % options.hosts_per_pop)};
    if (std::find(out.begin(), out.end(), made) == out.end()) out.push_back(made);
  }
  return out;
}

std::vector<host::HostId> alarm_candidates(host::Hosts& hosts, const AlarmShardOptions& options,
                                           uint32_t shard) {
  std::vector<host::HostId> out;
  for (AlarmPlace p : alarm_places(hosts.places().pop_count(), options, shard))
    out.push_back(hosts.at(p.pop, p.number).id());
  return out;
}

}  // namespace orrery::durable
