// A recorded run as a SQLite file that any tool can query: the tables of the contract's "Trace file".
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/core/world.h"
#include "sim/fault/injector.h"

namespace orrery::python {

// Writes to a temporary name first, so that no half-written file ever bears the name. Throws BadInput
// when the file cannot be written.
void write_trace_file(World& world, const fault::Injector& injector,
                      const std::vector<nlohmann::ordered_json>& history,
                      const std::string& path);

}  // namespace orrery::python
