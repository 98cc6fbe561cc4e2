// Carries faults out: at its time each begins, and ends when its length is over, when it is healed
// or when all are. Faults may overlap: a host is up again only when the last fault that holds it
// down is over; several disk faults of a host add up.
//
// Each fault runs under a cause made from its name, so that whatever it draws and schedules stays
// the same when other faults are added or dropped.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/fault/fault.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery::fault {

// The platform's part: kinds that the world does not know, and entities that stand for hosts.
class FaultTarget {
 public:
  virtual ~FaultTarget() = default;
  // Begins a fault of the platform (evict, hibernate, kv_delay, deploy). An error text, or empty.
  virtual std::string begin(const Fault& fault) = 0;
  // Ends it; called once for each that began and has a length.
  virtual void end(const Fault& fault) = 0;
  // Whether the platform could begin this fault at its time; an error text, or empty.
  virtual std::string check(const Fault& fault) {
    (void)fault;
    return {};
  }
  // Whether this is an entity whose name has no colon ("directory/2").
  virtual bool knows(std::string_view entity) const {
    (void)entity;
    return false;
  }
  // Why there can be no such entity; empty when there can.
  virtual std::string explain(std::string_view entity) const {
    (void)entity;
    return {};
  }
  // The hosts that serve an entity now ("do:Cart/42": its owner), by name. Empty when unknown.
  virtual std::vector<std::string> hosts_of(std::string_view entity) {
    (void)entity;
    return {};
  }
};

class Injector {
 public:
  // `platform` may be null; all must outlive the injector's world's last event.
  Injector(World& world, host::Hosts& hosts, net::Network& network, FaultTarget* platform);

  // Plans the fault for its time (now if past). An error text when it can never be carried out,
  // else empty. Missing names are made; a name in use gets a number behind it.
  std::string add(Fault fault);
  // Ends what is in force under this name now (those numbered because the name was in use, too); false
  // if nothing is.
  bool end(std::string_view name);
  // Ends all in force, restarts what is down, heals the network and drops all that are planned.
  // Faults added later begin as ever.
  // `but`: those that stay in force, by name (hosts that are dead for good).
  void stop(const std::set<std::string>& but = {});

  // Drops those of these names that have not begun; gives their names. (A branch draws its own.)
  std::set<std::string> drop_planned(const std::set<std::string>& names);

  // All faults ever added, with times as they were or will be carried out.
  const std::vector<std::unique_ptr<Fault>>& faults() const { return faults_; }
  // How many have begun, by kind.
  uint64_t begun(FaultKind kind) const { return begun_[static_cast<size_t>(kind)]; }
  // And by kind and mode: "disk.torn".
  const std::map<std::string, uint64_t>& begun_by_mode() const { return begun_by_mode_; }
  size_t in_force() const;
  // Whether it is in force or has been.
  bool has_begun(const Fault& fault) const;
  // The cause under which a fault draws and acts, made from its name.
  static uint64_t cause_of(const Fault& fault);

 private:
  enum class State : uint8_t { kPlanned, kInForce, kOver };

  void begin(size_t index);
  void finish(size_t index);
  std::string check(const Fault& fault) const;
  std::string check_host(const std::string& target) const;
  // Carries out; false if nothing is left to end later.
  bool apply(const Fault& fault, size_t index);
  void undo(const Fault& fault, size_t index);
  void heal(const Fault& fault);
  void link_fault(const Fault& fault);
  // A partition that flaps: the next change, if it is still in force.
  void flap(size_t index, bool close);
  std::vector<host::Host*> hosts_of(const std::string& target);
  void hold_down(host::Host& host, size_t index);
  void let_up(host::HostId host, size_t index);
  void apply_disk_faults(host::Host& host);
  void apply_slowness(host::Host& host);
  // Whether a fault begins, and its times, as an override may have changed them.
  bool given(Fault& fault);

  World& world_;
  host::Hosts& hosts_;
  net::Network& network_;
  FaultTarget* platform_;
  std::vector<std::unique_ptr<Fault>> faults_;
  std::vector<State> states_;
  std::vector<bool> was_;  // by fault: whether it ever began
  std::vector<std::vector<host::HostId>> hit_;  // by fault: the hosts it was resolved to
  std::map<host::HostId, std::vector<size_t>> held_down_;
  std::map<host::HostId, std::vector<size_t>> disk_faults_;
  std::map<host::HostId, std::vector<size_t>> slowed_;
  std::map<std::string, uint32_t> names_;
  std::vector<uint64_t> begun_ = std::vector<uint64_t>(kFaultKinds);
  std::map<std::string, uint64_t> begun_by_mode_;
};

}  // namespace orrery::fault
