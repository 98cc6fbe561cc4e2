// The owner's side of replacing a follower that stays silent.
//
// A sixth host gets the log like a follower that lags. Once three of the new five have all that is durable, entries are
// durable only with three of either five; then the directory's register is changed, and when it surely is, the former
// follower is forgotten. So whichever five a later owner finds in the register, three of them have all that is durable
// at every moment. Why: PROTOCOL.md, Another follower.
#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/replicated_log.h"

namespace orrery::durable {
namespace {

constexpr Site kChangePause{"replication.change.pause"};
constexpr Site kRetirePause{"replication.retire.pause"};

}  // namespace

void ReplicatedLog::announce(FollowerChange::Stage stage) {
  service_.process().world().announce(
      FollowerChange{object_->lane, epoch_, stage, peers_[change_->leaving].host, peers_[kFollowers].host,
                     change_->why == Why::kFar});
}

// Called with each look at who lags.
void ReplicatedLog::look_for_silence() {
  if (area_.hosts_per_pop == 0) return;
  const Instant now = service_.process().world().now();
  auto silent_for = [&](const Peer& peer) {
    return peer.match < last_.index && peer.silent_since != kNever ? now - peer.silent_since : Duration{0};
  };
  if (change_) {
    if (change_->joint || silent_for(peers_[kFollowers]) < kJoinPatience) return;
    ORRERY_SOMETIMES(service_.process().world(), true, "a host that is to follow stays silent itself");
    const Change former = *change_;
    abandon_change();
    return begin_change(former.leaving, former.why);
  }
  for (size_t i = 0; i < kFollowers; ++i)
    if (silent_for(peers_[i]) >= service_.options().replace_after) return begin_change(i, Why::kSilent);
}

bool ReplicatedLog::misplaced(const Peer& peer) const {
  host::Process& process = service_.process();
  const uint32_t own = process.host().pop(), its = process.hosts().by_id(peer.host).pop();
  return its == own || !is_near(process.network().geography(), own, its, area_);
}

void ReplicatedLog::seek_near() {
  if (!at_home_ || area_.hosts_per_pop == 0 || change_) return;
  for (size_t i = 0; i < kFollowers; ++i)
    if (misplaced(peers_[i])) return begin_change(i, Why::kFar);
}

void ReplicatedLog::begin_change(size_t leaving, Why why) {
  host::Process& process = service_.process();
  std::vector<host::HostId> taken = tried_;
  for (const Peer& peer : peers()) taken.push_back(peer.host);
  const host::HostId next = choose_next_follower(process.hosts(), process.network().geography(),
                                                 process.host().pop(), object_->key, area_, taken);
  if (next == host::kNoHost) return;
  change_ = Change{leaving, why};
  Peer& joining = peers_[kFollowers] = Peer{};
  joining.host = next;
  joining.probing = true;
  // The oldest entry at hand: it answers how far it is, should it have followed before.
  joining.next = dropped_ + 1;
  joining.needs_image = !retained(joining.next);
  announce(FollowerChange::Stage::kCatchesUp);
  pump(joining);
  if (!timer_armed_) arm_resend();
}

// Somebody has acknowledged something.
void ReplicatedLog::advance_change() {
  if (change_->why == Why::kSilent && peers_[change_->leaving].silent_since == kNever) {
    ORRERY_SOMETIMES(service_.process().world(), true, "a follower that was to be replaced is back in time");
    return abandon_change();
  }
  const Peer& joining = peers_[kFollowers];
  const bool caught_up = joining.match > 0 && !joining.probing && joining.next > last_.index;
  // Until its first own entry is durable an owner does not know what else is.
  if (!caught_up || durable_ < own_from_ || on_quorum(true) < durable_) return;
  if (service_.options().weaken.change_unregistered) return finish_change();
  change_->joint = true;
  announce(FollowerChange::Stage::kJoint);
  service_.process().tasks().spawn(
      service_.change_register(object_, epoch_, peers_[change_->leaving].host, peers_[kFollowers].host));
}

// Nobody but this owner knows of it yet.
void ReplicatedLog::abandon_change() {
  announce(FollowerChange::Stage::kGivenUp);
  const host::HostId host = peers_[kFollowers].host;
  change_.reset();
  tried_.push_back(host);
  service_.process().tasks().spawn(service_.retire(object_, epoch_, host));
}

void ReplicatedLog::finish_change() {
  host::Process& process = service_.process();
  const size_t place = change_->leaving;
  const host::HostId left = peers_[place].host;
  announce(FollowerChange::Stage::kDone);
  peers_[place] = peers_[kFollowers];
  change_.reset();
  tried_.push_back(left);
  ORRERY_SOMETIMES(process.world(), true, "a follower is replaced");
  process.tasks().spawn(service_.retire(object_, epoch_, left));
  seek_near();
  if (advance_durable()) tell_durable();
}

Task<void> Replication::change_register(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId from,
                                        host::HostId to) {
  Duration pause = kRecoverPause;
  for (;;) {
    FollowerSwap swap = co_await directory_.swap_follower(object, epoch, from, to);
    ReplicatedLog* log = find(object->key);
    if (!log || log->epoch() != epoch || log->deposed()) co_return;
    if (swap.status == FollowerSwap::Status::kDone) co_return log->finish_change();
    if (swap.status == FollowerSwap::Status::kDeposed) co_return log->depose(swap.epoch);
    ORRERY_SOMETIMES(process_.world(), true, "a change of followers has to be asked for again");
    co_await sleep(process_.world().loop(), kChangePause, pause);
    pause = std::min(pause * 2, kResendMax);
  }
}

Task<void> Replication::retire(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId host) {
  auto request = make_ref<const RetireRequest>(object, epoch);
  const Instant until = process_.world().now() + kRetirePatience;
  for (Duration pause = kRetireFirst; process_.world().now() < until; pause = std::min(pause * 2, kRetireMax)) {
    net::Reply reply = co_await process_.network().call(process_, host, kFollowerChannel, request, kRecoverTimeout);
    if (reply.ok()) co_return;
    co_await sleep(process_.world().loop(), kRetirePause, pause);
  }
}

}  // namespace orrery::durable
