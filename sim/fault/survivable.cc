#include "sim/fault/survivable.h"

#include <algorithm>
#include <set>

namespace orrery::fault {

bool spoils_disk(const Fault& fault) {
  if (fault.kind != FaultKind::kDisk) return false;
  switch (fault.disk) {
    case DiskFaultKind::kSyncFails:
    case DiskFaultKind::kSyncLies:
    case DiskFaultKind::kBitRot:
    case DiskFaultKind::kMisdirected:
    case DiskFaultKind::kLost: return true;
    default: return false;
  }
}

bool kills_for_good(const Fault& fault) {
  return fault.kind == FaultKind::kCrash && fault.permanent();
}

bool beyond_clock_bound(const FaultPlan& plan, const Terrain& terrain) {
  return std::any_of(plan.begin(), plan.end(), [&](const Fault& f) {
    return f.kind == FaultKind::kClock &&
           (f.step.us != 0 || f.drift_ppm > terrain.drift_bound_ppm ||
            f.drift_ppm < -terrain.drift_bound_ppm);
  });
}

std::string why_not_survivable(const FaultPlan& plan, const Terrain& terrain, Duration quiet_from) {
  std::set<std::string> spoiled;
  for (const Fault& f : plan) {
    const bool dies = kills_for_good(f);
    if (f.permanent() && !dies) return f.name + " never ends";
    if (f.at > quiet_from || (!dies && f.end() > quiet_from))
      return f.name + " lasts into the quiet time";
    if (dies || spoils_disk(f)) spoiled.insert(f.target);
  }
  std::set<std::string> pops;
  for (const std::string& host : spoiled) {
    const bool may_follow = std::none_of(terrain.quorums.begin(), terrain.quorums.end(), [&](const Quorum& q) {
      return std::find(q.hosts.begin(), q.hosts.end(), host) != q.hosts.end();
    });
    if (may_follow) pops.insert(host.substr(0, host.find('/')));
  }
  if (pops.size() > terrain.pops_may_lose_disks)
    return "hosts of " + std::to_string(pops.size()) + " points of presence may lose what their disks held, of " +
           std::to_string(terrain.pops_may_lose_disks) + " that may";
  for (const Quorum& q : terrain.quorums) {
    auto lost = std::count_if(q.hosts.begin(), q.hosts.end(),
                              [&](const std::string& h) { return spoiled.count(h) > 0; });
    if (lost > static_cast<int64_t>(q.may_lose))
      return q.name + " may lose " + std::to_string(lost) + " of its disks, of " +
             std::to_string(q.may_lose) + " that may";
  }
  return {};
}

FaultPlan trim(const FaultPlan& plan, const Terrain& terrain, Duration quiet_from) {
  FaultPlan kept;
  for (const Fault& f : plan) {
    kept.push_back(f);
    if (!why_not_survivable(kept, terrain, quiet_from).empty()) kept.pop_back();
  }
  return kept;
}

}  // namespace orrery::fault
