// Environments: which keys `env.NAME` takes over from the top level.
#pragma once

#include <string>

#include "platform/config/document.h"
#include "platform/config/table_reader.h"

namespace orrery::config {

/// The one table that holds for an environment (empty: the top level): its own keys, and the
/// inheritable ones of the top level that it does not have. A key of bindings that only the top
/// level has gives a warning, as it does not reach the environment. kUnknownEnvironment when the
/// file has no such one.
Value merged_for_environment(const Value& top, const std::string& environment, Findings& findings);

}  // namespace orrery::config
