// The database of one object, put together: a connection on the process's disk, the key-value
// table, the alarm, SQL, and the capture of each commit as a log payload.
//
// Invariant: applying the payloads of all commits, in order, to the pages it was opened with gives
// exactly this database.
#pragma once

#include <memory>
#include <string>

#include "platform/durable/storage/stored_number.h"
#include "platform/durable/storage/kv_table.h"
#include "platform/durable/storage/sql_runner.h"

namespace orrery::durable {

class SqliteDatabase final : public ObjectDatabase, private disk::WalCapture {
 public:
  SqliteDatabase(std::shared_ptr<HostSqlite> host, std::string file);
  // Puts the pages into the file (none: a new database) and opens it.
  StorageError open(std::span<const Ref<Buffer>> pages);

  std::optional<std::span<const uint8_t>> get(std::string_view key, StorageError& error) override;
  StorageError put(std::string_view key, std::span<const uint8_t> value) override;
  bool remove(std::string_view key, StorageError& error) override;
  StorageError list(const ListOptions& options, Receiver& receiver) override;
  uint32_t open_list(const ListOptions& options, StorageError& error) override;
  bool next_of_list(uint32_t number, std::string_view& key, std::span<const uint8_t>& value,
                    StorageError& error) override;
  std::unique_ptr<SqlCursor> exec(std::string_view sql, std::span<const SqlValue> bindings,
                                  StorageError& error) override;
  void set_meter(SqlMeter* meter) override { session_->connection.set_meter(meter); }
  int64_t database_size() override;
  std::optional<int64_t> alarm(StorageError& error) override;
  StorageError set_alarm(std::optional<int64_t> at_ms) override;
  std::optional<int64_t> restore(StorageError& error) override;
  StorageError set_restore(std::optional<int64_t> index) override;
  std::optional<int64_t> replicas(StorageError& error) override;
  StorageError set_replicas(std::optional<int64_t> on) override;
  void read_only() override;
  StorageError begin_savepoint() override;
  StorageError release_savepoint() override;
  using ObjectDatabase::rollback_savepoint;
  StorageError rollback_savepoint(bool alarm) override;
  uint64_t writes() const override { return session_->connection.writes(); }
  bool in_transaction() const override { return deleted_ || session_->connection.in_transaction(); }
  CommitResult commit() override;
  StorageError delete_all(bool keep_alarm) override;
  const StorageError& broken() const override { return session_->connection.broken(); }

 private:
  // Everything that goes when the file is replaced.
  struct Session {
    Session(std::shared_ptr<HostSqlite> host, const std::string& file, disk::WalCapture* capture,
            bool fresh)
        : connection(std::move(host), file, capture),
          kv(connection, !fresh),
          alarm(connection, !fresh, StoredNumber::Key::kAlarm),
          restore(connection, !fresh, StoredNumber::Key::kRestore),
          replicas(connection, !fresh, StoredNumber::Key::kReplicas),
          sql(connection) {
      if (!fresh) kv.forget();
    }
    Connection connection;
    KvTable kv;
    StoredNumber alarm;
    StoredNumber restore;
    StoredNumber replicas;
    Statement page_count, freelist_count;
    SqlRunner sql;
  };

  void on_commit(std::span<const disk::Frame> frames, uint32_t database_pages) override;
  void forget();

  std::shared_ptr<HostSqlite> host_;
  std::string file_;
  std::unique_ptr<Session> session_;
  Ref<LogPayload> captured_;  // of the COMMIT that is running
  bool base_unsent_ = false;  // the log does not know the template page yet
  bool deleted_ = false;      // delete_all since the last commit
  uint32_t lists_ = 0;        // begun by open_list, and how many of them before the last delete_all
  uint32_t lists_deleted_ = 0;
};

}  // namespace orrery::durable
