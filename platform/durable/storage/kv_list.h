// The list over `_cf_KV` that `storage.kv` iterates: one at a time, a statement of SQLite's that is stepped as it is asked, so
// that writes and rollbacks meanwhile do to it what they do in the real runtime.
//
// Invariant: a list that nobody goes on with does not keep the WAL from being checkpointed: after `kListCommits` commits its
// statement is given up, and it goes on behind its last key.
#pragma once

#include <optional>
#include <string>

#include "platform/durable/storage/connection.h"

namespace orrery::durable {

struct KeyValue {
  std::string_view key;
  std::span<const uint8_t> value;
};

// The keys from `from` on, before `end`.
struct KeyRange {
  std::string from;
  std::optional<std::string> end;
  bool reverse = false;
  std::optional<uint64_t> limit;
};
// What the options come to; nothing when no key can be in it.
std::optional<KeyRange> key_range(const ListOptions& options);

// A statement that gives the keys and values of a range, not stepped yet; null: see Connection::fail.
Statement range_statement(Connection& connection, const KeyRange& range, Statement kept = nullptr);
// Statements of ranges differ by this; below kRangeKinds.
size_t range_kind(const KeyRange& range);
inline constexpr size_t kRangeKinds = 4;

// The row that a statement of a range is at.
KeyValue row_of(const Statement& s);

class KvList {
 public:
  explicit KvList(Connection& connection) : connection_(connection) {}

  // Begins the list of this number, its first row found at once; the one before is over with.
  StorageError open(uint32_t number, KeyRange range);
  bool is(uint32_t number) const { return number_ == number && number != 0; }
  // The next row, its views valid until the next call; false at the end, which it does not come back from, or on
  // an error.
  bool next(KeyValue& row, StorageError& error);
  void close();
  void committed();

 private:
  // Steps the statement; false at the end or on an error.
  bool step(StorageError& error);

  Connection& connection_;
  uint32_t number_ = 0;  // 0: none
  KeyRange range_;
  Statement statement_;  // null once given up
  bool at_row_ = false;  // on a row that was not given yet
  std::optional<std::string> held_;  // that row's value, when its statement was given up
  bool ended_ = false;   // before its end was given
  std::string key_;      // the last one given, or held
  std::string value_;    // of a row that was held
  int commits_ = 0;      // since the last step
};

}  // namespace orrery::durable
