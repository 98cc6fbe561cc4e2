#include "sim/fault/swarm.h"

#include <algorithm>
#include <string>

namespace orrery::fault {

namespace {

constexpr Site kKindLeftOut{"swarm.left_out"};
constexpr Site kPresent{"swarm.present"};
constexpr Site kFrom{"swarm.from"};
constexpr Site kLength{"swarm.length"};
constexpr Site kTarget{"swarm.target"};
constexpr Site kOtherSide{"swarm.other_side"};
constexpr Site kShape{"swarm.shape"};
constexpr Site kHardness{"swarm.hardness"};
constexpr Site kSign{"swarm.sign"};

constexpr const char* kDeadForGood = "dead";  // hosts that never come back

// What a run may meet, one row a kind: how many slots, the chance that each is filled (per cent),
// by preset lite / swarm / storm, and how long it lasts (milliseconds).
struct Range {
  const char* name;
  FaultKind kind;
  uint32_t slots[3];
  int64_t chance_percent[3];
  int64_t length_ms_low, length_ms_high;
};
constexpr Range kRanges[] = {
    // name         kind                   slots        chance %        length ms
    {"partition",   FaultKind::kPartition, {1, 3, 5},   {30, 50, 70},   500,   40'000},
    {"crash",       FaultKind::kCrash,     {1, 4, 8},   {40, 50, 70},   50,    20'000},
    {"pause",       FaultKind::kPause,     {1, 2, 4},   {20, 35, 50},   100,   15'000},
    {"clog",        FaultKind::kClog,      {1, 2, 3},   {20, 35, 50},   1'000, 30'000},
    {"loss",        FaultKind::kLoss,      {1, 2, 3},   {20, 35, 50},   1'000, 30'000},
    {"clock",       FaultKind::kClock,     {0, 2, 4},   {0, 30, 60},    5'000, 60'000},
    {"disk",        FaultKind::kDisk,      {0, 2, 3},   {0, 35, 60},    1'000, 30'000},
    {"bad-disk",    FaultKind::kDisk,      {0, 1, 2},   {0, 20, 50},    5'000, 60'000},
    {"lost-pop",    FaultKind::kLosePop,   {0, 1, 2},   {0, 25, 45},    2'000, 40'000},
    {kDeadForGood,  FaultKind::kCrash,     {0, 0, 2},   {0, 0, 40},     1'000, 1'000},
};
constexpr int64_t kLeftOutPercent = 30;      // of kinds, each
constexpr int64_t kOneWayPercent = 35;       // of partitions
constexpr int64_t kClogMsLow = 20, kClogMsHigh = 2'000;
constexpr int64_t kLossPpmLow = 1'000, kLossPpmHigh = 250'000;
constexpr int64_t kTailMsHigh = 1'500;
constexpr int64_t kSlowFactorLow = 3, kSlowFactorHigh = 300;
constexpr int64_t kDiskChancePpmLow = 100, kDiskChancePpmHigh = 20'000;
constexpr int64_t kStormStepMsHigh = 60'000;  // clock steps, storm only
constexpr int64_t kFirstAtPercent = 2;        // of the horizon: a run starts in peace
constexpr int64_t kQuietPercent = 20;         // of the horizon: and ends so

// Harmless to what was synced; and those that are not (two slots at most, see Terrain).
constexpr DiskFaultKind kMildDisk[] = {DiskFaultKind::kSlow, DiskFaultKind::kIoError,
                                       DiskFaultKind::kFull, DiskFaultKind::kGone,
                                       DiskFaultKind::kTorn};
// A disk that silently forgets what it said was durable (a lying sync, rot, a misdirected write) is
// not among them: with one such disk, three acknowledgements and any three of five answers need
// not have an honest disk in common, so no quorum system survives it. Scenarios ask for those by name.
constexpr DiskFaultKind kBadDisk[] = {DiskFaultKind::kLost, DiskFaultKind::kSyncFails};

class Drawing {
 public:
  Drawing(World& world, Preset preset, const Terrain& terrain, Duration horizon)
      : decide_(world.decide()), preset_(preset), terrain_(terrain), horizon_(horizon) {}

  // Every value is drawn whether or not the shape drawn before needs it, so that an override of one
  // leaves the meaning of the others alone.
  bool fault(const Range& range, const std::string& name, Fault* out) {
    int64_t percent = range.chance_percent[level()];
    bool present = decide_.chance(kPresent, Ratio{percent, 100});
    int64_t first = horizon_.us / 100 * kFirstAtPercent;
    int64_t last = std::max(first, quiet_from(horizon_).us - range.length_ms_low * 1000);
    int64_t at = decide_.between(kFrom, first, last, first);
    // A short run has short faults.
    int64_t high = std::max(range.length_ms_low * 1000,
                            std::min(range.length_ms_high * 1000, horizon_.us / 3));
    int64_t length = decide_.between(kLength, range.length_ms_low * 1000, high,
                                     range.length_ms_low * 1000);
    bool on_pop = range.kind == FaultKind::kLosePop;
    const auto& targets = on_pop ? terrain_.pops : terrain_.hosts;
    if (targets.empty() || terrain_.hosts.empty()) return false;
    size_t target = index(kTarget, targets.size());
    if (!present) return false;

    out->kind = range.kind;
    out->name = name;
    out->at = micros(at);
    length = std::min(length, quiet_from(horizon_).us - at);
    if (length <= 0) return false;
    out->for_ = micros(length);
    switch (range.kind) {
      case FaultKind::kPartition:
      case FaultKind::kClog:
      case FaultKind::kLoss: links(range.kind, target, out); break;
      case FaultKind::kCrash:
        out->target = targets[target];
        if (std::string_view(range.name) != kDeadForGood) out->restart_after = out->for_;
        out->for_ = {0};
        break;
      case FaultKind::kLosePop:
        // One place of one would leave nothing to serve from.
        if (terrain_.pops.size() < 2) return false;
        out->target = "pop:" + targets[target];
        break;
      case FaultKind::kClock:
        out->target = targets[target];
        clock(out);
        break;
      case FaultKind::kDisk:
        out->target = targets[target];
        disk(std::string_view(range.name) == "bad-disk", out);
        break;
      default: out->target = targets[target]; break;
    }
    return true;
  }

  bool left_out() { return decide_.chance(kKindLeftOut, Ratio{kLeftOutPercent, 100}); }
  uint32_t level() const { return static_cast<uint32_t>(preset_) - 1; }

 private:
  size_t index(const Site& site, size_t count) {
    return static_cast<size_t>(decide_.between(site, 0, static_cast<int64_t>(count) - 1, 0));
  }

  // A host or a place against another of its kind, or against all others.
  void links(FaultKind kind, size_t target, Fault* out) {
    constexpr uint32_t kShapes[] = {3, 3, 2, 2};
    uint32_t shape = decide_.pick(kShape, kShapes, 0);
    size_t other = index(kOtherSide, terrain_.hosts.size());
    out->one_way = decide_.chance(kSign, Ratio{kOneWayPercent, 100});
    int64_t hard = decide_.between(kHardness, 0, 1000, 0);
    const std::string &a = terrain_.hosts[target], &b = terrain_.hosts[other];
    bool places = shape == 1 || shape == 3;
    out->a = {places ? pop_of(a) : a};
    if (shape <= 1) out->b = {places ? pop_of(b) : b};
    // The same on both sides cuts nothing: let it be all others.
    if (out->b == out->a) out->b.clear();
    if (kind == FaultKind::kClog) {
      out->delay = millis(kClogMsLow + (kClogMsHigh - kClogMsLow) * hard / 1000);
    } else if (kind == FaultKind::kLoss) {
      out->loss_ppm = kLossPpmLow + (kLossPpmHigh - kLossPpmLow) * hard / 1000;
      out->tail_ppm = out->loss_ppm / 2;
      out->delay = millis(kTailMsHigh * hard / 1000);
    }
  }

  void clock(Fault* out) {
    bool slow = decide_.chance(kSign, Ratio{1, 2});
    int64_t hard = decide_.between(kHardness, 1, 1000, 1);
    bool step = decide_.chance(kShape, Ratio{1, 2}) && preset_ == Preset::kStorm;
    int64_t amount = step ? kStormStepMsHigh * hard : terrain_.drift_bound_ppm * hard / 1000;
    if (step) {
      out->step = micros(slow ? -amount : amount);
      out->for_ = {0};
    } else {
      out->drift_ppm = slow ? -amount : amount;
      if (amount == 0) out->drift_ppm = 1;
    }
  }

  void disk(bool bad, Fault* out) {
    size_t kind = index(kShape, bad ? std::size(kBadDisk) : std::size(kMildDisk));
    int64_t hard = decide_.between(kHardness, 0, 1000, 0);
    out->disk = bad ? kBadDisk[kind] : kMildDisk[kind];
    if (out->disk == DiskFaultKind::kSlow)
      out->factor = kSlowFactorLow + (kSlowFactorHigh - kSlowFactorLow) * hard / 1000;
    else
      out->chance_ppm = kDiskChancePpmLow + (kDiskChancePpmHigh - kDiskChancePpmLow) * hard / 1000;
  }

  static std::string pop_of(const std::string& host) {
    size_t colon = host.find(':'), slash = host.find('/');
    return colon == std::string::npos || slash == std::string::npos
               ? host
               : host.substr(colon + 1, slash - colon - 1);
  }

  Decisions& decide_;
  Preset preset_;
  const Terrain& terrain_;
  Duration horizon_;
};

uint64_t cause_of(std::string_view name) {
  return mix64(hash_name("swarm.cause"), hash_name(name));
}

}  // namespace

const char* to_string(Preset preset) {
  constexpr const char* kNames[] = {"none", "lite", "swarm", "storm"};
  return kNames[static_cast<size_t>(preset)];
}

std::optional<Preset> parse_preset(std::string_view name) {
  for (Preset p : {Preset::kNone, Preset::kLite, Preset::kSwarm, Preset::kStorm})
    if (name == to_string(p)) return p;
  return std::nullopt;
}

Duration quiet_from(Duration horizon) {
  return horizon - Duration{horizon.us / 100 * kQuietPercent};
}

FaultPlan draw_swarm(World& world, Preset preset, const Terrain& terrain, Duration horizon) {
  FaultPlan plan;
  if (preset == Preset::kNone) return plan;
  Drawing draw(world, preset, terrain, horizon);
  for (const Range& range : kRanges) {
    bool left_out = false;
    {
      CauseScope scope(world.cause(), cause_of(range.name));
      left_out = draw.left_out();
    }
    for (uint32_t slot = 1; slot <= range.slots[draw.level()]; ++slot) {
      std::string name = std::string(range.name) + "-" + std::to_string(slot);
      CauseScope scope(world.cause(), cause_of(name));
      Fault fault;
      if (draw.fault(range, name, &fault) && !left_out) plan.push_back(std::move(fault));
    }
  }
  return trim(plan, terrain, quiet_from(horizon));
}

}  // namespace orrery::fault
