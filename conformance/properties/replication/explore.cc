#include "conformance/properties/replication/explore.h"

#include <algorithm>
#include <unordered_set>

#include "sim/core/hash.h"

namespace orrery::protocol {
namespace {

using Kind = Message::Kind;
using Phase = Owner::Phase;

struct Node {
  State state;
  uint8_t crashes = 0;
  uint8_t wipes = 0;
  size_t from = 0;
  std::string step;
};

struct Key {
  uint64_t a, b;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  size_t operator()(const Key& k) const { return k.a; }
};

class Explorer {
 public:
  explicit Explorer(const Bounds& bounds) : bounds_(bounds), rules_(bounds.rules) {}

  Explored run() {
    nodes_.push_back({first_state(rules_), 0, 0, 0, {}});
    seen_.insert(key(nodes_[0]));
    size_t at = 0;
    for (int depth = 1; at < nodes_.size() && (bounds_.steps == 0 || depth <= bounds_.steps); ++depth) {
      for (const size_t end = nodes_.size(); at < end && out_.violation.empty(); ++at) expand(at);
      if (nodes_.size() > at) out_.depth = depth;
      if (!out_.violation.empty()) break;
    }
    out_.states = nodes_.size();
    return out_;
  }

 private:
  static Key key(const Node& node) {
    std::string all = bytes(node.state, true);
    all.push_back(static_cast<char>(node.crashes));
    all.push_back(static_cast<char>(node.wipes));
    const uint64_t hash = hash_bytes(all);
    all.push_back('.');
    return {hash, hash_bytes(all)};
  }

  template <class Step>
  void step(size_t from, std::string name, Step&& act) {
    if (!out_.violation.empty()) return;
    Node next = nodes_[from];
    if (!act(next)) return;
    ++out_.edges;
    next.from = from;
    next.step = std::move(name);
    if (!seen_.insert(key(next)).second) return;
    std::string wrong = violation(rules_, next.state);
    nodes_.push_back(std::move(next));
    if (!wrong.empty()) fail(std::move(wrong));
  }

  void fail(std::string wrong) {
    out_.violation = std::move(wrong);
    for (size_t at = nodes_.size() - 1; at != 0; at = nodes_[at].from)
      out_.steps.push_back(nodes_[at].step + "  ->  " + text(nodes_[at].state));
    std::reverse(out_.steps.begin(), out_.steps.end());
  }

  void expand(size_t at) {
    const int epochs = nodes_[at].state.epoch();
    const size_t messages = nodes_[at].state.messages.size();
    for (int e = 1; e <= epochs; ++e) {
      const Owner& owner = nodes_[at].state.owner(e);
      if (owner.phase != Phase::kOpen || owner.log.size() >= static_cast<size_t>(bounds_.appends)) continue;
      step(at, "owner " + std::to_string(e) + " appends", [&](Node& n) {
        const bool done = append(n.state, e);
        if (bounds_.exchanges) n.state.messages.clear();
        return done;
      });
    }
    changes(at, epochs);
    if (bounds_.exchanges) return exchanges(at, epochs);
    if (epochs < bounds_.epochs)
      step(at, "claim", [&](Node& n) { return claim(n.state); });
    for (size_t m = 0; m < messages; ++m)
      step(at, "message " + name(nodes_[at].state.messages[m]), [&](Node& n) {
        deliver(rules_, n.state, m);
        return true;
      });
    for (int f = 0; f < hosts_; ++f) {
      const std::string who = "F" + std::to_string(f);
      step(at, who + " syncs", [&](Node& n) { return sync(n.state, f); });
      for (int e = 1; e <= epochs; ++e) {
        const std::string owner = "owner " + std::to_string(e);
        step(at, owner + " chooses the log of " + who, [&](Node& n) { return choose(rules_, n.state, e, f); });
        step(at, owner + " sends again to " + who, [&](Node& n) { return resend(n.state, e, f); });
        step(at, owner + " sends an image to " + who, [&](Node& n) { return send_image(n.state, e, f); });
      }
      for (size_t kept = 0; kept < nodes_[at].state.at(f).stores.size(); ++kept)
        step(at, who + " crashes, keeps " + std::to_string(kept), [&](Node& n) {
          return n.crashes++ < bounds_.crashes && crash(n.state, f, kept) && restart(n.state, f);
        });
      losing(at, f);
    }
  }

  void changes(size_t at, int epochs) {
    if (rules_.spares == 0) return;
    for (int e = 1; e <= epochs; ++e) {
      const std::string owner = "owner " + std::to_string(e);
      for (int leaves = 0; leaves < hosts_; ++leaves)
        for (int joins = 0; joins < hosts_; ++joins)
          step(at, owner + " wants F" + std::to_string(joins) + " in the place of F" + std::to_string(leaves),
               [&](Node& n) { return begin_change(rules_, n.state, e, leaves, joins); });
      step(at, "the register takes the change of " + owner, [&](Node& n) { return protocol::swap(n.state, e); });
      step(at, owner + " hears of its change", [&](Node& n) {
        const bool done = finish_change(n.state, e);
        if (bounds_.exchanges) settle(n.state);
        return done;
      });
    }
  }

  void losing(size_t at, int f) {
    step(at, "F" + std::to_string(f) + " loses its disk", [&](Node& n) {
      return n.wipes++ < bounds_.wipes && wipe(n.state, f) && restart(n.state, f);
    });
  }

  // Delivers and syncs until nothing is left to do.
  void settle(State& s) {
    while (!s.messages.empty()) {
      const int follower = s.messages.front().follower;
      deliver(rules_, s, 0);
      sync(s, follower);
    }
  }

  void exchanges(size_t at, int epochs) {
    for (int f = 0; f < hosts_; ++f) {
      const std::string who = "F" + std::to_string(f);
      for (int e = 1; e <= epochs; ++e) {
        const std::string owner = "owner " + std::to_string(e);
        step(at, owner + " and " + who + ": entry", [&](Node& n) {
          const bool done = resend(n.state, e, f);
          settle(n.state);
          return done;
        });
        step(at, owner + " and " + who + ": newest entry", [&](Node& n) {
          const bool done = send_ahead(n.state, e, f);
          settle(n.state);
          return done;
        });
        step(at, owner + " and " + who + ": image", [&](Node& n) {
          const bool done = send_image(n.state, e, f);
          settle(n.state);
          return done;
        });
      }
      losing(at, f);
    }
    if (epochs >= bounds_.epochs) return;
    if (epochs == 0) {
      step(at, "claim", [&](Node& n) { return claim(n.state); });
      return;
    }
    for (unsigned voters = 0; voters < 1u << hosts_; ++voters) {
      if (__builtin_popcount(voters) != rules_.votes || (voters & ~nodes_[at].state.registered)) continue;
      std::string who;
      for (int f = 0; f < hosts_; ++f)
        if (voters >> f & 1) who += " F" + std::to_string(f);
      step(at, "claim with the votes of" + who, [&](Node& n) {
        State& s = n.state;
        claim(s);
        std::erase_if(s.messages, [&](const Message& m) { return !(voters >> m.follower & 1); });
        settle(s);
        for (int f = 0; f < hosts_; ++f)
          if (choose(rules_, s, s.epoch(), f)) break;
        s.messages.clear();
        return true;
      });
    }
  }

  static std::string name(const Message& m) {
    const char* kinds[] = {"entry", "image", "acknowledgement", "\"lost\"", "\"stale\"", "question", "vote", "retirement"};
    return std::string(kinds[static_cast<int>(m.kind)]) + " " + std::to_string(m.index) + " of owner " +
           std::to_string(m.epoch) + " and F" + std::to_string(m.follower);
  }

  const Bounds bounds_;
  const Rules rules_;
  const int hosts_ = rules_.followers + rules_.spares;
  std::vector<Node> nodes_;
  std::unordered_set<Key, KeyHash> seen_;  // looked up only
  Explored out_;
};

}  // namespace

Explored explore(const Bounds& bounds) { return Explorer(bounds).run(); }

}  // namespace orrery::protocol
