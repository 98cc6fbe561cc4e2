// A host's side of the directory: looks objects up, claims them for this host, and keeps the host's
// session alive while it owns any. One on every host that routes to objects or runs them.
//
// A session is one incarnation of the host: it ends for ever when three members have revoked it,
// and everything the host owned is then lost together. The lease is counted on this host's clock
// from before the renewal was sent; see README.md for why that is safe under bounded drift.
//
// Invariant: while `lease_valid()` (and the drift bound holds) no other host can become owner of an
// object this session claimed and did not release.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/durable/directory/known_view.h"
#include "platform/durable/directory/limits.h"
#include "platform/durable/directory/messages.h"
#include "platform/durable/directory/placement.h"
#include "platform/durable/directory/weaken.h"
#include "sim/core/task.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery::durable {

// The same for all members and clients of a world.
struct DirectoryOptions {
  std::array<host::HostId, kDirectoryMembers> members = {};  // of view 1
  // Names of hosts that take the place of members who are gone for long, made at first use.
  std::vector<std::string> spares = {};
  Duration lease = kLease;
  Duration renew_every = kRenewEvery;
  int64_t drift_bound_ppm = kClockDriftBoundPpm;
  Duration call_timeout = kDirectoryCallTimeout;
  Weaken weaken = {};
};

struct Lookup {
  enum class Status {
    kFound,        // `placement` is (or very lately was) the object's
    kNone,         // nobody ever claimed it
    kUnreachable,  // fewer than three members answered
  };
  Status status = Status::kUnreachable;
  Placement placement;
};

struct ClaimOptions {
  // Followers for an object that has none yet (see replication/follower_choice.h), and its home.
  std::array<host::HostId, kFollowers> followers = {};
  uint32_t home_pop = 0;
  // Give up after this much time (on the world's clock, from the call).
  Duration patience = seconds(15);
};

struct Claim {
  enum class Status {
    kGranted,      // this host owns the object under placement.epoch
    kHeld,         // placement.owner owns it and its lease still runs: ask there
    kUnreachable,  // no quorum of members within the patience
  };
  Status status = Status::kUnreachable;
  Placement placement;
};

struct FollowerSwap {
  enum class Status {
    kDone,         // the register says so
    kDeposed,      // another epoch came
    kUnreachable,  // the register may say either: ask again
  };
  Status status = Status::kUnreachable;
  uint64_t epoch = 0;  // the register's, when kDeposed
};

// Told when the host's session ended: every object it owned is lost, at once.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual void on_session_ended(SessionId session) = 0;
};

class DirectoryClient : public host::Service {
 public:
  // Reads the previous incarnation's session from disk and retires it in the background.
  DirectoryClient(host::Process& process, const DirectoryOptions& options);
  ~DirectoryClient() override;

  // Asks all members, answers from the first three. May be stale by the time it is used: an owner
  // that lost the object says so itself.
  Task<Lookup> lookup(Ref<const ObjectInfo> object);

  // Becomes owner with the next epoch, after ending the former owner's session if that is another.
  // Each grant is a new epoch, even to the same host: whoever drops a ReplicatedLog and wants the
  // object again claims it again. Name the options first (see sim/core/task.h).
  Task<Claim> claim(Ref<const ObjectInfo> object, ClaimOptions options);

  // Gives the object up, if this host still owns it under `epoch`: the next claim need not wait.
  // The caller has stopped every effect of the object before. False when no quorum answered.
  // With `home`, the object lives there from now on.
  Task<bool> release(Ref<const ObjectInfo> object, uint64_t epoch, std::optional<uint32_t> home = std::nullopt);

  // Puts `to` in the place of follower `from` of an object that this host owns under `epoch`. One round: whoever wants
  // it asks until the answer is kDone or kDeposed, and meanwhile believes that either may follow.
  Task<FollowerSwap> swap_follower(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId from, host::HostId to);

  // True while this host may deliver events and let replies out. Cheap: asked for every reply.
  bool lease_valid() const {
    return options_.weaken.lease_unchecked || process_.clock().now() < lease_until_;
  }
  // Renews until the lease is valid; false when it is not by `deadline`. The session may be another
  // one afterwards: whoever relies on a grant compares.
  Task<bool> ensure_lease(Instant deadline);
  // End of the present lease on this host's clock.
  Instant lease_until() const { return lease_until_; }
  // The present session; another one after on_session_ended.
  SessionId session() const { return session_; }
  // How many objects this session was granted and has not released.
  uint64_t owned() const { return owned_; }

  // `listener` must outlive the service or remove itself.
  void add_listener(SessionListener* listener) { listeners_.push_back(listener); }
  void remove_listener(SessionListener* listener) { std::erase(listeners_, listener); }

  const DirectoryOptions& options() const { return options_; }
  // The newest view of the directory this host knows of.
  const Ref<const View>& view() const { return known_.newest(); }

 private:
  enum class Ended { kEnded, kRunning, kUnreachable };
  struct RevokeResult {
    Ended ended = Ended::kUnreachable;
    Duration remaining;  // until enough members would let go, if nobody renews
  };
  struct Promise {
    bool ok = false;
    Ballot ballot;
    Placement value;
    Ref<const View> view;  // whose members promised; only they may accept
  };

  void start_session();
  void remember_sessions();
  void end_session();
  Task<bool> renew_once();
  Task<void> renew_loop();
  Task<void> retire(SessionId session);
  Task<RevokeResult> revoke(host::HostId holder, SessionId session, bool by_holder);
  // Ends the session in `held`, waiting for its lease if need be; false when its holder is alive or
  // time ran out.
  Task<Ended> end_former(Placement held, Instant deadline);
  Ballot next_ballot();
  Task<Promise> prepare(Ref<const ObjectInfo> object);
  Task<bool> accept(Ref<const ObjectInfo> object, const Promise& promise, Placement value);
  Task<void> back_off(Duration* pause);

  host::Process& process_;
  DirectoryOptions options_;
  KnownView known_;
  SessionId session_ = 0;
  std::vector<SessionId> unretired_;  // former ones that may still count as running
  Instant lease_until_{INT64_MIN};
  uint64_t owned_ = 0;
  uint64_t ballot_counter_ = 0;
  bool renewing_ = false;
  std::vector<SessionListener*> listeners_;
};

}  // namespace orrery::durable
