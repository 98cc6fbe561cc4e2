// A number that the platform keeps with the object, in the hidden table `_cf_METADATA`, made when one is first set. The
// value is known in memory after the first look, until a rollback.
#pragma once

#include <optional>

#include "platform/durable/storage/connection.h"

namespace orrery::durable {

class StoredNumber {
 public:
  enum class Key : int { kAlarm = 1, kRestore = 2, kReplicas = 3 };
  // `exists`: the table may be there.
  StoredNumber(Connection& connection, bool exists, Key key) : connection_(connection), key_(key), empty_(!exists) {
    known_ = !exists;
  }
  std::optional<int64_t> get(StorageError& error);
  // Setting what is already set writes nothing (6.1).
  StorageError set(std::optional<int64_t> value);
  void forget() {
    known_ = false;
    empty_ = false;
  }

 private:
  Connection& connection_;
  Key key_;
  bool known_;
  bool empty_;  // surely no table
  std::optional<int64_t> value_;
};

}  // namespace orrery::durable
