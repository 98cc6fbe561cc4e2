#include "conformance/check/transactions/cycles.h"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "conformance/check/transactions/digraph.h"

namespace orrery::check {

namespace {

constexpr unsigned bit(EdgeKind kind) { return 1u << static_cast<unsigned>(kind); }

constexpr unsigned kWw = bit(EdgeKind::kWw), kWr = bit(EdgeKind::kWr), kRw = bit(EdgeKind::kRw);
constexpr unsigned kProcess = bit(EdgeKind::kProcess), kFree = bit(EdgeKind::kFree);
constexpr unsigned kTimed =
    bit(EdgeKind::kRealtime) | bit(EdgeKind::kTimedWw) | bit(EdgeKind::kTimedRw);
constexpr unsigned kAnyRw = kRw | bit(EdgeKind::kTimedRw);
constexpr unsigned kAnyWw = kWw | bit(EdgeKind::kTimedWw);
constexpr unsigned kRealtime = bit(EdgeKind::kRealtime);

// How the edges of kind rw must lie in the cycle.
enum class RwRule : std::uint8_t { kNone, kOne, kApart, kAdjacent };

// A class of cycles. Each is turned so that it begins with an edge of `first`, and has an edge of
// `need` too, unless that is 0.
struct Class {
  std::string_view name;
  unsigned kinds;
  unsigned first;
  unsigned need;
  RwRule rw;
  int same_as;  // index of a class whose finding makes this one pointless, or -1
};

constexpr std::array<Class, 15> kClasses = {{
    {"G0", kWw, kWw, 0, RwRule::kNone, -1},
    {"G1c", kWw | kWr, kWr, 0, RwRule::kNone, -1},
    {"G-single", kWw | kWr | kRw, kRw, 0, RwRule::kOne, -1},
    {"G-nonadjacent", kWw | kWr | kRw, kRw, 0, RwRule::kApart, -1},
    {"G2-item", kWw | kWr | kRw, kRw, 0, RwRule::kAdjacent, -1},
    {"G0-process", kWw | kProcess, kProcess, kWw, RwRule::kNone, 0},
    {"G1c-process", kWw | kWr | kProcess, kProcess, kWr, RwRule::kNone, 1},
    {"G-single-process", kWw | kWr | kRw | kProcess, kRw, kProcess, RwRule::kOne, 2},
    {"G-nonadjacent-process", kWw | kWr | kRw | kProcess, kRw, kProcess, RwRule::kApart, 3},
    {"G2-item-process", kWw | kWr | kRw | kProcess, kRw, kProcess, RwRule::kAdjacent, 4},
    {"G0-realtime", kAnyWw | kRealtime, kAnyWw, kTimed, RwRule::kNone, 5},
    {"G1c-realtime", kAnyWw | kWr | kRealtime, kWr, kTimed, RwRule::kNone, 6},
    {"G-single-realtime", kAnyWw | kWr | kAnyRw | kRealtime, kAnyRw, kTimed, RwRule::kOne, 7},
    {"G-nonadjacent-realtime", kAnyWw | kWr | kAnyRw | kRealtime, kAnyRw, kTimed, RwRule::kApart,
     8},
    {"G2-item-realtime", kAnyWw | kWr | kAnyRw | kRealtime, kAnyRw, kTimed, RwRule::kAdjacent, 9},
}};

// What a walk has had so far: three bits. Free edges change nothing.
constexpr unsigned kHadNeed = 1, kHadMany = 2, kLastRw = 4;
constexpr unsigned kStates = 8;
constexpr unsigned kRefused = 0xff;

unsigned step(const Class& cls, unsigned state, EdgeKind kind) {
  if (kind == EdgeKind::kFree) return state;
  if ((cls.kinds & bit(kind)) == 0) return kRefused;
  unsigned next = state & (kHadNeed | kHadMany);
  if ((cls.need & bit(kind)) != 0) next |= kHadNeed;
  if ((kAnyRw & bit(kind)) != 0) {
    if (cls.rw == RwRule::kOne) return kRefused;
    if (cls.rw == RwRule::kApart && (state & kLastRw) != 0) return kRefused;
    next |= kHadMany | kLastRw;
  }
  return next;
}

// The state after the first edge: one rw of it is not many.
unsigned first_state(const Class& cls, EdgeKind kind) {
  const bool rw = (kAnyRw & bit(kind)) != 0;
  return ((cls.need & bit(kind)) != 0 ? kHadNeed : 0) | (rw ? kLastRw : 0);
}

bool accepts(const Class& cls, unsigned state) {
  if (cls.need != 0 && (state & kHadNeed) == 0) return false;
  switch (cls.rw) {
    case RwRule::kApart: return (state & kHadMany) != 0 && (state & kLastRw) == 0;
    case RwRule::kAdjacent: return (state & kLastRw) != 0 && (state & kHadMany) != 0;
    default: return true;
  }
}

class Finder {
 public:
  Finder(const Dependencies& graph, std::uint64_t& steps)
      : graph_(graph), work_(graph.workload), steps_(steps), digraph_(graph.nodes, graph.edges) {}

  CycleReport run(std::uint64_t memory_bytes) {
    CycleReport report;
    const std::uint64_t once = digraph_.size();
    if (!spend(once)) {
      report.out_of_budget = true;
      return report;
    }
    // The usual case ends here: nothing goes round, not even with real time.
    if (!components(~0u)) return report;
    const std::uint64_t needed = std::uint64_t{graph_.nodes} * kStates * (sizeof(std::uint32_t) + sizeof(Came));
    if (needed > memory_bytes) {
      report.memory_lacking = needed;
      for (const Class& cls : kClasses) report.undecided.push_back(cls.name);
      return report;
    }
    std::array<bool, kClasses.size()> done{};
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
      const Class& cls = kClasses[i];
      if (cls.same_as >= 0 && done[static_cast<std::size_t>(cls.same_as)]) {
        done[i] = true;
        continue;
      }
      if (!spend(once)) {
        report.undecided.push_back(cls.name);
        continue;
      }
      if (!components(cls.kinds | kFree)) continue;
      // What is left is shared by the classes to come, so that no class starves the others.
      const std::uint64_t share = steps_ / (kClasses.size() - i);
      share_ = share;
      shortest_.clear();
      const bool whole = search(cls);
      steps_ -= share - share_;
      if (!shortest_.empty()) {
        report.found.push_back(describe(cls));
        done[i] = true;
      } else if (!whole) {
        report.undecided.push_back(cls.name);
      }
    }
    return report;
  }

 private:
  bool spend(std::uint64_t amount) {
    const bool enough = steps_ >= amount;
    steps_ -= enough ? amount : steps_;
    return enough;
  }

  bool components(unsigned kinds) {
    return digraph_.components(kinds, component_);
  }

  // Fills `shortest_`. False if the budget ended before every start was tried.
  bool search(const Class& cls) {
    length_ = kNone;
    visited_.assign(static_cast<std::size_t>(graph_.nodes) * kStates, 0);
    came_.resize(visited_.size());
    stamp_ = 0;
    for (std::uint32_t start = 0; start < work_.txns.size(); ++start) {
      if (component_[start] == kNone) continue;
      if (!search_from(cls, start)) return false;
      if (length_ == 2) break;
    }
    return true;
  }

  struct Visit {
    std::uint32_t node, length;
    unsigned state;
  };

  bool inside(std::uint32_t start, std::uint32_t to) const {
    return component_[to] == component_[start];
  }

  bool search_from(const Class& cls, std::uint32_t start) {
    ++stamp_;
    std::deque<Visit> queue;
    for (std::uint32_t e = digraph_.begin(start); e < digraph_.end(start); ++e) {
      const RawEdge& edge = digraph_.edge(e);
      if ((cls.first & bit(edge.kind)) == 0 || !inside(start, edge.to)) continue;
      const Visit visit{edge.to, 1, first_state(cls, edge.kind)};
      if (mark(visit, e, kNone)) queue.push_back(visit);
    }
    while (!queue.empty()) {
      const Visit at = queue.front();
      queue.pop_front();
      for (std::uint32_t e = digraph_.begin(at.node); e < digraph_.end(at.node); ++e) {
        if (share_ == 0) return false;
        --share_;
        const RawEdge& edge = digraph_.edge(e);
        const unsigned state = step(cls, at.state, edge.kind);
        if (state == kRefused || !inside(start, edge.to)) continue;
        const bool free = edge.kind == EdgeKind::kFree;
        const Visit next{edge.to, at.length + (free ? 0 : 1), state};
        if (next.length >= length_) continue;
        if (edge.to == start) {
          if (!accepts(cls, state)) continue;
          length_ = next.length;
          take_path(at, e);
          continue;
        }
        if (!mark(next, e, at.node * kStates + at.state)) continue;
        if (free) {
          queue.push_front(next);
        } else {
          queue.push_back(next);
        }
      }
    }
    return true;
  }

  struct Came {
    std::uint32_t edge = kNone;
    std::uint32_t from = kNone;  // node and state, or kNone at the first edge
    std::uint32_t length = 0;
  };

  bool mark(const Visit& visit, std::uint32_t edge, std::uint32_t from) {
    const std::uint32_t at = visit.node * kStates + visit.state;
    if (visited_[at] == stamp_ && came_[at].length <= visit.length) return false;
    visited_[at] = stamp_;
    came_[at] = {edge, from, visit.length};
    return true;
  }

  void take_path(const Visit& last, std::uint32_t closing) {
    shortest_.assign(1, closing);
    for (std::uint32_t at = last.node * kStates + last.state; at != kNone; at = came_[at].from) {
      shortest_.push_back(came_[at].edge);
    }
    std::reverse(shortest_.begin(), shortest_.end());
  }

  Anomaly describe(const Class& cls) const {
    Anomaly anomaly{.name = std::string(cls.name), .operations = {}, .sentence = "", .steps = {}};
    for (std::size_t i = 0; i < shortest_.size();) {
      // An edge with the free ones that carry it on.
      RawEdge whole = digraph_.edge(shortest_[i]);
      for (++i; i < shortest_.size() && digraph_.edge(shortest_[i]).kind == EdgeKind::kFree; ++i) {
        const RawEdge& more = digraph_.edge(shortest_[i]);
        whole.to = more.to;
        if (more.note.after != nullptr) whole.note.after = more.note.after;
      }
      anomaly.steps.push_back({whole.from, whole.to, whole.kind, sentence(whole)});
      anomaly.operations.push_back(work_.txns[whole.from].op);
    }
    for (const CycleStep& step : anomaly.steps) {
      anomaly.sentence += (anomaly.sentence.empty() ? "" : "; ") + step.sentence;
    }
    std::sort(anomaly.operations.begin(), anomaly.operations.end());
    anomaly.operations.erase(std::unique(anomaly.operations.begin(), anomaly.operations.end()),
                             anomaly.operations.end());
    return anomaly;
  }

  std::string sentence(const RawEdge& edge) const {
    const std::string a = work_.name(edge.from);
    const std::string b = work_.name(edge.to);
    const std::string arrow = ": " + a + " -> " + b;
    if (edge.kind == EdgeKind::kProcess) {
      return b + " follows " + a + " in the same process" + arrow;
    }
    if (edge.kind == EdgeKind::kRealtime) {
      return a + " was answered before " + b + " was asked" + arrow;
    }
    const std::string key = work_.key_name(edge.note.key);
    const std::string before = shown(edge.note.before);
    const std::string after = shown(edge.note.after);
    switch (edge.kind) {
      case EdgeKind::kWw:
        return b + " appended " + after + " to " + key + " after " + a + " had appended " + before +
               arrow;
      case EdgeKind::kTimedWw:
        return b + " wrote " + key + " = " + after + " after " + a + " had written " + before +
               ", as real time shows" + arrow;
      case EdgeKind::kWr:
        return b + " read " + key + " as " + after +
               (work_.lists ? ", whose " + before + " " + a + " had appended"
                            : ", which " + a + " had written") +
               arrow;
      default:
        return a + " read " + key + " as " + before + ", before " + b +
               (work_.lists ? " appended " : " wrote ") + after +
               (edge.kind == EdgeKind::kTimedRw ? ", as real time shows" : "") + arrow;
    }
  }

  const Dependencies& graph_;
  const Workload& work_;
  std::uint64_t& steps_;
  Digraph digraph_;
  std::vector<std::uint32_t> component_;  // kNone: in no cycle
  std::vector<std::uint32_t> visited_;    // by node and state: the search that was there last
  std::vector<Came> came_;
  std::uint64_t share_ = 0;  // of the steps, for the class at hand
  std::uint32_t stamp_ = 0;
  std::uint32_t length_ = kNone;
  std::vector<std::uint32_t> shortest_;  // edges
};

}  // namespace

CycleReport find_cycles(const Dependencies& graph, std::uint64_t& steps, std::uint64_t memory_bytes) {
  return Finder(graph, steps).run(memory_bytes);
}

}  // namespace orrery::check
