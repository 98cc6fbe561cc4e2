#include "sim/core/world.h"

namespace orrery {

World::World(const Options& options) : decisions_(loop_.cause(), options.decisions) {
  // The root cause: the same for every seed, so that ids name places in a run, not draws.
  loop_.cause().enter(hash_name("orrery.world"));
  if (options.pairs) pairs_ = std::make_unique<EventPairs>();
  if (options.record) {
    trace_.start_recording(options.positions);
    decisions_.record_into(&decision_records_, trace_.sequence());
  }
}

}  // namespace orrery
