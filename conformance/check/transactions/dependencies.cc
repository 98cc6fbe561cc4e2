#include "conformance/check/transactions/dependencies.h"

#include <algorithm>
#include <utility>

namespace orrery::check {

using history::Operation;
using history::Outcome;
using history::Value;

Dependencies::Dependencies(Workload& work)
    : workload(work), nodes(static_cast<std::uint32_t>(work.txns.size())) {}

void Dependencies::edge(std::uint32_t from, std::uint32_t to, EdgeKind kind, Note note) {
  if (from != to) edges.push_back({from, to, kind, note});
}

void Dependencies::readers_before(std::uint32_t key, const std::vector<Reader>& readers,
                                  const std::vector<Next>& nexts) {
  if (readers.empty() || nexts.empty()) return;
  std::vector<std::uint32_t> writers;
  for (const Next& next : nexts) writers.push_back(next.txn);
  std::sort(writers.begin(), writers.end());
  std::vector<Reader> both;
  std::vector<Reader> plain;
  for (const Reader& reader : readers) {
    const bool writes = std::binary_search(writers.begin(), writers.end(), reader.txn);
    (writes ? both : plain).push_back(reader);
  }
  const auto direct = [&](const Reader& reader) {
    for (const Next& next : nexts) {
      edge(reader.txn, next.txn, EdgeKind::kRw, {key, reader.seen, next.written});
    }
  };
  if (!both.empty()) direct(both.front());
  // Two that read one version and both wrote the next: a ring says all there is to say.
  for (std::size_t i = 1; i < both.size(); ++i) {
    edge(both[i].txn, both.front().txn, EdgeKind::kRw, {key, both[i].seen, nullptr});
  }
  if (both.size() > 1) {
    anomaly("lost-update", {both[0].txn, both[1].txn},
            workload.name(both[0].txn) + " and " + workload.name(both[1].txn) + " both read " +
                workload.key_name(key) + " as " + shown(both[0].seen) +
                " and both wrote it: one update is lost");
  }
  if (plain.size() == 1 || nexts.size() == 1) {
    for (const Reader& reader : plain) direct(reader);
  } else if (!plain.empty()) {
    const std::uint32_t hub = nodes++;
    for (const Reader& reader : plain) {
      edge(reader.txn, hub, EdgeKind::kRw, {key, reader.seen, nullptr});
    }
    for (const Next& next : nexts) {
      edge(hub, next.txn, EdgeKind::kFree, {key, nullptr, next.written});
    }
  }
}

void Dependencies::anomaly(std::string name, std::vector<std::uint32_t> txns,
                           std::string sentence) {
  for (const Anomaly& known : anomalies) {
    if (known.name == name) return;
  }
  Anomaly fresh{.name = std::move(name), .operations = {}, .sentence = std::move(sentence),
                .steps = {}};
  for (const std::uint32_t txn : txns) fresh.operations.push_back(workload.txns[txn].op);
  std::sort(fresh.operations.begin(), fresh.operations.end());
  fresh.operations.erase(std::unique(fresh.operations.begin(), fresh.operations.end()),
                         fresh.operations.end());
  anomalies.push_back(std::move(fresh));
}

void Dependencies::add_process_edges() {
  // An unanswered transaction may take effect after anything its process does later, so only
  // answered ones have a successor.
  std::vector<std::uint32_t> last(workload.history->process_count(), kNone);
  for (std::uint32_t i = 0; i < workload.txns.size(); ++i) {
    if (!workload.txns[i].happened) continue;
    std::uint32_t& before = last[workload.operation(i).process];
    if (before != kNone) edge(before, i, EdgeKind::kProcess);
    if (workload.txns[i].outcome == Outcome::kOk) before = i;
  }
}

void Dependencies::add_realtime_edges() {
  struct Event {
    std::uint32_t seq, txn;
    bool answer;
  };
  std::vector<Event> events;
  for (std::uint32_t i = 0; i < workload.txns.size(); ++i) {
    if (!workload.txns[i].happened) continue;
    const Operation& op = workload.operation(i);
    events.push_back({op.invoke_seq, i, false});
    if (workload.txns[i].outcome == Outcome::kOk) events.push_back({op.return_seq, i, true});
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.seq < b.seq; });
  std::uint32_t hub = kNone;
  bool fresh = false;  // nothing was invoked since the hub was made
  for (const Event& event : events) {
    if (!event.answer) {
      if (hub != kNone) edge(hub, event.txn, EdgeKind::kFree);
      fresh = false;
      continue;
    }
    if (!fresh) {
      const std::uint32_t next = nodes++;
      if (hub != kNone) edge(hub, next, EdgeKind::kFree);
      hub = next;
      fresh = true;
    }
    edge(event.txn, hub, EdgeKind::kRealtime);
  }
}

std::string shown(const Value* value) {
  static constexpr std::size_t kLongest = 48;
  if (value == nullptr) return "something";
  if (value->is_list() && value->as_list().size() > 8) {
    return "a list of " + std::to_string(value->as_list().size()) + " ending in " +
           shown(&value->as_list().back());
  }
  std::string text = value->text();
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace orrery::check
