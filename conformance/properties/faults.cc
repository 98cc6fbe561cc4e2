#include "conformance/properties/faults.h"

#include <ostream>

#include "sim/core/tests/property.h"

namespace orrery::fault {

void showValue(const Fault& fault, std::ostream& os) { os << to_json(fault).dump(); }

}  // namespace orrery::fault

namespace orrery::properties {

namespace {

using fault::DiskFaultKind;
using fault::Fault;
using fault::FaultKind;

constexpr Duration kLongest = seconds(10);

Duration length(Duration longest = kLongest) {
  return millis(*number<int64_t>(1, longest.us / 1000 + 1));
}

// The hosts of KV's back ends: they crash and are cut off, but never lose what they synced.
constexpr const char* kBackEnds[] = {"host:ORD/5", "host:FRA/5"};

std::string any_host(const Weather& weather) {
  return "host:" + *rc::gen::elementOf(weather.pops) + "/" +
         std::to_string(*number<uint32_t>(1, weather.hosts_per_pop + 1));
}

// Whoever serves an object when the fault begins, or any host.
std::string whom(const Weather& weather) {
  if (weather.kv && *number(0, 3) == 0) return kBackEnds[*number(0, 2)];
  if (weather.objects.empty() || *number(0, 3) == 0) return any_host(weather);
  return "do:Thing/" + *rc::gen::elementOf(weather.objects);
}

void draw_disk_fault(Fault& f, const Weather& weather) {
  f.disk = *rc::gen::element(DiskFaultKind::kTorn, DiskFaultKind::kIoError, DiskFaultKind::kSlow,
                             DiskFaultKind::kFull, DiskFaultKind::kGone, DiskFaultKind::kSyncFails,
                             DiskFaultKind::kSyncLies, DiskFaultKind::kBitRot, DiskFaultKind::kLost);
  // Survivability counts spoiled disks by host, so those are named.
  f.target = fault::spoils_disk(f) ? any_host(weather) : whom(weather);
  f.chance_ppm = *rc::gen::element<int64_t>(10'000, 300'000);
  f.factor = 50;
  if (f.disk == DiskFaultKind::kTorn || f.disk == DiskFaultKind::kLost) {
    f.restart_after = f.for_;
    f.for_ = {};
  }
}

Fault draw_fault(const Weather& weather) {
  enum { kCrash, kReplicas, kPartition, kLosePop, kPause, kDisk, kEvict, kClog, kKvDelay };
  Fault f;
  f.at = millis(*number<int64_t>(0, weather.until.us / 1000));
  f.for_ = length();
  switch (*rc::gen::weightedElement<int>({{4, kCrash},
                                          {weather.objects.empty() ? 0u : 1u, kReplicas},
                                          {3, kPartition},
                                          {1, kLosePop},
                                          {2, kPause},
                                          {3, kDisk},
                                          {weather.objects.empty() ? 0u : 1u, kEvict},
                                          {2, kClog},
                                          {weather.kv ? 3u : 0u, kKvDelay}})) {
    case kCrash:
    case kReplicas:
      f.kind = FaultKind::kCrash;
      f.target = weather.objects.empty() || *number(0, 4) ? whom(weather)
                 : "replicas:do:Thing/" + *rc::gen::elementOf(weather.objects);
      f.restart_after = f.for_;
      f.for_ = {};
      break;
    case kPartition:
      f.kind = FaultKind::kPartition;
      f.a = {*number(0, 2) ? whom(weather) : *rc::gen::elementOf(weather.pops)};
      if (*number(0, 2)) f.b = {*rc::gen::elementOf(weather.pops)};
      f.one_way = *rc::gen::arbitrary<bool>();
      break;
    case kLosePop:
      f.kind = FaultKind::kLosePop;
      f.target = "pop:" + *rc::gen::elementOf(weather.pops);
      break;
    case kPause:
      f.kind = FaultKind::kPause;
      f.target = whom(weather);
      break;
    case kDisk:
      f.kind = FaultKind::kDisk;
      draw_disk_fault(f, weather);
      break;
    case kEvict:
      f.kind = FaultKind::kEvict;
      f.target = "do:Thing/" + *rc::gen::elementOf(weather.objects);
      f.for_ = {};
      break;
    case kClog:
      f.kind = FaultKind::kClog;
      f.a = {whom(weather)};
      f.delay = length(seconds(3));
      break;
    case kKvDelay:
      f.kind = FaultKind::kKvDelay;
      f.target = "kv:*";
      f.fields = {{"delay_us", length(seconds(20)).us}};
      break;
  }
  return f;
}

}  // namespace

rc::Gen<fault::FaultPlan> faults(const Weather& weather) {
  auto one = rc::gen::exec([weather] { return draw_fault(weather); });
  return rc::gen::map(
      rc::gen::resize(7, rc::gen::container<fault::FaultPlan>(std::move(one))),
      [weather](fault::FaultPlan plan) {
        fault::Terrain terrain{.pops = weather.pops};
        for (size_t i = 0; i < plan.size(); ++i)
          plan[i].name = std::string(to_string(plan[i].kind)) + "-" + std::to_string(i + 1);
        return trim(plan, terrain, weather.until + kLongest);
      });
}

}  // namespace orrery::properties
