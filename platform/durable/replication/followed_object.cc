// Appends, recovery, installs. Files, syncs and folding are in followed_object_files.cc.
#include "platform/durable/replication/followed_object.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/steps.h"

namespace orrery::durable {

using Reason = RefuseMessage::Reason;

FollowedObject::FollowedObject(Follower& service, Ref<const ObjectInfo> info)
    : service_(service), info_(std::move(info)) {
  load();
  matched_ = committed_;
}

LogPosition FollowedObject::last() const {
  return entries_.empty() ? base_ : entries_.back()->position();
}

// The epoch of the entry at `index`, which is in (or at) base .. last.
uint64_t FollowedObject::epoch_at(uint64_t index) const {
  return index == base_.index ? base_.epoch : entries_[index - base_.index - 1]->epoch;
}

// Nothing is taken from an owner older than the promise.
bool FollowedObject::stale(uint64_t epoch) const {
  return epoch < promised_ && !service_.options().weaken.epoch_unchecked;
}

void FollowedObject::refuse(host::HostId to, uint64_t epoch, uint64_t index, Reason reason,
                            uint64_t hint, uint64_t newer_epoch) {
  host::Process& process = service_.process();
  process.network().post(process, to, kReplicationChannel,
                         make_ref<const RefuseMessage>(info_->key, epoch, index, reason,
                                                       std::max(promised_, newer_epoch), hint));
}

// A message of an owner whose epoch is not refused: what matched another owner's log says nothing
// about this one's, but what is durable is in every later owner's log.
void FollowedObject::take_owner(host::HostId from, uint64_t epoch) {
  owner_ = from;
  if (epoch == matched_epoch_) return;
  matched_epoch_ = epoch;
  matched_ = committed_;
}

void FollowedObject::on_append(host::HostId from, Ref<const AppendMessage> message) {
  const AppendMessage& m = *message;
  if (lost_) return refuse(from, m.sender_epoch, m.index, Reason::kLost);
  if (stale(m.sender_epoch))
    return refuse(from, m.sender_epoch, m.index, Reason::kStale);
  take_owner(from, m.sender_epoch);

  const uint64_t previous = m.index - 1;
  const uint64_t last_index = base_.index + entries_.size();
  if (m.index <= base_.index) {
    if (committed_ < base_.index)
      return refuse(from, m.sender_epoch, m.index, Reason::kNeedsImage);
    matched_ = std::max(matched_, base_.index);
    return acknowledge();
  }
  if (previous > last_index)
    return refuse(from, m.sender_epoch, m.index, Reason::kMismatch, last_index);
  if (epoch_at(previous) != m.prev_epoch) {
    if (previous == base_.index)
      return refuse(from, m.sender_epoch, m.index, Reason::kNeedsImage);
    ORRERY_SOMETIMES(service_.process().world(), true,
                     "a follower's log conflicts with its owner's");
    // The whole run of that epoch is suspect: the owner tries before it.
    uint64_t before = previous - 1;
    while (before > base_.index && epoch_at(before) == epoch_at(previous)) --before;
    return refuse(from, m.sender_epoch, m.index, Reason::kMismatch, before);
  }
  if (m.sender_epoch > std::max(promised_, m.epoch)) write_promise(m.sender_epoch);
  if (m.index <= last_index) {
    if (epoch_at(m.index) == m.epoch && !service_.options().weaken.repeats_cut) {
      matched_ = std::max(matched_, m.index);
      committed_ = std::max(committed_, std::min(m.durable, matched_));
      return acknowledge();
    }
    ORRERY_SOMETIMES(service_.process().world(), true, "a follower cuts off a conflicting tail");
    for (uint64_t i = m.index; i <= last_index; ++i)
      bytes_ -= entries_[i - base_.index - 1]->stored_bytes();
    entries_.resize(previous - base_.index);
    // What is durable is never cut off, unless a disk lied or a weakness is planted: then stay
    // sane.
    committed_ = std::min(committed_, previous);
  }
  promised_ = std::max(promised_, m.sender_epoch);
  matched_ = m.index;
  committed_ = std::max(committed_, std::min(m.durable, matched_));
  entries_.push_back(storable(std::move(message), release().writes()));
  bytes_ += entries_.back()->stored_bytes();
  if (open_log() && append_entry(*log_, *entries_.back()) != disk::DiskError::kNone)
    write_failed();
  ++written_;
  if (!service_.process().passes(steps::kEntryWritten, info_->lane)) return;
  acknowledge();
}

void FollowedObject::on_recover(const net::Caller& caller, const RecoverRequest& request) {
  using Status = RecoverReply::Status;
  if (lost_) {
    host::Process& process = service_.process();
    process.world().announce(FollowerLost{info_->lane, process.host_id()});
    return caller.reply(make_ref<const RecoverReply>(Status::kLost, 0, LogPosition{}));
  }
  if (request.epoch < promised_)
    return caller.reply(make_ref<const RecoverReply>(Status::kStale, promised_, last()));
  if (request.epoch > promised_) write_promise(request.epoch);
  pending_.push_back(
      {caller, make_ref<const RecoverReply>(Status::kPromised, promised_, last()), written_});
  if (!syncing_) start_sync();
}

void FollowedObject::on_fetch(const net::Caller& caller, const FetchRequest& request) {
  auto reply = make_ref<FetchReply>();
  if (!lost_ && request.epoch == promised_) {
    reply->image = base_image();
    reply->base = base_;
    reply->ok = static_cast<bool>(reply->image);
    reply->entries = entries_;
  }
  caller.reply(reply);
}

void FollowedObject::on_install(host::HostId from, Ref<const InstallMessage> message) {
  if (stale(message->sender_epoch))
    return refuse(from, message->sender_epoch, message->position.index, Reason::kStale);
  if (!lost_) {
    take_owner(from, message->sender_epoch);
    install(*message);
    return;
  }
  if (confirming_) return;
  confirming_ = true;
  service_.process().tasks().spawn(confirm_install(from, std::move(message)));
}

// With the disk the promises went too. Every epoch ever promised was claimed in the directory
// first, so an owner that the directory still knows as the latest cannot be older than a forgotten
// promise.
Task<void> FollowedObject::confirm_install(host::HostId from, Ref<const InstallMessage> message) {
  Lookup lookup = co_await service_.directory().lookup(info_);
  confirming_ = false;
  if (!lost_ || lookup.status == Lookup::Status::kUnreachable) co_return;
  if (lookup.placement.epoch > message->sender_epoch) {
    refuse(from, message->sender_epoch, message->position.index, Reason::kStale, 0,
           lookup.placement.epoch);
    co_return;
  }
  take_owner(from, message->sender_epoch);
  lost_ = !install(*message);
  ORRERY_SOMETIMES(service_.process().world(), !lost_,
                   "a follower that lost its disk is filled again");
}

bool FollowedObject::install(const InstallMessage& message) {
  const LogPosition at = message.position;
  const uint64_t last_index = base_.index + entries_.size();
  // The same entry at the same place means the same log up to there: nothing to learn, and what was
  // acknowledged beyond must stay.
  const bool covered = at.index <= matched_ ||  // an older image of the same owner, come late
                       (at.index <= base_.index && committed_ >= base_.index) ||
                       (at.index >= base_.index && at.index <= last_index &&
                        epoch_at(at.index) == at.epoch);
  if (!covered) {
    const uint64_t generation = std::max(image_generation_, generation_) + 1;
    image_ = sums_ = nullptr;
    bool written = open_image(generation, true);
    for (uint32_t i = 0; written && i < message.image->db_pages(); ++i)
      if (const Ref<Buffer>& page = message.image->pages[i])
        written = write_image_page(i + 1, page);
    if (!written || !sync_image()) {
      // The former image stays the valid one; the owner sends this one again.
      if (image_generation_ == 0 || !open_image(image_generation_, false)) image_ = sums_ = nullptr;
      folding_ = false;
      return false;
    }
    image_generation_ = generation;
    keep_past(entries_.size());
    base_ = at;
    base_pages_ = message.image->db_pages();
    entries_.clear();
    bytes_ = 0;
    folding_ = false;
    promised_ = std::max(promised_, message.sender_epoch);
    committed_ = std::min(message.durable, at.index);
    matched_ = at.index;
    ORRERY_SOMETIMES(service_.process().world(), committed_ < at.index,
                     "an image is installed before its last entry is durable");
    rewrite_log();
    ++written_;
  } else {
    if (message.sender_epoch > promised_) write_promise(message.sender_epoch);
    matched_ = std::max(matched_, at.index);
  }
  acknowledge();
  return true;
}

// The promise of an owner that knows the followers keeps all older ones out, who may think that this is one. A disk that
// was lost keeps nothing and forgot its promises: it stays as it is.
void FollowedObject::on_retire(const net::Caller& caller, const RetireRequest& request) {
  const bool follows_newer = request.epoch < promised_;
  if (!lost_ && !follows_newer) {
    ORRERY_SOMETIMES(service_.process().world(), last().index > 0, "a follower that was replaced drops its log");
    promised_ = request.epoch;
    forget_log();
    past_.clear();
    segments_.clear();
    rewrite_log();
    ++written_;
    if (!syncing_) start_sync();
  }
  caller.reply(make_ref<const AckMessage>(info_->key, request.epoch, 0));
}

Ref<const PageImage> FollowedObject::current_image() {
  Ref<PageImage> image = base_image();
  if (!image) return nullptr;
  for (const auto& entry : entries_) image->apply(*entry->payload);
  return image;
}

}  // namespace orrery::durable
