// Durable Object ids (durable-objects.md section 4, IDs): 32 bytes, printed as 64 hex digits. The first
// half is HMAC-SHA256(key, name) for named objects, random for unique ones; the second half is
// HMAC-SHA256(key, first half), so that an id shows which namespace made it, and for which jurisdiction. key = SHA-256
// of the namespace's unique key, with the jurisdiction's name behind it where there is one (ours: the real one's is
// not known).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/runtime/isolate_host.h"
#include "platform/worker/jurisdiction.h"

namespace orrery::worker {

using runtime::ObjectId;

std::string hex_of(const ObjectId& id);

class Namespace {
 public:
  Namespace(std::string_view worker, std::string_view class_name);

  const std::string& class_name() const { return class_name_; }
  // The id of a name: always the same, another one in each jurisdiction.
  ObjectId from_name(std::string_view name, Jurisdiction jurisdiction = Jurisdiction::kNone);
  // An id from 16 random bytes.
  ObjectId from_random(const std::array<uint8_t, 16>& random,
                       Jurisdiction jurisdiction = Jurisdiction::kNone);
  // That of an id of this namespace. Free as long as nobody has named a jurisdiction.
  Jurisdiction jurisdiction_of(const ObjectId& id) const {
    return jurisdictional_ ? find(id).value_or(Jurisdiction::kNone) : Jurisdiction::kNone;
  }
  // From text; false in `well_formed` unless it is 64 hex digits, in `ours` unless this namespace made it.
  struct Parsed {
    bool well_formed = false;
    bool ours = false;
    ObjectId id;
  };
  Parsed parse(std::string_view hex);

 private:
  using Key = std::array<uint8_t, 32>;
  static ObjectId with_mac(const Key& key, const uint8_t* first_half);
  // Nothing when another namespace made the id.
  std::optional<Jurisdiction> find(const ObjectId& id) const;
  const Key& key_for(Jurisdiction jurisdiction);
  std::string class_name_;
  std::array<Key, kJurisdictions.size()> keys_;
  bool jurisdictional_ = false;  // ids of a jurisdiction were made or read
  std::unordered_map<std::string, ObjectId> known_;  // a bounded memo of from_name, looked up only
};

}  // namespace orrery::worker
