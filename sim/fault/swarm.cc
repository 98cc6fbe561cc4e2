#include "sim/fault/swarm.h"

#include <algorithm>
#include <string>

#include "sim/core/check.h"

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

constexpr const char* kDeadForGood = "dead";   // hosts that never come back
constexpr const char* kFlapping = "flapping";  // links that are cut and healed again and again
constexpr const char* kBackbone = "backbone";  // all links between points of presence
constexpr const char* kSqueeze = "squeeze";    // little bandwidth

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
    {kFlapping,     FaultKind::kPartition, {0, 1, 2},   {0, 20, 40},    2'000, 30'000},
    {kBackbone,     FaultKind::kPartition, {0, 1, 1},   {0, 12, 30},    500,   12'000},
    {kSqueeze,      FaultKind::kLoss,      {0, 1, 2},   {0, 20, 35},    1'000, 20'000},
    {"slow",        FaultKind::kSlowHost,  {0, 1, 2},   {0, 20, 40},    1'000, 20'000},
    {"isolate",     FaultKind::kKillIsolate, {0, 1, 2}, {0, 25, 45},    1,     1},
    {"step",        FaultKind::kCrashAtStep, {0, 1, 2}, {0, 25, 45},    5'000, 40'000},
    {kDeadForGood,  FaultKind::kCrash,     {0, 0, 2},   {0, 0, 40},     1'000, 1'000},
};
constexpr int64_t kLeftOutPercent = 30;      // of kinds, each
constexpr int64_t kOneWayPercent = 35;       // of partitions
constexpr int64_t kClogMsLow = 20, kClogMsHigh = 2'000;
constexpr int64_t kLossPpmLow = 1'000, kLossPpmHigh = 250'000;
constexpr int64_t kTailMsHigh = 1'500;
constexpr int64_t kSlowFactorLow = 3, kSlowFactorHigh = 300;
constexpr int64_t kFlapMsLow = 40, kFlapMsHigh = 6'000;
constexpr int64_t kSqueezeLow = 4'000, kSqueezeHigh = 400'000;  // bytes a second
constexpr int64_t kSlowHostLow = 2, kSlowHostHigh = 300;        // times
constexpr int64_t kNthHigh = 40;                                // of a step's passings
constexpr int64_t kStepDownMsLow = 50, kStepDownMsHigh = 8'000;
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

// The column of a preset.
uint32_t level_of(Preset preset) { return static_cast<uint32_t>(preset) - 1; }

// Draws one fault.
class Drawing {
 public:
  // Draws under the cause that the world is in, that of the fault.
  Drawing(World& world, Preset preset, const Terrain& terrain, Duration horizon)
      : decide_(world.decide()), cause_(world.cause().id()), preset_(preset), terrain_(terrain), horizon_(horizon) {}

  // Every value is drawn whether or not the shape drawn before needs it, so that an override of one
  // leaves the meaning of the others alone.
  bool fault(const Range& range, const std::string& name, Fault* out) {
    int64_t percent = range.chance_percent[level_of(preset_)];
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
    if (of_platform(range.kind) && terrain_.steps.empty()) return false;
    size_t target = one_of(kTarget, targets);
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
      case FaultKind::kLoss: links(range, target, out); break;
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
      case FaultKind::kSlowHost:
        out->target = targets[target];
        out->factor = within(kSlowHostLow, kSlowHostHigh, decide_.between(kHardness, 0, 1000, 0));
        break;
      case FaultKind::kKillIsolate: return kill_isolate(targets[target], out);
      case FaultKind::kCrashAtStep: return crash_at_step(out);
      default: out->target = targets[target]; break;
    }
    return true;
  }

 private:
  size_t index(const Site& site, size_t count) {
    return static_cast<size_t>(decide_.between(site, 0, static_cast<int64_t>(count) - 1, 0));
  }

  // One of some names. The decision is a number that belongs to the name, and a draw weighs every name by itself: a name
  // more in the list is chosen now and then, and changes nothing else.
  size_t one_of(const Site& site, const std::vector<std::string>& names) {
    const uint64_t bits = decide_.draw(site, cause_);
    size_t best = 0;
    for (size_t i = 1; i < names.size(); ++i)
      if (mix64(bits, hash_bytes(names[i])) > mix64(bits, hash_bytes(names[best]))) best = i;
    const int64_t number = decide_.steered(site, number_of(names[0]), number_of(names[best]));
    for (size_t i = 0; i < names.size(); ++i)
      if (number_of(names[i]) == number) return i;
    return 0;  // it is not there any more
  }

  static int64_t number_of(const std::string& name) { return static_cast<int64_t>(hash_bytes(name) >> 40); }
  static int64_t within(int64_t low, int64_t high, int64_t thousandths) {
    return low + (high - low) * thousandths / 1000;
  }

  // Faults that the platform carries out are read from JSON alone.
  static bool read(nlohmann::json json, Fault* out) {
    json["kind"] = to_string(out->kind);
    json["name"] = out->name;
    json["at_us"] = out->at.us;
    std::string error;
    ORRERY_CHECK(parse_fault(json, out, &error));
    return true;
  }

  bool kill_isolate(const std::string& host, Fault* out) {
    constexpr const char* kReasons[] = {"evicted", "memory", "cpu"};
    return read({{"target", host}, {"reason", kReasons[index(kShape, std::size(kReasons))]}}, out);
  }

  // Whoever comes to the step as the n-th is crashed there.
  bool crash_at_step(Fault* out) {
    const size_t step = one_of(kShape, terrain_.steps);
    const int64_t hard = decide_.between(kHardness, 0, 1000, 0);
    const int64_t nth = decide_.between(kOtherSide, 1, kNthHigh, 1);
    return read({{"target", "*"},
                 {"step", terrain_.steps[step]},
                 {"nth", nth},
                 {"for_us", out->for_.us},
                 {"restart_after_us", within(kStepDownMsLow, kStepDownMsHigh, hard) * 1000}},
                out);
  }

  // A host or a place against another of its kind, or against all others; or the whole backbone.
  void links(const Range& range, size_t target, Fault* out) {
    constexpr uint32_t kShapes[] = {3, 3, 2, 2};
    const std::string_view row = range.name;
    if (row == kBackbone) return backbone(out);
    uint32_t shape = decide_.pick(kShape, kShapes, 0);
    size_t other = one_of(kOtherSide, terrain_.hosts);
    out->one_way = decide_.chance(kSign, Ratio{kOneWayPercent, 100});
    int64_t hard = decide_.between(kHardness, 0, 1000, 0);
    const std::string &a = terrain_.hosts[target], &b = terrain_.hosts[other];
    bool places = shape == 1 || shape == 3;
    out->a = {places ? pop_of(a) : a};
    if (shape <= 1) out->b = {places ? pop_of(b) : b};
    // The same on both sides cuts nothing: let it be all others.
    if (out->b == out->a) out->b.clear();
    if (row == kFlapping) {
      out->every = millis(within(kFlapMsLow, kFlapMsHigh, hard));
      out->open = out->every / 2;
    } else if (row == kSqueeze) {
      out->bytes_per_second = within(kSqueezeHigh, kSqueezeLow, hard);
    } else if (out->kind == FaultKind::kClog) {
      out->delay = millis(within(kClogMsLow, kClogMsHigh, hard));
    } else if (out->kind == FaultKind::kLoss) {
      out->loss_ppm = within(kLossPpmLow, kLossPpmHigh, hard);
      out->tail_ppm = out->loss_ppm / 2;
      out->delay = millis(kTailMsHigh * hard / 1000);
    }
  }

  // Cut, slow or lossy between all points of presence.
  void backbone(Fault* out) {
    constexpr FaultKind kKinds[] = {FaultKind::kPartition, FaultKind::kClog, FaultKind::kLoss};
    out->backbone = true;
    out->kind = kKinds[index(kShape, std::size(kKinds))];
    int64_t hard = decide_.between(kHardness, 0, 1000, 0);
    if (out->kind == FaultKind::kClog) out->delay = millis(within(kClogMsLow, kClogMsHigh, hard));
    if (out->kind == FaultKind::kLoss) out->loss_ppm = within(kLossPpmLow, kLossPpmHigh, hard);
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
      out->factor = within(kSlowFactorLow, kSlowFactorHigh, hard);
    else
      out->chance_ppm = within(kDiskChancePpmLow, kDiskChancePpmHigh, hard);
  }

  static std::string pop_of(const std::string& host) {
    size_t colon = host.find(':'), slash = host.find('/');
    return colon == std::string::npos || slash == std::string::npos
               ? host
               : host.substr(colon + 1, slash - colon - 1);
  }

  Decisions& decide_;
  uint64_t cause_;
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
  for (const Range& range : kRanges) {
    bool left_out = false;
    {
      CauseScope scope(world.cause(), cause_of(range.name));
      left_out = world.decide().chance(kKindLeftOut, Ratio{kLeftOutPercent, 100});
    }
    for (uint32_t slot = 1; slot <= range.slots[level_of(preset)]; ++slot) {
      std::string name = std::string(range.name) + "-" + std::to_string(slot);
      CauseScope scope(world.cause(), cause_of(name));
      Fault fault;
      if (Drawing(world, preset, terrain, horizon).fault(range, name, &fault) && !left_out) plan.push_back(std::move(fault));
    }
  }
  return trim(plan, terrain, quiet_from(horizon));
}

}  // namespace orrery::fault
