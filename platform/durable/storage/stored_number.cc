#include "platform/durable/storage/stored_number.h"

namespace orrery::durable {

namespace {
constexpr const char* kCreate =
    "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)";
constexpr const char* kExists = "SELECT 1 FROM sqlite_schema WHERE name = '_cf_METADATA'";
constexpr const char* kGet = "SELECT value FROM _cf_METADATA WHERE key = ?1";
constexpr const char* kSet = "INSERT OR REPLACE INTO _cf_METADATA (key, value) VALUES (?1, ?2)";
}  // namespace

std::optional<int64_t> StoredNumber::get(StorageError& error) {
  if ((error = connection_.broken())) return std::nullopt;
  if (known_) return value_;
  auto failed = [&](int rc) {
    error = connection_.fail(rc);
    return std::nullopt;
  };
  Statement exists = connection_.prepare(kExists);
  if (!exists) return failed(sqlite3_errcode(connection_.handle()));
  int rc = connection_.step(exists);
  if (rc == SQLITE_DONE) {
    known_ = empty_ = true;
    value_ = std::nullopt;
    return value_;
  }
  if (rc != SQLITE_ROW) return failed(rc);
  Statement get = connection_.prepare(kGet);
  if (!get) return failed(sqlite3_errcode(connection_.handle()));
  sqlite3_bind_int(get.get(), 1, static_cast<int>(key_));
  rc = connection_.step(get);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return failed(rc);
  value_ = std::nullopt;
  if (rc == SQLITE_ROW && sqlite3_column_type(get.get(), 0) == SQLITE_INTEGER)
    value_ = sqlite3_column_int64(get.get(), 0);
  known_ = true;
  return value_;
}

StorageError StoredNumber::set(std::optional<int64_t> value) {
  StorageError error;
  if (get(error) == value && !error) return {};
  if (error) return error;
  if (auto e = connection_.begin_write()) return e;
  for (const char* sql : {kCreate, kSet}) {
    if (sql == kCreate && !empty_) continue;
    Statement s = connection_.prepare(sql);
    if (!s) return connection_.fail(sqlite3_errcode(connection_.handle()));
    if (sql == kSet) {
      sqlite3_bind_int(s.get(), 1, static_cast<int>(key_));
      if (value) sqlite3_bind_int64(s.get(), 2, *value);
    }
    int rc = connection_.step(s);
    if (rc != SQLITE_DONE) {
      auto e = connection_.fail(rc);
      forget();
      return e;
    }
  }
  empty_ = false;
  known_ = true;
  value_ = value;
  return {};
}

}  // namespace orrery::durable
