#include "platform/durable/replicas/replica_copy.h"

#include <algorithm>
#include <utility>

#include "platform/channels.h"

namespace orrery::durable {

inline constexpr Site kPause{"replica.pause"};

ReplicaCopy::ReplicaCopy(host::Process& process, DirectoryClient& directory, Ref<const ObjectInfo> info,
                         const runtime::ObjectId& id, Region region, Listener& listener)
    : process_(process),
      directory_(directory),
      info_(std::move(info)),
      id_(id),
      region_(region),
      listener_(listener),
      tasks_(process.world().loop(), process.owner()),
      image_(make_ref<PageImage>()) {}

ReplicaCopy::~ReplicaCopy() { process_.world().loop().cancel(timer_); }

bool ReplicaCopy::lease_valid() const {
  return !over_ && lease_from_ && process_.clock().now() < *lease_from_ + kReplicaLease;
}

Task<ReplicaCopy::Asked> ReplicaCopy::ask() {
  if (primary_ == host::kNoHost) {
    Lookup found = co_await directory_.lookup(info_);
    if (found.status != Lookup::Status::kFound || found.placement.owner == host::kNoHost) co_return Asked::kNobody;
    primary_ = found.placement.owner;
  }
  auto message = make_ref<RenewMessage>();
  message->id = id_;
  message->region = region_;
  message->position = position_;
  const Instant sent = process_.clock().now();
  net::Reply got = co_await process_.network().call(process_, primary_, kReplicaChannel, std::move(message),
                                                    process_.clock().world_duration(kReplicaRenewTimeout));
  if (!got.ok()) {
    primary_ = host::kNoHost;
    co_return Asked::kNobody;
  }
  const auto& reply = got.message->as<RenewReply>();
  switch (reply.status) {
    case RenewReply::Status::kNotPrimary: primary_ = host::kNoHost; co_return Asked::kNobody;
    case RenewReply::Status::kElsewhere: elsewhere_ = reply.elsewhere; co_return Asked::kOver;
    case RenewReply::Status::kDisabled: co_return Asked::kOver;
    case RenewReply::Status::kFed: break;
  }
  lease_from_ = sent;
  // An image of before what came meanwhile says nothing new.
  const bool newer = reply.image && (position_ == LogPosition{} || reply.base.index > position_.index);
  if (newer) {
    image_ = make_ref<PageImage>();
    image_->pages = reply.image->pages;
    position_ = reply.base;
    note_epoch(position_.epoch);
  }
  const uint64_t before = position_.index;
  take(reply.entries);
  if (newer && position_.index == before) listener_.copy_moved();
  co_return Asked::kFed;
}

void ReplicaCopy::take(const std::vector<Ref<const AppendMessage>>& entries) {
  for (const auto& e : entries)
    if (e->index > position_.index && early_.size() < kReplicaEarlyEntries) early_[e->index] = e;
  if (absorb()) listener_.copy_moved();
}

void ReplicaCopy::note_epoch(uint64_t epoch) {
  ORRERY_SOMETIMES(process_.world(), fed_epoch_ && epoch > fed_epoch_, "a primary moves while a replica serves");
  fed_epoch_ = std::max(fed_epoch_, epoch);
}

bool ReplicaCopy::absorb() {
  bool moved = false;
  while (!early_.empty() && early_.begin()->first <= position_.index + 1) {
    const Ref<const AppendMessage> e = std::move(early_.begin()->second);
    early_.erase(early_.begin());
    // It names the epoch of the one before: what does not follow on this is of another history.
    if (e->index != position_.index + 1 || e->prev_epoch != position_.epoch) continue;
    note_epoch(e->epoch);
    image_->apply(*e->payload);
    position_ = e->position();
    moved = true;
  }
  return moved;
}

void ReplicaCopy::fed(const FeedMessage& message) {
  if (over_) return;
  if (message.disabled) {
    over_ = true;
    return listener_.copy_over("its object has no replicas any more");
  }
  if (position_ == LogPosition{}) return;  // what it begins with is on its way
  take(message.entries);
  // Something is missing: ask at once.
  if (!early_.empty() && pause_) pause_->set(true);
}

void ReplicaCopy::peer_lost(host::HostId host) {
  if (host != primary_) return;
  primary_ = host::kNoHost;
  if (pause_) pause_->set(true);
}

Task<bool> ReplicaCopy::begin() {
  Loop& loop = process_.world().loop();
  const Instant deadline = loop.now() + kReplicaBeginPatience;
  while (true) {
    const Asked asked = co_await ask();
    if (asked == Asked::kOver) co_return false;
    if (asked == Asked::kFed && position_ != LogPosition{}) break;
    if (loop.now() >= deadline) co_return false;
    co_await sleep(loop, kPause, kReplicaRenewAgain);
  }
  tasks_.spawn(keep_up());
  co_return true;
}

Task<void> ReplicaCopy::keep_up() {
  Loop& loop = process_.world().loop();
  Duration pause = kReplicaRenewEvery;
  while (!over_) {
    OneShot<bool> early(loop);
    timer_ = loop.schedule_in(process_.clock().world_duration(pause), kPause, process_.owner(),
                              [&early] { early.set(true); });
    pause_ = &early;
    co_await early;
    pause_ = nullptr;
    loop.cancel(timer_);
    if (over_) co_return;
    const Asked asked = co_await ask();
    if (over_) co_return;
    if (asked == Asked::kOver || !lease_valid()) {
      over_ = true;
      co_return listener_.copy_over(asked == Asked::kOver ? "its object has no replica here any more"
                                                          : "it lost its primary");
    }
    ORRERY_SOMETIMES(process_.world(), asked == Asked::kNobody, "a replica serves without its primary");
    pause = asked == Asked::kFed ? kReplicaRenewEvery : kReplicaRenewAgain;
  }
}

void ReplicaCopy::leave() {
  over_ = true;
  if (primary_ == host::kNoHost) return;
  auto message = make_ref<RenewMessage>();
  message->id = id_;
  message->region = region_;
  message->leaving = true;
  auto tell = [](host::Process& process, host::HostId to, Ref<const net::Message> m) -> Task<void> {
    co_await process.network().call(process, to, kReplicaChannel, std::move(m), kReplicaRenewTimeout);
  };
  process_.tasks().spawn(tell(process_, primary_, std::move(message)));
}

}  // namespace orrery::durable
