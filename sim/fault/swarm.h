// The swarm: which faults a run meets, drawn by decisions from visible ranges. Each fault sits in a
// slot with a name of its own ("crash-2"), and all its draws (whether, when, how long, whom, how
// hard) have a cause made from that name: leaving one fault out moves no other. By default no fault
// is there.
//
// As in swarm testing, a run first draws which kinds it leaves out altogether, so that some runs
// are all partitions and others all crashes.
#pragma once

#include <optional>
#include <string_view>

#include "sim/core/world.h"
#include "sim/fault/survivable.h"

namespace orrery::fault {

enum class Preset : uint8_t {
  kNone,   // no fault; jitter is drawn all the same
  kLite,   // one or two short ones: what any week brings
  kSwarm,  // several at once
  kStorm,  // many, hard, clocks beyond their bound, and hosts that never come back
};
const char* to_string(Preset preset);
std::optional<Preset> parse_preset(std::string_view name);

// Faults over a run of length `horizon`. All are over at `quiet_from(horizon)`, but for hosts that a
// storm kills for good: what comes after is for recovery and the last checks, by a healthy core: all that
// lives is connected, and of no quorum more members are dead or without their disk than it may lose.
// Survivable by construction or by `trim`.
FaultPlan draw_swarm(World& world, Preset preset, const Terrain& terrain, Duration horizon);
Duration quiet_from(Duration horizon);

}  // namespace orrery::fault
