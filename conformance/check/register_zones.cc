// Register histories with unique values, after Gibbons and Korach ("Testing shared memories",
// 1997).
//
// All operations on one value form a cluster, which any explaining order keeps together: the write,
// then its reads. A successful cas from a to b glues b's cluster to the end of a's: together they
// are a block. For a block let f be its first answer and s its last request. Block P must come
// before block Q when f(P) < s(Q); the history can be explained exactly when each block is in order
// within itself and no two blocks must each come before the other. Blocks with f < s ("forward",
// the interval [f, s]) must not overlap; blocks with s <= f ("backward", [s, f]) must not lie
// within a forward one.
#include <algorithm>

#include "conformance/check/fast_paths.h"

namespace orrery::check {

namespace {

constexpr std::int32_t kNone = -1;

struct Cluster {
  std::int32_t writer = kNone;  // op that made the value; kNone for the initial value
  std::int32_t first_answer = kNever;
  std::int32_t first_answer_op = kNone;
  std::int32_t last_request = -1;
  std::int32_t last_request_op = kNone;
  std::int32_t from = kNone;      // the cluster its writer, a cas, started from
  std::int32_t cas_next = kNone;  // the cluster a cas made out of this one
  bool observed = false;          // somebody saw the value, or it was surely written
};

// Values to cluster numbers: a plain array where the values are dense, else open addressing.
class ClusterIndex {
 public:
  explicit ClusterIndex(const std::vector<Op>& ops, std::int64_t initial) {
    std::int64_t low = initial, high = initial;
    std::size_t count = 1;
    for (const Op& op : ops) {
      if (op.code == Code::kRead) continue;
      const std::int64_t value = op.code == Code::kCas ? op.b : op.a;
      low = std::min(low, value);
      high = std::max(high, value);
      ++count;
    }
    low_ = low;
    // In unsigned arithmetic, for the span may not fit a signed number.
    span_ = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    dense_ = span_ <= count * 8 + 64;
    if (dense_) {
      table_.assign(span_, kNone);
    } else {
      std::size_t size = 64;
      while (size < count * 2) size *= 2;
      keys_.assign(size, 0);
      table_.assign(size, kNone);
    }
  }

  // The cell of `value`; kNone in it when there is no cluster yet. Null when it cannot have one.
  std::int32_t* cell(std::int64_t value) {
    if (dense_) {
      const std::uint64_t at = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(low_);
      return at < span_ ? &table_[at] : nullptr;
    }
    std::uint64_t hash = static_cast<std::uint64_t>(value) * 0x9e3779b97f4a7c15;
    std::size_t at = (hash ^ (hash >> 32)) & (table_.size() - 1);
    while (table_[at] != kNone && keys_[at] != value) at = (at + 1) & (table_.size() - 1);
    keys_[at] = value;
    return &table_[at];
  }

 private:
  std::int64_t low_ = 0;
  std::uint64_t span_ = 0;
  bool dense_ = false;
  std::vector<std::int64_t> keys_;
  std::vector<std::int32_t> table_;
};

class Zones {
 public:
  Zones(const std::vector<Op>& ops, std::int64_t initial)
      : ops_(ops), initial_(initial), index_(ops, initial) {
    clusters_.reserve(ops.size() / 2 + 2);
    Cluster& first = clusters_.emplace_back();
    first.first_answer = -1;
    first.observed = true;
    *index_.cell(initial) = 0;
  }

  FastResult run() {
    if (!make_clusters()) return fast_not_applicable();
    FastResult result = place_observers();
    if (result.kind != FastKind::kOk) return result;
    result = join_blocks();
    if (result.kind != FastKind::kOk) return result;
    return compare_blocks();
  }

 private:
  bool make_clusters() {
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      const Op& op = ops_[i];
      if (op.code == Code::kRead) continue;
      if (op.code != Code::kWrite && op.code != Code::kCas) return false;
      std::int32_t* cell = index_.cell(op.code == Code::kCas ? op.b : op.a);
      if (*cell != kNone) return false;
      *cell = static_cast<std::int32_t>(clusters_.size());
      Cluster& cluster = clusters_.emplace_back();
      cluster.writer = i;
      cluster.observed = !op.optional();
      has_cas_ = has_cas_ || op.code == Code::kCas;
      touch(cluster, i);
    }
    return true;
  }

  void touch(Cluster& cluster, std::int32_t i) {
    const Op& op = ops_[i];
    if (op.answer < cluster.first_answer) {
      cluster.first_answer = op.answer;
      cluster.first_answer_op = i;
    }
    if (op.request > cluster.last_request) {
      cluster.last_request = op.request;
      cluster.last_request_op = i;
    }
  }

  FastResult place_observers() {
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      const Op& op = ops_[i];
      if (op.code != Code::kRead) continue;
      const std::int32_t* cell = index_.cell(op.a);
      if (cell == nullptr || *cell == kNone) return never_written(i);
      Cluster& cluster = clusters_[*cell];
      cluster.observed = true;
      if (cluster.writer != kNone && op.answer < ops_[cluster.writer].request) {
        return fast_violation({i, cluster.writer},
                              "{0} was answered before {1} began, which alone writes that value");
      }
      touch(cluster, i);
    }
    return has_cas_ ? link_cas() : fast_ok();
  }

  static FastResult never_written(std::int32_t i) {
    return fast_violation({i}, "{0} saw a value that nobody had written");
  }

  // What shows that an unanswered writer's value was there: a read of it, or the cas that replaced
  // it.
  void add_evidence(std::int32_t c, std::vector<std::int32_t>& ops) const {
    while (c != kNone && clusters_[c].writer != kNone && ops_[clusters_[c].writer].optional()) {
      ops.push_back(clusters_[c].writer);
      if (clusters_[c].first_answer_op != kNone) {
        ops.push_back(clusters_[c].first_answer_op);
        return;
      }
      c = clusters_[c].cas_next;
    }
    if (c != kNone && clusters_[c].writer != kNone) ops.push_back(clusters_[c].writer);
  }

  std::int32_t cluster_of(std::int32_t i) {
    return *index_.cell(ops_[i].code == Code::kCas ? ops_[i].b : ops_[i].a);
  }

  // The writers of the clusters between those of ops `a` and `b`, which are in one block.
  void add_chain(std::int32_t a, std::int32_t b, std::vector<std::int32_t>& ops) {
    const std::int32_t ends[] = {cluster_of(a), cluster_of(b)};
    for (int direction = 0; direction < 2; ++direction) {
      std::vector<std::int32_t> writers;
      for (std::int32_t c = ends[direction]; c != kNone; c = clusters_[c].cas_next) {
        if (clusters_[c].writer != kNone) writers.push_back(clusters_[c].writer);
        if (c != ends[1 - direction]) continue;
        ops.insert(ops.end(), writers.begin(), writers.end());
        return;
      }
    }
  }

  // An unanswered cas took place exactly if its value was seen; then the value before was seen by
  // it.
  FastResult link_cas() {
    std::vector<std::int32_t> pending;
    for (std::int32_t c = 0; c < static_cast<std::int32_t>(clusters_.size()); ++c) {
      if (clusters_[c].observed) pending.push_back(c);
    }
    while (!pending.empty()) {
      const std::int32_t c = pending.back();
      pending.pop_back();
      const std::int32_t writer = clusters_[c].writer;
      if (writer == kNone || ops_[writer].code != Code::kCas) continue;
      const std::int32_t* cell = index_.cell(ops_[writer].a);
      if (cell == nullptr || *cell == kNone) {
        FastResult result = never_written(writer);
        add_evidence(c, result.ops);
        return result;
      }
      Cluster& from = clusters_[*cell];
      if (from.cas_next != kNone) {
        const std::int32_t other = clusters_[from.cas_next].writer;
        FastResult result =
            fast_violation({std::min(writer, other), std::max(writer, other)},
                           "{0} and {1} both replaced the same value, which was written once");
        add_evidence(c, result.ops);
        add_evidence(from.cas_next, result.ops);
        return result;
      }
      from.cas_next = c;
      clusters_[c].from = *cell;
      if (!from.observed) {
        from.observed = true;
        pending.push_back(*cell);
      }
    }
    return fast_ok();
  }

  // Folds each chain of clusters into its head, checking the order within it.
  FastResult join_blocks() {
    if (!has_cas_) return fast_ok();
    std::size_t visited = 0;
    std::size_t alive = 0;
    for (const Cluster& cluster : clusters_) alive += cluster.observed ? 1 : 0;
    for (std::int32_t head = 0; head < static_cast<std::int32_t>(clusters_.size()); ++head) {
      if (!clusters_[head].observed || clusters_[head].from != kNone) continue;
      ++visited;
      for (std::int32_t c = clusters_[head].cas_next; c != kNone; c = clusters_[c].cas_next) {
        ++visited;
        Cluster& block = clusters_[head];
        Cluster& part = clusters_[c];
        // The cas itself belongs to what comes after it, so `last_request` here is of earlier
        // parts.
        if (part.first_answer < block.last_request) {
          FastResult result =
              fast_violation({part.first_answer_op, block.last_request_op},
                             "{0} was answered before {1} began, yet compare-and-set "
                             "operations show that its value came later");
          add_chain(part.first_answer_op, block.last_request_op, result.ops);
          return result;
        }
        if (part.first_answer < block.first_answer) {
          block.first_answer = part.first_answer;
          block.first_answer_op = part.first_answer_op;
        }
        if (part.last_request > block.last_request) {
          block.last_request = part.last_request;
          block.last_request_op = part.last_request_op;
        }
        part.observed = false;  // folded
      }
    }
    // What is left over is a ring of cas operations without a beginning; the search words it.
    return visited == alive ? fast_ok() : fast_not_applicable();
  }

  FastResult compare_blocks() {
    std::int32_t events = 0;
    std::size_t blocks = 0;
    for (const Cluster& block : clusters_) {
      if (!block.observed) continue;
      ++blocks;
      events = std::max({events, block.last_request + 2,
                         block.first_answer == kNever ? 0 : block.first_answer + 2});
    }
    // Each block at its zone's lower end, moved up by one for the initial block's -1.
    std::vector<std::int32_t> order;
    order.reserve(blocks);
    if (static_cast<std::size_t>(events) <= blocks * 16 + 64) {
      std::vector<std::int32_t> at(static_cast<std::size_t>(events), kNone);
      for (std::int32_t b = 0; b < static_cast<std::int32_t>(clusters_.size()); ++b) {
        if (clusters_[b].observed) at[low(clusters_[b]) + 1] = b;
      }
      for (const std::int32_t b : at) {
        if (b != kNone) order.push_back(b);
      }
    } else {
      for (std::int32_t b = 0; b < static_cast<std::int32_t>(clusters_.size()); ++b) {
        if (clusters_[b].observed) order.push_back(b);
      }
      std::sort(order.begin(), order.end(), [this](std::int32_t a, std::int32_t b) {
        return low(clusters_[a]) < low(clusters_[b]);
      });
    }
    std::int32_t forward = kNone;  // the last forward zone begun
    for (const std::int32_t b : order) {
      const Cluster& block = clusters_[b];
      const bool is_forward = block.first_answer < block.last_request;
      if (forward != kNone) {
        const Cluster& other = clusters_[forward];
        if (block.first_answer < other.last_request && other.first_answer < block.last_request) {
          return conflict(other, block);
        }
      }
      if (is_forward) forward = b;
    }
    return fast_ok();
  }

  static std::int32_t low(const Cluster& block) {
    return std::min(block.first_answer, block.last_request);
  }

  // Each block must come before the other. Where the writes themselves show it, they are named
  // rather than the block's outermost operations, for a shorter witness.
  FastResult conflict(const Cluster& p, const Cluster& q) {
    std::int32_t q_late = q.last_request_op;
    const bool names_p = !has_cas_ && p.writer != kNone;
    const bool names_q = !has_cas_ && q.writer != kNone;
    if (names_q && ops_[q.writer].request > p.first_answer) q_late = q.writer;
    std::int32_t q_early = q.first_answer_op;
    if (names_q && ops_[q.writer].answer < p.last_request) q_early = q.writer;
    std::vector<std::int32_t> ops;
    std::string sentence;
    if (p.first_answer_op == kNone) {
      ops = {q_early, p.last_request_op};
      const bool initial = ops_[p.last_request_op].a == initial_;
      sentence = initial ? "{0} was answered before {1} began, which still saw the initial value"
                         : "{0} was answered before {1} began, whose value must have come first";
    } else {
      std::int32_t p_early = p.first_answer_op;
      if (names_p && ops_[p.writer].answer < ops_[q_late].request) p_early = p.writer;
      std::int32_t p_late = p.last_request_op;
      if (names_p && ops_[p.writer].request > ops_[q_early].answer) p_late = p.writer;
      ops = {p_early, q_late, q_early, p_late};
      sentence =
          "{0} was answered before {1} began, and {2} was answered before {3} began: each of "
          "the two values would have to come before the other";
      add_chain(p_early, p_late, ops);
    }
    add_chain(q_early, q_late, ops);
    for (const std::int32_t late : {p.last_request_op, q_late}) {
      if (ops_[late].optional()) add_evidence(cluster_of(late), ops);
    }
    return fast_violation(std::move(ops), std::move(sentence));
  }

  const std::vector<Op>& ops_;
  const std::int64_t initial_;
  ClusterIndex index_;
  std::vector<Cluster> clusters_;
  bool has_cas_ = false;
};

}  // namespace

FastResult check_register_zones(const std::vector<Op>& ops, std::int64_t initial) {
  return Zones(ops, initial).run();
}

}  // namespace orrery::check
