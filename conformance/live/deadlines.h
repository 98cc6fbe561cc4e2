// How long what must happen may take once a storm is over, and why so long. Simulated time, counted from the
// moment at which the last fault ended (or from when the thing was due, if that is later). Ours, derived from the
// platform's own constants; not the product's.
#pragma once

#include "sim/core/time.h"

namespace orrery::live {

// A request under way at the end of the storm, and one open in any world whose chain comes back to itself, is
// looked at this often.
inline constexpr Duration kLookEvery = seconds(5);
// A chain that comes back to itself needs no patience, only that nobody is in the middle of things.
inline constexpr Duration kCycleAfter = seconds(10);
// Nobody is left who could answer: said just before the client gives up (client::kClientTimeout, 60 s), since until
// then another event might have woken the object.
inline constexpr Duration kNobodyAfter = seconds(55);

// A durability timeout or a critical section's limit (30 s each) may have to run out, then the caller hears of it.
// Below the client's own timeout, which would hide what never ends.
inline constexpr Duration kRequestsEnd = seconds(45);
// A lease (10 s and the drift bound), then recovery from followers (20 s), one failure of each, then an answer.
inline constexpr Duration kObjectsReachable = seconds(75);
// How long one probe of an object may take before it is sent again, and the pause between two.
inline constexpr Duration kProbeTimeout = seconds(25);
inline constexpr Duration kProbePause = seconds(1);
// A lost shard owner is missed after 12 s, its lease runs out, the shard is recovered (15 s), its object is found
// (40 s at most); a delivery that failed during the storm is tried again after a pause that may have doubled to 64 s.
// To this is added by how much the slowest clock is behind, as an alarm goes by its host's clock.
inline constexpr Duration kAlarmsFire = seconds(180);
// After the largest cacheTtl used and the declared delays: back ends ask each other every second and wait 3 s for an
// answer, a read may go around two tiers (4 s), and an entry filled from the other back end meanwhile is as old
// as that read.
inline constexpr Duration kKvConverges = seconds(15);

}  // namespace orrery::live
