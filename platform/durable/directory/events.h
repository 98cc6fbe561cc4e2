// What the directory's clients and members announce.
#pragma once

#include <string>

#include "platform/durable/directory/placement.h"
#include "platform/durable/directory/view.h"
#include "sim/core/trace.h"

namespace orrery::durable {

// A host became owner of an object. On the object's lane.
struct Granted {
  static constexpr const char* kKind = "durable.granted";
  LaneId lane;
  uint64_t epoch;
  host::HostId owner;
  SessionId session;
  std::array<host::HostId, kFollowers> followers;
  LaneId host_lane;
  uint64_t key;  // of the object, as its followers' files are named
  void fold(Fold& f) const {
    f.add(epoch).add(owner).add(session);
    for (host::HostId h : followers) f.add(h);
  }
  std::string text() const {
    return "granted to host #" + std::to_string(owner) + " under epoch " + std::to_string(epoch);
  }
};

// A host's lease was extended. On the host's lane.
struct Renewed {
  static constexpr const char* kKind = "durable.renewed";
  LaneId lane;
  SessionId session;
  Instant until_local;
  void fold(Fold& f) const { f.add(session).add(static_cast<uint64_t>(until_local.us)); }
  std::string text() const {
    return "lease renewed until " + std::to_string(until_local.us) + " us on its own clock";
  }
};

// A host learned that its session is over; all its objects are lost. On the host's lane.
struct SessionEnded {
  static constexpr const char* kKind = "durable.session_ended";
  LaneId lane;
  host::HostId host;
  SessionId session;
  void fold(Fold& f) const { f.add(host).add(session); }
  std::string text() const { return "session ended: every object of this host is lost"; }
};

// A host takes part in a view of the directory from now on. On that host's lane.
struct ViewChanged {
  static constexpr const char* kKind = "durable.view_changed";
  LaneId lane;
  uint64_t number;
  View::Members members;
  void fold(Fold& f) const {
    f.add(number);
    for (const ViewMember& m : members) f.add(m.host).add(m.birth);
  }
  std::string text() const {
    std::string out = "takes part in view " + std::to_string(number) + " of the directory: hosts";
    for (const ViewMember& m : members) {
      out += " #" + std::to_string(m.host);
      if (m.birth > 1) out += " (disk of boot " + std::to_string(m.birth) + ")";
    }
    return out;
  }
};

// A member ended a session for its part; the third to do so ends it. On the member's host lane.
struct SessionRevoked {
  static constexpr const char* kKind = "durable.session_revoked";
  LaneId lane;
  host::HostId holder;
  SessionId session;
  bool by_holder;
  void fold(Fold& f) const { f.add(holder).add(session).add(by_holder); }
  std::string text() const {
    return "session of host #" + std::to_string(holder) +
           (by_holder ? " retired by its holder" : " revoked");
  }
};

}  // namespace orrery::durable
