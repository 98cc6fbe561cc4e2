// Times and limits of a Durable Object's life (durable-objects.md sections 1, 2 and 9).
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::durable {

// Without any event for this long an object is evicted (9.2).
inline constexpr Duration kIdleBeforeEviction = seconds(10);
// A blockConcurrencyWhile that takes longer resets the object (1.8).
inline constexpr Duration kSectionTimeout = seconds(30);
// A write that is not durable after this long breaks the output gate (2.3).
inline constexpr Duration kDurabilityTimeout = seconds(30);
// How long an object may wait for a quorum of its followers before its first event.
inline constexpr Duration kRecoveryPatience = seconds(20);
// What it takes the real runtime's event loop to resume the caller of a section that ended, and to begin one that got its
// lock: only which is longer matters, and that two of the one are longer than the other. Ours: found with probes.
inline constexpr uint64_t kLeaveHops = 2;
inline constexpr uint64_t kEnterHops = 3;
// What it takes to parse, compile and run a Worker's code where its isolate is not there yet. Source: platform.md
// 1.6. Stateless events pay nothing: their isolate is made during the client's TLS handshake.
inline constexpr Duration kColdStart = millis(5);
// An object that is to move takes no new events; those under way have so long to end.
inline constexpr Duration kMovePatience = seconds(10);
// How often an object whose host's lease has lapsed looks again.
inline constexpr Duration kLeasePoll = millis(50);

// What an object takes before it refuses events with an overload error. The window's length and the soft limit of
// about 1,000 requests a second are documented, the other figures are ours.
struct OverloadLimits {
  uint32_t requests_queued = 1'000;
  uint64_t bytes_queued = 64 << 20;
  Duration queued_for = seconds(30);
  uint32_t requests_in_window = 10'000;
};
inline constexpr Duration kRateWindow = seconds(10);

}  // namespace orrery::durable
