// Hosts and processes. A host has a place, a disk and a clock; at most one process incarnation runs on
// it. A crash takes the process (tasks, services, connections, memory) and leaves the disk as its model
// decides; a restart boots a new incarnation with the same boot function. Hosts are made lazily: 339
// cities cost nothing until somebody calls there.
//
// Not modelled here: CPU shared between processes of a host, virtual memory.
// Legal faults: crash, restart, pause (nothing runs, time goes on), clock step and drift, within or
// beyond the declared bound.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

#include "sim/core/task.h"
#include "sim/core/world.h"

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

class Host;
class Hosts;
class Process;

// A host's own clock: local = world + offset + drift. Local instants are what a service on the host
// sees; leases, timers and Date.now() are counted in them.
class Clock {
 public:
  explicit Clock(World& world) : world_(world) {}
  // Present local time, microseconds since the world's beginning as this clock believes.
  Instant now() const;
  // Present local wall time in milliseconds since 1970, as Date.now() shows it.
  int64_t wall_ms() const;
  // How long the world must wait until this clock has moved on by `local`.
  Duration world_duration(Duration local) const;
  // Jumps the clock, forwards or back.
  void step(Duration by);
  // From now on the clock runs fast (positive) or slow by this many parts in a million.
  void set_drift(int64_t parts_per_million);

 private:
  World& world_;
  Instant base_world_{0};
  Instant base_local_{0};
  int64_t drift_ppm_ = 0;
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
  Host& host() { return host_; }
  HostId host_id() const;
  // 1 for the first boot of this host in this world.
  uint32_t incarnation() const { return incarnation_; }
  Clock& clock();
  disk::Disk& disk();
  net::Network& network();
  TaskScope& tasks() { return tasks_; }
  OwnerId owner() const { return owner_; }
  LaneId lane() const;

  // Adds a service; it may be looked up by type. One of each type.
  template <class S, class... Args>
  S& add(Args&&... args) {
    auto service = std::make_unique<S>(std::forward<Args>(args)...);
    S& ref = *service;
    services_.push_back({std::type_index(typeid(S)), std::move(service)});
    return ref;
  }
  // The service of this type, or nullptr.
  template <class S>
  S* find() {
    for (auto& s : services_)
      if (s.type == std::type_index(typeid(S))) return static_cast<S*>(s.service.get());
    return nullptr;
  }

 private:
  struct Entry {
    std::type_index type;
    std::unique_ptr<Service> service;
  };
  Hosts& hosts_;
  Host& host_;
  uint32_t incarnation_;
  OwnerId owner_;
  std::vector<Entry> services_;
  TaskScope tasks_;
};

class Host {
 public:
  Host(Hosts& hosts, HostId id, uint32_t pop, uint32_t number);
  ~Host();

  HostId id() const { return id_; }
  uint32_t pop() const { return pop_; }          // index into net::Geography
  uint32_t number() const { return number_; }    // 1, 2, 3 within its pop
  const std::string& name() const { return name_; }  // "host:FRA/2"
  LaneId lane() const { return lane_; }
  Clock& clock() { return clock_; }
  disk::Disk& disk() { return *disk_; }
  Process* process() { return process_.get(); }  // nullptr while down
  bool up() const { return process_ != nullptr; }
  bool paused() const { return paused_; }

 private:
  friend class Hosts;
  Hosts& hosts_;
  HostId id_;
  uint32_t pop_;
  uint32_t number_;
  std::string name_;
  LaneId lane_;
  Clock clock_;
  std::unique_ptr<disk::Disk> disk_;
  std::unique_ptr<Process> process_;
  uint32_t incarnations_ = 0;
  bool paused_ = false;
};

// All hosts of a world.
class Hosts {
 public:
  // `boot` sets up the services of a new incarnation; it runs at the first use of a host and at every
  // restart.
  using Boot = std::function<void(Process&)>;
  Hosts(World& world, Boot boot);
  ~Hosts();
  Hosts(const Hosts&) = delete;

  World& world() { return world_; }
  net::Network& network() { return *network_; }
  void attach(net::Network& network) { network_ = &network; }

  // Host `number` (from 1) of the point of presence with this index, made and booted at first use.
  Host& at(uint32_t pop, uint32_t number);
  Host& by_id(HostId id) { return *hosts_[id]; }
  // By printable name ("host:FRA/2"); nullptr when the name is not well formed or unknown.
  Host* by_name(std::string_view name);
  size_t count() const { return hosts_.size(); }

  // Faults. Each is an event of its own: never called from a task of the host it hits.
  void crash(Host& host);
  void restart(Host& host);  // boots if down, else nothing
  void pause(Host& host, Duration for_);

 private:
  World& world_;
  Boot boot_;
  net::Network* network_ = nullptr;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace orrery::host
