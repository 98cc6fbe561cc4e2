#include "conformance/properties/replication/beside.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "platform/durable/replication/followed_object.h"

namespace orrery::protocol {
namespace {

using MessageKind = Message::Kind;
using Phase = Owner::Phase;

durable::ClusterOptions cluster_options(const BesideOptions& o) {
  durable::ClusterOptions out;
  out.seed = o.seed;
  out.base = DecisionBase::kSeed;
  out.weaken = o.weaken;
  out.fold_entries = o.fold_entries;
  out.retained_entries = o.retained_entries;
  return out;
}

// The n-th message that is one of these, or -1.
int find(const State& s, int epoch, int follower, std::initializer_list<MessageKind> kinds) {
  for (size_t n = 0; n < s.messages.size(); ++n) {
    const Message& m = s.messages[n];
    if (m.epoch == epoch && m.follower == follower &&
        std::find(kinds.begin(), kinds.end(), m.kind) != kinds.end())
      return static_cast<int>(n);
  }
  return -1;
}

// An entry's content: page 1 says the whole log with it.
Ref<const durable::LogPayload> content_of(const Log& log) {
  auto payload = make_ref<durable::LogPayload>();
  payload->db_pages = 1;
  Ref<Buffer> page = durable::zero_page();
  std::memcpy(page->data(), log.data(), log.size());
  payload->frames.push_back({1, page});
  return payload;
}

Log said_by(const durable::PageImage& image) {
  if (image.pages.empty() || !image.pages[0]) return {};
  const auto* bytes = reinterpret_cast<const char*>(image.pages[0]->data());
  return Log(bytes, strnlen(bytes, durable::kLogPageBytes));
}

}  // namespace

std::string text(const Command& c) {
  const std::string slot = "slot " + std::to_string(c.slot), follower = "F" + std::to_string(c.follower);
  switch (c.kind) {
    case Command::Kind::kClaim: return slot + " claims";
    case Command::Kind::kAppend: return slot + " appends";
    case Command::Kind::kCrash: return follower + " crashes";
    case Command::Kind::kRestart: return follower + " starts";
    case Command::Kind::kWipe: return follower + " loses its disk";
    case Command::Kind::kCut: return slot + " cut from " + follower;
    case Command::Kind::kMend: return slot + " mended with " + follower;
    case Command::Kind::kEndOwner: return slot + " crashes";
    case Command::Kind::kPowerCut:
      return slot + " appends, power cut of it and of followers " + std::to_string(c.mask) + " after " +
             std::to_string(c.after_us) + " us" + (c.slow ? ", slow disks" : "");
  }
  return {};
}

Beside::Beside(const BesideOptions& options) : c_(cluster_options(options)) {
  rules_.followers = kFollowers;
  rules_.quorum = rules_.votes = 3;
  possible_ = {first_state(rules_)};
}

Beside::~Beside() {
  for (Slot& slot : slots_) slot.log.reset();
}

bool Beside::reaches(int epoch, int follower) const {
  const int slot = slot_of_[static_cast<size_t>(epoch - 1)];
  return !cut_[static_cast<size_t>(slot)][static_cast<size_t>(follower)];
}

// ---- the model, until nothing more would happen ----

// One owner and one follower that it reaches, to the end.
void Beside::serve(State& s, int epoch, int follower, bool refusals_first) const {
  const auto at = static_cast<size_t>(follower);
  for (;;) {
    const Owner& owner = s.owner(epoch);
    if (owner.phase != Phase::kOpen || owner.match[at] >= owner.log.size() || !s.at(follower).up) return;
    const uint8_t before = owner.match[at];
    for (bool image : {false, true}) {
      if (image ? !send_image(s, epoch, follower) : !resend(s, epoch, follower)) break;
      for (int n; (n = find(s, epoch, follower, {MessageKind::kAppend, MessageKind::kInstall})) >= 0;)
        deliver(rules_, s, static_cast<size_t>(n));
      sync(s, follower);
      // A refusal may come after the acknowledgements of others: the caller says when.
      for (int n; (n = find(s, epoch, follower, {MessageKind::kAck, MessageKind::kLost})) >= 0;)
        deliver(rules_, s, static_cast<size_t>(n));
      const int stale = find(s, epoch, follower, {MessageKind::kStale});
      if (stale >= 0) {
        if (refusals_first) deliver(rules_, s, static_cast<size_t>(stale));
        return;
      }
      if (s.owner(epoch).match[at] > before) break;
    }
    if (s.owner(epoch).match[at] <= before) return;
  }
}

// Owners race for a follower that comes back: `order` says who wins.
void Beside::settle(State& s, bool refusals_first, const std::vector<int>& order) const {
  s.messages.clear();  // whatever is under way is sent again
  for (int round = 0; round < 3; ++round) {
    for (int e : order) {
      for (int pass = refusals_first ? 0 : 1; pass < 2; ++pass)
        for (int f = 0; f < kFollowers; ++f) {
          if (!reaches(e, f)) continue;
          const bool refuses = !s.at(f).lost && s.at(f).now().promise > e;
          if (refusals_first && pass == 0 && !refuses) continue;
          serve(s, e, f, refusals_first);
        }
    }
    while (!s.messages.empty()) deliver(rules_, s, 0);
  }
}

// ---- what is seen of the real one ----

bool Beside::agrees(const State& s, std::string* why) {
  for (int i = 0; i < kSlots; ++i) {
    const Slot& slot = slots_[static_cast<size_t>(i)];
    if (slot.epoch == 0) continue;
    const Owner& owner = s.owner(slot.epoch);
    const std::string who = "owner " + std::to_string(slot.epoch);
    // A deposed one may have heard more, or less, before it was.
    if (slot.log->durable_index() != owner.durable && owner.phase == Phase::kOpen) {
      *why = who + " says durable " + std::to_string(slot.log->durable_index()) + ", model " +
             std::to_string(owner.durable);
      return false;
    }
    if (slot.log->deposed() != (owner.phase == Phase::kGone)) {
      *why = who + (slot.log->deposed() ? " is deposed" : " is not deposed");
      return false;
    }
    if (owner.phase == Phase::kOpen && slot.log->last_index() != owner.log.size()) {
      *why = who + " has entries to " + std::to_string(slot.log->last_index()) + ", model " + owner.log;
      return false;
    }
    for (size_t f = 0; f < kFollowers && owner.phase == Phase::kOpen; ++f) {
      if (cut_[static_cast<size_t>(i)][f] || !s.followers[f].up) continue;
      const uint64_t match = slot.log->followers()[f].match;
      if (match == owner.match[f]) continue;
      *why = who + " believes that F" + std::to_string(f) + " has " + std::to_string(match);
      return false;
    }
  }
  for (int f = 0; f < kFollowers; ++f) {
    host::Host* host = c_.followers[static_cast<size_t>(f)];
    if (!host->up()) continue;
    durable::FollowedObject* real = c_.on<durable::Follower>(host).loaded(c_.object->key);
    if (!real) continue;
    const Follower& model = s.at(f);
    const std::string who = "F" + std::to_string(f);
    if (real->lost() != model.lost) {
      *why = who + (real->lost() ? " is lost" : " is not lost");
      return false;
    }
    if (model.lost) continue;
    const Position end = end_of(model.now().log);
    const durable::LogPosition last = real->last();
    const Log said = said_by(*real->current_image());
    if (last.epoch != static_cast<uint64_t>(end.epoch) || last.index != static_cast<uint64_t>(end.index) ||
        real->promised() != model.now().promise || !begins_with(model.now().log, said)) {
      *why = who + " ends at " + std::to_string(last.epoch) + "/" + std::to_string(last.index) + " with \"" + said +
             "\" and promised " + std::to_string(real->promised());
      return false;
    }
  }
  return true;
}

// Time goes on until the real one is where the model says it must come to.
std::string Beside::settle_and_compare() {
  std::vector<State> ends;
  std::set<std::string> seen;
  for (const State& s : possible_) {
    std::vector<int> order;
    for (int e = 1; e <= s.epoch(); ++e)
      if (s.owner(e).phase == Phase::kOpen) order.push_back(e);
    do {
      for (bool refusals_first : {false, true}) {
        State end = s;
        settle(end, refusals_first, order);
        if (seen.insert(bytes(end, false)).second) ends.push_back(std::move(end));
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
  std::string why;
  for (Duration wait : {millis(300), millis(700), seconds(4), seconds(15), seconds(40)}) {
    c_.run_for(wait);
    std::vector<State> kept;
    for (const State& end : ends)
      if (agrees(end, &why)) kept.push_back(end);
    if (kept.empty()) continue;
    possible_ = std::move(kept);
    for (const State& s : possible_) {
      const std::string broken = violation(rules_, s);
      if (!broken.empty()) return broken + ": " + text(s);
    }
    return {};
  }
  return why + "; one of " + std::to_string(ends.size()) + " the model allows: " + text(ends.front());
}

// ---- commands ----

Task<void> Beside::take(int slot, durable::ClaimOptions options, Taken* taken) {
  const auto i = static_cast<size_t>(slot);
  durable::Claim claim = co_await c_.client(i).claim(c_.object, options);
  taken->claimed = claim.status;
  taken->epoch = claim.placement.epoch;
  if (claim.status == durable::Claim::Status::kGranted) {
    auto& replication = c_.on<durable::Replication>(c_.owners[i]);
    const durable::FollowerArea nowhere;
    durable::Recovery recovery = co_await replication.open(c_.object, claim.placement, nowhere, seconds(8));
    taken->opened = recovery.status;
    taken->log = std::move(recovery.log);
  }
  taken->done = true;
}

std::string Beside::claim(int slot) {
  const auto i = static_cast<size_t>(slot);
  Slot& mine = slots_[i];
  if (mine.epoch) {
    for (State& s : possible_) end_owner(s, mine.epoch);
    mine = {};
  }
  net::Endpoints members;
  for (host::Host* h : c_.members) members.names.push_back(h->name());
  for (size_t other = 0; other < kSlots; ++other) {
    const std::string exile = "exile" + std::to_string(other);
    if (other == i) {
      c_.network->heal(exile);
    } else {
      net::Endpoints owner;
      owner.names = {c_.owners[other]->name()};
      c_.network->partition(exile, owner, members);
    }
  }
  Taken taken;
  c_.owners[i]->process()->tasks().spawn(take(slot, c_.claim_options(seconds(60)), &taken));
  for (int second = 0; second < 120 && !taken.done; ++second) c_.run_for(seconds(1));
  if (taken.claimed != durable::Claim::Status::kGranted) return "the claim was not granted";
  slot_of_.push_back(slot);
  const int epoch = static_cast<int>(slot_of_.size());
  if (taken.epoch != slot_of_.size()) return "a claim was granted epoch " + std::to_string(taken.epoch);
  const bool opened = taken.opened == durable::Recovery::Status::kOk;
  if (opened) mine.log = std::move(taken.log), mine.epoch = epoch;

  std::vector<State> next;
  for (const State& s : possible_) {
    State asked = s;
    protocol::claim(asked);
    if (epoch > 1) {
      for (int f = 0; f < kFollowers; ++f) {
        const int question = find(asked, epoch, f, {MessageKind::kRecover});
        if (!reaches(epoch, f)) continue;
        deliver(rules_, asked, static_cast<size_t>(question));
        sync(asked, f);
      }
      int voters = 0;
      for (int f = 0; f < kFollowers; ++f) voters |= (find(asked, epoch, f, {MessageKind::kVote}) >= 0) << f;
      if (__builtin_popcount(static_cast<unsigned>(voters)) < rules_.votes) {
        if (opened) continue;
        end_owner(asked, epoch);
        next.push_back(std::move(asked));
        continue;
      }
      if (!opened) continue;
      // Which three answered first is not said.
      for (int three = 0; three < 1 << kFollowers; ++three) {
        if ((three & voters) != three || __builtin_popcount(static_cast<unsigned>(three)) != rules_.votes) continue;
        State chosen = asked;
        for (int f = 0; f < kFollowers; ++f)
          if (three >> f & 1)
            deliver(rules_, chosen, static_cast<size_t>(find(chosen, epoch, f, {MessageKind::kVote})));
        for (int f = 0; f < kFollowers; ++f)
          if (choose(rules_, chosen, epoch, f)) break;
        next.push_back(std::move(chosen));
      }
    } else if (opened) {
      next.push_back(std::move(asked));
    }
  }
  possible_ = std::move(next);
  if (possible_.empty()) return opened ? "it opened without a quorum" : "it did not open though a quorum is there";
  return {};
}

void Beside::append(Slot& slot) {
  for (State& s : possible_) protocol::append(s, slot.epoch);
  // All possible states have the same owners' logs, or differ where the real one will show which is true.
  slot.log->append(content_of(possible_.front().owner(slot.epoch).log));
}

void Beside::crash_owner(int slot) {
  const auto i = static_cast<size_t>(slot);
  slots_[i] = {};
  c_.crash(c_.owners[i]);
  c_.restart(c_.owners[i]);
}

std::string Beside::power_cut(const Command& command) {
  Slot& slot = slots_[static_cast<size_t>(command.slot)];
  const int epoch = slot.epoch;
  disk::DiskFaults slow;
  slow.slow_factor = command.slow ? 2000 : 1;
  for (host::Host* h : c_.followers) h->disk().set_faults(slow);
  append(slot);
  c_.run_for(micros(command.after_us));
  const uint64_t durable = slot.log->durable_index();
  std::vector<bool> fall;
  for (int f = 0; f < kFollowers; ++f)
    fall.push_back((command.mask >> f & 1) && c_.followers[static_cast<size_t>(f)]->up());
  crash_owner(command.slot);
  for (size_t f = 0; f < fall.size(); ++f)
    if (fall[f]) c_.crash(c_.followers[f]);
  c_.run_for(seconds(30));  // the slowest sync that is under way
  for (host::Host* h : c_.followers) h->disk().set_faults({});
  for (size_t f = 0; f < fall.size(); ++f)
    if (fall[f]) c_.restart(c_.followers[f]);

  std::vector<State> next;
  std::set<std::string> seen;
  for (const State& s : possible_)
    for (int have = 0; have < 1 << kFollowers; ++have) {  // who has the entry when all is over
      State end = s;
      end.messages.clear();
      bool possible = true;
      for (int f = 0; f < kFollowers && possible; ++f)
        if (have >> f & 1) {
          possible = reaches(epoch, f);
          if (possible) serve(end, epoch, f, false);
        }
      while (!end.messages.empty()) deliver(rules_, end, 0);
      const Owner& owner = end.owner(epoch);
      // It may have died before it heard; it cannot have heard more than there was.
      if (!possible || (owner.phase == Phase::kOpen && owner.durable < durable)) continue;
      if (owner.durable > durable && owner.phase == Phase::kOpen) {
        end.acknowledged = s.acknowledged;
        end.by = s.by;
      }
      end_owner(end, epoch);
      for (size_t f = 0; f < fall.size(); ++f)
        if (fall[f]) crash(end, static_cast<int>(f), 0), restart(end, static_cast<int>(f));
      if (seen.insert(bytes(end, false)).second) next.push_back(std::move(end));
    }
  possible_ = std::move(next);
  return possible_.empty() ? "more is durable than can be" : "";
}

std::string Beside::run(const Command& command) {
  const auto i = static_cast<size_t>(command.slot), f = static_cast<size_t>(command.follower);
  Slot& slot = slots_[i];
  host::Host* host = c_.followers[f];
  const std::string link = "cut" + std::to_string(i) + "." + std::to_string(f);
  std::string wrong;
  switch (command.kind) {
    case Command::Kind::kClaim: wrong = claim(command.slot); break;
    case Command::Kind::kAppend:
      if (!slot.epoch || slot.log->deposed()) return {};
      append(slot);
      break;
    case Command::Kind::kPowerCut:
      if (!slot.epoch || slot.log->deposed()) return {};
      wrong = power_cut(command);
      break;
    case Command::Kind::kEndOwner:
      if (slot.epoch)
        for (State& s : possible_) end_owner(s, slot.epoch);
      crash_owner(command.slot);
      break;
    case Command::Kind::kCrash:
      if (!host->up()) return {};
      c_.crash(host);
      for (State& s : possible_) crash(s, command.follower, 0);
      break;
    case Command::Kind::kRestart:
      if (host->up()) return {};
      c_.restart(host);
      for (State& s : possible_) restart(s, command.follower);
      break;
    case Command::Kind::kWipe:
      c_.crash(host);
      host->disk().wipe();
      c_.restart(host);
      for (State& s : possible_) wipe(s, command.follower), restart(s, command.follower);
      break;
    case Command::Kind::kCut: {
      net::Endpoints owner, follower;
      owner.names = {c_.owners[i]->name()};
      follower.names = {host->name()};
      c_.network->partition(link, owner, follower);
      cut_[i][f] = true;
      break;
    }
    case Command::Kind::kMend:
      if (!cut_[i][f]) return {};
      c_.run_for(net::kStreamTimeout + seconds(5));  // what an owner that is gone had sent is lost by then
      c_.network->heal(link);
      cut_[i][f] = false;
      break;
  }
  return wrong.empty() ? settle_and_compare() : wrong;
}

}  // namespace orrery::protocol
