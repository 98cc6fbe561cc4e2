// The read replicas of one host: takes their events off the network, makes them, and brings primaries and replicas together.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "platform/durable/actor/actor.h"

namespace orrery::durable {

class ObjectHost;

class ReplicaHost final : private net::Handler {
 public:
  ReplicaHost(host::Process& process, ObjectHost& host);

  size_t live() const { return replicas_.size(); }
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [id, actor] : replicas_) visit(*actor);
  }
  // It has ended: goes when the loop comes round.
  void bury(Actor& actor);

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_peer_lost(host::HostId peer) override;
  void take(const net::Caller& caller, const worker::ObjectMessage& event);

  host::Process& process_;
  ObjectHost& host_;
  std::map<runtime::ObjectId, std::unique_ptr<Actor>> replicas_;
  std::vector<std::unique_ptr<Actor>> ended_;
};

}  // namespace orrery::durable
