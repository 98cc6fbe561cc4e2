// How often each rule was exercised, and what broke. Counting is one increment; texts are made only when
// something broke, and only the first breach of a rule by an entity is kept.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "conformance/rules/rules.h"
#include "sim/core/world.h"

namespace orrery::monitors {

using rules::RuleId;

// A rule was broken.
struct Breach {
  RuleId rule;
  std::string reason;  // one sentence with names and times
  Instant at;
  uint64_t sequence;   // of the event that broke it
  std::vector<LaneId> lanes;  // the entity first, then who else took part
};

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}
  Ledger(const Ledger&) = delete;

  void exercise(RuleId rule) { ++exercised_[static_cast<size_t>(rule)]; }
  // `reason()` gives the sentence. `lanes` begins with the entity that broke the rule.
  template <class Reason>
  void breach(RuleId rule, const EventContext& at, std::vector<LaneId> lanes, Reason reason) {
    for (const Breach& b : breaches_)
      if (b.rule == rule && b.lanes.front() == lanes.front()) return;
    breaches_.push_back({rule, reason(), at.at, at.sequence, std::move(lanes)});
  }

  uint64_t exercised(RuleId rule) const { return exercised_[static_cast<size_t>(rule)]; }
  const std::vector<Breach>& breaches() const { return breaches_; }
  const std::string& name(LaneId lane) const { return world_.trace().lane_at(lane).name; }
  World& world() { return world_; }

 private:
  World& world_;
  std::array<uint64_t, rules::kWatched> exercised_{};
  std::vector<Breach> breaches_;
};

// "4.630 s".
std::string show(Instant at);

}  // namespace orrery::monitors
