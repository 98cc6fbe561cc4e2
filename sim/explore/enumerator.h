// The scheduler of an exhaustive search over orders. A run follows overrides (a prefix of choices) and then takes
// defaults; this notes each point at which it had a choice, what else could have been chosen, and a hash of the state
// before. Whoever searches (pybindings/orrery/exhaustive.py) has further runs, one for each alternative of each state not
// seen before, until none is left.
//
// The state. All that a process knows comes to it by its own events: what it does is a function of the sequence of
// (event, time) it ran, and event ids name causes, so that equal histories of all processes are equal worlds. The hash is
// the sum over owners of the hash of each one's history: it does not see in which order two processes ran events at one
// instant, which nobody in the world can see either. See README.md for what is shared and how that is covered.
//
// Reduction. Two events of different processes commute, so only the orders of one process's strands are tried: at a
// point the alternatives are those of the class of the first event due. The world and everything outside the cloud
// (clients, origins, the scenario that waits for them) are one class. What changes others at once says so (Loop::touch);
// then every choice of that instant counts in full, and the order so far becomes part of the state.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "sim/explore/strategy.h"

namespace orrery::explore {

class Enumerator final : public Scheduler {
 public:
  // A moment with a choice.
  struct Point {
    uint64_t state;             // before the choice
    uint64_t cause;             // of the decision's key, schedule.order/<cause>/0
    size_t taken;               // index into `tags`
    std::vector<int64_t> tags;  // what could run: those of the reduced set first; the default is the first
    size_t reduced;             // how many of them are enough if nothing touches others at this instant
    bool full = false;          // something did: all of them count
  };

  // `outside`: whether an owner belongs to the one class of all that is outside.
  Enumerator(World& world, std::function<bool(OwnerId)> outside);

  size_t choose(Instant now, std::span<const Due> due) override;
  void runs(Instant now, const Due& event) override;
  int64_t delay(uint64_t stream, uint64_t id, int64_t steps) override;

  // Every point so far, in order. Call it at the end of the run: the last event may have touched others.
  const std::vector<Point>& points();

 private:
  static constexpr uint64_t kOutside = UINT64_MAX;
  uint64_t class_of(OwnerId owner) const { return outside_(owner) ? kOutside : owner; }
  void note_touches();

  World& world_;
  std::function<bool(OwnerId)> outside_;
  Choices choices_;
  std::vector<Point> points_;
  std::map<uint64_t, uint64_t> histories_;  // by class
  uint64_t sum_ = 0;                        // of all histories
  uint64_t shared_ = 0;                     // the order in which others were touched
  uint64_t touched_;
  Instant instant_{-1};
  size_t first_of_instant_ = 0;  // index into points_
};

}  // namespace orrery::explore
