// The keys of a wrangler file that are neither bindings nor Durable Object classes.
#pragma once

#include "platform/config/project.h"
#include "platform/config/table_reader.h"

namespace orrery::config {

/// Reads name, main, dates and flags, triggers, queue consumers, limits, routes, assets, placement
/// and build options of the (already merged) top table into the project. Errors go to the findings.
void read_project_keys(TableReader& top, Project& project, Findings& findings);

}  // namespace orrery::config
