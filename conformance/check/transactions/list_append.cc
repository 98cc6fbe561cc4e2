// Dependencies of list-append: a key's longest read shows the order of its versions.
//
// Every other read must be a prefix of it. Appends that no read has seen come after all that were
// seen, in no known order among themselves.
#include <algorithm>
#include <utility>

#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

using history::Outcome;
using history::Value;

namespace {

const Value::List kEmptyList;

const Value::List& list_of(const Value& value) {
  return value.is_list() ? value.as_list() : kEmptyList;
}

// A read that fits its own transaction; `seen` elements are of others.
struct ListRead {
  std::uint32_t micro = 0;
  std::uint32_t seen = 0;
  bool external = false;  // the transaction's first read of the key
};

class ListAppend {
 public:
  explicit ListAppend(Dependencies& graph)
      : graph_(graph), work_(graph.workload), reads_(work_.keys.size()),
        states_(work_.keys.size()), first_own_(work_.txns.size(), kNone) {}

  void run() {
    for (std::uint32_t i = 0; i < work_.txns.size(); ++i) {
      if (work_.txns[i].outcome == Outcome::kOk) walk(i);
    }
    orders_.resize(work_.keys.size());
    // What was seen happened: first for all keys, since a transaction seen through one key counts
    // in every other.
    for (std::uint32_t key = 0; key < work_.keys.size(); ++key) find_order(key);
    std::vector<std::vector<std::uint32_t>> unseen(work_.keys.size());
    for (std::uint32_t m = 0; m < work_.micros.size(); ++m) {
      const Micro& micro = work_.micros[m];
      if (micro.write && micro.position == kNone && work_.txns[micro.txn].happened) {
        unseen[micro.key].push_back(m);
      }
    }
    for (std::uint32_t key = 0; key < work_.keys.size(); ++key) connect(key, unseen[key]);
  }

 private:
  // What the transaction at hand knows of a key: what it read, and what it appended since.
  struct State {
    std::uint32_t txn = kNone;
    const Value* base = nullptr;
    std::vector<std::uint32_t> own;
  };

  void walk(std::uint32_t txn) {
    for (std::uint32_t m = work_.txns[txn].begin; m < work_.txns[txn].end; ++m) {
      const Micro& micro = work_.micros[m];
      State& state = states_[micro.key];
      if (state.txn != txn) {
        state.txn = txn;
        state.base = nullptr;
        state.own.clear();
      }
      if (micro.write) {
        state.own.push_back(m);
        continue;
      }
      const Value::List& list = list_of(*micro.value);
      const std::size_t own = state.own.size();
      bool fits = list.size() >= own;
      for (std::size_t i = 0; fits && i < own; ++i) {
        fits = list[list.size() - own + i] == *work_.micros[state.own[i]].value;
      }
      if (fits && state.base != nullptr) {
        const Value::List& base = list_of(*state.base);
        fits = list.size() == base.size() + own &&
               std::equal(base.begin(), base.end(), list.begin());
      }
      if (!fits) {
        graph_.anomaly("internal", {txn},
                       work_.name(txn) + " read " + work_.key_name(micro.key) + " as " +
                           shown(micro.value) + ", which is not what it had read and appended");
      } else {
        reads_[micro.key].push_back(
            {m, static_cast<std::uint32_t>(list.size() - own), state.base == nullptr});
      }
      state.base = micro.value;
      state.own.clear();
    }
  }

  // Looks up who appended the element, and says so if nobody has or its transaction failed.
  std::uint32_t source(std::uint32_t read, const Value& element) {
    const Micro& micro = work_.micros[read];
    const std::uint32_t write = work_.writer(micro.key, element);
    const std::string seen = work_.name(micro.txn) + " read " + shown(&element) + " in " +
                             work_.key_name(micro.key);
    if (write == kNone) {
      graph_.anomaly("unwritten-read", {micro.txn}, seen + ", which nobody had appended");
      return kNone;
    }
    const std::uint32_t owner = work_.micros[write].txn;
    if (work_.txns[owner].outcome == Outcome::kFail) {
      graph_.anomaly("G1a", {owner, micro.txn},
                     seen + ", which " + work_.name(owner) + " appended, but " +
                         work_.name(owner) + " failed");
      return kNone;
    }
    work_.txns[owner].happened = true;
    return write;
  }

  void find_order(std::uint32_t key) {
    std::uint32_t longest = kNone;
    std::size_t length = 0;
    for (const ListRead& read : reads_[key]) {
      const std::size_t size = list_of(*work_.micros[read.micro].value).size();
      if (longest == kNone || size > length) {
        longest = read.micro;
        length = size;
      }
    }
    if (longest == kNone) return;
    const Value::List& list = list_of(*work_.micros[longest].value);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      std::uint32_t write = source(longest, list[i]);
      if (write != kNone && work_.micros[write].position != kNone) {
        graph_.anomaly("duplicate-elements", {work_.micros[longest].txn},
                       work_.name(work_.micros[longest].txn) + " read " + shown(&list[i]) +
                           " twice in " + work_.key_name(key));
        write = kNone;
      }
      if (write != kNone) work_.micros[write].position = i + 1;
      orders_[key].push_back(write);
    }
    const auto is_no_prefix = [&](const ListRead& read) {
      const Value::List& other = list_of(*work_.micros[read.micro].value);
      if (std::equal(other.begin(), other.end(), list.begin())) return false;
      const std::uint32_t a = work_.micros[read.micro].txn;
      const std::uint32_t b = work_.micros[longest].txn;
      graph_.anomaly("incompatible-order", {a, b},
                     work_.name(a) + " read " + work_.key_name(key) + " as " +
                         shown(work_.micros[read.micro].value) + ", " + work_.name(b) + " as " +
                         shown(work_.micros[longest].value) + ": no order of appends gives both");
      for (const Value& element : other) source(read.micro, element);
      return true;
    };
    reads_[key].erase(std::remove_if(reads_[key].begin(), reads_[key].end(), is_no_prefix),
                      reads_[key].end());
  }

  void connect(std::uint32_t key, const std::vector<std::uint32_t>& unseen) {
    const std::vector<std::uint32_t>& order = orders_[key];
    // By place: the next known write at or after it, so that what nobody wrote is passed over.
    std::vector<std::uint32_t> next(order.size() + 1, kNone);
    for (std::size_t i = order.size(); i-- > 0;) {
      next[i] = order[i] == kNone ? next[i + 1] : order[i];
    }
    std::uint32_t last = kNone;
    for (const std::uint32_t write : order) {
      if (write == kNone) continue;
      if (last != kNone) ww(key, last, write);
      last = write;
    }
    check_own_order(key, unseen);
    std::vector<Next> tail;
    for (const std::uint32_t write : unseen) {
      if (last != kNone) ww(key, last, write);
      const std::uint32_t txn = work_.micros[write].txn;
      if (tail.empty() || tail.back().txn != txn) tail.push_back({txn, work_.micros[write].value});
    }
    std::vector<Reader> at_end;
    for (const ListRead& read : reads_[key]) {
      if (!read.external) continue;
      const std::uint32_t txn = work_.micros[read.micro].txn;
      const Value* seen = work_.micros[read.micro].value;
      work_.micros[read.micro].position = read.seen;
      if (read.seen > 0) came_from(key, read, order[read.seen - 1]);
      if (next[read.seen] != kNone) {
        const Micro& write = work_.micros[next[read.seen]];
        graph_.edge(txn, write.txn, EdgeKind::kRw, {key, seen, write.value});
      } else {
        at_end.push_back({txn, seen});
      }
    }
    graph_.readers_before(key, at_end, tail);
    find_lost_updates(key, unseen, next);
    // Each comes after all that were seen, which is all that sessions need to know.
    for (const std::uint32_t write : unseen) {
      work_.micros[write].position = static_cast<std::uint32_t>(order.size()) + 1;
    }
  }

  void ww(std::uint32_t key, std::uint32_t a, std::uint32_t b) {
    graph_.edge(work_.micros[a].txn, work_.micros[b].txn, EdgeKind::kWw,
                {key, work_.micros[a].value, work_.micros[b].value});
  }

  void came_from(std::uint32_t key, const ListRead& read, std::uint32_t write) {
    if (write == kNone) return;
    const Micro& from = work_.micros[write];
    const std::uint32_t txn = work_.micros[read.micro].txn;
    const Value* seen = work_.micros[read.micro].value;
    graph_.edge(from.txn, txn, EdgeKind::kWr, {key, from.value, seen});
    if (from.txn != txn && !from.final) {
      graph_.anomaly("G1b", {from.txn, txn},
                     work_.name(txn) + " read " + work_.key_name(key) + " as " + shown(seen) +
                         ", in the middle of what " + work_.name(from.txn) + " appended");
    }
  }

  // What one transaction appended must come out in that order; what nobody saw came out last.
  void check_own_order(std::uint32_t key, const std::vector<std::uint32_t>& unseen) {
    std::vector<std::uint32_t>& newest = first_own_;  // borrowed, and given back empty
    const auto take = [&](std::uint32_t write) {
      const Micro& micro = work_.micros[write];
      std::uint32_t& known = newest[micro.txn];
      if (known != kNone && known > write) {
        graph_.anomaly("incompatible-order", {micro.txn},
                       work_.name(micro.txn) + " appended " + shown(micro.value) + " to " +
                           work_.key_name(key) + " before " + shown(work_.micros[known].value) +
                           ", but they came out the other way round");
      } else {
        known = write;
      }
    };
    for (const std::uint32_t write : orders_[key]) {
      if (write != kNone) take(write);
    }
    for (const std::uint32_t write : unseen) take(write);
    forget_own(key, unseen);
  }

  void forget_own(std::uint32_t key, const std::vector<std::uint32_t>& unseen) {
    for (const std::uint32_t write : unseen) first_own_[work_.micros[write].txn] = kNone;
    for (const std::uint32_t write : orders_[key]) {
      if (write != kNone) first_own_[work_.micros[write].txn] = kNone;
    }
  }

  // A transaction that read a version and appended, but not right after that version; or that read
  // what it appended only later.
  void find_lost_updates(std::uint32_t key, const std::vector<std::uint32_t>& unseen,
                         const std::vector<std::uint32_t>& next) {
    for (const std::uint32_t write : unseen) first_own_[work_.micros[write].txn] = write;
    for (std::size_t i = orders_[key].size(); i-- > 0;) {
      const std::uint32_t write = orders_[key][i];
      if (write != kNone) first_own_[work_.micros[write].txn] = write;
    }
    for (const ListRead& read : reads_[key]) {
      if (!read.external) continue;
      const Micro& micro = work_.micros[read.micro];
      const std::uint32_t first = first_own_[micro.txn];
      if (first == kNone) continue;
      const Micro& own = work_.micros[first];
      if (own.position != kNone && own.position <= read.seen) {
        graph_.anomaly("internal", {micro.txn},
                       work_.name(micro.txn) + " read " + shown(own.value) + " in " +
                           work_.key_name(key) + " before it appended that itself");
      }
      const std::uint32_t between = next[read.seen];
      if (between == kNone || work_.micros[between].txn == micro.txn) continue;
      const std::uint32_t other = work_.micros[between].txn;
      graph_.anomaly("lost-update", {micro.txn, other},
                     work_.name(micro.txn) + " read " + work_.key_name(key) + " as " +
                         shown(micro.value) + " and appended to it, although " +
                         work_.name(other) + " appended " + shown(work_.micros[between].value) +
                         " in between");
    }
    forget_own(key, unseen);
  }

  Dependencies& graph_;
  Workload& work_;
  std::vector<std::vector<ListRead>> reads_;       // by key
  std::vector<State> states_;                      // by key
  std::vector<std::vector<std::uint32_t>> orders_;  // by key: the writes, kNone where unknown
  std::vector<std::uint32_t> first_own_;  // by transaction: its first append to the key at hand
};

}  // namespace

void infer_list_append(Dependencies& graph) { ListAppend(graph).run(); }

}  // namespace orrery::check
