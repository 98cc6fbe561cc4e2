// Three drifts planted on purpose, so that `selfcheck` can be shown to find, place and explain what makes two
// runs of a seed differ. Nothing but tests asks for them (the world's option `plant`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/core/world.h"

namespace orrery::python {

// Whether a name of the option `plant` is one of these.
bool is_planted_drift(std::string_view name);

// Has the world announce, a while after its beginning, what depends on something else than its seed:
//   drift_unordered      some events of one instant, in the order of an unordered container that hashes addresses
//   drift_address        the same in the order of addresses
//   drift_uninitialised  an event with a number from memory that nobody wrote
void plant_drift(World& world, const std::string& name);

}  // namespace orrery::python
