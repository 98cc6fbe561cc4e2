#include "platform/durable/replicas/replica_set.h"

#include <algorithm>

#include "platform/channels.h"

namespace orrery::durable {

ReplicaSet::ReplicaSet(host::Process& process, const ReplicatedLog& log, ImageSource& images, const runtime::ObjectId& id,
                       worker::Jurisdiction jurisdiction, Instant former)
    : process_(process),
      log_(log),
      images_(images),
      id_(id),
      jurisdiction_(jurisdiction),
      own_(region_of(process.network().geography().at(process.host().pop()))),
      base_(log.last()),
      sent_(log.last_index()),
      former_(former) {}

bool ReplicaSet::alive(const Replica& replica) const {
  return replica.host != host::kNoHost && process_.clock().now() < replica.heard + kReplicaSurelyOver;
}

Instant ReplicaSet::silent_at() const {
  Instant at = former_;
  for (const auto& [region, replica] : replicas_)
    if (replica.host != host::kNoHost) at = std::max(at, replica.heard + kReplicaSurelyOver);
  return at;
}

bool ReplicaSet::any() const {
  return std::any_of(replicas_.begin(), replicas_.end(), [this](const auto& r) { return alive(r.second); });
}

host::HostId ReplicaSet::host_for(host::HostId caller) {
  const net::Pop& pop = process_.network().geography().at(process_.hosts().by_id(caller).pop());
  const Region region = region_of(pop);
  if (region == own_ || stopped_) return host::kNoHost;
  Replica& replica = replicas_[region];
  if (alive(replica)) return replica.host;
  if (!worker::within(pop, jurisdiction_)) return host::kNoHost;
  replica = {};
  replica.host = caller;
  replica.heard = process_.clock().now();
  return caller;
}

void ReplicaSet::appended() {
  recent_.push_back(log_.last_entry());
  if (log_.options().weaken.replica_reads_ahead) send(log_.last_index());
}

void ReplicaSet::durable(uint64_t index) {
  if (index > sent_) send(index);
  for (auto& [region, replica] : replicas_) {
    if (!replica.waits || replica.position.index > index) continue;
    auto reply = make_ref<RenewReply>(RenewReply::Status::kFed);
    reply->image = std::move(replica.image);
    reply->base = replica.position;
    for (const auto& e : recent_)
      if (e->index > replica.position.index && e->index <= sent_) reply->entries.push_back(e);
    ORRERY_SOMETIMES(process_.world(), true, "a replica is fed from an image");
    replica.fed = true;
    replica.waits->reply(std::move(reply));
    replica.waits.reset();
  }
  while (recent_.size() > kReplicaRecentEntries && recent_.front()->index <= std::min(index, sent_)) {
    base_ = recent_.front()->position();
    recent_.pop_front();
  }
}

void ReplicaSet::send(uint64_t upto) {
  auto message = make_ref<FeedMessage>();
  message->id = id_;
  for (const auto& e : recent_)
    if (e->index > sent_ && e->index <= upto) message->entries.push_back(e);
  sent_ = upto;
  for (const auto& [region, replica] : replicas_)
    if (replica.fed && alive(replica)) process_.network().post(process_, replica.host, kReplicaChannel, message);
}

// Whether its log goes on with what is at hand.
bool ReplicaSet::knows(LogPosition position) const {
  if (position == base_) return true;
  return std::any_of(recent_.begin(), recent_.end(), [&](const auto& e) { return e->position() == position; });
}

void ReplicaSet::renew(const net::Caller& caller, const RenewMessage& message) {
  using Status = RenewReply::Status;
  if (stopped_ && !message.leaving) return caller.reply(make_ref<RenewReply>(Status::kDisabled));
  Replica& replica = replicas_[message.region];
  if (replica.host != caller.from() && alive(replica)) {
    auto reply = make_ref<RenewReply>(Status::kElsewhere);
    reply->elsewhere = replica.host;
    return caller.reply(std::move(reply));
  }
  replica = {};
  if (message.leaving) return caller.reply(make_ref<RenewReply>(Status::kFed));
  replica.host = caller.from();
  replica.heard = process_.clock().now();
  if (knows(message.position)) {
    auto reply = make_ref<RenewReply>(Status::kFed);
    for (const auto& e : recent_)
      if (e->index > message.position.index && e->index <= sent_) reply->entries.push_back(e);
    replica.fed = true;
    return caller.reply(std::move(reply));
  }
  // The database as it is now, once that is durable.
  replica.image = images_.current_image();
  replica.position = log_.last();
  replica.waits = caller;
  if (log_.durable_index() >= replica.position.index) durable(log_.durable_index());
}

void ReplicaSet::stop() {
  auto message = make_ref<FeedMessage>();
  message->id = id_;
  message->disabled = true;
  for (const auto& [region, replica] : replicas_) {
    if (alive(replica)) process_.network().post(process_, replica.host, kReplicaChannel, message);
  }
  for (auto& [region, replica] : replicas_) {
    if (replica.waits) replica.waits->reply(make_ref<RenewReply>(RenewReply::Status::kDisabled));
    replica.waits.reset();
    replica.fed = false;
  }
  stopped_ = true;
}

}  // namespace orrery::durable
