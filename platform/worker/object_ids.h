// Durable Object ids (durable-objects.md section 4, IDs): 32 bytes, printed as 64 hex digits. The first
// half is HMAC-SHA256(key, name) for named objects, random for unique ones; the second half is
// HMAC-SHA256(key, first half), so that an id shows which namespace made it. key = SHA-256 of the namespace's
// unique key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/runtime/isolate_host.h"

namespace orrery::worker {

using runtime::ObjectId;

std::string hex_of(const ObjectId& id);

class Namespace {
 public:
  Namespace(std::string_view worker, std::string_view class_name);

  const std::string& class_name() const { return class_name_; }
  // The id of a name: always the same.
  ObjectId from_name(std::string_view name);
  // An id from 16 random bytes.
  ObjectId from_random(const std::array<uint8_t, 16>& random) const;
  // From text; false in `well_formed` unless it is 64 hex digits, in `ours` unless this namespace made it.
  struct Parsed {
    bool well_formed = false;
    bool ours = false;
    ObjectId id;
  };
  Parsed parse(std::string_view hex) const;

 private:
  ObjectId with_mac(const uint8_t* first_half) const;
  std::string class_name_;
  std::array<uint8_t, 32> key_;
  std::unordered_map<std::string, ObjectId> known_;  // a bounded memo of from_name, looked up only
};

}  // namespace orrery::worker
