#include "sim/core/world.h"

namespace orrery {

World::World(const Options& options) : decisions_(loop_.cause(), options.decisions), sweep_(options.sweep) {
  // The root cause: the same for every seed, so that ids name places in a run, not draws.
  loop_.cause().enter(hash_name("orrery.world"));
  if (options.pairs) pairs_ = std::make_unique<EventPairs>();
  if (options.record || options.causes) {
    trace_.start_recording(options.positions, options.record);
    loop_.cause().keep_parents(&parents_);
  }
  if (options.record || options.list_decisions)
    decisions_.record_into(&decision_records_, trace_.sequence());
}

}  // namespace orrery
