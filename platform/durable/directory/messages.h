// What clients ask of directory members, and the answers. What members ask each other: view_messages.h.
#pragma once

#include <compare>
#include <cstdint>

#include "platform/durable/directory/placement.h"
#include "platform/durable/directory/view.h"
#include "sim/net/message.h"

namespace orrery::durable {

// Orders the proposals for one register. Unique: a proposer uses a counter once per incarnation.
struct Ballot {
  uint64_t counter = 0;
  uint32_t host = 0;
  uint32_t incarnation = 0;
  auto operator<=>(const Ballot&) const = default;
};

// Every request names the newest view its sender knows, and is meant for the members of that one.
struct DirectoryRequest : net::Message {
  DirectoryRequest(const Kind& kind, Ref<const View> v) : Message(kind), view(std::move(v)) {}
  const Ref<const View> view;
};

struct PrepareRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.prepare"};
  PrepareRequest(Ref<const View> v, Ref<const ObjectInfo> o, Ballot b)
      : DirectoryRequest(kKind, std::move(v)), object(std::move(o)), ballot(b) {}
  const Ref<const ObjectInfo> object;
  const Ballot ballot;
};

struct AcceptRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.accept"};
  AcceptRequest(Ref<const View> v, Ref<const ObjectInfo> o, Ballot b, Placement p)
      : DirectoryRequest(kKind, std::move(v)), object(std::move(o)), ballot(b), value(std::move(p)) {}
  uint32_t bytes() const override { return 160; }
  const Ref<const ObjectInfo> object;
  const Ballot ballot;
  const Placement value;
};

struct ReadRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.read"};
  ReadRequest(Ref<const View> v, Ref<const ObjectInfo> o)
      : DirectoryRequest(kKind, std::move(v)), object(std::move(o)) {}
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

struct RenewRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.renew"};
  RenewRequest(Ref<const View> v, host::HostId h, SessionId s, uint32_t m = 0)
      : DirectoryRequest(kKind, std::move(v)), holder(h), session(s), missing(m) {}
  const host::HostId holder;
  const SessionId session;
  const uint32_t missing;  // bit i: member i of the view did not answer this host's last renewal
};

struct RevokeRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.revoke"};
  RevokeRequest(Ref<const View> v, host::HostId h, SessionId s, bool b)
      : DirectoryRequest(kKind, std::move(v)), holder(h), session(s), by_holder(b) {}
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
