// What must hold in every state, and states as bytes and as text.
#include <algorithm>

#include "conformance/properties/replication/model.h"

namespace orrery::protocol {
namespace {

// Every log a recovery could get from a follower, whatever a crash leaves of its unsynced records.
bool found_again(const Rules& rules, const State& s) {
  std::vector<int> voters;
  for (int f = 0; f < static_cast<int>(s.followers.size()); ++f)
    if ((s.registered >> f & 1) && (!s.at(f).lost || rules.lost_votes)) voters.push_back(f);
  // The worst case of a set of voters is the best log of one of them, each other telling no better one: so for each log
  // that lacks something durable, is there a set of voters of which none must tell a better one?
  const auto worse = [&](const Log& a, const Log& b) {
    return rules.picks_by_index ? a.size() <= b.size() : end_of(a) <= end_of(b);
  };
  for (int f : voters)
    for (const Store& store : s.at(f).stores) {
      if (begins_with(store.log, s.acknowledged)) continue;
      int others = 0;
      for (int g : voters) {
        const auto& stores = s.at(g).stores;
        others += g != f && std::any_of(stores.begin(), stores.end(), [&](const Store& other) {
          return worse(other.log, store.log);
        });
      }
      if (others + 1 >= rules.votes) return false;
    }
  return true;
}

bool agree(const Log& a, const Log& b) {
  const size_t both = std::min(a.size(), b.size());
  for (size_t n = both; n > 0; --n)
    if (a[n - 1] == b[n - 1]) return a.compare(0, n, b, 0, n) == 0;
  return true;
}

void put(std::string& out, size_t n) { out.push_back(static_cast<char>(n)); }
void put(std::string& out, const Log& log) {
  put(out, log.size());
  out += log;
}

}  // namespace

std::string violation(const Rules& rules, const State& s) {
  if (s.forked) return "two owners said that different entries are durable at one place";
  if (!found_again(rules, s)) return "a recovery that begins now may miss what is durable";
  for (int e = s.by + 1; e <= s.epoch(); ++e)
    if (s.owner(e).phase == Owner::Phase::kOpen && !begins_with(s.owner(e).log, s.acknowledged))
      return "a later owner's log lacks what is durable";
  for (const Message& m : s.messages) {
    const Follower& f = s.at(m.follower);
    if (m.kind == Message::Kind::kVote && !f.lost && f.stores.front().promise < m.epoch)
      return "a follower voted and does not hold the promise on its disk";
  }
  std::vector<const Log*> logs;
  for (const Owner& owner : s.owners) logs.push_back(&owner.log);
  for (const Follower& f : s.followers)
    for (const Store& store : f.stores) logs.push_back(&store.log);
  for (size_t a = 0; a < logs.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      if (!agree(*logs[a], *logs[b])) return "two logs have an entry in common and differ before it";
  return {};
}

std::string bytes(const State& s, bool alike) {
  // Everything but the owners' logs concerns one follower: its state, what owners believe of it, messages to and from it.
  std::vector<std::string> parts(s.followers.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    std::string& out = parts[i];
    const Follower& f = s.followers[i];
    put(out, size_t{f.up} + 2 * size_t{f.lost} + 4 * size_t{f.owes_ack});
    put(out, s.registered >> i & 1);
    put(out, f.certain);
    put(out, f.owner);
    put(out, f.match);
    put(out, f.stores.size());
    for (const Store& store : f.stores) {
      put(out, store.log);
      put(out, store.base);
      put(out, store.certain);
      put(out, store.promise);
    }
    put(out, f.owes_votes.size());
    for (const auto& [epoch, log] : f.owes_votes) {
      put(out, epoch);
      put(out, log);
    }
    for (const Owner& owner : s.owners) {
      put(out, owner.match[i]);
      put(out, (owner.five >> i & 1) + 2 * (owner.next >> i & 1) + 4 * (owner.left >> i & 1));
      put(out, owner.voted[i]);
      put(out, owner.told[i]);
    }
  }
  for (const Message& m : s.messages) {
    std::string& out = parts[m.follower];
    put(out, static_cast<size_t>(m.kind));
    put(out, m.epoch);
    put(out, m.index);
    put(out, m.durable);
    put(out, m.log);
  }
  if (alike) std::sort(parts.begin(), parts.end());
  std::string all;
  put(all, s.owners.size());
  for (const Owner& owner : s.owners) {
    put(all, static_cast<size_t>(owner.phase));
    put(all, owner.log);
    put(all, owner.own_from);
    put(all, owner.durable);
    put(all, owner.swapped);
  }
  put(all, s.acknowledged);
  put(all, size_t{s.by} + (s.forked ? 128 : 0));
  for (const std::string& part : parts) {
    put(all, part.size());
    all += part;
  }
  return all;
}

std::string text(const State& s) {
  std::string out;
  for (int e = 1; e <= s.epoch(); ++e) {
    const Owner& owner = s.owner(e);
    const char* phases[] = {"recovering", "open", "gone"};
    out += "owner " + std::to_string(e) + " " + phases[static_cast<int>(owner.phase)] + " \"" + owner.log +
           "\" durable " + std::to_string(owner.durable) + "; ";
  }
  for (size_t f = 0; f < s.followers.size(); ++f) {
    const Follower& follower = s.followers[f];
    out += "F" + std::to_string(f) + (follower.up ? "" : " down") + (follower.lost ? " lost" : "");
    for (const Store& store : follower.stores)
      out += " \"" + store.log + "\" base " + std::to_string(store.base) + " promise " +
             std::to_string(store.promise) + (&store == &follower.stores.back() ? "" : " |");
    out += "; ";
  }
  return out + "durable \"" + s.acknowledged + "\"";
}

}  // namespace orrery::protocol
