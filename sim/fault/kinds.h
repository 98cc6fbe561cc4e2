// The kinds of faults: their names, the fields that each takes in JSON, and the modes in which it may strike. The table of
// README.md has a row for each kind and mode (conformance/tidy sees to that).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::fault {

enum class FaultKind : uint8_t {
  kPartition, kHeal, kCrash, kRestart, kPause, kClog, kLoss, kClock, kDisk, kLosePop, kReturnPop,
  // Of the platform, which reads `Fault::fields`.
  kEvict, kHibernate, kKvDelay, kDeploy, kCrashInTurn, kUpgrade, kMove,
  kSlowHost,  // of the world
  kCrashAtStep, kKillIsolate, kOrigin, kReroute, kCutSocket, kRepeatAlarm,
};
inline constexpr uint32_t kFaultKinds = 25;
const char* to_string(FaultKind kind);
std::optional<FaultKind> find_kind(std::string_view name);
// Whether the platform carries it out.
bool of_platform(FaultKind kind);

enum class DiskFaultKind : uint8_t {
  kFull,         // no space beyond `capacity_bytes` (0: beyond what is used when it begins)
  kIoError,      // calls fail with `chance_ppm`; or `calls` of them (1) from number `from_call` on
  kSlow,         // syncs take `factor` times as long
  kSyncFails,    // a sync fails once, with `chance_ppm`
  kSyncLies,     // syncs say yes and make nothing durable
  kBitRot,       // sectors at rest read with a flipped bit, `chance_ppm` of them
  kMisdirected,  // writes land elsewhere, with `chance_ppm`
  kGone,         // nothing can be read or written while it lasts (a cable)
  kLost,         // the host crashes and its disk is replaced by an empty one
  kTorn,         // a crash in the middle of writes: like kCrash, for those who look for it here
};
inline constexpr uint32_t kDiskFaultKinds = 10;
const char* to_string(DiskFaultKind kind);
std::optional<DiskFaultKind> find_disk_kind(std::string_view name);

// The fields that a kind takes beyond kind, name, at_us; a star marks one that must be there. Null: any (the platform
// reads them).
const std::vector<const char*>* fields_of(FaultKind kind);
// The modes of a kind, by name; none when it strikes in one way only.
const std::vector<const char*>& modes_of(FaultKind kind);

struct Fault;
// The mode in which this one strikes; empty when its kind has none.
std::string_view mode_of(const Fault& fault);

}  // namespace orrery::fault
