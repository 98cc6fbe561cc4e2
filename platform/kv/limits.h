// Limits and times of Workers KV. Numbers without another source are of platform.md section 10.
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::kv {

// ---- limits that a caller meets (10.4) ----
inline constexpr uint32_t kKeyBytesMax = 512;
inline constexpr uint32_t kValueBytesMax = 26'214'400;  // 25 MiB
inline constexpr uint32_t kMetadataBytesMax = 1'024;    // of JSON
inline constexpr Duration kWriteEvery = seconds(1);     // per key
inline constexpr int64_t kCacheTtlSeconds = 60;         // the default
inline constexpr int64_t kCacheTtlSecondsMin = 30;
inline constexpr int64_t kExpirationSecondsMin = 60;
inline constexpr int64_t kListKeysMax = 1'000;
inline constexpr uint32_t kBulkKeysMax = 100;
inline constexpr uint64_t kBulkBytesMax = 26'214'400;

// ---- the inside; of our own choice, within what 10.2 and 10.3 tell ----
inline constexpr uint32_t kBackEnds = 2;
// How long a tier waits for the next one before it goes around it.
inline constexpr Duration kPopTimeout = millis(1'500);
inline constexpr Duration kRegionTimeout = millis(2'500);
inline constexpr Duration kCentralTimeout = seconds(2);   // then the other back end is asked
inline constexpr Duration kWriteTimeout = seconds(10);
// How often each back end asks the other for what it lacks.
inline constexpr Duration kReconcileEvery = seconds(1);
inline constexpr Duration kReconcileTimeout = seconds(3);
inline constexpr uint32_t kReconcileRecords = 1'000;  // in one answer
// A back end whose disk refused writes its log anew after this pause.
inline constexpr Duration kDiskRetry = millis(500);
// The log is folded when it holds this many records more than twice its keys.
inline constexpr uint64_t kFoldAfter = 4'096;
// What one host's cache holds per tier before the oldest entry goes.
inline constexpr uint32_t kCacheEntries = 10'000;
// An entry hit in the last quarter of its life may be refreshed behind the reader's back.
inline constexpr int64_t kHotShare = 4;
inline constexpr Ratio kHotRefresh{1, 4};
// A cache may drop any entry at any time (10.2, knobs).
inline constexpr Ratio kEviction{1, 500};
// "Same point of presence usually sees own write at once, not guaranteed" (10.2).
inline constexpr Ratio kOwnWriteUnseen{1, 50};

}  // namespace orrery::kv
