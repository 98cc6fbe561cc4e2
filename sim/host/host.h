// Hosts and processes. A host has a place, a disk and a clock; at most one process incarnation runs
// on it. A crash takes the process (tasks, services, connections, memory) and leaves the disk as
// its model decides; a restart boots a new incarnation with the same boot function. Hosts are made
// lazily: 339 cities cost nothing until somebody calls there.
//
// Two kinds: hosts of the cloud (`host:FRA/2`), and those outside it (`client/1`, an origin), which
// stand at a city too but have no platform booted and are never crashed by a drawn fault.
//
// Not modelled here: CPU shared between processes of a host, virtual memory.
// Legal faults: crash, restart, pause (nothing runs, time goes on), clock step and drift, within or
// beyond the declared bound.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

#include "sim/core/task.h"
#include "sim/core/world.h"
#include "sim/host/clock.h"
#include "sim/host/places.h"
#include "sim/host/steps.h"

namespace orrery::disk {
class Disk;
}
namespace orrery::net {
class Network;
}

namespace orrery::host {

// A host's number in its world, in order of first use. Printable name: `host:FRA/2`.
using HostId = uint32_t;
inline constexpr HostId kNoHost = UINT32_MAX;

// Cloud hosts are numbered 1, 2, ... within their point of presence, up to this.
inline constexpr uint32_t kMaxHostsPerPop = 64;

// What a slow host runs at a stretch.
inline constexpr Duration kSlowSlice = millis(10);

enum class HostKind : uint8_t { kCloud, kOutside };

class Host;
class Hosts;
class Process;

// Told of processes: the network. A started one owns what is under way to its host from then on; when
// one has ended, after its tasks and services are gone, its streams break.
class ProcessWatcher {
 public:
  virtual ~ProcessWatcher() = default;
  virtual void process_started(HostId host) = 0;
  virtual void process_ended(HostId host) = 0;
};

// Something of the platform that lives in a process and dies with it. Destroyed in reverse order of
// adding, after all tasks of the process are gone.
class Service {
 public:
  virtual ~Service() = default;
};

// One incarnation. Everything it starts belongs to it: spawn tasks in `tasks()`, schedule with
// `owner()`, and nothing of it runs after a crash.
class Process {
 public:
  Process(Hosts& hosts, Host& host, uint32_t incarnation);
  ~Process();
  Process(const Process&) = delete;

  World& world();
  Hosts& hosts() { return hosts_; }
  Host& host() { return host_; }
  HostId host_id() const { return host_id_; }
  // 1 for the first boot of this host in this world.
  uint32_t incarnation() const { return incarnation_; }
  Clock& clock();
  disk::Disk& disk();
  net::Network& network();
  TaskScope& tasks() { return tasks_; }
  OwnerId owner() const { return owner_; }
  LaneId lane() const { return lane_; }
  // True while the process is being destroyed: what its destructors send or schedule is dropped.
  bool dying() const { return dying_; }
  // At one of the platform's steps, for the thing with this lane: false if the process ends here. Then its events wait
  // for the crash that follows in this instant; the caller returns and does nothing more.
  bool passes(const Step& step, LaneId subject);

  // Adds a service; it may be looked up by type. One of each type.
  template <class S, class... Args>
  S& add(Args&&... args) {
    auto service = std::make_unique<S>(std::forward<Args>(args)...);
    S& ref = *service;
    services_.push_back({std::type_index(typeid(S)), std::move(service)});
    return ref;
  }
  // The service of this type, or nullptr. A search in a short list: keep the result, do not call it
  // for each request.
  template <class S>
  S* find() {
    for (auto& s : services_)
      if (s.type == std::type_index(typeid(S))) return static_cast<S*>(s.service.get());
    return nullptr;
  }

 private:
  friend class Hosts;
  struct Entry {
    std::type_index type;
    std::unique_ptr<Service> service;
  };
  Hosts& hosts_;
  Host& host_;
  HostId host_id_;
  LaneId lane_;
  uint32_t incarnation_;
  OwnerId owner_;
  bool dying_ = false;
  bool ending_ = false;  // at a step; the crash follows
  std::vector<Entry> services_;
  TaskScope tasks_;
};

class Host {
 public:
  Host(Hosts& hosts, HostId id, HostKind kind, uint32_t pop, uint32_t number, std::string name);
  ~Host();

  HostId id() const { return id_; }
  HostKind kind() const { return kind_; }
  bool outside() const { return kind_ == HostKind::kOutside; }
  uint32_t pop() const { return pop_; }              // index into net::Geography
  uint32_t number() const { return number_; }        // 1, 2, 3 within its pop; 0 outside
  const std::string& name() const { return name_; }  // "host:FRA/2", "client/1"
  LaneId lane() const { return lane_; }
  Clock& clock() { return clock_; }
  disk::Disk& disk() { return *disk_; }
  // Puts another disk in the place of this host's. For tests, in a boot function before anything of it is used.
  void use_disk(std::unique_ptr<disk::Disk> disk);
  Process* process() { return process_.get(); }  // nullptr while down
  bool up() const { return process_ != nullptr; }
  bool paused() const { return paused_; }
  uint32_t incarnations() const { return incarnations_; }

 private:
  friend class Hosts;
  Hosts& hosts_;
  HostId id_;
  HostKind kind_;
  uint32_t pop_;
  uint32_t number_;
  std::string name_;
  LaneId lane_;
  Clock clock_;
  std::unique_ptr<disk::Disk> disk_;
  std::unique_ptr<Process> process_;
  uint32_t incarnations_ = 0;
  bool paused_ = false;
  Instant paused_until_{0};
  EventHandle resume_event_;
  int64_t slow_factor_ = 1;
  bool starved_ = false;  // slow, and it is not its turn
  EventHandle slice_event_;
};

// All hosts of a world. Declare the network after it: the network's end ends all processes first.
class Hosts {
 public:
  // `boot` sets up the services of a new incarnation of a cloud host; it runs at the first use of a
  // host and at every restart, under a cause of its own (host name and incarnation), so that what a
  // boot draws and schedules does not depend on who used the host first.
  using Boot = std::function<void(Process&)>;
  Hosts(World& world, const Places& places, Boot boot);
  ~Hosts();
  Hosts(const Hosts&) = delete;

  World& world() { return world_; }
  const Places& places() const { return places_; }
  net::Network& network() { return *network_; }
  // Called by make_network.
  void attach(net::Network& network, ProcessWatcher& watcher) {
    network_ = &network;
    watcher_ = &watcher;
  }

  // Host `number` (1 .. kMaxHostsPerPop) of the point of presence with this index, made and booted
  // at first use.
  Host& at(uint32_t pop, uint32_t number);
  // A host outside the cloud at this place, with a printable name of its own ("client/1",
  // "origin:example.com"), made at first use and always up. Give it handlers and tasks by
  // `host.process()`. The same name always is the same host; its place is that of the first call.
  Host& outside(uint32_t pop, std::string_view name);
  Host& by_id(HostId id) { return *hosts_[id]; }
  // By printable name. A well-formed cloud name of a known point of presence ("host:FRA/2") is made
  // at first use; nullptr for any other name that does not exist.
  Host* by_name(std::string_view name);
  // The same without making anything: nullptr when not in use yet.
  Host* existing(std::string_view name);
  size_t count() const { return hosts_.size(); }

  // Faults. Each is an event of its own: never called from a task of the host it hits, nor while a
  // task runs that could be destroyed by it.
  void crash(Host& host);    // nothing if down already
  void crash_for(Host& host, Duration down);  // and restarts after that
  void restart(Host& host);  // boots if down and its point of presence is not lost, else nothing
  void pause(Host& host, Duration for_);  // a longer pause extends a shorter one
  // From now on, over restarts too, the host has its processor for one slice of kSlowSlice in `factor` of them, as on a
  // machine that others have overloaded: whatever comes to it in between (messages, timers, its disk) waits for its next
  // slice. 1: as usual.
  void slow(Host& host, int64_t factor);
  void step_clock(Host& host, Duration by);
  void drift_clock(Host& host, int64_t parts_per_million);

  // Every host of the point of presence crashes, and none of it boots (nor do new ones) until it
  // returns; then all that exist boot, but for those in `keep_down`. Cutting its links is the
  // network's part (sim/fault does both).
  void lose_pop(uint32_t pop);
  void return_pop(uint32_t pop, const std::vector<HostId>& keep_down = {});
  // What anycast goes by: an edge sends nobody to a lost point of presence.
  bool pop_lost(uint32_t pop) const { return lost_[pop]; }

  // Whoever watches steps is asked at each, in order of beginning to watch. A watcher may stop watching from `passing`.
  void watch_steps(StepWatcher& watcher) { step_watchers_.push_back(&watcher); }
  void unwatch_steps(StepWatcher& watcher) { std::erase(step_watchers_, &watcher); }

  // Ends every process, newest host first, without events: the world is being taken down.
  void shutdown();

 private:
  friend class Process;
  bool ask_watchers(const Step& step, LaneId subject, Process& process);
  Host& make(HostKind kind, uint32_t pop, uint32_t number, std::string name);
  void boot(Host& host);
  void next_slice(Host& host);
  void end_slices(Host& host);
  // Its events run again, if nothing else holds them back.
  void go_on(Host& host);

  World& world_;
  const Places& places_;
  Boot boot_;
  net::Network* network_ = nullptr;
  ProcessWatcher* watcher_ = nullptr;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::vector<HostId>> cloud_;  // by pop, then number - 1
  std::map<std::string, HostId, std::less<>> by_name_;
  std::vector<char> lost_;  // by pop
  bool shut_ = false;
  std::vector<StepWatcher*> step_watchers_;
};

inline bool Process::passes(const Step& step, LaneId subject) {
  if (hosts_.step_watchers_.empty() && !ending_) [[likely]] return true;
  return hosts_.ask_watchers(step, subject, *this);
}

}  // namespace orrery::host
