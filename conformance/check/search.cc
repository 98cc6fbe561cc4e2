#include "conformance/check/search.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace orrery::check {

namespace {

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Fingerprint fingerprint_of(std::uint64_t number) {
  return {mix(number * 2 + 1), mix(number * 2 + 0x5851f42d4c957f2d)};
}

// The pairs seen, as fingerprints. Stops growing at its limit.
class Seen {
 public:
  explicit Seen(std::uint64_t memory_bytes) : memory_bytes_(memory_bytes), slots_(1024) {}

  // False if it was there already. True also when there is no room to remember it.
  bool insert(Fingerprint key) {
    if (key.high == 0 && key.low == 0) key.low = 1;
    std::size_t at = key.low & (slots_.size() - 1);
    while (slots_[at].high != 0 || slots_[at].low != 0) {
      if (slots_[at].high == key.high && slots_[at].low == key.low) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    if (full_) return true;
    slots_[at] = key;
    if (++count_ * 2 > slots_.size()) grow();
    return true;
  }

 private:
  void grow() {
    // While the larger table is filled, both exist.
    if (slots_.size() * 3 * sizeof(Fingerprint) > memory_bytes_) {
      full_ = true;
      return;
    }
    std::vector<Fingerprint> larger(slots_.size() * 2);
    for (const Fingerprint& key : slots_) {
      if (key.high == 0 && key.low == 0) continue;
      std::size_t at = key.low & (larger.size() - 1);
      while (larger[at].high != 0 || larger[at].low != 0) at = (at + 1) & (larger.size() - 1);
      larger[at] = key;
    }
    slots_.swap(larger);
  }

  std::uint64_t memory_bytes_;
  std::vector<Fingerprint> slots_;
  std::size_t count_ = 0;
  bool full_ = false;
};

class Searcher {
 public:
  Searcher(const ProblemSet& set, const Problem& problem, std::uint64_t steps,
           std::uint64_t memory_bytes)
      : ops_(problem.ops),
        repeatable_(problem.repeatable),
        machine_(set, problem),
        seen_(memory_bytes / 2),
        steps_max_(steps),
        memory_bytes_(memory_bytes) {
    build_entries();
    build_classes(set.model);
  }

  SearchResult run() {
    result_.to_explain = required_;
    if (!enter(machine_.initial(), 0)) return finish(SearchKind::kFound);
    while (!frames_.empty()) {
      if (result_.steps + machine_.steps_of_asking() >= steps_max_ || machine_.given_up() ||
          machine_.memory_bytes() > memory_bytes_ * 2) {
        return finish(SearchKind::kOutOfSteps);
      }
      if (!advance()) return finish(SearchKind::kFound);
    }
    return finish(machine_.given_up() ? SearchKind::kOutOfSteps : SearchKind::kImpossible);
  }

 private:
  // An event of an answered operation, in a doubly linked list in order of time. Entry 0 is the
  // head.
  struct Entry {
    std::int32_t next = 0;
    std::int32_t previous = 0;
    std::int32_t op = 0;
    std::int32_t event = 0;
    std::int32_t partner = 0;  // of a request: its answer's entry; of an answer: its request's
    bool is_answer = false;
  };

  // A choice point: the state there, where its moves begin on the trail, and the next choice to
  // try.
  struct Frame {
    std::int64_t state = 0;
    std::size_t trail = 0;
    std::int32_t bound = 0;        // entry of the first answer outstanding
    std::int32_t cursor = 0;       // next entry to try
    std::int32_t next_class = -1;  // -1: the bounding operation itself has not been tried
  };

  // Equal unanswered operations, oldest first; the first `used` are placed.
  struct Class {
    std::vector<std::int32_t> ops;
    std::size_t used = 0;
  };

  void build_entries() {
    std::vector<std::pair<std::int32_t, std::int32_t>> events;  // event, op * 2 + is_answer
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      if (ops_[i].optional()) continue;
      ++required_;
      events.emplace_back(ops_[i].request, i * 2);
      events.emplace_back(ops_[i].answer, i * 2 + 1);
    }
    std::sort(events.begin(), events.end());
    entries_.resize(events.size() + 1);
    request_of_.assign(ops_.size(), 0);
    for (std::size_t i = 0; i < events.size(); ++i) {
      Entry& entry = entries_[i + 1];
      const auto at = static_cast<std::int32_t>(i + 1);
      entry.event = events[i].first;
      entry.op = events[i].second / 2;
      entry.is_answer = (events[i].second & 1) != 0;
      if (entry.is_answer) {
        entry.partner = request_of_[entry.op];
        entries_[entry.partner].partner = at;
      } else {
        request_of_[entry.op] = at;
      }
    }
    const auto last = static_cast<std::int32_t>(entries_.size()) - 1;
    for (std::int32_t i = 0; i <= last; ++i) {
      entries_[i].next = i == last ? 0 : i + 1;
      entries_[i].previous = i == 0 ? last : i - 1;
    }
  }

  void build_classes(Model model) {
    // A value nobody ever saw need not have been written, unless somebody saw "not that one".
    const bool by_value = model == Model::kRegister || model == Model::kCasRegister ||
                          model == Model::kKv || model == Model::kQueue;
    std::vector<std::int64_t> observed;
    bool prune = by_value;
    for (const Op& op : ops_) {
      if (op.code == Code::kRead || op.code == Code::kCas || op.code == Code::kDequeue) {
        observed.push_back(op.a);
      }
      prune = prune && op.code != Code::kCasMiss && op.code != Code::kAppend;
    }
    std::sort(observed.begin(), observed.end());
    std::map<std::tuple<Code, bool, std::int64_t, std::int64_t>, std::size_t> index;
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      const Op& op = ops_[i];
      if (!op.optional()) continue;
      const bool gives =
          op.code == Code::kWrite || op.code == Code::kCas || op.code == Code::kEnqueue;
      const std::int64_t given = op.code == Code::kCas ? op.b : op.a;
      if (prune && gives && !std::binary_search(observed.begin(), observed.end(), given)) continue;
      const auto [found, fresh] =
          index.try_emplace({op.code, op.known, op.a, op.b}, classes_.size());
      if (fresh) classes_.emplace_back();
      classes_[found->second].ops.push_back(i);
    }
  }

  void lift(std::int32_t op) {
    const std::int32_t request = request_of_[op];
    unlink(request);
    unlink(entries_[request].partner);
    trail_.push_back(op);
    toggle(op);
    ++placed_;
  }

  void unlink(std::int32_t at) {
    const Entry& entry = entries_[at];
    entries_[entry.previous].next = entry.next;
    entries_[entry.next].previous = entry.previous;
  }

  void relink(std::int32_t at) {
    const Entry& entry = entries_[at];
    entries_[entry.previous].next = at;
    entries_[entry.next].previous = at;
  }

  void toggle(std::int32_t op) {
    const Fingerprint print = fingerprint_of(static_cast<std::uint64_t>(op));
    set_.high ^= print.high;
    set_.low ^= print.low;
  }

  void undo_to(std::size_t mark) {
    while (trail_.size() > mark) {
      const std::int32_t move = trail_.back();
      trail_.pop_back();
      if (needs_no_undoing(move)) continue;
      if (move < 0) {
        Class& klass = classes_[static_cast<std::size_t>(-1 - move)];
        toggle(klass.ops[--klass.used]);
      } else {
        const std::int32_t request = request_of_[move];
        relink(entries_[request].partner);
        relink(request);
        toggle(move);
        --placed_;
      }
    }
  }

  // Goes to `state`, whose moves begin at `mark` of the trail. False: everything is explained.
  bool enter(std::int64_t state, std::size_t mark) {
    std::int32_t at = entries_[0].next;
    while (at != 0 && !entries_[at].is_answer) {
      const Entry& entry = entries_[at];
      const Op& op = ops_[static_cast<std::size_t>(entry.op)];
      if (is_pure(op.code)) {
        ++result_.steps;
        std::int64_t same = 0;
        if (machine_.step(state, op, &same) && same == state) {
          // From before the lifted entry: what follows it may be its own answer, lifted too.
          const std::int32_t before = entry.previous;
          lift(entry.op);
          at = entries_[before].next;
          continue;
        }
      }
      at = entry.next;
    }
    // The scan stops at the first answer outstanding; one whose request it placed is gone by then.
    if (at == 0) return false;
    const Fingerprint print = fingerprint_of(static_cast<std::uint64_t>(state) ^ 0xabcdef12345);
    if (!seen_.insert({set_.high + print.high, set_.low ^ print.low})) {
      undo_to(mark);
      return true;
    }
    const std::int32_t stuck = entries_[at].event;
    if (result_.stuck_at == kNever || stuck > result_.stuck_at) result_.stuck_at = stuck;
    result_.explained = std::max(result_.explained, placed_);
    frames_.push_back(
        {.state = state, .trail = mark, .bound = at, .cursor = entries_[0].next, .next_class = -1});
    return true;
  }

  // Tries the next choice of the top frame, or leaves it. False: everything is explained.
  bool advance() {
    Frame& frame = frames_.back();
    const std::int64_t state = frame.state;
    const std::size_t mark = trail_.size();
    const std::int32_t bounding = entries_[frame.bound].op;
    std::int64_t next = 0;
    if (frame.next_class == -1) {
      frame.next_class = 0;
      ++result_.steps;
      if (machine_.step(state, ops_[bounding], &next)) {
        lift(bounding);
        return enter(next, mark);
      }
    }
    while (frame.cursor != frame.bound) {
      const std::int32_t op = entries_[frame.cursor].op;
      frame.cursor = entries_[frame.cursor].next;
      if (op == bounding || (is_pure(ops_[op].code) && ops_[op].code != Code::kOutsideRead)) continue;
      ++result_.steps;
      if (machine_.step(state, ops_[op], &next)) {
        lift(op);
        return enter(next, mark);
      }
    }
    while (frame.next_class < static_cast<std::int32_t>(classes_.size())) {
      const std::int32_t index = frame.next_class++;
      Class& klass = classes_[static_cast<std::size_t>(index)];
      if (klass.used == klass.ops.size()) continue;
      const std::int32_t op = klass.ops[klass.used];
      if (ops_[op].request > entries_[frame.bound].event) continue;
      ++result_.steps;
      if (!machine_.step(state, ops_[op], &next) || next == state) continue;
      if (repeatable_) {
        trail_.push_back(-1 - static_cast<std::int32_t>(classes_.size()) - op);
      } else {
        ++klass.used;
        trail_.push_back(-1 - index);
        toggle(op);
      }
      return enter(next, mark);
    }
    undo_to(frame.trail);
    frames_.pop_back();
    return true;
  }

  // An unanswered operation that may be placed any number of times leaves no mark but its place on the trail.
  bool needs_no_undoing(std::int32_t move) const { return -1 - move >= static_cast<std::int32_t>(classes_.size()); }

  SearchResult finish(SearchKind kind) {
    result_.kind = kind;
    result_.steps += machine_.steps_of_asking();
    if (kind != SearchKind::kFound) return result_;
    std::vector<std::size_t> used(classes_.size());
    for (const std::int32_t move : trail_) {
      const std::int32_t index = -1 - move;
      if (move >= 0) result_.order.push_back(move);
      else if (needs_no_undoing(move)) result_.order.push_back(index - static_cast<std::int32_t>(classes_.size()));
      else result_.order.push_back(classes_[index].ops[used[index]++]);
    }
    return result_;
  }

  const std::vector<Op>& ops_;
  const bool repeatable_;
  Machine machine_;
  Seen seen_;
  std::uint64_t steps_max_;
  std::uint64_t memory_bytes_;
  std::vector<Entry> entries_;
  std::vector<std::int32_t> request_of_;
  std::vector<Class> classes_;
  std::vector<std::int32_t> trail_;  // an op placed, -1 - class, or -1 - classes - op
  std::vector<Frame> frames_;
  Fingerprint set_;
  std::uint64_t placed_ = 0;
  std::uint64_t required_ = 0;
  SearchResult result_;
};

}  // namespace

SearchResult search(const ProblemSet& set, const Problem& problem, std::uint64_t steps,
                    std::uint64_t memory_bytes) {
  return Searcher(set, problem, steps, memory_bytes).run();
}

}  // namespace orrery::check
