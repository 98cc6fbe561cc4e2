#include "platform/durable/storage/kv_table.h"

#include "platform/durable/storage/kv_limits.h"

namespace orrery::durable {

namespace {

int bind_key(const Statement& s, int index, std::string_view key) {
  // An empty view may have no pointer, which SQLite would take for NULL.
  return sqlite3_bind_text(s.get(), index, key.data() ? key.data() : "", static_cast<int>(key.size()),
                    SQLITE_STATIC);
}

Ref<Buffer> column_buffer(const Statement& s, int column) {
  const void* data = sqlite3_column_blob(s.get(), column);
  return Buffer::copy(data, static_cast<uint32_t>(sqlite3_column_bytes(s.get(), column)));
}

}  // namespace

KvTable::Slot* KvTable::slot(std::string_view key, uint64_t hash) {
  if (key.size() > kKvCacheKeyBytes) return nullptr;
  if (slots_.empty()) slots_.resize(kKvCacheSlots);
  return &slots_[hash % kKvCacheSlots];
}

void KvTable::fill(std::string_view key, uint64_t hash, Ref<Buffer> value) {
  Slot* s = slot(key, hash);
  if (!s) return;
  if (value && value->size() > kKvCacheValueBytes) {
    s->filled = false;
    s->value = nullptr;
    return;
  }
  s->hash = hash;
  s->filled = true;
  s->key.assign(key);
  s->value = std::move(value);
}

void KvTable::forget() {
  for (Slot& s : slots_) {
    s.filled = false;
    s.value = nullptr;
  }
  sure_ = false;
}

bool KvTable::prepared(Statement& statement, const char* sql) {
  if (!statement) statement = connection_.prepare(sql);
  return static_cast<bool>(statement);
}

bool KvTable::look_for_table() {
  if (sure_) return exists_;
  Statement s = connection_.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_cf_KV'");
  if (!s) return exists_;
  int rc = connection_.step(s);
  sure_ = rc == SQLITE_ROW || rc == SQLITE_DONE;
  exists_ = rc == SQLITE_ROW;
  return exists_;
}

StorageError KvTable::make_table() {
  Statement s = connection_.prepare(
      "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
  if (!s) return connection_.fail(sqlite3_errcode(connection_.handle()));
  int rc = connection_.step(s);
  if (rc != SQLITE_DONE) return connection_.fail(rc);
  exists_ = sure_ = true;
  return {};
}

std::optional<std::span<const uint8_t>> KvTable::get(std::string_view key, StorageError& error) {
  if (connection_.broken()) {
    error = connection_.broken();
    return std::nullopt;
  }
  uint64_t hash = hash_bytes(key);
  Slot* s = slot(key, hash);
  if (s && s->filled && s->hash == hash && s->key == key) {
    if (!s->value) return std::nullopt;
    last_ = s->value;
    return last_->bytes();
  }
  if (!look_for_table()) return std::nullopt;
  if (!prepared(get_, "SELECT value FROM _cf_KV WHERE key = ?1")) {
    error = connection_.fail(sqlite3_errcode(connection_.handle()));
    return std::nullopt;
  }
  int rc = bind_key(get_, 1, key);
  if (rc == SQLITE_OK) rc = connection_.step(get_);
  if (rc == SQLITE_ROW) {
    last_ = column_buffer(get_, 0);
    sqlite3_reset(get_.get());
    fill(key, hash, last_);
    return last_->bytes();
  }
  if (rc == SQLITE_DONE)
    fill(key, hash, nullptr);
  else
    error = connection_.fail(rc);
  sqlite3_reset(get_.get());
  return std::nullopt;
}

StorageError KvTable::put(std::string_view key, std::span<const uint8_t> value) {
  if (auto e = connection_.begin_write()) return e;
  if (!look_for_table())
    if (auto e = make_table()) return e;
  if (!prepared(put_, "INSERT OR REPLACE INTO _cf_KV (key, value) VALUES (?1, ?2)"))
    return connection_.fail(sqlite3_errcode(connection_.handle()));
  Ref<Buffer> bytes = Buffer::copy(value.data(), static_cast<uint32_t>(value.size()));
  int rc = bind_key(put_, 1, key);
  if (rc == SQLITE_OK)
    rc = sqlite3_bind_blob64(put_.get(), 2, bytes->data(), bytes->size(), SQLITE_STATIC);
  if (rc == SQLITE_OK) rc = connection_.step(put_);
  StorageError error = rc == SQLITE_DONE ? StorageError{} : connection_.fail(rc);
  sqlite3_reset(put_.get());
  sqlite3_bind_null(put_.get(), 2);
  uint64_t hash = hash_bytes(key);
  if (!error)
    fill(key, hash, std::move(bytes));
  else if (Slot* s = slot(key, hash))
    s->filled = false;
  return error;
}

bool KvTable::remove(std::string_view key, StorageError& error) {
  if ((error = connection_.begin_write())) return false;
  // As in the real runtime a key need not be there for this to make the table.
  if (!look_for_table() && (error = make_table())) return false;
  if (!prepared(remove_, "DELETE FROM _cf_KV WHERE key = ?1")) {
    error = connection_.fail(sqlite3_errcode(connection_.handle()));
    return false;
  }
  int rc = bind_key(remove_, 1, key);
  if (rc == SQLITE_OK) rc = connection_.step(remove_);
  uint64_t hash = hash_bytes(key);
  bool existed = false;
  if (rc == SQLITE_DONE) {
    existed = sqlite3_changes(connection_.handle()) > 0;
    fill(key, hash, nullptr);
  } else {
    error = connection_.fail(rc);
    if (Slot* s = slot(key, hash)) s->filled = false;
  }
  sqlite3_reset(remove_.get());
  return existed;
}

StorageError KvTable::list(const ListOptions& options, ObjectDatabase::Receiver& receiver) {
  if (connection_.broken()) return connection_.broken();
  if (auto e = check_list(options)) return e;
  auto range = key_range(options);
  if (!range || !look_for_table()) return {};
  open_.close();
  Statement& kept = list_[range_kind(*range)];
  // Moved out: a receiver may list again.
  Statement s = range_statement(connection_, *range, std::move(kept));
  if (!s) return connection_.fail(sqlite3_errcode(connection_.handle()));
  StorageError error;
  while (true) {
    int rc = connection_.step(s);
    if (rc != SQLITE_ROW) {
      if (rc != SQLITE_DONE) error = connection_.fail(rc);
      break;
    }
    KeyValue row = row_of(s);
    if (!receiver.row(row.key, row.value)) break;
  }
  sqlite3_reset(s.get());
  sqlite3_clear_bindings(s.get());
  kept = std::move(s);
  return error;
}

bool KvTable::open_list(uint32_t number, const ListOptions& options, StorageError& error) {
  if ((error = connection_.broken()) || (error = check_list(options))) return false;
  auto range = key_range(options);
  if (!range || !look_for_table()) return false;
  error = open_.open(number, std::move(*range));
  return !error;
}

}  // namespace orrery::durable
