// The primary's side: which regions have a replica, and what each is fed with.
//
// Invariants: nothing leaves before it is durable, so that what a replica has is in the log of every later owner; a region
// has one replica, until that one has been silent for longer than it may answer.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "platform/durable/replicas/limits.h"
#include "platform/durable/replicas/messages.h"
#include "platform/durable/replication/replicated_log.h"
#include "platform/worker/jurisdiction.h"

namespace orrery::durable {

class ReplicaSet {
 public:
  // All must outlive it. `images` gives the database after the last entry appended. Until `former`, on this host's clock,
  // replicas of former instances may answer.
  ReplicaSet(host::Process& process, const ReplicatedLog& log, ImageSource& images, const runtime::ObjectId& id,
             worker::Jurisdiction jurisdiction, Instant former);

  // An entry entered the log; everything up to an index is durable.
  void appended();
  void durable(uint64_t index);
  // A replica asks; answered now, or when there is an image of something durable.
  void renew(const net::Caller& caller, const RenewMessage& message);
  // Where a caller's region has its replica, or is to have it from now on: there. kNoHost: callers of that region come here.
  host::HostId host_for(host::HostId caller);
  // Replication is off: those that can be reached end now, the others when their lease is over.
  void stop();
  bool stopped() const { return stopped_; }
  // When surely none answers any more, on this host's clock; sooner than now: by now.
  Instant silent_at() const;
  // Some replica may be answering.
  bool any() const;

 private:
  struct Replica {
    host::HostId host = host::kNoHost;
    Instant heard{0};        // by this host's clock
    bool fed = false;        // it has, or has on its way, everything up to sent_
    std::optional<net::Caller> waits;  // for `image` to be durable
    Ref<const PageImage> image;
    LogPosition position;
  };
  bool alive(const Replica& replica) const;
  void begin(Replica& replica);
  bool knows(LogPosition position) const;
  void send(uint64_t upto);

  host::Process& process_;
  const ReplicatedLog& log_;
  ImageSource& images_;
  const runtime::ObjectId id_;
  const worker::Jurisdiction jurisdiction_;
  const Region own_;
  LogPosition base_;  // what is before recent_
  std::deque<Ref<const AppendMessage>> recent_;  // up to the last appended
  uint64_t sent_;     // index up to which replicas that are fed have been sent
  std::map<Region, Replica> replicas_;
  const Instant former_;
  bool stopped_ = false;
};

}  // namespace orrery::durable
