// What must come before what: the graph of transactions, and what is wrong without any cycle.
//
// Nodes are transactions, then hubs: a hub stands for "each of these", so that many readers before
// many writers cost their sum, not their product. An edge out of a hub is kFree: it continues the
// one that led there. No edge leads from a transaction to itself, not even through a hub, except
// through real time and a contradiction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/check/transactions/workload.h"

namespace orrery::check {

// Why one transaction comes before another. kTimedWw and kTimedRw are a register's version order
// as real time gives it, so they hold only where strictness is asked for.
enum class EdgeKind : std::uint8_t {
  kWw,
  kWr,
  kRw,
  kProcess,
  kRealtime,
  kTimedWw,
  kTimedRw,
  kFree,
};

// What an edge is about, for its sentence: `before` is what was seen or written first, `after` what
// was written later. Either may be null.
struct Note {
  std::uint32_t key = kNone;
  const history::Value* before = nullptr;
  const history::Value* after = nullptr;
};

struct RawEdge {
  std::uint32_t from = 0, to = 0;
  EdgeKind kind = EdgeKind::kWw;
  Note note;
};

struct CycleStep {
  std::uint32_t from = 0, to = 0;  // transactions
  EdgeKind kind = EdgeKind::kWw;
  std::string sentence;
};

// One anomaly by name, with the first or shortest example of it.
struct Anomaly {
  std::string name;
  std::vector<history::OperationId> operations;
  std::string sentence;
  std::vector<CycleStep> steps;  // of a cycle
};

// A transaction that saw a version, and what it saw; one that wrote the version after it.
struct Reader {
  std::uint32_t txn = 0;
  const history::Value* seen = nullptr;
};
struct Next {
  std::uint32_t txn = 0;
  const history::Value* written = nullptr;
};

class Dependencies {
 public:
  explicit Dependencies(Workload& workload);

  void edge(std::uint32_t from, std::uint32_t to, EdgeKind kind, Note note = {});
  // Every reader of a version comes before each transaction that wrote a version after it. Names a
  // lost update when two of them are both. Edges: the sum of both, or a small product.
  void readers_before(std::uint32_t key, const std::vector<Reader>& readers,
                      const std::vector<Next>& nexts);
  void anomaly(std::string name, std::vector<std::uint32_t> txns, std::string sentence);

  // Order within each process, and real time as one chain of hubs: an answered transaction leads to
  // the hub of its answer, hubs lead to later ones, and the latest hub leads to what is invoked.
  void add_process_edges();
  void add_realtime_edges();

  Workload& workload;
  std::vector<RawEdge> edges;
  std::uint32_t nodes = 0;
  std::vector<Anomaly> anomalies;  // one of a name
  bool all_placed = true;          // every version that was seen has a known place
};

void infer_list_append(Dependencies& graph);
void infer_rw_register(Dependencies& graph);
// Monotonic reads and writes, read your writes, writes follow reads: where positions are known.
void check_sessions(Dependencies& graph);

// A value as text for a sentence; long lists by their length and end.
std::string shown(const history::Value* value);

}  // namespace orrery::check
