#include "conformance/properties/replication/model.h"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace orrery::protocol {
namespace {

using Kind = Message::Kind;
using Phase = Owner::Phase;

uint8_t small(size_t n) { return static_cast<uint8_t>(n); }
bool in(Set set, size_t follower) { return set >> follower & 1; }

void send(State& s, Message m) {
  auto at = std::lower_bound(s.messages.begin(), s.messages.end(), m);
  if (at == s.messages.end() || *at != m) s.messages.insert(at, std::move(m));
}

void send_entry(State& s, int epoch, int follower, size_t index) {
  const Owner& owner = s.owner(epoch);
  const char before = index > 1 ? owner.log[index - 2] : letter(0);
  send(s, {Kind::kAppend, small(epoch), small(follower), small(index), owner.durable,
           Log{before, owner.log[index - 1]}});
}

// ---- a follower ----

void answer(const Rules& rules, State& s, int follower) {
  Follower& f = s.at(follower);
  f.owes_ack = !f.synced() && !rules.acks_before_sync;
  if (!f.owes_ack) send(s, {Kind::kAck, f.owner, small(follower), f.match});
}

void refuse(State& s, int follower, int epoch, Kind why) {
  send(s, {why, small(epoch), small(follower)});
}

void take_owner(Follower& f, int epoch) {
  if (f.owner == epoch) return;
  f.owner = small(epoch);
  f.match = f.certain;
}

char epoch_at(const Log& log, size_t index) { return index == 0 ? letter(0) : log[index - 1]; }

void on_append(const Rules& rules, State& s, const Message& m) {
  Follower& f = s.at(m.follower);
  if (f.lost) return refuse(s, m.follower, m.epoch, Kind::kLost);
  Store next = f.now();
  if (m.epoch < next.promise && !rules.takes_older)
    return refuse(s, m.follower, m.epoch, Kind::kStale);
  take_owner(f, m.epoch);
  const size_t before = m.index - 1u;
  if (m.index <= next.base) {
    // Nothing at or below the base can be cut off: the owner must send an image.
    if (f.certain < next.base) return refuse(s, m.follower, m.epoch, Kind::kLost);
    f.match = std::max(f.match, next.base);
    return answer(rules, s, m.follower);
  }
  if (before > next.log.size()) return;
  if (epoch_at(next.log, before) != m.log[0] && !rules.unchecked_previous) {
    if (before == next.base) refuse(s, m.follower, m.epoch, Kind::kLost);
    return;
  }
  const bool same = m.index <= next.log.size() && next.log[before] == m.log[1];
  const bool promises = m.epoch > next.promise;
  next.promise = std::max(next.promise, m.epoch);
  if (!same) {
    next.log.resize(before);
    next.log.push_back(m.log[1]);
    f.certain = std::min(f.certain, small(before));
    f.match = m.index;
  }
  f.match = std::max(f.match, m.index);
  f.certain = std::max(f.certain, std::min(m.durable, f.match));
  if (!same) next.certain = f.certain;
  if (!same || promises) f.stores.push_back(std::move(next));
  answer(rules, s, m.follower);
}

void on_install(const Rules& rules, State& s, const Message& m) {
  Follower& f = s.at(m.follower);
  const Store& had = f.now();
  if (m.epoch < had.promise && !rules.takes_older)
    return refuse(s, m.follower, m.epoch, Kind::kStale);
  // Its promises are lost too: only the owner that the directory knows as the newest may fill it.
  if (f.lost && m.epoch < s.epoch()) return refuse(s, m.follower, m.epoch, Kind::kStale);
  take_owner(f, m.epoch);
  f.lost = false;
  const size_t index = m.log.size();
  const bool covered = index <= f.match || (index <= had.base && f.certain >= had.base) ||
                       (index >= had.base && index <= had.log.size() &&
                        epoch_at(had.log, index) == epoch_at(m.log, index));
  if (covered) {
    if (m.epoch > had.promise) {
      Store next = had;
      next.promise = m.epoch;
      f.stores.push_back(std::move(next));
    }
    f.match = std::max(f.match, small(index));
  } else {
    const uint8_t certain = std::min(m.durable, small(index));
    f.stores = {{m.log, small(index), certain, std::max(had.promise, m.epoch)}};
    f.certain = certain;
    f.match = small(index);
  }
  answer(rules, s, m.follower);
}

void on_recover(const Rules& rules, State& s, const Message& m) {
  Follower& f = s.at(m.follower);
  if (f.lost && !rules.lost_votes) return;
  f.lost = false;
  if (m.epoch < f.now().promise) return refuse(s, m.follower, m.epoch, Kind::kStale);
  if (m.epoch > f.now().promise) {
    Store next = f.now();
    next.promise = m.epoch;
    f.stores.push_back(std::move(next));
  }
  const std::pair<uint8_t, Log> vote{m.epoch, f.now().log};
  if (f.synced() || rules.promises_unsynced)
    return send(s, {Kind::kVote, m.epoch, m.follower, 0, 0, vote.second});
  if (std::find(f.owes_votes.begin(), f.owes_votes.end(), vote) == f.owes_votes.end())
    f.owes_votes.push_back(vote);
}

void on_retire(const Rules& rules, State& s, const Message& m) {
  Follower& f = s.at(m.follower);
  if (f.lost || m.epoch < f.now().promise) return;
  f.certain = f.match = 0;
  f.stores = {{{}, 0, 0, rules.retired_forget ? uint8_t{0} : m.epoch}};
}

// ---- an owner ----

void say_durable(State& s, int epoch, size_t index) {
  Owner& owner = s.owner(epoch);
  owner.durable = small(index);
  const Log durable = owner.log.substr(0, index);
  s.forked |= !begins_with(durable, s.acknowledged) && !begins_with(s.acknowledged, durable);
  if (durable.size() > s.acknowledged.size()) s.acknowledged = durable;
  s.by = std::max(s.by, small(epoch));
}

// What a quorum of this set has acknowledged.
size_t on_quorum(const Rules& rules, const Owner& owner, Set set) {
  std::array<uint8_t, 2 * kMaxFollowers> matches = {};
  for (size_t f = 0; f < kMaxFollowers; ++f) {
    if (in(set, f)) matches[f] = owner.match[f];
    if (rules.counted_twice) matches[kMaxFollowers + f] = matches[f];
  }
  std::sort(matches.begin(), matches.end(), std::greater<>());
  return matches[static_cast<size_t>(rules.quorum - 1)];
}

void on_ack(const Rules& rules, State& s, const Message& m) {
  Owner& owner = s.owner(m.epoch);
  if (owner.phase != Phase::kOpen) return;
  owner.match[m.follower] = std::max(owner.match[m.follower], m.index);
  size_t reached = on_quorum(rules, owner, owner.next && rules.counts_new_alone ? owner.next : owner.five);
  if (owner.next) reached = std::min(reached, on_quorum(rules, owner, owner.next));
  if (reached <= owner.durable || (reached < owner.own_from && !rules.no_barrier)) return;
  say_durable(s, m.epoch, reached);
}

bool better(const Rules& rules, const Log& a, const Log& b) {
  return rules.picks_by_index ? a.size() > b.size() : end_of(a) > end_of(b);
}

}  // namespace

Position end_of(const Log& log) {
  return log.empty() ? Position{} : Position{log.back() - letter(0), static_cast<int>(log.size())};
}

bool begins_with(const Log& log, const Log& with) {
  return log.size() >= with.size() && log.compare(0, with.size(), with) == 0;
}

State first_state(const Rules& rules) {
  State s;
  s.followers.resize(static_cast<size_t>(rules.followers + rules.spares));
  s.registered = small((1u << rules.followers) - 1);
  for (Follower& f : s.followers) f.stores.resize(1);
  return s;
}

bool claim(State& s) {
  s.owners.push_back({});
  const int epoch = s.epoch();
  s.owner(epoch).five = s.registered;
  if (epoch == 1) s.owner(1).phase = Phase::kOpen;
  for (size_t f = 0; epoch > 1 && f < s.followers.size(); ++f)
    if (in(s.registered, f)) send(s, {Kind::kRecover, small(epoch), small(f)});
  return true;
}

bool append(State& s, int epoch) {
  Owner& owner = s.owner(epoch);
  if (owner.phase != Phase::kOpen) return false;
  owner.log.push_back(letter(epoch));
  for (size_t f = 0; f < s.followers.size(); ++f)
    if (in(owner.five | owner.next, f)) send_entry(s, epoch, static_cast<int>(f), owner.log.size());
  return true;
}

bool resend(State& s, int epoch, int follower) {
  const Owner& owner = s.owner(epoch);
  const auto at = static_cast<size_t>(follower);
  if (owner.phase == Phase::kRecovering && !owner.voted[at] && in(owner.five, at)) {
    send(s, {Kind::kRecover, small(epoch), small(follower)});
    return true;
  }
  if (owner.phase != Phase::kOpen || owner.match[at] >= owner.log.size()) return false;
  send_entry(s, epoch, follower, owner.match[at] + 1u);
  return true;
}

bool send_ahead(State& s, int epoch, int follower) {
  const Owner& owner = s.owner(epoch);
  if (owner.phase != Phase::kOpen || owner.match[static_cast<size_t>(follower)] + 1u >= owner.log.size()) return false;
  send_entry(s, epoch, follower, owner.log.size());
  return true;
}

bool send_image(State& s, int epoch, int follower) {
  const Owner& owner = s.owner(epoch);
  if (owner.phase != Phase::kOpen) return false;
  send(s, {Kind::kInstall, small(epoch), small(follower), 0, owner.durable, owner.log});
  return true;
}

void deliver(const Rules& rules, State& s, size_t n) {
  const Message m = s.messages[n];
  s.messages.erase(s.messages.begin() + static_cast<std::ptrdiff_t>(n));
  const bool to_follower = m.kind == Kind::kAppend || m.kind == Kind::kInstall || m.kind == Kind::kRecover ||
                           m.kind == Kind::kRetire;
  if (to_follower && !s.at(m.follower).up) return;
  Owner& owner = s.owner(m.epoch);
  switch (m.kind) {
    case Kind::kAppend: return on_append(rules, s, m);
    case Kind::kInstall: return on_install(rules, s, m);
    case Kind::kRecover: return on_recover(rules, s, m);
    case Kind::kRetire: return on_retire(rules, s, m);
    case Kind::kAck: return on_ack(rules, s, m);
    case Kind::kLost: owner.match[m.follower] = 0; return;
    case Kind::kStale: owner.phase = Phase::kGone; return;
    case Kind::kVote:
      if (owner.phase != Phase::kRecovering) return;
      owner.voted[m.follower] = true;
      owner.told[m.follower] = m.log;
  }
}

bool sync(State& s, int follower) {
  Follower& f = s.at(follower);
  if (!f.up || f.synced()) return false;
  f.stores.erase(f.stores.begin(), f.stores.end() - 1);
  if (std::exchange(f.owes_ack, false)) send(s, {Kind::kAck, f.owner, small(follower), f.match});
  for (auto& [epoch, log] : f.owes_votes) send(s, {Kind::kVote, epoch, small(follower), 0, 0, log});
  f.owes_votes.clear();
  return true;
}

bool choose(const Rules& rules, State& s, int epoch, int follower) {
  Owner& owner = s.owner(epoch);
  if (owner.phase != Phase::kRecovering || !owner.voted[static_cast<size_t>(follower)]) return false;
  if (std::count(owner.voted.begin(), owner.voted.end(), true) < rules.votes) return false;
  const Log best = owner.told[static_cast<size_t>(follower)];
  for (size_t f = 0; f < s.followers.size(); ++f)
    if (owner.voted[f] && better(rules, owner.told[f], best)) return false;
  owner.phase = Phase::kOpen;
  owner.log = best;
  owner.own_from = small(best.size() + 1);
  for (size_t f = 0; f < s.followers.size(); ++f)
    if (owner.voted[f] && end_of(owner.told[f]) == end_of(best)) owner.match[f] = small(best.size());
  owner.voted = {};
  owner.told = {};
  return append(s, epoch);
}

bool crash(State& s, int follower, size_t kept) {
  Follower& f = s.at(follower);
  if (!f.up || kept >= f.stores.size()) return false;
  const Store left = f.stores[kept];
  const bool lost = f.lost;
  f = {};
  f.lost = lost;
  f.up = false;
  f.certain = left.certain;
  f.stores = {left};
  return true;
}

bool restart(State& s, int follower) {
  if (s.at(follower).up) return false;
  return s.at(follower).up = true;
}

bool wipe(State& s, int follower) {
  Follower& f = s.at(follower);
  f = {};
  f.stores.resize(1);
  f.up = false;
  f.lost = true;
  return true;
}

bool end_owner(State& s, int epoch) {
  Owner& owner = s.owner(epoch);
  if (owner.phase == Phase::kGone) return false;
  owner = {};
  owner.phase = Phase::kGone;
  return true;
}

bool begin_change(const Rules& rules, State& s, int epoch, int leaves, int joins) {
  Owner& owner = s.owner(epoch);
  const auto out = static_cast<size_t>(leaves), put = static_cast<size_t>(joins);
  if (owner.phase != Phase::kOpen || owner.next || !in(owner.five, out) || in(owner.five | owner.left, put)) return false;
  const Set next = small((owner.five & ~(1u << out)) | 1u << put);
  // Before its first own entry is durable an owner does not know what else is.
  if (owner.durable < owner.own_from && !rules.changes_unsure) return false;
  if (on_quorum(rules, owner, next) < owner.durable && !rules.joins_empty) return false;
  if (rules.changes_alone) owner.five = next;
  else owner.next = next;
  return true;
}

bool swap(State& s, int epoch) {
  Owner& owner = s.owner(epoch);
  // The prepare of a swap shows the newest epoch.
  if (!owner.next || owner.swapped || epoch != s.epoch()) return false;
  s.registered = owner.next;
  return owner.swapped = true;
}

bool finish_change(State& s, int epoch) {
  Owner& owner = s.owner(epoch);
  if (owner.phase != Phase::kOpen || !owner.swapped) return false;
  const Set left = owner.five & ~owner.next;
  for (size_t f = 0; f < s.followers.size(); ++f)
    if (in(left, f)) send(s, {Kind::kRetire, small(epoch), small(f)});
  owner.left |= left;
  owner.five = std::exchange(owner.next, Set{0});
  owner.swapped = false;
  return true;
}

}  // namespace orrery::protocol
