// The key-value API over the hidden table `_cf_KV`, made at the first put or delete. Reads go through a small
// cache of values that lives as long as no transaction or savepoint is rolled back.
//
// Invariant: a filled slot of the cache equals what the table holds for that key.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "platform/durable/storage/kv_list.h"
#include "platform/durable/storage/limits.h"

namespace orrery::durable {

class KvTable {
 public:
  // `exists`: the database has the table already.
  KvTable(Connection& connection, bool exists)
      : connection_(connection), exists_(exists), open_(connection) {}

  std::optional<std::span<const uint8_t>> get(std::string_view key, StorageError& error);
  StorageError put(std::string_view key, std::span<const uint8_t> value);
  bool remove(std::string_view key, StorageError& error);
  StorageError list(const ListOptions& options, ObjectDatabase::Receiver& receiver);
  // Begins the list of this number; false on an error, or when there is nothing to ask for. Each list that asks the
  // table ends the one that is open.
  bool open_list(uint32_t number, const ListOptions& options, StorageError& error);
  KvList& open() { return open_; }

  // Whether the table is there.
  bool look_for_table();
  // After a rollback: nothing cached is sure, nor that the table still exists.
  void forget();

 private:
  // Each key has one place; a newcomer takes it over. Bounded, and the same in every run.
  struct Slot {
    uint64_t hash = 0;
    bool filled = false;
    std::string key;
    Ref<Buffer> value;  // null: no such key
  };
  Slot* slot(std::string_view key, uint64_t hash);
  void fill(std::string_view key, uint64_t hash, Ref<Buffer> value);
  StorageError make_table();
  bool prepared(Statement& statement, const char* sql);

  Connection& connection_;
  bool exists_;
  bool sure_ = true;
  std::vector<Slot> slots_;  // made at first use
  Ref<Buffer> last_;         // keeps the bytes of the last answer
  Statement get_, put_, remove_;
  std::array<Statement, kRangeKinds> list_;
  KvList open_;
};

}  // namespace orrery::durable
