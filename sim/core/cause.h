// Causes: every loop event has a stable 64-bit id derived from the event that led to it, the site that
// scheduled it and a count within that event. Ids do not depend on the seed, on time or on
// unrelated events, so a decision keyed by them survives edits to the rest of a run.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/core/hash.h"

namespace orrery {

// A place in the code that schedules events or draws decisions. Make one constant a place:
//   inline constexpr Site kLinkDelay{"net.delay"};
// The name is part of capsules: do not rename without need.
struct Site {
  const char* name;
  uint64_t hash;
  constexpr explicit Site(const char* site_name) : name(site_name), hash(hash_name(site_name)) {}
};

// Where an event came from: the event that scheduled it, and the place in the code.
struct Parent {
  uint64_t id;
  const char* site;
};
// By event; looked up, never iterated. What has no parent in it is a beginning: a client's request, a command of the
// scenario, a fault, a host's start.
using Parents = std::unordered_map<uint64_t, Parent>;

// The running event: its id, and how often each site has been used within it. Ordinals count per
// site, so a new draw at one site moves no draw at another.
class CauseContext {
 public:
  uint64_t id() const { return id_; }
  void enter(uint64_t id) {
    id_ = id;
    used_ = 0;
  }
  uint32_t next_ordinal(const Site& site) { return next_ordinal(site.hash); }
  // How often this has been asked of `what`, a stable hash, within the event.
  uint32_t next_ordinal(uint64_t what) {
    for (uint32_t i = 0; i < used_; ++i)
      if (counts_[i].site == what) return counts_[i].count++;
    if (used_ == counts_.size()) counts_.resize(counts_.size() * 2);
    counts_[used_++] = {what, 1};
    return 0;
  }
  // The id of an event that the running one schedules at `site`.
  uint64_t derive(const Site& site) {
    const uint64_t id = mix64(id_ ^ site.hash, next_ordinal(site) + 1);
    if (parents_) [[unlikely]]
      parents_->insert_or_assign(id, Parent{id_, site.name});
    return id;
  }
  // From now on the parent of every event is kept here (null: of none).
  void keep_parents(Parents* parents) { parents_ = parents; }

 private:
  struct Count {
    uint64_t site;
    uint32_t count;
  };
  uint64_t id_ = 0;
  uint32_t used_ = 0;
  Parents* parents_ = nullptr;
  std::vector<Count> counts_ = std::vector<Count>(16);
};

// Runs a block under another cause (a scenario's command, a client's operation), restoring after.
class CauseScope {
 public:
  CauseScope(CauseContext& context, uint64_t id) : context_(context), saved_(context) {
    context_.enter(id);
  }
  ~CauseScope() { context_ = saved_; }
  CauseScope(const CauseScope&) = delete;

 private:
  CauseContext& context_;
  CauseContext saved_;
};

}  // namespace orrery
