// One SQLite connection of an object: set-up, limits, the implicit transaction and its savepoints,
// and the watch for critical errors.
//
// Invariants: nothing writes outside the implicit transaction; after SQLite rolled it back by
// itself the connection is broken for good (3.6); statements of ours run trusted, those of the
// application never.
#pragma once

#include <sqlite3.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "platform/durable/storage/authorizer.h"
#include "platform/durable/storage/host_sqlite.h"
#include "platform/durable/storage/object_database.h"

namespace orrery::durable {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

class Connection {
 public:
  // Opens `file`, which holds a database (at least the template page). `capture` is told of commits
  // and must outlive this. Check `broken()` afterwards.
  Connection(std::shared_ptr<HostSqlite> host, std::string file, disk::WalCapture* capture);
  ~Connection();  // removes the file: it is a cache of what the log holds
  Connection(const Connection&) = delete;

  sqlite3* handle() { return db_; }
  void set_meter(SqlMeter* meter) { meter_ = meter; }
  // Statements that write fail from now on.
  void read_only();

  // A statement of ours, kept for reuse. Null: see `fail`.
  Statement prepare(const char* sql);
  // Steps a statement of ours, with our own names allowed should SQLite compile it again.
  int step(const Statement& statement);
  // Compiles one statement of the application from the front of `sql` and takes it off; `use` tells
  // what it touches. Null with no error: nothing but white space was left.
  Statement prepare_untrusted(std::string_view& sql, SqlUse& use, StorageError& error);

  // What the last call on this connection failed with, as JavaScript sees it. Notices when SQLite
  // has rolled the transaction back, and breaks the connection then.
  StorageError fail(int rc);
  // Kind kNone, or what every call answers from now on.
  const StorageError& broken() const { return broken_; }

  // Opens the implicit transaction unless it is open.
  StorageError begin_write() {
    ++writes_;
    if (in_transaction_) [[likely]] return broken_;
    return begin();
  }
  bool in_transaction() const { return in_transaction_; }
  // How many writing statements and calls there were.
  uint64_t writes() const { return writes_; }
  // Ends it; a failure breaks the connection.
  StorageError commit();
  void rollback();

  // Savepoints by depth from 1, within the implicit transaction.
  StorageError begin_savepoint();
  StorageError release_savepoint();
  StorageError rollback_savepoint();
  int savepoints() const { return depth_; }

 private:
  class Trust;
  StorageError begin();
  enum class Savepoint : uint8_t { kBegin, kRelease, kRollback };
  // Runs the savepoint statement of a level; those of the first levels are kept prepared.
  StorageError run(Savepoint what, int level);
  void set_up();
  static int on_progress(void* self);
  static int authorize(void* self, int action, const char* first, const char* second, const char*,
                       const char*);

  std::shared_ptr<HostSqlite> host_;
  std::string file_;
  sqlite3* db_ = nullptr;
  SqlMeter* meter_ = nullptr;
  bool trusted_ = false;
  SqlUse use_;
  bool math_installed_ = false;
  bool random_installed_ = false;
  bool in_transaction_ = false;
  uint64_t writes_ = 0;
  int depth_ = 0;
  StorageError broken_;
  Statement begin_, commit_, rollback_;
  static constexpr int kKeptLevels = 2;
  std::array<Statement, 3 * kKeptLevels> savepoint_;
};

// "SQLITE_CONSTRAINT" and so on, of the primary code.
const char* sqlite_code_name(int rc);
// "SQLITE_CONSTRAINT_UNIQUE" and so on; null where the primary code says it all.
const char* sqlite_extended_name(int rc);

}  // namespace orrery::durable
