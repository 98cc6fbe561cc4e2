// What owners and followers say to each other. An AppendMessage is also the entry itself: the owner
// keeps it for followers that lag, followers keep it until they fold it, and all share its buffers.
#pragma once

#include <vector>

#include "platform/durable/replication/log_entry.h"
#include "sim/core/task.h"
#include "sim/net/message.h"

namespace orrery::durable {

class AppendMessage final : public net::Message {
 public:
  static constexpr Kind kKind{"durable.append"};
  AppendMessage() : Message(kKind) {}
  uint32_t bytes() const override {
    return 64 + record->size() + static_cast<uint32_t>(payload->frames.size()) * kLogPageBytes;
  }
  // Size on a follower's disk.
  uint32_t stored_bytes() const { return bytes() - 64; }
  LogPosition position() const { return {epoch, index}; }

  Ref<const ObjectInfo> object;
  uint64_t sender_epoch = 0;  // of the owner that sends it; `epoch` is that of the one that made it
  uint64_t durable = 0;       // what the sender knew to be durable
  uint64_t epoch = 0;
  uint64_t index = 0;
  uint64_t prev_epoch = 0;    // of the entry before
  int64_t time_ms = 0;        // when its owner made it, by its clock, since 1970; 0: the object's past is not kept
  Ref<const LogPayload> payload;
  Ref<Buffer> record;         // header and page numbers as stored; the pages follow it on disk
};

// A whole database as it is after entry `position`.
struct InstallMessage final : net::Message {
  static constexpr Kind kKind{"durable.install"};
  InstallMessage() : Message(kKind) {}
  uint32_t bytes() const override { return 64 + image->db_pages() * kLogPageBytes; }
  Ref<const ObjectInfo> object;
  uint64_t sender_epoch = 0;
  uint64_t durable = 0;
  LogPosition position;
  Ref<const PageImage> image;
};

struct AckMessage final : net::Message {
  static constexpr Kind kKind{"durable.ack"};
  AckMessage(uint64_t k, uint64_t e, uint64_t m)
      : Message(kKind), key(k), epoch(e), match(m) {}
  const uint64_t key;
  const uint64_t epoch;  // of the owner it answers
  const uint64_t match;  // the follower's disk has that owner's log up to here
};

struct RefuseMessage final : net::Message {
  static constexpr Kind kKind{"durable.refuse"};
  enum class Reason {
    kStale,       // it promised a newer epoch
    kMismatch,    // the entry before is missing or another
    kNeedsImage,  // its image conflicts and cannot be cut back
    kLost,        // its disk was lost
  };
  RefuseMessage(uint64_t k, uint64_t e, uint64_t i, Reason r, uint64_t p, uint64_t h)
      : Message(kKind), key(k), epoch(e), index(i), reason(r), promised(p), hint(h) {}
  const uint64_t key;
  const uint64_t epoch;  // of the owner it answers
  const uint64_t index;  // of the refused entry
  const Reason reason;
  const uint64_t promised;
  const uint64_t hint;   // kMismatch: what it has may match up to here
};

struct RecoverRequest final : net::Message {
  static constexpr Kind kKind{"durable.recover"};
  RecoverRequest(Ref<const ObjectInfo> o, uint64_t e)
      : Message(kKind), object(std::move(o)), epoch(e) {}
  const Ref<const ObjectInfo> object;
  const uint64_t epoch;
};

struct RecoverReply final : net::Message {
  static constexpr Kind kKind{"durable.recover_reply"};
  enum class Status { kPromised, kStale, kLost };
  RecoverReply(Status s, uint64_t p, LogPosition l)
      : Message(kKind), status(s), promised(p), last(l) {}
  const Status status;
  const uint64_t promised;
  const LogPosition last;
};

struct FetchRequest final : net::Message {
  static constexpr Kind kKind{"durable.fetch"};
  FetchRequest(Ref<const ObjectInfo> o, uint64_t e)
      : Message(kKind), object(std::move(o)), epoch(e) {}
  const Ref<const ObjectInfo> object;
  const uint64_t epoch;
};

struct FetchReply final : net::Message {
  static constexpr Kind kKind{"durable.fetch_reply"};
  FetchReply() : Message(kKind) {}
  uint32_t bytes() const override {
    uint32_t sum = 64 + (image ? image->db_pages() * kLogPageBytes : 0);
    for (const auto& e : entries) sum += e->stored_bytes();
    return sum;
  }
  bool ok = false;
  LogPosition base;                              // the image holds the log up to here
  Ref<const PageImage> image;
  std::vector<Ref<const AppendMessage>> entries;  // after base, without gaps
};

// The archive has every entry up to here: followers need not keep folded ones for it.
struct ArchivedMessage final : net::Message {
  static constexpr Kind kKind{"durable.archived"};
  ArchivedMessage(Ref<const ObjectInfo> o, uint64_t i) : Message(kKind), object(std::move(o)), index(i) {}
  const Ref<const ObjectInfo> object;
  const uint64_t index;
};

// The owner replaced this follower: its log and image may go, its promise stays. Answered by an AckMessage.
struct RetireRequest final : net::Message {
  static constexpr Kind kKind{"durable.retire"};
  RetireRequest(Ref<const ObjectInfo> o, uint64_t e) : Message(kKind), object(std::move(o)), epoch(e) {}
  const Ref<const ObjectInfo> object;
  const uint64_t epoch;  // of the owner
};

// Asks for entries of an object, the first to the last; the answer has those that are there, durable or not.
struct PastRequest final : net::Message {
  static constexpr Kind kKind{"durable.past"};
  PastRequest(Ref<const ObjectInfo> o, uint64_t f, uint64_t l)
      : Message(kKind), object(std::move(o)), first(f), last(l) {}
  const Ref<const ObjectInfo> object;
  const uint64_t first;
  const uint64_t last;
};

}  // namespace orrery::durable
