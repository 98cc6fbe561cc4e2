#include "platform/durable/actor/replica_host.h"

#include <string>

#include "platform/channels.h"
#include "platform/durable/actor/object_host.h"

namespace orrery::durable {

inline constexpr Site kBuryReplica{"replica.bury"};

ReplicaHost::ReplicaHost(host::Process& process, ObjectHost& host) : process_(process), host_(host) {
  process.network().serve(process, kReplicaChannel, *this);
}

void ReplicaHost::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (&message->kind() == &worker::ObjectMessage::kKind) return take(caller, message->as<worker::ObjectMessage>());
  const auto& renew = message->as<RenewMessage>();
  if (Actor* primary = host_.find(renew.id)) return primary->renew(caller, renew);
  caller.reply(make_ref<RenewReply>(RenewReply::Status::kNotPrimary));
}

void ReplicaHost::take(const net::Caller& caller, const worker::ObjectMessage& event) {
  auto it = replicas_.find(event.id);
  if (it == replicas_.end()) {
    const auto* object_class = host_.workers().application().find_class(event.class_name);
    // Whoever asks goes to the primary, which says what is wrong; so it does if the object has moved here.
    if (!object_class || object_class->deleted || host_.find(event.id))
      return caller.reply(worker::AnswerMessage::not_here(host::kNoHost));
    const Region region = region_of(process_.network().geography().at(process_.host().pop()));
    auto info = make_ref<ObjectInfo>(host_.world(), object_class->identity(event.id),
                                     object_class->printable(event.id, event.name) + "@" + std::string(name_of(region)));
    it = replicas_.emplace(event.id, host_.make_replica(*object_class, std::move(info), event, region)).first;
    it->second->start();
    it = replicas_.find(event.id);
    if (it == replicas_.end()) return caller.reply(worker::AnswerMessage::not_here(host::kNoHost));
  }
  it->second->deliver(caller, Ref<const worker::ObjectMessage>(&event));
}

void ReplicaHost::on_message(host::HostId, const Ref<const net::Message>& message) {
  const auto& feed = message->as<FeedMessage>();
  auto it = replicas_.find(feed.id);
  if (it != replicas_.end()) it->second->fed(feed);
}

void ReplicaHost::on_peer_lost(host::HostId peer) {
  for (auto& [id, replica] : replicas_) replica->peer_lost(peer);
}

void ReplicaHost::bury(Actor& actor) {
  auto it = replicas_.find(actor.id());
  if (it == replicas_.end() || it->second.get() != &actor) return;
  ended_.push_back(std::move(it->second));
  replicas_.erase(it);
  host_.world().loop().schedule(host_.world().now(), kBuryReplica, process_.owner(), [this] { ended_.clear(); });
}

}  // namespace orrery::durable
