// The table of guarantees: what must hold, where that is written, and what enforces it. Every failure of a
// run cites one of these ids. Data only; a rule is checked by a monitor (conformance/monitors), by a checker
// of histories (conformance/check), by a deadline (conformance/live), by a scenario, or by the runtime itself.
//
// Invariant: ids are unique; `RuleId` numbers the rules that are counted while a run goes on, in table order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace orrery::rules {

// Rules that a monitor watches. A number, so that counting one exercise is one increment.
enum class RuleId : uint8_t {
  kOutputGateAnswers,   // DO-OG-1
  kOutputGateCalls,     // DO-OG-2
  kOutputGateFrames,    // DO-OG-3
  kInputGateSection,    // DO-IG-1
  kInputGateTurn,       // DO-IG-2
  kInputGateNesting,    // DO-IG-3
  kTurnBatch,           // DO-TURN-1
  kTurnCommit,          // DO-TURN-2
  kSingleEpoch,         // DO-SI-1
  kSingleEffects,       // DO-SI-2
  kLeaseOwn,            // DO-LEASE-1
  kLeaseOther,          // DO-LEASE-2
  kViewAgreed,          // DO-DIR-1
  kFollowerSync,        // DO-REP-1
  kFollowerPromise,     // DO-REP-2
  kLogPrefix,           // DO-REP-3
  kLogContent,          // DO-REP-4
  kLogOrder,            // DO-REP-5
  kFollowersKnown,      // DO-REP-6
  kTailKept,            // DO-REP-7
  kAcknowledgedStays,   // DO-DUR-1
  kStubOrder,           // DO-ORD-1
  kDeliveredOnce,       // DO-ORD-2
  kConstructorFirst,    // DO-LIFE-1
  kNothingAfterEnd,     // DO-LIFE-2
  kIdleEviction,        // DO-LIFE-3
  kDeliveredToLiving,   // NET-1
  kSocketOrder,         // WS-1
  kKvStale,             // KV-1
  kKvRate,              // KV-2
  kAlarmFires,          // DO-ALARM-1
  kAlarmEarly,          // DO-ALARM-2
  kAlarmRetries,        // DO-ALARM-3
  kAlarmScheduler,      // DO-ALARM-4
  kAlarmStored,         // DO-ALARM-5
  kClockFrozen,         // DO-CLK-1
  kVersionKept,         // DO-VER-1
  kReplicaPrefix,       // DO-RR-1
  kReplicaBookmark,     // DO-RR-2
  kCount,
};
inline constexpr size_t kWatched = static_cast<size_t>(RuleId::kCount);

struct Rule {
  std::string_view id;
  std::string_view sentence;
  std::string_view source;       // the page and section that says so
  std::string_view enforced_by;  // "monitor", "checker", "scenario", "runtime", or "nobody yet"
};

// All rules; the first kWatched are those of RuleId, in its order.
std::span<const Rule> all();
inline const Rule& rule(RuleId id) { return all()[static_cast<size_t>(id)]; }
// Null when there is no such rule.
const Rule* find(std::string_view id);
// A JSON array of {"id", "sentence", "source", "enforced_by"}.
std::string to_json();

}  // namespace orrery::rules
