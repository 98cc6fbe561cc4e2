// The platform's part of faults: which host serves an object now, eviction, deployment, and the cut that makes a
// stale primary.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "platform/cloud.h"
#include "platform/faults/outside_faults.h"
#include "platform/faults/step_crashes.h"
#include "sim/fault/injector.h"

namespace orrery {

class CloudFaults final : public fault::FaultTarget {
 public:
  explicit CloudFaults(Cloud& cloud) : cloud_(cloud), step_crashes_(cloud), outside_(cloud) {}

  // fault::FaultTarget
  std::string begin(const fault::Fault& fault) override;
  void end(const fault::Fault& fault) override;
  std::string check(const fault::Fault& fault) override;
  bool knows(std::string_view entity) const override;
  std::string explain(std::string_view entity) const override;
  std::vector<std::string> hosts_of(std::string_view entity) override;

  // What a stale primary is cut off from.
  struct Isolation {
    std::string object;  // "do:Register/x"
    std::string name;    // of the partition
    bool directory = true;
    bool followers = true;
    // When set, only this many followers (those the owner reaches last) are cut off, and the rest stay
    // with the owner on an island of their own.
    uint32_t followers_cut = 0;
    Instant at{0};
    Duration for_{0};
  };
  // At its time, cuts the object's host off from the directory and from all hosts of other points of
  // presence (its followers and other edges), but not from clients and its neighbours.
  void isolate_owner(Isolation isolation);
  // What is wrong with a `deploy` ({"app", "version", "share_ppm"}), if it struck now; empty: nothing. `app` is a
  // Worker, or a version that only one has.
  std::string check_deploy(const nlohmann::json& fields, bool now);
  // Deploys it now; the error of a refusal.
  std::string deploy(const nlohmann::json& fields);

 private:
  std::string find_deployment(const nlohmann::json& fields, uint32_t& slot, uint32_t& share);
  void begin_isolation(const Isolation& isolation);
  void crash_in_turn(const fault::Fault& fault);
  bool in_directory(const host::Host& host) const;
  void upgrade(const fault::Fault& fault);
  std::vector<std::string> hosts_to_upgrade(const std::string& target);
  // An object goes to live in another point of presence.
  std::string move(const fault::Fault& fault);
  void announce_kv_delay(const std::string& space);
  Cloud& cloud_;
  StepCrashes step_crashes_;
  OutsideFaults outside_;
  std::deque<Isolation> isolations_;  // addresses are stable: events point at them
};

}  // namespace orrery
