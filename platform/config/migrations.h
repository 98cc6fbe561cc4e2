// Durable Object classes: what the list of migrations, or the declarative `exports`, makes of a
// Worker.
//
// Rule: migrations apply in the list's order, each tag once; new_sqlite_classes and new_classes
// make a class, renamed_classes moves one to a new name, deleted_classes ends one,
// transferred_classes brings one from another Worker. A class keeps the storage it was made with.
#pragma once

#include <vector>

#include "platform/config/app.h"
#include "platform/config/table_reader.h"

namespace orrery::config {

struct ClassTable {
  std::vector<DurableObjectClass> classes;  // in the order they were made
  Json migrations = Json::array();          // {"tag", and each list that is not empty}

  const DurableObjectClass* find(std::string_view name) const;
};

/// Reads `migrations` and `exports` of the (already merged) top table, marking them as seen.
/// Contradictions are kBadMigration in the findings.
ClassTable read_classes(TableReader& top, Findings& findings);

}  // namespace orrery::config
