#include "sim/host/host.h"

#include <algorithm>
#include <charconv>

#include "sim/disk/disk.h"
#include "sim/host/events.h"

namespace orrery::host {

namespace {
constexpr Site kResume{"host.resume"};
constexpr Site kSlice{"host.slice"};
constexpr Site kEndAtStep{"host.end_at_step"};
constexpr Site kRestart{"host.restart"};
}

Process::Process(Hosts& hosts, Host& host, uint32_t incarnation)
    : hosts_(hosts),
      host_(host),
      host_id_(host.id()),
      lane_(host.lane()),
      incarnation_(incarnation),
      owner_(hosts.world().loop().create_owner()),
      tasks_(hosts.world().loop(), owner_) {}

Process::~Process() {
  dying_ = true;
  tasks_.cancel_all();
  while (!services_.empty()) services_.pop_back();
}

World& Process::world() { return hosts_.world(); }
Clock& Process::clock() { return host_.clock(); }
disk::Disk& Process::disk() { return host_.disk(); }
net::Network& Process::network() { return hosts_.network(); }

Host::Host(Hosts& hosts, HostId id, HostKind kind, uint32_t pop, uint32_t number, std::string name)
    : hosts_(hosts),
      id_(id),
      kind_(kind),
      pop_(pop),
      number_(number),
      name_(std::move(name)),
      lane_(hosts.world().trace().lane(name_, kind == HostKind::kCloud ? "host" : "client")),
      clock_(hosts.world()),
      disk_(disk::make_disk(hosts.world(), lane_)) {
  hosts.world().trace().name_host(id_, name_);
}

Host::~Host() = default;

void Host::use_disk(std::unique_ptr<disk::Disk> disk) { disk_ = std::move(disk); }

Hosts::Hosts(World& world, const Places& places, Boot boot)
    : world_(world),
      places_(places),
      boot_(std::move(boot)),
      cloud_(places.pop_count()),
      lost_(places.pop_count()) {}

Hosts::~Hosts() { shutdown(); }

Host& Hosts::make(HostKind kind, uint32_t pop, uint32_t number, std::string name) {
  auto id = static_cast<HostId>(hosts_.size());
  hosts_.push_back(std::make_unique<Host>(*this, id, kind, pop, number, std::move(name)));
  Host& host = *hosts_.back();
  by_name_.emplace(host.name_, id);
  return host;
}

Host& Hosts::at(uint32_t pop, uint32_t number) {
  ORRERY_CHECK(pop < cloud_.size());
  ORRERY_CHECK(number >= 1 && number <= kMaxHostsPerPop);
  auto& row = cloud_[pop];
  if (row.size() < number) row.resize(number, kNoHost);
  if (row[number - 1] != kNoHost) return *hosts_[row[number - 1]];
  std::string name = "host:" + std::string(places_.pop_code(pop)) + "/" + std::to_string(number);
  Host& host = make(HostKind::kCloud, pop, number, std::move(name));
  row[number - 1] = host.id_;
  if (!lost_[pop]) boot(host);
  return host;
}

Host& Hosts::outside(uint32_t pop, std::string_view name) {
  auto it = by_name_.find(name);
  if (it != by_name_.end()) return *hosts_[it->second];
  ORRERY_CHECK(pop < cloud_.size());
  Host& host = make(HostKind::kOutside, pop, 0, std::string(name));
  boot(host);
  return host;
}

Host* Hosts::existing(std::string_view name) {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : hosts_[it->second].get();
}

Host* Hosts::by_name(std::string_view name) {
  if (Host* host = existing(name)) return host;
  if (!name.starts_with("host:")) return nullptr;
  std::string_view rest = name.substr(5);
  size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return nullptr;
  std::string_view digits = rest.substr(slash + 1);
  uint32_t number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return nullptr;
  if (number < 1 || number > kMaxHostsPerPop || digits.front() == '0') return nullptr;
  std::optional<uint32_t> pop = places_.find_pop(rest.substr(0, slash));
  return pop ? &at(*pop, number) : nullptr;
}

void Hosts::boot(Host& host) {
  uint32_t incarnation = ++host.incarnations_;
  CauseScope scope(world_.cause(),
                   mix64(hash_name("host.boot") ^ hash_bytes(host.name_), incarnation));
  world_.announce(Booted{host.lane_, host.id_, incarnation, host.name_});
  host.process_ = std::make_unique<Process>(*this, host, incarnation);
  if (watcher_) watcher_->process_started(host.id_);
  if (host.kind_ == HostKind::kCloud && boot_) boot_(*host.process_);
  if (host.slow_factor_ > 1) next_slice(host);
}

void Hosts::crash(Host& host) {
  if (!host.process_) return;
  world_.announce(Crashed{host.lane_, host.id_, host.process_->incarnation(), host.name_});
  OwnerId owner = host.process_->owner();
  // Tasks, then services in reverse order; while they go, the process counts as dying and can send
  // nothing. Then the connections, then whatever events are left.
  host.process_.reset();
  if (watcher_) watcher_->process_ended(host.id_);
  world_.loop().kill_owner(owner);
  world_.loop().cancel(host.resume_event_);
  host.paused_ = false;
  end_slices(host);
  host.disk_->crash();
}

void Hosts::crash_for(Host& host, Duration down) {
  crash(host);
  world_.loop().schedule_in(down, kRestart, kWorldOwner, [this, id = host.id_] { restart(*hosts_[id]); });
}

void Hosts::restart(Host& host) {
  bool lost = !host.outside() && lost_[host.pop_];
  if (!host.process_ && !shut_ && !lost) boot(host);
}

void Hosts::pause(Host& host, Duration for_) {
  Instant until = world_.now() + for_;
  if (!host.process_ || for_.us <= 0 || (host.paused_ && until <= host.paused_until_)) return;
  world_.announce(Paused{host.lane_, host.id_, until, host.name_});
  host.paused_ = true;
  host.paused_until_ = until;
  world_.loop().pause_owner(host.process_->owner());
  world_.loop().cancel(host.resume_event_);
  host.resume_event_ = world_.loop().schedule(until, kResume, kWorldOwner, [this, id = host.id_] {
    Host& h = *hosts_[id];
    h.paused_ = false;
    world_.announce(Resumed{h.lane_, h.id_, h.name_});
    go_on(h);
  });
}

void Hosts::slow(Host& host, int64_t factor) {
  ORRERY_CHECK(factor >= 1);
  host.slow_factor_ = factor;
  world_.announce(Slowed{host.lane_, host.id_, factor, host.name_});
  end_slices(host);
  if (host.process_ && factor > 1) next_slice(host);
}

// From its slice to the others' or back.
void Hosts::next_slice(Host& host) {
  host.starved_ = !host.starved_;
  if (host.starved_) world_.loop().pause_owner(host.process_->owner());
  else go_on(host);
  const Duration length = host.starved_ ? kSlowSlice * (host.slow_factor_ - 1) : kSlowSlice;
  host.slice_event_ = world_.loop().schedule_in(length, kSlice, kWorldOwner, [this, id = host.id_] { next_slice(*hosts_[id]); });
}

void Hosts::end_slices(Host& host) {
  world_.loop().cancel(host.slice_event_);
  if (std::exchange(host.starved_, false)) go_on(host);
}

void Hosts::go_on(Host& host) {
  if (!host.process_ || host.paused_ || host.starved_ || host.process_->ending_) return;
  world_.loop().resume_owner(host.process_->owner());
}

void Hosts::step_clock(Host& host, Duration by) {
  world_.loop().touch();
  host.clock_.step(by);
  world_.announce(ClockChanged{host.lane_, host.id_, by, host.clock_.drift_ppm(), host.name_});
}

void Hosts::drift_clock(Host& host, int64_t parts_per_million) {
  world_.loop().touch();
  host.clock_.set_drift(parts_per_million);
  world_.announce(ClockChanged{host.lane_, host.id_, {0}, parts_per_million, host.name_});
}

void Hosts::lose_pop(uint32_t pop) {
  if (lost_[pop]) return;
  lost_[pop] = true;
  LaneId lane = world_.trace().lane("pop:" + std::string(places_.pop_code(pop)), "pop");
  world_.announce(PopLost{lane, pop, places_.pop_code(pop)});
  for (HostId id : cloud_[pop])
    if (id != kNoHost) crash(*hosts_[id]);
}

void Hosts::return_pop(uint32_t pop, const std::vector<HostId>& keep_down) {
  if (!lost_[pop]) return;
  lost_[pop] = false;
  LaneId lane = world_.trace().lane("pop:" + std::string(places_.pop_code(pop)), "pop");
  world_.announce(PopReturned{lane, pop, places_.pop_code(pop)});
  for (HostId id : cloud_[pop])
    if (id != kNoHost && std::count(keep_down.begin(), keep_down.end(), id) == 0)
      restart(*hosts_[id]);
}

bool Hosts::ask_watchers(const Step& step, LaneId subject, Process& process) {
  if (process.ending_ || process.dying_) return false;
  std::optional<Duration> down;
  for (size_t i = 0; i < step_watchers_.size() && !down;) {
    StepWatcher* const asked = step_watchers_[i];
    down = asked->passing(step, subject, process);
    if (i < step_watchers_.size() && step_watchers_[i] == asked) ++i;
  }
  if (!down) return true;
  world_.announce(EndedAtStep{process.lane(), step, world_.trace().lane_at(subject).name});
  ORRERY_SOMETIMES(world_, true, "a process ends between two steps");
  process.ending_ = true;
  world_.loop().pause_owner(process.owner());
  world_.loop().schedule(world_.now(), kEndAtStep, kWorldOwner,
                         [this, id = process.host_id(), incarnation = process.incarnation(), down = *down] {
    Host& host = *hosts_[id];
    if (!host.process_ || host.process_->incarnation() != incarnation) return;
    crash(host);
    if (down.us > 0)
      world_.loop().schedule_in(down, kEndAtStep, kWorldOwner, [this, id] { restart(*hosts_[id]); });
  });
  return false;
}

void Hosts::shutdown() {
  if (shut_) return;
  shut_ = true;
  for (size_t i = hosts_.size(); i-- > 0;) {
    Host& host = *hosts_[i];
    if (!host.process_) continue;
    OwnerId owner = host.process_->owner();
    host.process_.reset();
    world_.loop().kill_owner(owner);
  }
}

}  // namespace orrery::host
