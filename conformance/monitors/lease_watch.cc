#include "conformance/monitors/lease_watch.h"

#include <algorithm>
#include <functional>

#include "platform/durable/directory/messages.h"
#include "platform/durable/replication/log_file.h"
#include "platform/durable/replication/messages.h"

namespace orrery::monitors {

LeaseWatch::HostState& LeaseWatch::state_of(host::HostId host) {
  if (host >= states_.size()) states_.resize(host + 1);
  return states_[host];
}

LeaseWatch::Lease* LeaseWatch::find_lease(host::HostId host, durable::SessionId session) {
  if (host >= states_.size()) return nullptr;
  std::vector<Lease>& leases = states_[host].leases;
  for (size_t i = leases.size(); i-- > 0;)
    if (leases[i].session == session) return &leases[i];
  return nullptr;
}

LeaseWatch::Lease& LeaseWatch::lease_of(host::HostId host, durable::SessionId session) {
  if (Lease* found = find_lease(host, session)) return *found;
  constexpr size_t kMostSessions = 8;
  std::vector<Lease>& leases = state_of(host).leases;
  if (leases.size() == kMostSessions) leases.erase(leases.begin());
  leases.emplace_back();
  leases.back().session = session;
  return leases.back();
}

LeaseWatch::Votes& LeaseWatch::votes_of(Lease& lease, const Ref<const durable::View>& view) {
  for (Votes& votes : lease.views)
    if (votes.view->number == view->number) return votes;
  constexpr size_t kMostViews = 4;
  if (lease.views.size() == kMostViews) lease.views.erase(lease.views.begin());
  lease.views.emplace_back();
  lease.views.back().view = view;
  lease.views.back().heard.fill(kNoLease);
  return lease.views.back();
}

void LeaseWatch::renewal(const durable::RenewRequest& renew, host::HostId member,
                         const EventContext& at) {
  const uint32_t m = renew.view->place_of(member);
  if (m >= durable::kDirectoryMembers) return;
  Lease& lease = lease_of(renew.holder, renew.session);
  Votes& votes = votes_of(lease, renew.view);
  if (votes.revoked[m]) return;
  Instant local = hosts_.by_id(renew.holder).clock().now();
  // Sent before the clock went back, so counted from a later local time than the clock shows now.
  const HostState& state = state_of(renew.holder);
  if (state.stepped_at != kNoLease && at.at - state.stepped_at < seconds(10))
    local = local + state.stepped_back;
  votes.heard[m] = std::max(votes.heard[m], local);
  std::array<Instant, durable::kDirectoryMembers> sorted = votes.heard;
  std::nth_element(sorted.begin(), sorted.begin() + durable::kDirectoryQuorum - 1, sorted.end(),
                   std::greater<>());
  const Instant third = sorted[durable::kDirectoryQuorum - 1];
  if (third != kNoLease) lease.until = std::max(lease.until, third + durable::kLease);
}

void LeaseWatch::acts(Object& object, const Epoch& epoch, const char* what,
                      const EventContext& at) {
  if (epoch.host == host::kNoHost) return;
  if (const Lease* lease = epoch.session ? find_lease(epoch.host, epoch.session) : nullptr) {
    ledger_.exercise(RuleId::kLeaseOwn);
    const Instant now = hosts_.by_id(epoch.host).clock().now();
    if (now >= lease->until)
      ledger_.breach(RuleId::kLeaseOwn, at, {object.lane, hosts_.by_id(epoch.host).lane()}, [&] {
        return ledger_.name(object.lane) + " on " + hosts_.by_id(epoch.host).name() + " " + what +
               " at " + show(at.at) + " (" + show(now) + " on its own clock), but its lease had ended at " +
               show(lease->until);
      });
  }
  if (!clocks_trusted_) return;
  ledger_.exercise(RuleId::kLeaseOther);
  if (epoch.number < object.newest_granted)
    ledger_.breach(RuleId::kLeaseOther, at, {object.lane, hosts_.by_id(epoch.host).lane()}, [&] {
      return "the instance of " + ledger_.name(object.lane) + " under epoch " +
             std::to_string(epoch.number) + " on " + hosts_.by_id(epoch.host).name() + " " + what +
             " at " + show(at.at) + ", after epoch " + std::to_string(object.newest_granted) +
             " had been granted";
    });
}

void LeaseWatch::on(const durable::Granted& e, const EventContext& at) {
  Object& object = objects_.at(e.lane);
  object.key = e.key;
  if (object.followers.known()) {
    ledger_.exercise(RuleId::kFollowersKnown);
    if (!object.followers.may_be(e.followers))
      ledger_.breach(RuleId::kFollowersKnown, at, {e.lane, e.host_lane}, [&] {
        return "epoch " + std::to_string(e.epoch) + " of " + ledger_.name(e.lane) + " was granted at " + show(at.at) +
               " with other followers than the owner before it had written to";
      });
  }
  for (host::HostId host : e.followers) object.remember(host, hosts_.by_id(host).lane());
  object.followers.set(e.followers);
  ledger_.exercise(RuleId::kSingleEpoch);
  Epoch& epoch = object.epoch(e.epoch);
  if (epoch.granted || e.epoch <= object.newest_granted) {
    // Two claimants may hear of their grants in the other order; the same epoch twice is never right.
    if (epoch.granted)
      ledger_.breach(RuleId::kSingleEpoch, at, {e.lane, e.host_lane}, [&] {
        return "epoch " + std::to_string(e.epoch) + " of " + ledger_.name(e.lane) +
               " was granted twice, the second time to " + ledger_.name(e.host_lane) + " at " +
               show(at.at);
      });
  }
  epoch.granted = true;
  epoch.host = e.owner;
  epoch.session = e.session;
  object.newest_granted = std::max(object.newest_granted, e.epoch);
}

// Changes of an owner that a newer one has followed say nothing of what the newer one found.
void LeaseWatch::on(const durable::FollowerChange& e, const EventContext&) {
  Object* object = objects_.find(e.lane);
  if (!object || e.epoch != object->newest_granted) return;
  using Stage = durable::FollowerChange::Stage;
  if (e.stage == Stage::kCatchesUp) object->remember(e.joins, hosts_.by_id(e.joins).lane());
  if (e.stage == Stage::kJoint) object->followers.joint(e.left, e.joins);
  if (e.stage == Stage::kDone) object->followers.settle(e.left, e.joins);
}

void LeaseWatch::on(const durable::SessionRevoked& e, const EventContext&) {
  for (Votes& votes : lease_of(e.holder, e.session).views)
    for (uint32_t m = 0; m < durable::kDirectoryMembers; ++m)
      if (hosts_.by_id(votes.view->members[m].host).lane() == e.lane) votes.revoked[m] = true;
}

void LeaseWatch::on(const durable::ViewChanged& e, const EventContext& at) {
  ledger_.exercise(RuleId::kViewAgreed);
  const durable::View::Members& first = views_.emplace(e.number, e.members).first->second;
  if (first != e.members)
    ledger_.breach(RuleId::kViewAgreed, at, {e.lane}, [&] {
      return ledger_.name(e.lane) + " takes part in view " + std::to_string(e.number) +
             " of the directory at " + show(at.at) + " with other members than were known before";
    });
}

void LeaseWatch::on(const host::ClockChanged& e, const EventContext& at) {
  const int64_t bound = durable::kClockDriftBoundPpm;
  if (e.step.us != 0 || e.drift_ppm > bound || e.drift_ppm < -bound) clocks_trusted_ = false;
  if (e.step.us >= 0) return;
  HostState& state = state_of(e.host);
  if (state.stepped_at == kNoLease || at.at - state.stepped_at >= seconds(10))
    state.stepped_back = {};
  state.stepped_at = at.at;
  state.stepped_back += Duration{-e.step.us};
}

void LeaseWatch::on(const net::Delivered& e, const EventContext& at) {
  ledger_.exercise(RuleId::kDeliveredToLiving);
  if (!e.to.up())
    ledger_.breach(RuleId::kDeliveredToLiving, at, {e.to.lane()}, [&] {
      return "a message from " + e.from.name() + " was delivered to " + e.to.name() + " at " +
             show(at.at) + ", which is down";
    });
  const net::Message::Kind* kind = &e.message.kind();
  if (kind == &durable::RenewRequest::kKind) {
    const auto& renew = e.message.as<durable::RenewRequest>();
    return renewal(renew, e.to.id(), at);
  }
  if (kind != &durable::FetchReply::kKind) return;
  const auto& content = e.message.as<durable::FetchReply>();
  if (!content.ok) return;
  for (const auto& entry : content.entries) {
    ledger_.exercise(RuleId::kLogContent);
    if (!durable::is_intact(*entry))
      ledger_.breach(RuleId::kLogContent, at, {entry->object->lane, e.from.lane()}, [&] {
        return e.from.name() + " handed entry " + std::to_string(entry->index) + " of " +
               ledger_.name(entry->object->lane) + " to " + e.to.name() + " at " + show(at.at) +
               " with other bytes than were appended";
      });
  }
}

void LeaseWatch::on(const durable::Recovered& e, const EventContext& at) {
  Object& object = objects_.at(e.lane);
  Epoch& epoch = object.epoch(e.epoch);
  epoch.recovered = true;
  epoch.start = e.from;
  for (const Epoch& former : object.epochs) {
    if (former.acknowledged == 0 || former.number >= e.epoch) continue;
    ledger_.exercise(RuleId::kAcknowledgedStays);
    if (!object.contains(e.from, {former.number, former.acknowledged}))
      ledger_.breach(RuleId::kAcknowledgedStays, at, {e.lane, hosts_.by_id(e.owner).lane()}, [&] {
        return "entry " + std::to_string(former.acknowledged) + " of epoch " +
               std::to_string(former.number) + " of " + ledger_.name(e.lane) +
               " was acknowledged, but at " + show(at.at) + " " + hosts_.by_id(e.owner).name() +
               " recovered the log up to entry " + std::to_string(e.from.index) + " of epoch " +
               std::to_string(e.from.epoch) + " without it";
      });
  }
}

void LeaseWatch::on(const durable::EntryAppended& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  if (!object) return;
  Epoch& epoch = object->epoch(e.epoch);
  ledger_.exercise(RuleId::kLogOrder);
  const uint64_t last = epoch.appended ? epoch.appended : epoch.start.index;
  if (epoch.recovered && e.index != last + 1)
    ledger_.breach(RuleId::kLogOrder, at, {e.lane}, [&] {
      return "the owner of " + ledger_.name(e.lane) + " appended entry " +
             std::to_string(e.index) + " of epoch " + std::to_string(e.epoch) + " at " +
             show(at.at) + " after entry " + std::to_string(last);
    });
  epoch.appended = e.index;
}

}  // namespace orrery::monitors
