// Constants of alarms. Those of the product are cited from durable-objects.md section 6; the scheduler's own
// are ours, chosen so that an alarm is late by well under a minute when one host fails, and that a
// fortnight without anything due costs a handful of events.
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::durable {

// ---- the product's (6.2, 6.6) ----
// A handler that runs longer is ended together with its object.
inline constexpr Duration kAlarmWallLimit = minutes(15);
// First pause before a retry; doubles up to this many times; a quarter of it at most is added by chance.
inline constexpr Duration kAlarmRetryFirst = seconds(2);
inline constexpr uint32_t kAlarmRetryDoublings = 9;
inline constexpr int64_t kAlarmJitterParts = 4;
// Counted failures that are retried; the next one gives the alarm up.
inline constexpr uint32_t kAlarmRetries = 6;

// ---- the scheduler's ----
// Alarms are spread over this many shards by a hash of their object.
inline constexpr uint32_t kAlarmShards = 16;
// Hosts that may own a shard and watch it.
inline constexpr uint32_t kAlarmCandidates = 5;
// A shard sleeps when nothing is due for so long and nobody has asked for so long.
inline constexpr Duration kShardStaysAwake = seconds(60);
inline constexpr Duration kShardQuiet = seconds(10);
// How often watchers ask the owner of a shard that is awake whether it lives; later by `rank` steps for each.
inline constexpr Duration kWatchEvery = seconds(8);
inline constexpr Duration kWatchStep = seconds(1);
// By how much a watcher's own wake-up comes after that of the watcher ranked before it.
inline constexpr Duration kWakeStep = seconds(5);
inline constexpr Duration kWatchTimeout = seconds(2);
// Other hosts that must know when to wake a shard before it may sleep or confirm anything; if
// they cannot be reached in time a shard that is awake goes on with fewer.
inline constexpr uint32_t kWatchersNeeded = 2;

// An object tells the scheduler: how long one try may take at the host believed to own the shard, and at
// another one (which may have to wait for a former owner's lease).
inline constexpr Duration kTellOwnerTimeout = seconds(3);
inline constexpr Duration kTellTimeout = seconds(13);
// A later time or a deletion is told with so much patience only: the scheduler finds out anyway.
inline constexpr Duration kTellLaterPatience = seconds(15);

// A delivery that has found no owner of the object by then has failed (and is tried again later).
inline constexpr Duration kDeliveryPatience = seconds(40);
// The longest an object may take to answer a delivery: the wall limit and the wait for a clock that is behind.
inline constexpr Duration kDeliveryTimeout = minutes(17);
// Patience of a claim and of a recovery of a shard.
inline constexpr Duration kShardPatience = seconds(15);

}  // namespace orrery::durable
