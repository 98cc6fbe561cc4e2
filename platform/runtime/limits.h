// Limits of one isolate and one event, with their units and sources (platform.md section 1.4).
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::runtime {

// JavaScript heap and array buffers together.
inline constexpr int64_t kHeapLimitBytes = 128ll << 20;

// Room that V8 gets above the limit, once, so that a turn over it can be unwound instead of killing the process.
// The turn ends at its next loop or call; a single built-in that needs even more (filling an array of 10^8)
// ends the process with the one line of fatal.h.
inline constexpr int64_t kHeapReserveBytes = 256ll << 20;

// CPU time of one invocation; an actor's is refilled by each event that arrives.
inline constexpr Duration kCpuLimit = seconds(30);
// CPU time of a Worker's global scope.
inline constexpr Duration kStartupCpuLimit = seconds(1);

// One meter unit is one loop turn or function entry of instrumented code: about 50 ns of the real
// service's CPU. A model constant, ours.
inline constexpr int64_t kMeterUnitsPerMicrosecond = 20;

// What a console line costs. A model constant, ours.
inline constexpr int64_t kConsoleLineUnits = 200;

// Stack that JavaScript may use, counted from each turn's own start, so that the depth of a recursion does
// not depend on how deep in C++ the turn began.
inline constexpr int64_t kStackBytes = 984ll << 10;

// Active timers per context, beyond which setTimeout throws.
inline constexpr int kTimersPerContext = 10'000;

// Serialised RPC arguments or results.
inline constexpr int64_t kRpcMessageBytes = 32ll << 20;

// Calls of one event, unless `limits.subrequests` says otherwise (platform.md 1.4, paid plan).
inline constexpr uint32_t kSubrequestLimit = 10'000;

}  // namespace orrery::runtime
