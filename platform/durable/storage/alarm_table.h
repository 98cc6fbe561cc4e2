// The object's alarm in the hidden table `_cf_METADATA`, made when an alarm is first set. The value
// is known in memory after the first look, until a rollback.
#pragma once

#include <optional>

#include "platform/durable/storage/connection.h"

namespace orrery::durable {

class AlarmTable {
 public:
  AlarmTable(Connection& connection, bool exists) : connection_(connection), empty_(!exists) {
    known_ = !exists;
  }
  // Milliseconds since 1970.
  std::optional<int64_t> get(StorageError& error);
  // Setting what is already set writes nothing (6.1).
  StorageError set(std::optional<int64_t> at_ms);
  void forget() {
    known_ = false;
    empty_ = false;
  }

 private:
  Connection& connection_;
  bool known_;
  bool empty_;  // surely no table
  std::optional<int64_t> value_;
};

}  // namespace orrery::durable
