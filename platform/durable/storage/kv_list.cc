#include "platform/durable/storage/kv_list.h"

#include "platform/durable/storage/limits.h"

namespace orrery::durable {

namespace {

int bind_text(const Statement& s, int index, const std::string& text) {
  return sqlite3_bind_text(s.get(), index, text.data(), static_cast<int>(text.size()),
                           SQLITE_TRANSIENT);
}

// The least text greater than every text with this prefix; nothing when there is none.
std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty()) {
    auto& last = reinterpret_cast<unsigned char&>(prefix.back());
    if (last < 0xff) {
      ++last;
      return prefix;
    }
    prefix.pop_back();
  }
  return std::nullopt;
}

// The next text after one is the same with a NUL behind.
std::string after(const std::string& key) { return key + std::string(1, '\0'); }

}  // namespace

std::optional<KeyRange> key_range(const ListOptions& options) {
  KeyRange range{options.start.value_or(""), options.end, options.reverse, options.limit};
  if (options.start_after) range.from = after(*options.start_after);
  if (options.prefix) {
    if (*options.prefix > range.from) range.from = *options.prefix;
    auto behind = after_prefix(*options.prefix);
    if (behind && (!range.end || *behind < *range.end)) range.end = std::move(behind);
  }
  if (range.end && *range.end <= range.from) return std::nullopt;
  return range;
}

size_t range_kind(const KeyRange& range) { return (range.end ? 2u : 0u) + (range.reverse ? 1u : 0u); }

Statement range_statement(Connection& connection, const KeyRange& range, Statement kept) {
  static constexpr const char* kSql[kRangeKinds] = {
      "SELECT key, value FROM _cf_KV WHERE key >= ?1 ORDER BY key LIMIT ?2",
      "SELECT key, value FROM _cf_KV WHERE key >= ?1 ORDER BY key DESC LIMIT ?2",
      "SELECT key, value FROM _cf_KV WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2",
      "SELECT key, value FROM _cf_KV WHERE key >= ?1 AND key < ?3 ORDER BY key DESC LIMIT ?2"};
  if (!kept) kept = connection.prepare(kSql[range_kind(range)]);
  if (!kept) return nullptr;
  bind_text(kept, 1, range.from);
  bool bounded = range.limit && *range.limit <= static_cast<uint64_t>(INT64_MAX);
  sqlite3_bind_int64(kept.get(), 2, bounded ? static_cast<int64_t>(*range.limit) : -1);
  if (range.end) bind_text(kept, 3, *range.end);
  return kept;
}

KeyValue row_of(const Statement& s) {
  const auto* value = static_cast<const uint8_t*>(sqlite3_column_blob(s.get(), 1));
  auto value_size = static_cast<size_t>(sqlite3_column_bytes(s.get(), 1));
  const auto* key = reinterpret_cast<const char*>(sqlite3_column_text(s.get(), 0));
  auto key_size = static_cast<size_t>(sqlite3_column_bytes(s.get(), 0));
  return {{key, key_size}, {value, value_size}};
}

StorageError KvList::open(uint32_t number, KeyRange range) {
  close();
  statement_ = range_statement(connection_, range);
  if (!statement_) return connection_.fail(sqlite3_errcode(connection_.handle()));
  range_ = std::move(range);
  StorageError error;
  at_row_ = step(error);
  if (error) {
    close();
    return error;
  }
  number_ = number;
  ended_ = !at_row_;
  return {};
}

bool KvList::step(StorageError& error) {
  if ((error = connection_.broken())) return false;
  commits_ = 0;
  if (!statement_) statement_ = range_statement(connection_, range_);
  int rc = statement_ ? connection_.step(statement_) : sqlite3_errcode(connection_.handle());
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) error = connection_.fail(rc);
  return rc == SQLITE_ROW;
}

bool KvList::next(KeyValue& row, StorageError& error) {
  if (!at_row_ && !ended_) {
    ended_ = !step(error);
    if (error) {
      ended_ = false;
      return false;
    }
  }
  if (ended_) {
    close();
    return false;
  }
  at_row_ = false;
  if (held_) {
    value_ = *std::exchange(held_, std::nullopt);
    row = {key_, {reinterpret_cast<const uint8_t*>(value_.data()), value_.size()}};
  } else {
    row = row_of(statement_);
    key_.assign(row.key);
  }
  if (range_.limit) --*range_.limit;
  return true;
}

void KvList::close() {
  number_ = 0;
  commits_ = 0;
  at_row_ = ended_ = false;
  held_.reset();
  statement_.reset();
}

void KvList::committed() {
  if (!statement_ || ++commits_ < kListCommits) return;
  if (at_row_) {
    KeyValue row = row_of(statement_);
    key_.assign(row.key);
    held_.emplace(row.value.begin(), row.value.end());
  }
  statement_.reset();
  if (range_.reverse) {
    range_.end = key_;
  } else {
    range_.from = after(key_);
  }
}

}  // namespace orrery::durable
