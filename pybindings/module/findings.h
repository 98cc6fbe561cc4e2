// What a run noticed by itself: limits that a Worker went over, exceptions, console lines, faults that
// fired. Observers of the world; collected for the result document.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/core/world.h"

namespace orrery::python {

class Findings {
 public:
  explicit Findings(World& world);

  nlohmann::ordered_json failures() const { return failures_; }
  size_t failure_count() const { return failures_.size(); }
  std::string failure_rule(size_t i) const { return failures_[i]["rule"].get<std::string>(); }
  // How often a Worker was held to each of its limits, by the rule's id: at the end of each of its turns.
  std::map<std::string, uint64_t> exercised() const;
  nlohmann::ordered_json console() const { return console_; }
  nlohmann::ordered_json exceptions() const { return exceptions_; }
  const std::map<std::string, uint64_t>& faults() const { return faults_; }
  void count_fault(const std::string& kind) { ++faults_[kind]; }

 private:
  World& world_;
  nlohmann::ordered_json failures_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json console_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json exceptions_ = nlohmann::ordered_json::array();
  std::map<std::string, uint64_t> faults_;
  std::set<std::string> limits_seen_;
  uint64_t turns_ = 0;
};

// One line of a story: "  0.004112  do:Cart/42  put n=1    src/index.ts:17".
std::string story_line(const Trace& trace, const RecordedEvent& event);
// The events of a recorded run that a person wants to read, as lines.
std::vector<std::string> story_of(const Trace& trace);

}  // namespace orrery::python
