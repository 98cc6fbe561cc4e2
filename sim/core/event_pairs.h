// Which kinds of events followed which, in one run: what guided exploring counts as having seen something new. Pairs
// are of one entity (what happened to it next) and of one cause (what the same moment did to another entity), by kind of
// entity and kind of event, without names, numbers or times. Off unless somebody asks; changes no hash.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/hash.h"
#include "sim/core/trace.h"

namespace orrery {

class EventPairs {
 public:
  // Pairs share this many numbers: enough for the few thousand that occur to be told apart mostly.
  static constexpr uint32_t kNumbers = 1 << 16;

  void note(const Trace& trace, LaneId lane, uint64_t kind, uint64_t cause) {
    while (lanes_.size() <= lane) lanes_.push_back({hash_bytes(trace.lane_at(static_cast<LaneId>(lanes_.size())).kind), 0});
    OfLane& own = lanes_[lane];
    add(mix64(mix64(own.entity, own.last), kind));
    if (cause == last_cause_ && lane != last_lane_) add(mix64(mix64(lanes_[last_lane_].last, own.entity), kind));
    own.last = kind;
    last_cause_ = cause;
    last_lane_ = lane;
  }
  // The numbers of the pairs that occurred, ascending.
  std::vector<uint32_t> seen() const {
    std::vector<uint32_t> out;
    for (uint32_t n = 0; n < kNumbers; ++n)
      if (seen_[n]) out.push_back(n);
    return out;
  }

 private:
  struct OfLane {
    uint64_t entity, last;
  };
  void add(uint64_t pair) { seen_[pair % kNumbers] = true; }

  std::vector<bool> seen_ = std::vector<bool>(kNumbers);
  std::vector<OfLane> lanes_;
  uint64_t last_cause_ = 0;
  LaneId last_lane_ = kWorldLane;
};

}  // namespace orrery
