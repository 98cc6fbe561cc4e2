// The database of one Durable Object: SQLite on the host's simulated disk through our VFS, with the
// key-value API, SQL, transactions and limits of durable-objects.md sections 3 to 5. No JavaScript,
// no gates, no network in here: values are bytes, errors are values, time is the host's clock.
//
// Transactions: the first write begins the implicit transaction; `commit` ends it and returns the
// pages it wrote as one log payload. Explicit ones are savepoints inside it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/durable/replication/log_entry.h"
#include "sim/core/ref.h"
#include "sim/host/host.h"

namespace orrery::durable {

// What a storage call failed with, as JavaScript sees it.
struct StorageError {
  enum class Kind : uint8_t {
    kNone,
    kError,       // Error
    kTypeError,
    kRangeError,
    kBroken,      // critical (3.6): the object must be reset; every later call gives the same
  };
  Kind kind = Kind::kNone;
  std::string message;
  explicit operator bool() const { return kind != Kind::kNone; }
};

// A value of a row, or a binding. Views in a row are valid until the next call on its cursor.
using SqlValue = std::variant<std::monostate, double, int64_t, std::string_view,
                              std::span<const uint8_t>>;

// A running statement (3.x, section 4 "sql cursor"). Rows come one by one, with one row of
// look-ahead. May outlive the database: then it gives an error.
class SqlCursor {
 public:
  virtual ~SqlCursor() = default;
  virtual const std::vector<std::string>& columns() const = 0;
  // The next row's values in `row`, valid until the next call; false at the end or on an error.
  virtual bool next(std::vector<SqlValue>& row, StorageError& error) = 0;
  virtual int64_t rows_read() const = 0;
  virtual int64_t rows_written() const = 0;
};

struct ListOptions {
  std::optional<std::string> start = {};        // inclusive
  std::optional<std::string> start_after = {};  // exclusive
  std::optional<std::string> end = {};          // exclusive
  std::optional<std::string> prefix = {};
  bool reverse = false;
  std::optional<uint64_t> limit = {};
};

// What `commit` gives.
struct CommitResult {
  StorageError error;
  // The pages written, each number once, and the size after; null when nothing changed.
  Ref<LogPayload> payload;
  bool ok() const { return !error; }
};

// Pays for the work of statements. `charge` is called after every `kSqlStepsPerCharge` steps of SQLite's
// virtual machine; false stops the statement. It must not call the database.
class SqlMeter {
 public:
  virtual ~SqlMeter() = default;
  virtual bool charge() = 0;
};

class ObjectDatabase {
 public:
  struct Opened {
    std::unique_ptr<ObjectDatabase> database;  // null: `error`
    StorageError error;
    bool ok() const { return static_cast<bool>(database); }
  };
  // Opens a fresh file on the process's disk with this content (`pages[i]` is page i + 1; empty: a
  // new database). `name` and `epoch` make the file's name; files of older epochs of the object are
  // removed.
  static Opened open(host::Process& process, std::string_view name, uint64_t epoch,
                     std::span<const Ref<Buffer>> pages);
  virtual ~ObjectDatabase() = default;

  // Key-value API over the hidden table `_cf_KV`. Values are serialised bytes.
  // Empty optional: no such key. The view is valid until the next call.
  virtual std::optional<std::span<const uint8_t>> get(std::string_view key,
                                                      StorageError& error) = 0;
  virtual StorageError put(std::string_view key, std::span<const uint8_t> value) = 0;
  // True if the key existed.
  virtual bool remove(std::string_view key, StorageError& error) = 0;
  // Receives (key, value) in order; return false to stop. It may call the database, but must not
  // write.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual bool row(std::string_view key, std::span<const uint8_t> value) = 0;
  };
  virtual StorageError list(const ListOptions& options, Receiver& receiver) = 0;
  // A list whose rows are asked for one by one, of which there is one at a time: every list that reaches the
  // table, which the first key stored or deleted since deleteAll() makes, ends the one that is open. Gives its
  // number; 0: there is nothing to ask for, or `error`.
  virtual uint32_t open_list(const ListOptions& options, StorageError& error) = 0;
  // Its next row, the views valid until the next call; false at its end, or `error`.
  virtual bool next_of_list(uint32_t number, std::string_view& key, std::span<const uint8_t>& value,
                            StorageError& error) = 0;

  // SQL: runs all but the last statement to its end, starts the last one. Null cursor: `error`.
  virtual std::unique_ptr<SqlCursor> exec(std::string_view sql, std::span<const SqlValue> bindings,
                                          StorageError& error) = 0;
  // Who pays from now on; null: nobody. Must outlive its use.
  virtual void set_meter(SqlMeter* meter) = 0;
  // (page_count - freelist) * page_size.
  virtual int64_t database_size() = 0;

  // The stored alarm, milliseconds since 1970.
  virtual std::optional<int64_t> alarm(StorageError& error) = 0;
  virtual StorageError set_alarm(std::optional<int64_t> at_ms) = 0;
  // The moment of its past that the object is to begin with at its next start: the index of a log entry.
  virtual std::optional<int64_t> restore(StorageError& error) = 0;
  virtual StorageError set_restore(std::optional<int64_t> index) = 0;
  // Whether the object has read replicas: 1, or not 1.
  virtual std::optional<int64_t> replicas(StorageError& error) = 0;
  virtual StorageError set_replicas(std::optional<int64_t> on) = 0;
  // Statements that write fail from now on.
  virtual void read_only() = 0;

  // Savepoints for transactionSync() and transaction(), nested by depth from 1.
  virtual StorageError begin_savepoint() = 0;
  virtual StorageError release_savepoint() = 0;
  // `alarm`: what is known of it in memory is forgotten with the rest.
  virtual StorageError rollback_savepoint(bool alarm) = 0;
  StorageError rollback_savepoint() { return rollback_savepoint(true); }

  // True while the implicit transaction is open, that is after the first write since the last
  // commit.
  virtual bool in_transaction() const = 0;
  // Grows with each statement or call that can write: tells a caller whether an `exec` was one.
  virtual uint64_t writes() const = 0;
  // Ends it. Nothing open: ok with a null payload.
  virtual CommitResult commit() = 0;
  // Deletes everything, tables included (3.9), but for the alarm if asked. Rolls an open implicit
  // transaction back first; open cursors end; `commit` then gives the empty database.
  virtual StorageError delete_all(bool keep_alarm) = 0;
  StorageError delete_all() { return delete_all(false); }
  // Not kNone after a critical error.
  virtual const StorageError& broken() const = 0;
};

}  // namespace orrery::durable
