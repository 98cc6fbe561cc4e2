// The directory's constants. Ours, not the product's: the product documents neither its lease nor
// its directory, so these are chosen to make a takeover take about ten seconds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/core/time.h"

namespace orrery::durable {

// Members of the directory, and how many of them decide.
inline constexpr uint32_t kDirectoryMembers = 5;
inline constexpr uint32_t kDirectoryQuorum = 3;
// Followers of one object, and how many of them make a write durable.
inline constexpr uint32_t kFollowers = 5;
inline constexpr uint32_t kFollowerQuorum = 3;

// A session's lease on the holder's clock, and how often a holder of objects renews it.
inline constexpr Duration kLease = seconds(10);
inline constexpr Duration kRenewEvery = seconds(3);
// No clock of a host runs more than this wrong, either way, in parts of a million.
inline constexpr int64_t kClockDriftBoundPpm = 10'000;

// How long one request to a member may take before its answer no longer counts.
inline constexpr Duration kDirectoryCallTimeout = seconds(2);
// First pause after a round that failed or lost against another proposer; doubles up to the second.
inline constexpr Duration kDirectoryBackoffFirst = millis(20);
inline constexpr Duration kDirectoryBackoffMax = seconds(2);
// A member rewrites its file when it holds this many records more than the registers need.
inline constexpr uint64_t kDirectoryCompactAfter = 512;
// Sessions of one host that it gave up itself and that a member still remembers.
inline constexpr size_t kDirectoryGivenUpKept = 16;

// Change of view. A sealed member waits this long, and up to as much again, for whoever sealed it before it
// carries on itself; a change that failed is tried again after a pause that doubles up to the last of these.
inline constexpr Duration kViewPatience = seconds(3);
inline constexpr Duration kViewRetryFirst = millis(250);
inline constexpr Duration kViewRetryMax = seconds(10);
// How often a coordinator tells the hosts that have not confirmed a view yet.
inline constexpr int kViewTellings = 8;
// Members that a client misses are asked for by the others at most this often; one that did not answer so many
// times in a row, no longer than `kSilenceGap` apart, is replaced by a spare: after about a minute of activity.
inline constexpr Duration kSilenceLook = seconds(10);
inline constexpr Duration kSilenceGap = seconds(60);
inline constexpr uint32_t kSilenceMisses = 6;

}  // namespace orrery::durable
