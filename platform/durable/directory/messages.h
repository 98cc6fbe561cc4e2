// What clients ask of directory members, and the answers.
#pragma once

#include <compare>
#include <cstdint>

#include "platform/durable/directory/placement.h"
#include "sim/net/message.h"

namespace orrery::durable {

// Orders the proposals for one register. Unique: a proposer uses a counter once per incarnation.
struct Ballot {
  uint64_t counter = 0;
  uint32_t host = 0;
  uint32_t incarnation = 0;
  auto operator<=>(const Ballot&) const = default;
};

struct PrepareRequest : net::Message {
  static constexpr Kind kKind{"directory.prepare"};
  PrepareRequest(Ref<const ObjectInfo> o, Ballot b)
      : Message(kKind), object(std::move(o)), ballot(b) {}
  const Ref<const ObjectInfo> object;
  const Ballot ballot;
};

struct AcceptRequest : net::Message {
  static constexpr Kind kKind{"directory.accept"};
  AcceptRequest(Ref<const ObjectInfo> o, Ballot b, Placement v)
      : Message(kKind), object(std::move(o)), ballot(b), value(std::move(v)) {}
  uint32_t bytes() const override { return 160; }
  const Ref<const ObjectInfo> object;
  const Ballot ballot;
  const Placement value;
};

struct ReadRequest : net::Message {
  static constexpr Kind kKind{"directory.read"};
  explicit ReadRequest(Ref<const ObjectInfo> o) : Message(kKind), object(std::move(o)) {}
  const Ref<const ObjectInfo> object;
};

// Answers prepare, accept and read. `ok`: promised, accepted, or read.
struct RegisterReply : net::Message {
  static constexpr Kind kKind{"directory.register"};
  RegisterReply(bool o, Ballot p, Ballot a, Placement v)
      : Message(kKind), ok(o), promised(p), accepted(a), value(std::move(v)) {}
  uint32_t bytes() const override { return 160; }
  const bool ok;
  const Ballot promised;
  const Ballot accepted;
  const Placement value;
};

struct RenewRequest : net::Message {
  static constexpr Kind kKind{"directory.renew"};
  RenewRequest(host::HostId h, SessionId s) : Message(kKind), holder(h), session(s) {}
  const host::HostId holder;
  const SessionId session;
};

struct RevokeRequest : net::Message {
  static constexpr Kind kKind{"directory.revoke"};
  RevokeRequest(host::HostId h, SessionId s, bool b)
      : Message(kKind), holder(h), session(s), by_holder(b) {}
  const host::HostId holder;
  const SessionId session;
  const bool by_holder;  // sent by the holder's own host, which has stopped using the session
};

// Answers renew and revoke.
struct SessionReply : net::Message {
  static constexpr Kind kKind{"directory.session"};
  SessionReply(bool r, Duration left) : Message(kKind), revoked(r), remaining(left) {}
  const bool revoked;
  const Duration remaining;  // until this member would revoke, when it did not
};

}  // namespace orrery::durable
