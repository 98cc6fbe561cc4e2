// What replicas and primaries say to each other.
#pragma once

#include <vector>

#include "platform/durable/replicas/region.h"
#include "platform/durable/replication/messages.h"
#include "platform/runtime/isolate_host.h"

namespace orrery::durable {

// A replica asks to be fed from its position on, to begin with and then every few seconds: what it has is its acknowledgement,
// the answer its lease.
struct RenewMessage final : net::Message {
  static constexpr Kind kKind{"replica.renew"};
  RenewMessage() : Message(kKind) {}
  runtime::ObjectId id;
  Region region = Region::kEnam;
  LogPosition position;  // (0, 0): it has nothing yet
  bool leaving = false;  // it ends
};

struct RenewReply final : net::Message {
  static constexpr Kind kKind{"replica.renewed"};
  enum class Status : uint8_t {
    kFed,         // what it lacks is in here, and what becomes durable from now on is sent
    kNotPrimary,  // no instance of the object runs here
    kDisabled,    // the object has no replicas any more
    kElsewhere,   // its region has one on another host
  };
  explicit RenewReply(Status s) : Message(kKind), status(s) {}
  uint32_t bytes() const override {
    uint32_t sum = 64 + (image ? image->db_pages() * kLogPageBytes : 0);
    for (const auto& e : entries) sum += e->stored_bytes();
    return sum;
  }
  Status status;
  host::HostId elsewhere = host::kNoHost;
  Ref<const PageImage> image;  // the database at `base`; null: only entries
  LogPosition base;
  std::vector<Ref<const AppendMessage>> entries;
};

// From a primary to its replicas: entries that became durable; or that it has none any more.
struct FeedMessage final : net::Message {
  static constexpr Kind kKind{"replica.feed"};
  FeedMessage() : Message(kKind) {}
  uint32_t bytes() const override {
    uint32_t sum = 64;
    for (const auto& e : entries) sum += e->stored_bytes();
    return sum;
  }
  runtime::ObjectId id;
  bool disabled = false;
  std::vector<Ref<const AppendMessage>> entries;
};

}  // namespace orrery::durable
