// Which hosts keep which part of the alarm scheduler. A shard is a system object ("do:$alarms/3") of the
// directory; any of its candidates may own it, and all of them watch it. Fixed for a world: every host
// computes the same.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/durable/alarms/limits.h"
#include "platform/durable/directory/placement.h"
#include "platform/durable/directory/weaken.h"

namespace orrery::durable {

// Objects whose next alarm is delivered once more, so long after it was sent (a fault); by printable name.
struct AlarmRepeats {
  std::map<std::string, Duration, std::less<>> by_object;
};

struct AlarmShardOptions {
  // Indices of the points of presence that serve the app; empty: all of them.
  std::vector<uint32_t> pops = {};
  uint32_t hosts_per_pop = 3;
  Weaken weaken = {};
  AlarmRepeats* repeats = nullptr;
};

inline uint32_t alarm_shard_of(uint64_t object_key) {
  return static_cast<uint32_t>(mix64(object_key, hash_name("alarm.shard")) % kAlarmShards);
}

inline Ref<const ObjectInfo> alarm_shard_info(World& world, uint32_t shard) {
  return make_ref<const ObjectInfo>(world, "do:$alarms/" + std::to_string(shard));
}

// The printable name of an object's alarm: "alarm:Trial/u7" for "do:Trial/u7".
inline std::string alarm_name(std::string_view object_name) {
  return "alarm:" + std::string(object_name.substr(object_name.find(':') + 1));
}

// Where a candidate stands.
struct AlarmPlace {
  uint32_t pop;
  uint32_t number;
  bool operator==(const AlarmPlace&) const = default;
};

// A shard's candidates, best first: in as many points of presence as there are.
std::vector<AlarmPlace> alarm_places(uint32_t pop_count, const AlarmShardOptions& options,
                                     uint32_t shard);
// The same as hosts; makes those that were never used.
std::vector<host::HostId> alarm_candidates(host::Hosts& hosts, const AlarmShardOptions& options,
                                           uint32_t shard);

}  // namespace orrery::durable
