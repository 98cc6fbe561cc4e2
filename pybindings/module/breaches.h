// What the monitors of a run found, as the result document tells it.
#pragma once

#include <nlohmann/json.hpp>

#include "conformance/monitors/monitors.h"
#include "sim/core/world.h"

namespace orrery::python {

// {"DO-OG-1": 412, ...}: rules that were exercised.
nlohmann::ordered_json exercised_rules(const monitors::Monitors& monitors);
// One failure for each breach: rule, reason, signature; with a recorded trace the story of the lanes that took part, and
// the causal slice of those that an event broke: the first `by_events`, for the others were seen at the run's end.
nlohmann::ordered_json breach_failures(const monitors::Monitors& monitors, const World& world, size_t by_events);

}  // namespace orrery::python
