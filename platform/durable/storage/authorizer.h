// Which SQL an application may run (durable-objects.md section 4): no temporary objects, no other
// databases, no names of ours (`_cf_...`), only listed functions, pragmas and virtual tables;
// transactions through the JavaScript API only.
#pragma once

#include <string_view>

namespace orrery::durable {

// What one compilation touched, noted by the authorizer.
struct SqlUse {
  bool transaction = false;        // BEGIN, COMMIT, SAVEPOINT ...: refused
  bool alter_table = false;
  bool math = false;               // calls a function that sql_math replaces
  bool random = false;             // calls random() or randomblob()
  bool defer_foreign_keys = false; // acts on the open transaction, so there must be one
};

// Answers SQLITE_OK or SQLITE_DENY for one action; the arguments are those of
// sqlite3_set_authorizer.
int authorize_sql(int action, const char* first, const char* second, const char* database,
                  SqlUse& use);

// Whether the name is one of ours, in any case.
bool reserved_name(std::string_view name);

// Whether `sql` renames a table or column to a reserved name, which SQLite's authorizer is not told
// of.
bool renames_to_reserved(std::string_view sql);

}  // namespace orrery::durable
