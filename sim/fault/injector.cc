#include "sim/fault/injector.h"

#include <algorithm>

#include "sim/disk/disk.h"
#include "sim/disk/faults.h"
#include "sim/fault/events.h"

namespace orrery::fault {

namespace {

constexpr Site kBegin{"fault.begin"};
constexpr Site kEnd{"fault.end"};
constexpr Site kFlap{"fault.flap"};
// What only shrinking and sweeps change: whether a planned fault begins, when, and how long it lasts.
constexpr Site kBegins{"fault.begins"};
constexpr Site kAt{"fault.at_us"};
constexpr Site kLasts{"fault.lasts_us"};
constexpr int64_t kMillion = 1'000'000;
// Where a fault does not say how hard it hits.
constexpr Duration kUsualClog = millis(500);
constexpr int64_t kUsualDiskChancePpm = 1'000;
constexpr uint32_t kUsualSlowFactor = 50;
constexpr Duration kUsualDiskReplacement = seconds(5);

std::string_view pop_code(std::string_view target) {
  return target.starts_with("pop:") ? target.substr(4) : target;
}

void add_part(disk::DiskFaults& all, const Fault& f, uint64_t used_bytes) {
  Ratio chance{f.chance_ppm > 0 ? f.chance_ppm : kUsualDiskChancePpm, kMillion};
  switch (f.disk) {
    case DiskFaultKind::kFull: {
      uint64_t capacity = f.capacity_bytes > 0 ? static_cast<uint64_t>(f.capacity_bytes)
                                               : std::max<uint64_t>(used_bytes, 1);
      all.capacity_bytes = all.capacity_bytes ? std::min(all.capacity_bytes, capacity) : capacity;
      break;
    }
    case DiskFaultKind::kIoError:
      if (f.from_call > 0) {
        all.fail_from_call = static_cast<uint64_t>(f.from_call);
        all.fail_calls = static_cast<uint64_t>(std::max<int64_t>(f.calls, 1));
      } else {
        all.io_error = chance;
      }
      break;
    case DiskFaultKind::kSlow:
      all.slow_factor = std::max(all.slow_factor,
                                 f.factor > 0 ? static_cast<uint32_t>(f.factor) : kUsualSlowFactor);
      break;
    case DiskFaultKind::kSyncFails: all.sync_fails_once = chance; break;
    case DiskFaultKind::kSyncLies: all.sync_lies = true; break;
    case DiskFaultKind::kBitRot: all.bit_rot = chance; break;
    case DiskFaultKind::kMisdirected: all.misdirected_write = chance; break;
    case DiskFaultKind::kGone: all.lost = true; break;
    case DiskFaultKind::kLost:
    case DiskFaultKind::kTorn: break;  // crashes, not states
  }
}

}  // namespace

Injector::Injector(World& world, host::Hosts& hosts, net::Network& network, FaultTarget* platform)
    : world_(world), hosts_(hosts), network_(network), platform_(platform) {}

uint64_t Injector::cause_of(const Fault& fault) {
  uint64_t cause = mix64(hash_name("fault.cause"), hash_bytes(fault.name));
  // A heal bears another fault's name: tell it apart by its time.
  return fault.kind == FaultKind::kHeal ? mix64(cause, static_cast<uint64_t>(fault.at.us) + 1)
                                        : cause;
}

bool Injector::given(Fault& fault) {
  if (fault.kind == FaultKind::kHeal) return true;
  Decisions& decide = world_.decide();
  const bool begins = decide.given(kBegins, 1) != 0;
  fault.at = std::max(Duration{0}, micros(decide.given(kAt, fault.at.us)));
  // What has an end keeps one.
  Duration& length = fault.for_.us > 0 ? fault.for_ : fault.restart_after;
  const int64_t lasts = decide.given(kLasts, length.us);
  if (length.us > 0) length = micros(std::max<int64_t>(1, lasts));
  return begins;
}

std::string Injector::check_host(const std::string& target) const {
  if (target.starts_with("host:")) return network_.explain_endpoint(target);
  const bool entity = platform_ && platform_->knows(target);
  if (!entity && target.find(':') == std::string::npos && !target.starts_with("client/"))
    return "\"" + target + "\" is not a host: they are named like host:FRA/2";
  return platform_ ? platform_->explain(target) : std::string();
}

std::string Injector::check(const Fault& fault) const {
  switch (fault.kind) {
    case FaultKind::kPartition:
    case FaultKind::kClog:
    case FaultKind::kLoss:
      for (const auto* side : {&fault.a, &fault.b})
        for (const std::string& name : *side) {
          std::string why = network_.explain_endpoint(name);
          // An entity of the platform is resolved when the fault begins.
          bool entity = platform_ && !name.starts_with("host:") && !name.starts_with("pop:") &&
                        (name.find(':') != std::string::npos || platform_->knows(name));
          if (!why.empty() && entity) why = platform_->explain(name);
          if (!why.empty()) return why;
        }
      return {};
    case FaultKind::kCrash:
    case FaultKind::kRestart:
    case FaultKind::kPause:
    case FaultKind::kClock:
    case FaultKind::kSlowHost:
    case FaultKind::kDisk: return check_host(fault.target);
    case FaultKind::kLosePop:
    case FaultKind::kReturnPop:
      if (network_.geography().find(pop_code(fault.target))) return {};
      return "\"" + fault.target + "\" is not a point of presence: they are named like pop:FRA";
    case FaultKind::kHeal: return {};
    default:
      if (!platform_)
        return std::string(to_string(fault.kind)) + " is not supported here: there is no platform";
      return platform_->check(fault);
  }
}

std::string Injector::add(Fault fault) {
  std::string error = check(fault);
  if (!error.empty()) return error;
  if (fault.name.empty() && fault.kind != FaultKind::kHeal)
    fault.name = std::string(to_string(fault.kind)) + ":" +
                 (!fault.target.empty() ? fault.target
                  : fault.a.empty()     ? ""
                                        : fault.a.front());
  bool crashes_disk = fault.kind == FaultKind::kDisk &&
                      (fault.disk == DiskFaultKind::kLost || fault.disk == DiskFaultKind::kTorn);
  if (crashes_disk && fault.for_.us == 0 && fault.restart_after.us == 0)
    fault.restart_after = kUsualDiskReplacement;
  if (fault.kind != FaultKind::kHeal) {
    uint32_t times = names_[fault.name]++;
    if (times > 0) fault.name += "#" + std::to_string(times + 1);
  }
  size_t index = faults_.size();
  faults_.push_back(std::make_unique<Fault>(std::move(fault)));
  hit_.emplace_back();
  was_.push_back(false);
  CauseScope scope(world_.cause(), cause_of(*faults_[index]));
  states_.push_back(given(*faults_[index]) ? State::kPlanned : State::kOver);
  world_.loop().schedule(Instant{} + faults_[index]->at, kBegin, kWorldOwner,
                         [this, index] { begin(index); });
  return {};
}

void Injector::begin(size_t index) {
  if (states_[index] != State::kPlanned) return;
  Fault& fault = *faults_[index];
  // Where a timeline was late, the table says what really happened.
  fault.at = world_.now() - Instant{};
  ++begun_[static_cast<size_t>(fault.kind)];
  if (std::string_view mode = mode_of(fault); !mode.empty())
    ++begun_by_mode_[std::string(to_string(fault.kind)) + "." + std::string(mode)];
  was_[index] = true;
  world_.loop().touch();
  world_.announce(FaultBegan{kWorldLane, fault});
  states_[index] = State::kInForce;
  bool lasts = apply(fault, index);
  Duration length = fault.for_.us > 0 ? fault.for_ : fault.restart_after;
  if (!lasts) {
    finish(index);
  } else if (length.us > 0) {
    world_.loop().schedule_in(length, kEnd, kWorldOwner, [this, index] { finish(index); });
  }
}

void Injector::finish(size_t index) {
  if (states_[index] != State::kInForce) return;
  states_[index] = State::kOver;
  Fault& fault = *faults_[index];
  undo(fault, index);
  world_.loop().touch();
  world_.announce(FaultEnded{kWorldLane, fault});
}

bool Injector::end(std::string_view name) {
  bool any = false;
  for (size_t i = 0; i < faults_.size(); ++i) {
    std::string_view own = faults_[i]->name;
    bool meant = own == name || (own.starts_with(name) && own.substr(name.size()).starts_with('#'));
    if (!meant || states_[i] != State::kInForce || faults_[i]->kind == FaultKind::kHeal) continue;
    finish(i);
    any = true;
  }
  return any;
}

void Injector::stop(const std::set<std::string>& but) {
  for (State& state : states_)
    if (state == State::kPlanned) state = State::kOver;
  for (size_t i = 0; i < faults_.size(); ++i)
    if (!but.count(faults_[i]->name)) finish(i);
  for (auto& [host, holders] : held_down_)
    std::erase_if(holders, [&](size_t i) { return states_[i] != State::kInForce; });
  network_.heal_all();
  for (host::HostId id = 0; id < hosts_.count(); ++id)
    if (auto held = held_down_.find(id); held == held_down_.end() || held->second.empty())
      hosts_.restart(hosts_.by_id(id));
}

std::set<std::string> Injector::drop_planned(const std::set<std::string>& names) {
  std::set<std::string> dropped;
  for (size_t i = 0; i < faults_.size(); ++i) {
    if (states_[i] != State::kPlanned || !names.count(faults_[i]->name)) continue;
    states_[i] = State::kOver;
    dropped.insert(faults_[i]->name);
  }
  return dropped;
}

size_t Injector::in_force() const {
  return static_cast<size_t>(std::count(states_.begin(), states_.end(), State::kInForce));
}

bool Injector::has_begun(const Fault& fault) const {
  for (size_t i = 0; i < faults_.size(); ++i)
    if (faults_[i].get() == &fault) return was_[i];
  return false;
}

std::vector<host::Host*> Injector::hosts_of(const std::string& target) {
  if (host::Host* host = hosts_.by_name(target)) return {host};
  std::vector<host::Host*> out;
  if (platform_)
    for (const std::string& name : platform_->hosts_of(target))
      if (host::Host* host = hosts_.by_name(name)) out.push_back(host);
  return out;
}

void Injector::hold_down(host::Host& host, size_t index) {
  held_down_[host.id()].push_back(index);
  hosts_.crash(host);
}

void Injector::let_up(host::HostId id, size_t index) {
  auto& holders = held_down_[id];
  std::erase(holders, index);
  if (holders.empty()) hosts_.restart(hosts_.by_id(id));
}

void Injector::apply_disk_faults(host::Host& host) {
  disk::DiskFaults all;
  for (size_t index : disk_faults_[host.id()])
    add_part(all, *faults_[index], host.disk().used_bytes());
  host.disk().set_faults(all);
}

// The slowest of those in force.
void Injector::apply_slowness(host::Host& host) {
  int64_t factor = 1;
  for (size_t index : slowed_[host.id()]) factor = std::max(factor, faults_[index]->factor);
  hosts_.slow(host, factor);
}

bool Injector::apply(const Fault& fault, size_t index) {
  std::vector<host::Host*> hit;
  bool on_hosts = fault.kind == FaultKind::kCrash || fault.kind == FaultKind::kRestart ||
                  fault.kind == FaultKind::kPause || fault.kind == FaultKind::kClock ||
                  fault.kind == FaultKind::kSlowHost || fault.kind == FaultKind::kDisk;
  if (on_hosts) hit = hosts_of(fault.target);
  for (host::Host* h : hit) hit_[index].push_back(h->id());

  switch (fault.kind) {
    case FaultKind::kPartition:
    case FaultKind::kClog:
    case FaultKind::kLoss:
      link_fault(fault);
      if (fault.every.us > 0) flap(index, false);
      return true;
    case FaultKind::kHeal: heal(fault); return false;
    case FaultKind::kCrash:
      for (host::Host* h : hit) hold_down(*h, index);
      return true;
    case FaultKind::kRestart:
      for (host::Host* h : hit) {
        held_down_[h->id()].clear();
        hosts_.restart(*h);
      }
      return false;
    case FaultKind::kPause:
      for (host::Host* h : hit) hosts_.pause(*h, fault.for_);
      return true;
    case FaultKind::kSlowHost:
      for (host::Host* h : hit) {
        slowed_[h->id()].push_back(index);
        apply_slowness(*h);
      }
      return true;
    case FaultKind::kClock:
      for (host::Host* h : hit) {
        if (fault.step.us) hosts_.step_clock(*h, fault.step);
        if (fault.drift_ppm) hosts_.drift_clock(*h, fault.drift_ppm);
      }
      return fault.drift_ppm != 0;
    case FaultKind::kDisk:
      for (host::Host* h : hit) {
        if (fault.disk == DiskFaultKind::kLost || fault.disk == DiskFaultKind::kTorn) {
          hold_down(*h, index);
          if (fault.disk == DiskFaultKind::kLost) h->disk().wipe();
        } else {
          disk_faults_[h->id()].push_back(index);
          apply_disk_faults(*h);
        }
      }
      return true;
    case FaultKind::kLosePop: {
      uint32_t pop = *network_.geography().find(pop_code(fault.target));
      // Cut off first: a place without power sends no resets.
      network_.partition(fault.name, {{std::string(pop_code(fault.target))}, {}}, {}, false);
      hosts_.lose_pop(pop);
      return true;
    }
    case FaultKind::kReturnPop:
      for (size_t i = 0; i < faults_.size(); ++i)
        if (faults_[i]->kind == FaultKind::kLosePop && states_[i] == State::kInForce &&
            pop_code(faults_[i]->target) == pop_code(fault.target))
          finish(i);
      return false;
    default: {
      std::string error = platform_->begin(fault);
      ORRERY_SOMETIMES(world_, !error.empty(), "a fault of the platform finds nothing to hit");
      // Some wait for their occasion, which may be never.
      const bool waits = fault.kind == FaultKind::kCrashAtStep || fault.kind == FaultKind::kReroute ||
                         fault.kind == FaultKind::kRepeatAlarm;
      return error.empty() && (fault.for_.us > 0 || waits);
    }
  }
}

void Injector::link_fault(const Fault& fault) {
  auto resolve = [&](const std::vector<std::string>& names) {
    net::Endpoints out;
    for (const std::string& name : names) {
      if (network_.explain_endpoint(name).empty()) {
        out.names.push_back(name);
      } else {
        for (host::Host* h : hosts_of(name)) out.names.push_back(h->name());
        // Nobody serves it now: an empty side would mean everyone.
        if (out.names.empty()) out.names.push_back("host:");
      }
    }
    return out;
  };
  net::LinkFault link;
  link.blocked = fault.kind == FaultKind::kPartition;
  link.inbound = fault.inbound;
  link.backbone = fault.backbone;
  if (fault.kind == FaultKind::kClog)
    link.extra_delay = fault.delay.us > 0 ? fault.delay : kUsualClog;
  if (fault.kind == FaultKind::kLoss) {
    link.loss = Ratio{fault.loss_ppm, kMillion};
    link.tail = Ratio{fault.tail_ppm, kMillion};
    link.tail_delay = fault.delay;
    link.bytes_per_second = fault.bytes_per_second;
  }
  net::Endpoints a = resolve(fault.a), b = resolve(fault.b);
  network_.degrade(fault.name, std::move(a), std::move(b), fault.one_way, link);
}

// Shut for the first part of each period, open for the rest. Whom an entity stands for is found anew each time.
void Injector::flap(size_t index, bool close) {
  if (states_[index] != State::kInForce) return;
  const Fault& fault = *faults_[index];
  const Duration open = fault.open.us > 0 ? fault.open : Duration{fault.every.us / 2};
  if (close) link_fault(fault);
  world_.loop().schedule_in(fault.every - open, kFlap, kWorldOwner, [this, index, open] {
    if (states_[index] != State::kInForce) return;
    ORRERY_SOMETIMES(world_, true, "a partition that flaps opens for a while");
    network_.heal(faults_[index]->name);
    world_.loop().schedule_in(open, kFlap, kWorldOwner, [this, index] { flap(index, true); });
  });
}

void Injector::heal(const Fault& fault) {
  if (!fault.name.empty()) {
    if (!end(fault.name)) network_.heal(fault.name);
    return;
  }
  for (size_t i = 0; i < faults_.size(); ++i) {
    FaultKind kind = faults_[i]->kind;
    if (kind == FaultKind::kPartition || kind == FaultKind::kClog || kind == FaultKind::kLoss)
      finish(i);
  }
}

void Injector::undo(const Fault& fault, size_t index) {
  switch (fault.kind) {
    case FaultKind::kPartition:
    case FaultKind::kClog:
    case FaultKind::kLoss: network_.heal(fault.name); break;
    case FaultKind::kCrash:
      for (host::HostId id : hit_[index]) let_up(id, index);
      break;
    case FaultKind::kClock:
      if (fault.drift_ppm)
        for (host::HostId id : hit_[index]) hosts_.drift_clock(hosts_.by_id(id), 0);
      break;
    case FaultKind::kDisk:
      for (host::HostId id : hit_[index]) {
        if (fault.disk == DiskFaultKind::kLost || fault.disk == DiskFaultKind::kTorn) {
          let_up(id, index);
        } else {
          std::erase(disk_faults_[id], index);
          apply_disk_faults(hosts_.by_id(id));
        }
      }
      break;
    case FaultKind::kLosePop: {
      uint32_t pop = *network_.geography().find(pop_code(fault.target));
      bool still = false;  // another fault may have taken the same place
      for (size_t i = 0; i < faults_.size(); ++i)
        still |= i != index && states_[i] == State::kInForce &&
                 faults_[i]->kind == FaultKind::kLosePop &&
                 pop_code(faults_[i]->target) == pop_code(fault.target);
      network_.heal(fault.name);
      if (still) break;
      std::vector<host::HostId> keep_down;  // a crash of their own holds them
      for (const auto& [id, holders] : held_down_)
        if (!holders.empty()) keep_down.push_back(id);
      hosts_.return_pop(pop, keep_down);
      break;
    }
    case FaultKind::kSlowHost:
      for (host::HostId id : hit_[index]) {
        std::erase(slowed_[id], index);
        apply_slowness(hosts_.by_id(id));
      }
      break;
    case FaultKind::kEvict:
    case FaultKind::kHibernate:
    case FaultKind::kKvDelay:
    case FaultKind::kDeploy:
    case FaultKind::kOrigin:
      if (fault.for_.us > 0) platform_->end(fault);
      break;
    case FaultKind::kCrashAtStep:
    case FaultKind::kReroute:
    case FaultKind::kRepeatAlarm: platform_->end(fault); break;
    default: break;
  }
}

}  // namespace orrery::fault
