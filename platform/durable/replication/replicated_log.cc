#include "platform/durable/replication/replicated_log.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/log_file.h"

namespace orrery::durable {
namespace {

constexpr Site kResend{"replication.resend"};

}  // namespace

ReplicatedLog::ReplicatedLog(Replication& service, Ref<const ObjectInfo> object,
                             const Placement& placement, const FollowerArea& area)
    : service_(service), object_(std::move(object)), epoch_(placement.epoch), area_(area) {
  for (size_t i = 0; i < kFollowers; ++i) peers_[i].host = placement.followers[i];
  service_.attach(*this);
}

ReplicatedLog::~ReplicatedLog() {
  if (timer_armed_) service_.process().world().loop().cancel(resend_timer_);
  service_.detach(*this);
}

void ReplicatedLog::start_from(LogPosition base, Ref<const PageImage> image,
                               const std::vector<Ref<const AppendMessage>>& entries) {
  auto whole = make_ref<PageImage>();
  if (image) whole->pages = image->pages;
  dropped_ = base.index;
  last_ = base;
  for (const auto& e : entries) {
    // The same entry and record, now under this owner's name.
    auto message = make_ref<AppendMessage>();
    message->object = object_;
    message->sender_epoch = epoch_;
    message->epoch = e->epoch;
    message->index = e->index;
    message->prev_epoch = e->prev_epoch;
    message->time_ms = time_ms_ = e->time_ms;
    message->payload = e->payload;
    message->record = storable(e, service_.options().release.writes())->record;
    whole->apply(*e->payload);
    last_ = e->position();
    entries_.push_back(std::move(message));
  }
  recovered_ = std::move(whole);
  recovered_at_ = last_;
  own_from_ = last_.index + 1;
  for (Peer& peer : peers()) {
    peer.next = own_from_;
    peer.probing = true;
  }
}

const Ref<const AppendMessage>& ReplicatedLog::entry(uint64_t index) const {
  return entries_[head_ + (index - dropped_ - 1)];
}

ReplicatedLog::Peer* ReplicatedLog::peer_of(host::HostId host) {
  for (Peer& peer : peers())
    if (peer.host == host) return &peer;
  return nullptr;
}

uint64_t ReplicatedLog::append(Ref<const LogPayload> payload) {
  auto message = make_ref<AppendMessage>();
  message->object = object_;
  message->sender_epoch = message->epoch = epoch_;
  message->index = last_.index + 1;
  message->prev_epoch = last_.epoch;
  message->durable = durable_;
  message->payload = std::move(payload);
  if (service_.options().keep_past)
    message->time_ms = time_ms_ = std::max(time_ms_, service_.process().clock().wall_ms());
  message->record = make_entry_record(*message, service_.options().release.writes());
  last_ = message->position();
  entries_.push_back(std::move(message));
  host::Process& process = service_.process();
  process.world().announce(
      EntryAppended{object_->lane, epoch_, last_.index,
                    static_cast<uint32_t>(entries_.back()->payload->frames.size()),
                    process.host_id()});
  if (deposed_) return last_.index;
  for (Peer& peer : peers()) pump(peer);
  if (!timer_armed_) arm_resend();
  return last_.index;
}

const ReplicationOptions& ReplicatedLog::options() const { return service_.options(); }

void ReplicatedLog::archived(uint64_t index) {
  host::Process& process = service_.process();
  auto message = make_ref<const ArchivedMessage>(object_, index);
  for (const Peer& peer : peers()) process.network().post(process, peer.host, kFollowerChannel, message);
}

void ReplicatedLog::send(Peer& peer, uint64_t index) {
  host::Process& process = service_.process();
  process.network().post(process, peer.host, kFollowerChannel, entry(index));
}

// Sends what the follower lacks, as far as its window goes.
void ReplicatedLog::pump(Peer& peer) {
  if (peer.needs_image) {
    if (!peer.image_sent) send_image(peer);
    return;
  }
  if (peer.next <= dropped_) {
    peer.needs_image = true;
    send_image(peer);
    return;
  }
  if (peer.probing) {
    if (peer.probe_out || peer.next > last_.index) return;
    peer.probe_out = true;
    return send(peer, peer.next++);
  }
  const uint64_t limit = std::min(last_.index, peer.match + service_.options().send_window);
  while (peer.next <= limit) send(peer, peer.next++);
}

// Null while nobody can tell.
Ref<const PageImage> ReplicatedLog::image_now() {
  if (image_source_) return image_source_->current_image();
  if (!own_image_) return nullptr;
  auto image = make_ref<PageImage>();
  if (recovered_) image->pages = recovered_->pages;
  for (uint64_t i = recovered_at_.index + 1; i <= last_.index; ++i)
    image->apply(*entry(i)->payload);
  return image;
}

void ReplicatedLog::send_image(Peer& peer) {
  auto message = make_ref<InstallMessage>();
  message->object = object_;
  message->sender_epoch = epoch_;
  message->durable = durable_;
  message->position = last_;
  message->image = image_now();
  if (!timer_armed_) arm_resend();
  if (!message->image) return;
  host::Process& process = service_.process();
  ORRERY_SOMETIMES(process.world(), true, "a follower gets a whole image");
  peer.image_sent = true;
  peer.next = last_.index + 1;
  const int64_t mebibytes = message->bytes() >> 20;
  peer.quiet_until =
      process.world().now() + service_.options().resend_first * 4 + kImagePerMebibyte * mebibytes;
  process.network().post(process, peer.host, kFollowerChannel, std::move(message));
}

void ReplicatedLog::on_ack(host::HostId from, const AckMessage& ack) {
  Peer* peer = peer_of(from);
  if (!peer || ack.epoch != epoch_ || deposed_) return;
  if (peer->needs_image) {
    if (!peer->image_sent) return;
    peer->needs_image = peer->image_sent = false;
    peer->next = std::min(peer->next, ack.match + 1);
  }
  peer->probing = peer->probe_out = false;
  peer->backoff = {};
  peer->silent_since = kNever;
  bool news = false;
  if (ack.match > peer->match) {
    peer->match = ack.match;
    peer->next = std::max(peer->next, ack.match + 1);
    news = ack.match > durable_ && advance_durable();
    drop_retained();
  }
  if (change_ && !change_->joint) advance_change();
  if (peer->next <= last_.index) pump(*peer);
  if (news) tell_durable();
}

void ReplicatedLog::tell_durable() {
  host::Process& process = service_.process();
  process.world().announce(Durable{object_->lane, epoch_, durable_, process.host_id()});
  if (listener_) listener_->on_durable(durable_);
}

uint64_t ReplicatedLog::on_quorum(bool changed) const {
  std::array<uint64_t, kFollowers> matches;
  for (size_t i = 0; i < kFollowers; ++i) matches[i] = peers_[i].match;
  if (changed) matches[change_->leaving] = peers_[kFollowers].match;
  if (service_.options().weaken.ack_counted_twice) matches.back() = matches.front();
  std::sort(matches.begin(), matches.end(), std::greater<>());
  const bool two_suffice = service_.options().weaken.quorum_of_two;
  return matches[two_suffice ? 1 : kFollowerQuorum - 1];
}

// Whether more became durable.
bool ReplicatedLog::advance_durable() {
  uint64_t reached = on_quorum(false);
  if (change_ && change_->joint) reached = std::min(reached, on_quorum(true));
  // Entries of former owners count only together with one of this epoch: another recovery could
  // still choose a log without them.
  if (reached <= durable_ || reached < own_from_) return false;
  durable_ = reached;
  return true;
}

// Forgets what every follower has, and the oldest when one lags far behind; never what is not
// durable.
void ReplicatedLog::drop_retained() {
  uint64_t upto = last_.index;
  for (const Peer& peer : peers()) upto = std::min(upto, peer.match);
  if (last_.index - dropped_ > service_.options().retained_entries)
    upto = std::max(upto, std::min(durable_, last_.index - service_.options().retained_entries));
  upto = std::min(upto, durable_);
  if (own_image_) upto = std::min(upto, recovered_at_.index);
  if (upto <= dropped_) return;
  for (; dropped_ < upto; ++dropped_) entries_[head_++] = nullptr;
  if (head_ == entries_.size()) {
    entries_.clear();
    if (entries_.capacity() > service_.options().retained_entries) entries_.shrink_to_fit();
    head_ = 0;
  } else if (head_ > 64 && head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

void ReplicatedLog::on_refused(host::HostId from, const RefuseMessage& refusal) {
  using Reason = RefuseMessage::Reason;
  Peer* peer = peer_of(from);
  if (!peer || refusal.epoch != epoch_ || deposed_) return;
  peer->silent_since = kNever;
  if (refusal.reason == Reason::kStale) return depose(refusal.promised);
  // What was sent ahead of an image under way, or ahead of a probe, is refused too: no news.
  if (peer->needs_image && peer->image_sent) return;
  if (refusal.reason != Reason::kMismatch) {
    ORRERY_SOMETIMES(service_.process().world(), refusal.reason == Reason::kLost && peer->match > 0,
                     "a follower lost entries it had acknowledged");
    peer->match = 0;
    peer->needs_image = true;
    return pump(*peer);
  }
  if (peer->probing && refusal.index + 1 != peer->next) return;
  peer->match = std::min(peer->match, refusal.hint);
  peer->next = std::min(refusal.index, refusal.hint + 1);
  peer->probing = true;
  peer->probe_out = false;
  pump(*peer);
}

void ReplicatedLog::on_peer_lost(host::HostId host) {
  Peer* peer = peer_of(host);
  if (!peer || deposed_) return;
  peer->image_sent = peer->probe_out = false;
  peer->probing = true;
  peer->next = peer->match + 1;
  if (peer->match < last_.index && !timer_armed_) arm_resend();
}

void ReplicatedLog::arm_resend() {
  host::Process& process = service_.process();
  Instant at = kNever;
  for (const Peer& peer : peers())
    if (peer.match < last_.index) at = std::min(at, peer.quiet_until);
  const Instant soonest = process.world().now() + service_.options().resend_first;
  timer_armed_ = true;
  resend_timer_ = process.world().loop().schedule(at == kNever ? soonest : std::max(at, soonest),
                                                  kResend, process.owner(), [this] { resend(); });
}

// Followers that owe an acknowledgement and made no progress since the last look are asked again,
// ever more rarely.
void ReplicatedLog::resend() {
  timer_armed_ = false;
  if (deposed_) return;
  bool lagging = false;
  const Instant now = service_.process().world().now();
  for (Peer& peer : peers()) {
    if (peer.match >= last_.index) continue;
    lagging = true;
    const bool progress = peer.match != peer.checked;
    peer.checked = peer.match;
    if (progress || now < peer.quiet_until) continue;
    const ReplicationOptions& options = service_.options();
    peer.backoff = std::clamp(peer.backoff * 2, options.resend_first, options.resend_max);
    peer.quiet_until = now + peer.backoff;
    ORRERY_SOMETIMES(service_.process().world(), true, "an entry is sent to a follower again");
    peer.probing = true;
    peer.image_sent = peer.probe_out = false;
    // After a takeover `match` may be unknown (0) though the follower has nearly everything: first
    // ask with the oldest entry at hand; it answers how far it is.
    if (peer.match > 0 || !retained(peer.next)) peer.next = std::max(peer.match, dropped_) + 1;
    pump(peer);
    if (peer.silent_since == kNever) peer.silent_since = now;
  }
  look_for_silence();
  if (lagging && !timer_armed_) arm_resend();
}

void ReplicatedLog::depose(uint64_t newer_epoch) {
  if (newer_epoch <= epoch_) return;
  deposed_ = true;
  host::Process& process = service_.process();
  ORRERY_SOMETIMES(process.world(), change_.has_value(), "an owner is deposed while a follower is replaced");
  process.world().announce(Deposed{object_->lane, epoch_, newer_epoch, process.host_id()});
  if (listener_) listener_->on_deposed(newer_epoch);
}

}  // namespace orrery::durable
