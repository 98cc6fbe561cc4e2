// Which alarms are durably set and have not fired, read off what objects announce once their log has it on three
// followers; the scheduler's own tables are not asked.
//
// An object whose deletion or change became durable just as its host died never announced it. The scheduler then
// still delivers, and what the object answers ("not run: the stored alarm is another one or none") sets it right.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/core/world.h"

namespace orrery::live {

class AlarmWatch {
 public:
  explicit AlarmWatch(World& world);

  struct Due {
    std::string alarm;   // "alarm:Trial/u7"
    std::string object;  // "do:Trial/u7"
    int64_t time_ms;     // since 1970
  };
  // Those set for `now_ms` or before that have not fired since they were set.
  std::vector<Due> due(int64_t now_ms) const;

 private:
  struct Alarm {
    LaneId object;
    int64_t time_ms;
    bool fired = false;
  };
  World& world_;
  std::map<LaneId, Alarm> alarms_;
};

}  // namespace orrery::live
