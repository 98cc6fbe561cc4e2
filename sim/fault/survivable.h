// Which plans a system built as DESIGN says must survive. What no system could survive is refused:
// a quorum that loses more members, or their disks, than it may, a fault without an end, one that
// reaches into the quiet time before the horizon. What is merely unpleasant (a majority down for a
// while) stands.
#pragma once

#include <string>
#include <vector>

#include "sim/fault/fault.h"

namespace orrery::fault {

// A set of hosts of which at most `may_lose` may ever lose or spoil their disks (five members:
// two).
struct Quorum {
  std::string name;  // "directory", "followers of do:Cart/42"
  std::vector<std::string> hosts;
  uint32_t may_lose = 2;
};

// What faults can hit, and what must be left over.
struct Terrain {
  std::vector<std::string> pops = {};   // codes of those in use: "FRA"
  std::vector<std::string> hosts = {};  // cloud hosts in use: "host:FRA/1"
  std::vector<Quorum> quorums = {};     // those known beforehand
  std::vector<std::string> steps = {};  // at which a process may be ended: "3.2.7"; none: no platform
  // Followers are placed at run time: any five hosts may be one object's, as long as they are in five points of presence
  // and in none of the quorums above. In so many points of presence may hosts lose what their disks held. When does not
  // matter: an object may sleep all the while, and nobody fills up what a follower of it lost.
  uint32_t pops_may_lose_disks = 2;
  // The declared bound of clock drift; a step, or a drift beyond, voids the promises of leases.
  int64_t drift_bound_ppm = 1'000;
};

using FaultPlan = std::vector<Fault>;

// Whether this fault takes back bytes that were reported durable.
bool spoils_disk(const Fault& fault);
// Whether the host never comes back. To a quorum that is as bad as the loss of its disk, no worse.
bool kills_for_good(const Fault& fault);
// Whether some clock of the plan breaks the declared bound: the checker must know.
bool beyond_clock_bound(const FaultPlan& plan, const Terrain& terrain);

// Why no system could survive this plan, or empty. Every fault must be over at `quiet_from`.
std::string why_not_survivable(const FaultPlan& plan, const Terrain& terrain, Duration quiet_from);

// The same plan without the faults that make it unsurvivable: faults are taken in order, and one
// that would spoil what stands before it is left out.
FaultPlan trim(const FaultPlan& plan, const Terrain& terrain, Duration quiet_from);

}  // namespace orrery::fault
