// The bindings of a wrangler file: every key that puts a property into `env`.
#pragma once

#include <vector>

#include "platform/config/app.h"
#include "platform/config/table_reader.h"

namespace orrery::config {

/// A binding and where it was written.
struct PlacedBinding {
  Binding binding;
  std::string file;
  Place place;
  std::string key;  // "kv_namespaces[0]"
};

/// Reads all binding keys of the (already merged) top table, marking them as seen. Errors go to the
/// findings.
std::vector<PlacedBinding> read_bindings(TableReader& top, Findings& findings);

/// kDuplicateBinding for the first name that two bindings share.
void check_unique_names(const std::vector<PlacedBinding>& bindings, Findings& findings);

}  // namespace orrery::config
