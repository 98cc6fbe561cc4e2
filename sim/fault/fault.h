// Faults as data: what, whom, when, how hard. The same object is what a scenario's timeline sends
// as JSON, what the swarm draws, and what a trace file lists. Times are whole microseconds.
//
// JSON, one object a fault (fields that a kind does not use are refused):
//   {"kind":"partition","name":"fra-sin","at_us":N,"for_us":N,"a":["FRA"],"b":["SIN"],
//        "one_way":true}
//   {"kind":"heal","name":"fra-sin"}                 without a name: all link faults
//   {"kind":"crash","target":"host:FRA/1","restart_after_us":N}
//   {"kind":"restart","target":...}  {"kind":"pause","target":...,"for_us":N}
//   {"kind":"clog","a":[...],"b":[...],"delay_us":N,"for_us":N}
//   {"kind":"loss","a":[...],"b":[...],"loss_ppm":N,"tail_ppm":N,"delay_us":N,
//        "bytes_per_second":N}
//   {"kind":"clock","target":...,"step_us":N,"drift_ppm":N,"for_us":N}
//   {"kind":"disk","target":...,"disk":"full|io_error|slow|fsync_fails|fsync_lies|bit_rot|
//        misdirected|gone|lost|torn","for_us":N,"restart_after_us":N,
//        "chance_ppm":N,"factor":N,"capacity_bytes":N}
//   {"kind":"lose_pop","target":"pop:FRA","for_us":N}  {"kind":"return_pop","target":"pop:FRA"}
//   {"kind":"evict|hibernate|kv_delay|deploy|crash_in_turn|upgrade|move", ...}  anything: the platform reads `fields`
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/core/time.h"

namespace orrery::fault {

enum class FaultKind : uint8_t {
  kPartition, kHeal, kCrash, kRestart, kPause, kClog, kLoss, kClock, kDisk, kLosePop, kReturnPop,
  kEvict, kHibernate, kKvDelay, kDeploy, kCrashInTurn, kUpgrade, kMove,
};
inline constexpr uint32_t kFaultKinds = 18;
const char* to_string(FaultKind kind);

enum class DiskFaultKind : uint8_t {
  kFull,         // no space beyond `capacity_bytes` (0: beyond what is used when it begins)
  kIoError,      // calls fail with `chance_ppm`
  kSlow,         // syncs take `factor` times as long
  kSyncFails,    // a sync fails once, with `chance_ppm`
  kSyncLies,     // syncs say yes and make nothing durable
  kBitRot,       // sectors at rest read with a flipped bit, `chance_ppm` of them
  kMisdirected,  // writes land elsewhere, with `chance_ppm`
  kGone,         // nothing can be read or written while it lasts (a cable)
  kLost,         // the host crashes and its disk is replaced by an empty one
  kTorn,         // a crash in the middle of writes: like kCrash, for those who look for it here
};
const char* to_string(DiskFaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kHeal;
  // Stable and unique in a plan; made from kind and place when not given. A heal's name is that of
  // the fault it ends.
  std::string name;
  Duration at = {0};    // from the world's beginning
  Duration for_ = {0};  // 0: no end of its own
  std::string target;   // host, point of presence, or an entity that the platform resolves
  std::vector<std::string> a, b;
  bool one_way = false;
  Duration restart_after = {0};  // 0: stays down
  Duration delay = {0};
  int64_t loss_ppm = 0;
  int64_t tail_ppm = 0;
  int64_t bytes_per_second = 0;
  Duration step = {0};
  int64_t drift_ppm = 0;
  DiskFaultKind disk = DiskFaultKind::kFull;
  int64_t chance_ppm = 0;
  int64_t factor = 0;
  int64_t capacity_bytes = 0;
  // Kinds of the platform: the whole object as given.
  nlohmann::json fields = {};

  // When it is over: `at` if it has no length.
  Duration end() const;
  // Whether nothing of it ends by itself (a partition for ever, a crash without restart).
  bool permanent() const;
  // "host:FRA/1", "FRA <-> SIN": for tables and texts.
  std::string where() const;
};

// Reads one fault; on a mistake false and *error says which field and why, in one line.
bool parse_fault(const nlohmann::json& json, Fault* fault, std::string* error);
nlohmann::json to_json(const Fault& fault);

}  // namespace orrery::fault
