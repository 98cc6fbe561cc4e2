#include "platform/durable/storage/sqlite_database.h"

#include "platform/durable/storage/template_page.h"
#include "sim/core/check.h"
#include "sim/disk/disk.h"

namespace orrery::durable {

namespace {

StorageError disk_error(disk::DiskError e) {
  int rc = e == disk::DiskError::kFull ? SQLITE_FULL : SQLITE_IOERR;
  return {StorageError::Kind::kBroken,
          std::string(sqlite3_errstr(rc)) + ": " + sqlite_code_name(rc)};
}

}  // namespace

ObjectDatabase::Opened ObjectDatabase::open(host::Process& process, std::string_view name,
                                            uint64_t epoch, std::span<const Ref<Buffer>> pages) {
  auto host = HostSqlite::of(process);
  // By the name's hash: names may hold anything and be long.
  std::string prefix = "object/" + hex64(hash_bytes(name)) + "/";
  for (const std::string& old : host->disk().list(prefix)) host->disk().remove(old);
  auto database =
      std::make_unique<SqliteDatabase>(std::move(host), prefix + std::to_string(epoch) + ".db");
  if (auto error = database->open(pages)) return {nullptr, std::move(error)};
  return {std::move(database), {}};
}

SqliteDatabase::SqliteDatabase(std::shared_ptr<HostSqlite> host, std::string file)
    : host_(std::move(host)), file_(std::move(file)) {}

StorageError SqliteDatabase::open(std::span<const Ref<Buffer>> pages) {
  session_.reset();  // removes the file that was there
  disk::DiskError e;
  auto file = host_->disk().open(file_, disk::OpenMode::kScratch, &e);
  if (!file) return disk_error(e);
  const bool fresh = pages.empty();
  if (fresh) {
    e = file->write_page(0, template_page());
  } else {
    e = file->truncate(pages.size() * disk::kPageBytes);
    for (size_t i = 0; i < pages.size() && e == disk::DiskError::kNone; ++i)
      if (pages[i]) e = file->write_page(i, pages[i]);
  }
  if (e != disk::DiskError::kNone) {
    host_->disk().remove(file_);
    return disk_error(e);
  }
  base_unsent_ = fresh;
  session_ = std::make_unique<Session>(host_, file_, static_cast<disk::WalCapture*>(this), fresh);
  return session_->connection.broken();
}

std::optional<std::span<const uint8_t>> SqliteDatabase::get(std::string_view key,
                                                            StorageError& error) {
  return session_->kv.get(key, error);
}
StorageError SqliteDatabase::put(std::string_view key, std::span<const uint8_t> value) {
  return session_->kv.put(key, value);
}
bool SqliteDatabase::remove(std::string_view key, StorageError& error) {
  return session_->kv.remove(key, error);
}
StorageError SqliteDatabase::list(const ListOptions& options, Receiver& receiver) {
  return session_->kv.list(options, receiver);
}

uint32_t SqliteDatabase::open_list(const ListOptions& options, StorageError& error) {
  return session_->kv.open_list(lists_ + 1, options, error) ? ++lists_ : 0;
}
bool SqliteDatabase::next_of_list(uint32_t number, std::string_view& key,
                                  std::span<const uint8_t>& value, StorageError& error) {
  if (number <= lists_deleted_) return false;
  KvList& list = session_->kv.open();
  if (!list.is(number)) {
    error = {StorageError::Kind::kError,
             "kv.list() iterator was invalidated because a new call to kv.list() was started. Only "
             "one kv.list() iterator can exist at a time."};
    return false;
  }
  KeyValue row;
  if (!list.next(row, error)) return false;
  key = row.key;
  value = row.value;
  return true;
}

std::unique_ptr<SqlCursor> SqliteDatabase::exec(std::string_view sql,
                                                std::span<const SqlValue> bindings,
                                                StorageError& error) {
  return session_->sql.exec(sql, bindings, error);
}

int64_t SqliteDatabase::database_size() {
  Connection& connection = session_->connection;
  auto number = [&](Statement& s, const char* sql) -> int64_t {
    if (!s) s = connection.prepare(sql);
    if (!s) return 0;
    int64_t n = connection.step(s) == SQLITE_ROW ? sqlite3_column_int64(s.get(), 0) : 0;
    sqlite3_reset(s.get());
    return n;
  };
  int64_t pages = number(session_->page_count, "PRAGMA page_count");
  int64_t unused = number(session_->freelist_count, "PRAGMA freelist_count");
  return (pages - unused) * disk::kPageBytes;
}

std::optional<int64_t> SqliteDatabase::alarm(StorageError& error) {
  return session_->alarm.get(error);
}
StorageError SqliteDatabase::set_alarm(std::optional<int64_t> at_ms) {
  return session_->alarm.set(at_ms);
}

std::optional<int64_t> SqliteDatabase::restore(StorageError& error) {
  return session_->restore.get(error);
}
StorageError SqliteDatabase::set_restore(std::optional<int64_t> index) {
  return session_->restore.set(index);
}

std::optional<int64_t> SqliteDatabase::replicas(StorageError& error) {
  return session_->replicas.get(error);
}
StorageError SqliteDatabase::set_replicas(std::optional<int64_t> on) {
  return session_->replicas.set(on);
}
void SqliteDatabase::read_only() { session_->connection.read_only(); }

StorageError SqliteDatabase::begin_savepoint() { return session_->connection.begin_savepoint(); }
StorageError SqliteDatabase::release_savepoint() {
  return session_->connection.release_savepoint();
}
StorageError SqliteDatabase::rollback_savepoint(bool alarm) {
  session_->kv.forget();
  session_->restore.forget();
  session_->replicas.forget();
  if (alarm) session_->alarm.forget();
  return session_->connection.rollback_savepoint();
}

void SqliteDatabase::forget() {
  session_->kv.forget();
  session_->restore.forget();
  session_->replicas.forget();
  session_->alarm.forget();
}

void SqliteDatabase::on_commit(std::span<const disk::Frame> frames, uint32_t database_pages) {
  captured_ = make_ref<LogPayload>();
  captured_->frames.reserve(frames.size());
  for (const disk::Frame& f : frames) captured_->frames.push_back({f.page_number, f.page});
  captured_->db_pages = database_pages;
}

CommitResult SqliteDatabase::commit() {
  captured_ = nullptr;
  if (auto error = session_->connection.commit()) return {std::move(error), nullptr};
  Ref<LogPayload> payload = std::move(captured_);
  captured_ = nullptr;
  if (deleted_ && !payload) {
    payload = make_ref<LogPayload>();
    payload->db_pages = 1;
  }
  if (payload && base_unsent_) {
    // Sorted by page, so page 1 comes first if it is there.
    if (payload->frames.empty() || payload->frames.front().page != 1)
      payload->frames.insert(payload->frames.begin(), PageFrame{1, template_page()});
    base_unsent_ = false;
  }
  deleted_ = false;
  session_->kv.open().committed();
  return {{}, std::move(payload)};
}

StorageError SqliteDatabase::delete_all(bool keep_alarm) {
  if (auto e = broken()) return e;
  if (session_->connection.savepoints() > 0)
    return {StorageError::Kind::kError, "Cannot call deleteAll() within a transaction"};
  // As this turn set it, before that is rolled back with the rest.
  StorageError error;
  std::optional<int64_t> alarm;
  if (keep_alarm) alarm = session_->alarm.get(error);
  if (error) return error;
  session_->connection.rollback();
  if (auto e = open({})) {
    // The old file is gone and no new one could be made: nothing works from here on.
    session_ =
        std::make_unique<Session>(host_, file_, static_cast<disk::WalCapture*>(this), true);
    ORRERY_CHECK(static_cast<bool>(session_->connection.broken()));
    return session_->connection.broken();
  }
  deleted_ = true;
  lists_deleted_ = lists_;
  return alarm ? session_->alarm.set(alarm) : StorageError{};
}

}  // namespace orrery::durable
