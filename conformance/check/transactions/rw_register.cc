// Dependencies of rw-register: every value is written once, so a read names its writer.
//
// The order of versions is known only in part. Assumed: null is first; a transaction that read one
// version and wrote another wrote the next (in any serial order no other lies between). Where
// strictness is asked for, real time orders more: a version touched by a transaction that was
// answered before some transaction touching another version was invoked is the older one. Not
// assumed: that a process's writes keep their order, or anything about blind writes.
#include <algorithm>
#include <utility>

#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

using history::Operation;
using history::Outcome;

namespace {

constexpr std::uint32_t kBefore = 0;  // earlier than any event's time, which are shifted by one

// What a transaction left in a key when it ended, or the initial null (no writer).
struct Version {
  std::uint32_t write = kNone;
  bool has_parent = false;  // its transaction read the version before
  std::vector<Reader> readers;
  std::vector<Next> nexts;
  std::uint32_t first_answer = kNone;  // of a transaction that wrote or read it
  std::uint32_t last_invoke = kBefore;
};

class RwRegister {
 public:
  explicit RwRegister(Dependencies& graph)
      : graph_(graph), work_(graph.workload), states_(work_.keys.size()),
        reads_(work_.keys.size()), version_of_(work_.micros.size(), kNone) {}

  void run() {
    for (std::uint32_t i = 0; i < work_.txns.size(); ++i) {
      if (work_.txns[i].outcome == Outcome::kOk) walk(i);
    }
    for (const auto& reads : reads_) {
      for (const std::uint32_t read : reads) find_source(read);
    }
    std::vector<std::vector<std::uint32_t>> writes(work_.keys.size());
    for (std::uint32_t m = 0; m < work_.micros.size(); ++m) {
      const Micro& micro = work_.micros[m];
      if (micro.final && work_.txns[micro.txn].happened) writes[micro.key].push_back(m);
    }
    for (std::uint32_t key = 0; key < work_.keys.size(); ++key) connect(key, writes[key]);
  }

 private:
  struct State {
    std::uint32_t txn = kNone;
    std::int64_t value = kNullValue;
  };

  void walk(std::uint32_t txn) {
    for (std::uint32_t m = work_.txns[txn].begin; m < work_.txns[txn].end; ++m) {
      const Micro& micro = work_.micros[m];
      State& state = states_[micro.key];
      const bool known = state.txn == txn;
      if (!micro.write && !known) reads_[micro.key].push_back(m);
      if (!micro.write && known && micro.id != state.value) {
        graph_.anomaly("internal", {txn},
                       work_.name(txn) + " read " + work_.key_name(micro.key) + " as " +
                           shown(micro.value) + ", which is not what it had read or written last");
      }
      state = {txn, micro.id};
    }
  }

  void find_source(std::uint32_t read) {
    const Micro& micro = work_.micros[read];
    if (micro.id == kNullValue) return;
    const std::string seen = work_.name(micro.txn) + " read " + work_.key_name(micro.key) + " as " +
                             shown(micro.value);
    const std::uint32_t write = work_.writer(micro.key, *micro.value);
    if (write == kNone) {
      graph_.anomaly("unwritten-read", {micro.txn}, seen + ", which nobody had written");
      return;
    }
    const std::uint32_t owner = work_.micros[write].txn;
    const std::string by = work_.name(owner);
    if (owner == micro.txn) {
      graph_.anomaly("internal", {owner}, seen + " before it wrote that itself");
    } else if (work_.txns[owner].outcome == Outcome::kFail) {
      graph_.anomaly("G1a", {owner, micro.txn},
                     seen + ", which " + by + " wrote, but " + by + " failed");
    } else {
      work_.txns[owner].happened = true;
      source_.resize(work_.micros.size(), kNone);
      source_[read] = write;
      if (!work_.micros[write].final) {
        graph_.anomaly("G1b", {owner, micro.txn},
                       seen + ", which " + by + " wrote and then wrote over");
      }
    }
  }

  void connect(std::uint32_t key, const std::vector<std::uint32_t>& writes) {
    std::vector<Version> versions(1);
    for (const std::uint32_t write : writes) {
      version_of_[write] = static_cast<std::uint32_t>(versions.size());
      versions.emplace_back().write = write;
      touch(versions.back(), work_.micros[write].txn);
      version_by_txn_.resize(work_.txns.size(), kNone);
      version_by_txn_[work_.micros[write].txn] = version_of_[write];
    }
    for (const std::uint32_t read : reads_[key]) take_read(key, versions, read);
    for (std::uint32_t v = 1; v < versions.size(); ++v) {
      const Micro& write = work_.micros[versions[v].write];
      if (!versions[v].has_parent) versions[0].nexts.push_back({write.txn, write.value});
    }
    for (const Version& version : versions) {
      graph_.readers_before(key, version.readers, version.nexts);
    }
    place(key, versions);
    order_by_time(key, versions);
    for (const std::uint32_t write : writes) version_by_txn_[work_.micros[write].txn] = kNone;
  }

  void take_read(std::uint32_t key, std::vector<Version>& versions, std::uint32_t read) {
    const Micro& micro = work_.micros[read];
    const std::uint32_t write = source_.empty() ? kNone : source_[read];
    if (write == kNone && micro.id != kNullValue) return;
    std::uint32_t seen = 0;
    if (write != kNone) {
      const Micro& from = work_.micros[write];
      graph_.edge(from.txn, micro.txn, EdgeKind::kWr, {key, from.value, micro.value});
      seen = version_of_[write];
      if (seen == kNone) {  // wrote over: the reader comes before that
        const Micro& later = work_.micros[versions[version_by_txn_[from.txn]].write];
        graph_.edge(micro.txn, from.txn, EdgeKind::kRw, {key, micro.value, later.value});
        return;
      }
    }
    versions[seen].readers.push_back({micro.txn, micro.value});
    touch(versions[seen], micro.txn);
    const std::uint32_t own =
        micro.txn < version_by_txn_.size() ? version_by_txn_[micro.txn] : kNone;
    if (own == kNone) return;
    versions[own].has_parent = true;
    versions[seen].nexts.push_back({micro.txn, work_.micros[versions[own].write].value});
  }

  void touch(Version& version, std::uint32_t txn) {
    const Operation& op = work_.operation(txn);
    version.last_invoke = std::max(version.last_invoke, op.invoke_seq + 1);
    if (op.outcome == Outcome::kOk) {
      version.first_answer = std::min(version.first_answer, op.return_seq + 1);
    }
  }

  // Positions, for session guarantees, where each version but the last has one that follows.
  void place(std::uint32_t key, const std::vector<Version>& versions) {
    std::vector<std::uint32_t> positions(versions.size(), kNone);
    std::uint32_t at = 0;
    std::uint32_t count = 0;
    while (positions[at] == kNone) {
      positions[at] = count++;
      if (versions[at].nexts.size() != 1) break;
      at = version_by_txn_[versions[at].nexts[0].txn];
    }
    if (count != versions.size()) {
      graph_.all_placed = false;
      return;
    }
    for (std::uint32_t v = 0; v < versions.size(); ++v) {
      if (v > 0) work_.micros[versions[v].write].position = positions[v];
    }
    for (const std::uint32_t read : reads_[key]) {
      Micro& micro = work_.micros[read];
      const std::uint32_t write = source_.empty() ? kNone : source_[read];
      if (micro.id == kNullValue) micro.position = 0;
      if (write != kNone && version_of_[write] != kNone) {
        micro.position = positions[version_of_[write]];
      }
    }
  }

  // u is older than v if something that touched u was answered before something that touched v was
  // invoked. Only neighbours get edges: v with no w between u and v, at most as many as there are
  // transactions outstanding at one moment; and, for contradictions, the v answered first: if u is
  // in one then it is so with that v, and following these edges must come round.
  void order_by_time(std::uint32_t key, const std::vector<Version>& versions) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t v = 1; v < versions.size(); ++v) order.push_back(v);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return versions[a].last_invoke < versions[b].last_invoke;
    });
    // The three earliest answers of all versions from a place on.
    struct Earliest {
      std::uint32_t at[3] = {kNone, kNone, kNone};
    };
    const auto answer = [&](std::uint32_t v) {
      return v == kNone ? kNone : versions[v].first_answer;
    };
    std::vector<Earliest> suffix(order.size() + 1);
    for (std::size_t i = order.size(); i-- > 0;) {
      suffix[i] = suffix[i + 1];
      std::uint32_t v = order[i];
      for (std::uint32_t& place : suffix[i].at) {
        if (place == kNone || answer(v) < answer(place)) std::swap(v, place);
      }
    }
    for (std::uint32_t u = 1; u < versions.size(); ++u) {
      const auto begin = std::upper_bound(
          order.begin(), order.end(), versions[u].first_answer,
          [&](std::uint32_t time, std::uint32_t v) { return time < versions[v].last_invoke; });
      const Earliest& earliest = suffix[static_cast<std::size_t>(begin - order.begin())];
      std::uint32_t others[2] = {kNone, kNone};
      std::size_t count = 0;
      for (const std::uint32_t v : earliest.at) {
        if (v != u && v != kNone && count < 2) others[count++] = v;
      }
      if (others[0] == kNone) continue;
      timed(key, versions, u, others[0]);
      for (auto it = begin; it != order.end(); ++it) {
        if (versions[*it].last_invoke > answer(others[1])) break;
        if (*it == u || *it == others[0] || versions[*it].last_invoke > answer(others[0])) continue;
        timed(key, versions, u, *it);
      }
    }
  }

  void timed(std::uint32_t key, const std::vector<Version>& versions, std::uint32_t older,
             std::uint32_t newer) {
    const Micro& from = work_.micros[versions[older].write];
    const Micro& to = work_.micros[versions[newer].write];
    graph_.edge(from.txn, to.txn, EdgeKind::kTimedWw, {key, from.value, to.value});
    for (const Reader& reader : versions[older].readers) {
      graph_.edge(reader.txn, to.txn, EdgeKind::kTimedRw, {key, reader.seen, to.value});
    }
  }

  Dependencies& graph_;
  Workload& work_;
  std::vector<State> states_;                     // by key
  std::vector<std::vector<std::uint32_t>> reads_;  // by key: external reads
  std::vector<std::uint32_t> version_of_;         // by micro-operation: of a final write
  std::vector<std::uint32_t> source_;             // by micro-operation: the write a read saw
  std::vector<std::uint32_t> version_by_txn_;     // by transaction: its version of the key at hand
};

}  // namespace

void infer_rw_register(Dependencies& graph) { RwRegister(graph).run(); }

}  // namespace orrery::check
