// The constants of read replicas. Ours, not the product's: nothing of replicas of Durable Objects is documented.
#pragma once

#include <cstddef>

#include "sim/core/time.h"

namespace orrery::durable {

// For how long a replica answers, by its own clock, after it last asked a primary that took it on; how often it asks.
inline constexpr Duration kReplicaLease = seconds(30);
// After that it surely is silent by a primary's clock, whatever both clocks do within their bounds.
inline constexpr Duration kReplicaSurelyOver = millis(31'500);
inline constexpr Duration kReplicaRenewEvery = seconds(5);
inline constexpr Duration kReplicaRenewTimeout = seconds(4);
// After an attempt that failed.
inline constexpr Duration kReplicaRenewAgain = seconds(1);
// For how long a replica that begins tries to get its first copy.
inline constexpr Duration kReplicaBeginPatience = seconds(5);
// Durable entries that a primary keeps for replicas which missed some; whoever lacks more gets an image.
inline constexpr size_t kReplicaRecentEntries = 64;
// Entries that came ahead of what they follow; more than that wait to be asked for again.
inline constexpr size_t kReplicaEarlyEntries = 256;
// The longest that events under way keep a replica at their position while another waits for a bookmark.
inline constexpr Duration kReplicaHold = seconds(5);

}  // namespace orrery::durable
