#include "sim/fault/kinds.h"

#include <algorithm>

#include "sim/fault/fault.h"

namespace orrery::fault {

namespace {

constexpr std::array<const char*, kFaultKinds> kKindNames = {
    "partition", "heal", "crash", "restart", "pause", "clog", "loss", "clock", "disk", "lose_pop", "return_pop",
    "evict", "hibernate", "kv_delay", "deploy", "crash_in_turn", "upgrade", "move",
    "slow_host",
    "crash_at_step", "kill_isolate", "origin", "reroute", "cut_socket", "repeat_alarm"};
constexpr std::array<const char*, kDiskFaultKinds> kDiskNames = {
    "full", "io_error", "slow", "fsync_fails", "fsync_lies", "bit_rot", "misdirected", "gone", "lost", "torn"};

struct Shape {
  FaultKind kind;
  std::vector<const char*> fields;
};
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> list = {
      {FaultKind::kPartition, {"a", "b", "for_us", "one_way", "every_us", "open_us", "backbone"}},
      {FaultKind::kHeal, {}},
      {FaultKind::kCrash, {"*target", "restart_after_us"}},
      {FaultKind::kRestart, {"*target"}},
      {FaultKind::kPause, {"*target", "*for_us"}},
      {FaultKind::kClog, {"a", "b", "delay_us", "for_us", "one_way", "direction", "backbone"}},
      {FaultKind::kLoss,
       {"a", "b", "loss_ppm", "tail_ppm", "delay_us", "bytes_per_second", "for_us", "one_way", "direction", "backbone"}},
      {FaultKind::kClock, {"*target", "step_us", "drift_ppm", "for_us"}},
      {FaultKind::kDisk,
       {"*target", "*disk", "for_us", "restart_after_us", "chance_ppm", "factor", "capacity_bytes", "from_call", "calls"}},
      {FaultKind::kLosePop, {"*target", "for_us"}},
      {FaultKind::kReturnPop, {"*target"}},
      {FaultKind::kSlowHost, {"*target", "*factor", "for_us"}},
      {FaultKind::kCrashAtStep, {"*target", "*step", "nth", "*restart_after_us", "for_us"}},
      {FaultKind::kKillIsolate, {"*target", "*reason"}},
      {FaultKind::kOrigin, {"*target", "*mode", "status", "delay_us", "*for_us"}},
      {FaultKind::kReroute, {"*target", "for_us"}},
      {FaultKind::kCutSocket, {"*target"}},
      {FaultKind::kRepeatAlarm, {"*target", "*after_us"}},
  };
  return list;
}

template <size_t n>
std::optional<size_t> place_of(const std::array<const char*, n>& names, std::string_view name) {
  auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return {};
  return it - names.begin();
}

// What an entity stands for: "followers:do:Cart/42" -> "followers".
std::string_view class_of(std::string_view target) {
  for (std::string_view known : {"followers", "replicas", "directory", "kv", "scheduler", "archive"})
    if (target.starts_with(known)) return known;
  return target.starts_with("do:") ? "owner" : "host";
}

}  // namespace

const char* to_string(FaultKind kind) { return kKindNames[static_cast<size_t>(kind)]; }
const char* to_string(DiskFaultKind kind) { return kDiskNames[static_cast<size_t>(kind)]; }

std::optional<FaultKind> find_kind(std::string_view name) {
  auto place = place_of(kKindNames, name);
  return place ? std::optional(static_cast<FaultKind>(*place)) : std::nullopt;
}

std::optional<DiskFaultKind> find_disk_kind(std::string_view name) {
  auto place = place_of(kDiskNames, name);
  return place ? std::optional(static_cast<DiskFaultKind>(*place)) : std::nullopt;
}

bool of_platform(FaultKind kind) { return kind >= FaultKind::kEvict && kind != FaultKind::kSlowHost; }

const std::vector<const char*>* fields_of(FaultKind kind) {
  for (const Shape& shape : shapes())
    if (shape.kind == kind) return &shape.fields;
  return nullptr;
}

const std::vector<const char*>& modes_of(FaultKind kind) {
  static const std::vector<const char*> none;
  static const std::vector<const char*> partition = {"both", "one_way", "flapping", "backbone"};
  static const std::vector<const char*> clog = {"both", "send", "receive", "backbone"};
  static const std::vector<const char*> loss = {"loss", "tail", "bandwidth", "backbone"};
  static const std::vector<const char*> clock = {"step", "drift"};
  static const std::vector<const char*> crash = {"host",  "owner", "followers", "replicas", "directory",
                                                 "kv", "scheduler", "archive"};
  static const std::vector<const char*> disk = [] {
    std::vector<const char*> all(kDiskNames.begin(), kDiskNames.end());
    all.push_back("nth_call");
    return all;
  }();
  static const std::vector<const char*> isolate = {"memory", "cpu", "evicted"};
  static const std::vector<const char*> origin = {"status", "timeout", "slow"};
  switch (kind) {
    case FaultKind::kPartition: return partition;
    case FaultKind::kClog: return clog;
    case FaultKind::kLoss: return loss;
    case FaultKind::kClock: return clock;
    case FaultKind::kCrash: return crash;
    case FaultKind::kDisk: return disk;
    case FaultKind::kKillIsolate: return isolate;
    case FaultKind::kOrigin: return origin;
    default: return none;
  }
}

std::string_view mode_of(const Fault& f) {
  auto text = [&](const char* key) -> std::string_view {
    auto it = f.fields.find(key);
    return it != f.fields.end() && it->is_string() ? std::string_view(it->get_ref<const std::string&>()) : "";
  };
  switch (f.kind) {
    case FaultKind::kPartition:
      return f.backbone ? "backbone" : f.every.us > 0 ? "flapping" : f.one_way ? "one_way" : "both";
    case FaultKind::kClog: return f.backbone ? "backbone" : f.inbound ? "receive" : f.one_way ? "send" : "both";
    case FaultKind::kLoss:
      return f.backbone ? "backbone" : f.bytes_per_second > 0 ? "bandwidth" : f.tail_ppm > 0 ? "tail" : "loss";
    case FaultKind::kClock: return f.drift_ppm != 0 ? "drift" : "step";
    case FaultKind::kCrash: return class_of(f.target);
    case FaultKind::kDisk:
      return f.disk == DiskFaultKind::kIoError && f.from_call > 0 ? "nth_call" : to_string(f.disk);
    case FaultKind::kKillIsolate: return text("reason");
    case FaultKind::kOrigin: return text("mode");
    default: return {};
  }
}

}  // namespace orrery::fault
