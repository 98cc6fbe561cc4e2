// Faults as data: what, whom, when, how hard. The same object is what a scenario's timeline sends
// as JSON, what the swarm draws, and what a trace file lists. Times are whole microseconds.
//
// JSON, one object a fault (fields that a kind does not use are refused):
//   {"kind":"partition","name":"fra-sin","at_us":N,"for_us":N,"a":["FRA"],"b":["SIN"],
//        "one_way":true,"every_us":N,"open_us":N,"backbone":true}
//                                                    with every_us it flaps: of each such span the last open_us
//                                                    (half of it) are open; backbone: only between points of presence,
//                                                    without a and b all of them
//   {"kind":"heal","name":"fra-sin"}                 without a name: all link faults
//   {"kind":"crash","target":"host:FRA/1","restart_after_us":N}
//   {"kind":"restart","target":...}  {"kind":"pause","target":...,"for_us":N}
//   {"kind":"slow_host","target":...,"factor":N,"for_us":N}       one slice of its processor in `factor`
//   {"kind":"clog","a":[...],"b":[...],"delay_us":N,"for_us":N,"direction":"send|receive|both","backbone":true}
//   {"kind":"loss","a":[...],"b":[...],"loss_ppm":N,"tail_ppm":N,"delay_us":N,
//        "bytes_per_second":N,"direction":...,"backbone":true}
//   {"kind":"clock","target":...,"step_us":N,"drift_ppm":N,"for_us":N}
//   {"kind":"disk","target":...,"disk":"full|io_error|slow|fsync_fails|fsync_lies|bit_rot|
//        misdirected|gone|lost|torn","for_us":N,"restart_after_us":N,
//        "chance_ppm":N,"factor":N,"capacity_bytes":N,"from_call":N,"calls":N}
//   {"kind":"lose_pop","target":"pop:FRA","for_us":N}  {"kind":"return_pop","target":"pop:FRA"}
//   {"kind":"evict|hibernate|kv_delay|deploy|crash_in_turn|upgrade|move", ...}  anything: the platform reads `fields`
//   {"kind":"crash_at_step","target":"do:Cart/42|host:FRA/1|*","step":"3.2.7","nth":N,"restart_after_us":N,"for_us":N}
//   {"kind":"kill_isolate","target":"do:Cart/42|host:FRA/1","reason":"memory|cpu|evicted"}
//   {"kind":"origin","target":"api.example.com","mode":"status|timeout|slow","status":N,"delay_us":N,"for_us":N}
//   {"kind":"reroute","target":"client/1|pop:HAN","for_us":N}     anycast sends who is there elsewhere
//   {"kind":"cut_socket","target":"client/1|host:FRA/1"}          its WebSockets, without a close frame
//   {"kind":"repeat_alarm","target":"do:Cart/42","after_us":N}    its next alarm is delivered once more
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/core/time.h"
#include "sim/fault/kinds.h"

namespace orrery::fault {

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
  bool inbound = false;   // of a one-way fault of links: from b to a
  bool backbone = false;  // only between hosts of different points of presence
  Duration every = {0};   // a partition that flaps: its period
  Duration open = {0};    // and how much of it is open
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
  int64_t from_call = 0;  // of a disk; 0: none
  int64_t calls = 0;
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
