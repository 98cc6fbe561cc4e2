// What members ask each other when the view changes, and the answer of whoever is asked in a view that it
// does not serve.
#pragma once

#include "platform/durable/directory/member_state.h"
#include "platform/durable/directory/messages.h"

namespace orrery::durable {

// A state on its way. Shared by all who send it, never changed.
struct StateCopy : RefCounted {
  explicit StateCopy(MemberState s) : state(std::move(s)) {}
  uint32_t bytes() const {
    return 64 + static_cast<uint32_t>(160 * state.registers.size() +
                                      16 * (state.revoked.size() + state.refused.size()));
  }
  const MemberState state;
};

// To the members of `view`: promise to follow no lesser ballot, answer clients no more, tell your state.
struct SealRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.seal"};
  SealRequest(Ref<const View> v, Ballot b) : DirectoryRequest(kKind, std::move(v)), ballot(b) {}
  const Ballot ballot;
};

// Answers a seal; without a state it was refused for a greater promise.
struct SealReply : net::Message {
  static constexpr Kind kKind{"directory.sealed"};
  SealReply(Ballot p, Ref<const StateCopy> s) : Message(kKind), promised(p), copy(std::move(s)) {}
  uint32_t bytes() const override { return copy ? copy->bytes() : 64; }
  const Ballot promised;
  const Ref<const StateCopy> copy;
};

// To the members of `view`: `next` is to follow it.
struct AcceptViewRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.accept_view"};
  AcceptViewRequest(Ref<const View> v, Ballot b, Ref<const View> n)
      : DirectoryRequest(kKind, std::move(v)), ballot(b), next(std::move(n)) {}
  const Ballot ballot;
  const Ref<const View> next;
};

struct AcceptViewReply : net::Message {
  static constexpr Kind kKind{"directory.accepted_view"};
  AcceptViewReply(bool o, Ballot p) : Message(kKind), ok(o), promised(p) {}
  const bool ok;
  const Ballot promised;
};

// `view` was chosen and begins with this state. To its members, and as news to those it left out.
struct InstallRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.install"};
  InstallRequest(Ref<const View> v, Ref<const StateCopy> s)
      : DirectoryRequest(kKind, std::move(v)), copy(std::move(s)) {}
  uint32_t bytes() const override { return copy->bytes(); }
  const Ref<const StateCopy> copy;
};

// Which view do you know? With `want_state`: and what is your state of it, if you have one? `view` is the asker's.
struct QueryRequest : DirectoryRequest {
  static constexpr Kind kKind{"directory.query"};
  QueryRequest(Ref<const View> v, bool w) : DirectoryRequest(kKind, std::move(v)), want_state(w) {}
  const bool want_state;
};

// Answers a query or an install, and everything that names a view which is not served here.
struct ViewReply : net::Message {
  static constexpr Kind kKind{"directory.view"};
  ViewReply(Ref<const View> n, ViewMember m, bool i, Ref<const StateCopy> s)
      : Message(kKind), newest(std::move(n)), member(m), installed(i), copy(std::move(s)) {}
  uint32_t bytes() const override { return copy ? copy->bytes() : 96; }
  const Ref<const View> newest;    // that the answering host knows of
  const ViewMember member;         // the answering host
  const bool installed;            // it has the state of that view
  const Ref<const StateCopy> copy;  // null unless it was asked for
};

}  // namespace orrery::durable
