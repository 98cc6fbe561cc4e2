// Constants of log replication. Ours: the product documents five followers and three
// acknowledgements (platform/durable/directory/limits.h), not the rest.
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::durable {

// A database page, as SQLite is set up to use (storage).
inline constexpr uint32_t kLogPageBytes = 4096;

// A follower folds its log into the page image when the known-durable part has grown to this. Small, so
// that the records of many objects stay in the processor's cache: 32 serves 15 % more requests a second
// than 256 did, 64 about 10 %.
inline constexpr uint64_t kFoldEntries = 32;
inline constexpr uint64_t kFoldBytes = 1 << 20;

// Entries the owner keeps for followers that lag; one further behind gets the whole image.
inline constexpr uint64_t kRetainedEntries = 1024;
// Entries sent to one follower and not yet acknowledged.
inline constexpr uint64_t kSendWindow = 512;

// No acknowledgement for this long: send again what is missing; doubles up to the second.
inline constexpr Duration kResendFirst = millis(500);
inline constexpr Duration kResendMax = seconds(8);
// Time for an image of one mebibyte more on top of that.
inline constexpr Duration kImagePerMebibyte = seconds(1);

// An owner puts another host in a follower's place when it owed an acknowledgement for so long; a host that is
// to take a place and is silent for this long is passed over for the next.
inline constexpr Duration kReplaceAfter = seconds(60);
inline constexpr Duration kJoinPatience = seconds(20);
// A follower that was replaced is told to drop what it keeps: first pause, longest pause, how long it is tried.
inline constexpr Duration kRetireFirst = seconds(10);
inline constexpr Duration kRetireMax = seconds(3600);
inline constexpr Duration kRetirePatience = seconds(24 * 3600);

// One recovery request, and the pause between rounds of recovery.
inline constexpr Duration kRecoverTimeout = seconds(2);
inline constexpr Duration kFetchTimeout = seconds(30);
inline constexpr Duration kRecoverPause = millis(200);

// A follower whose disk failed a call tries to write its log anew after this.
inline constexpr Duration kDiskRetry = millis(500);

}  // namespace orrery::durable
