// Session guarantees, where the place of each version in its key's order is known.
#include <algorithm>
#include <unordered_map>

#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

namespace {

// The newest version of a key that a process has read, and has written, and in which transaction.
struct Newest {
  std::uint32_t read = 0, read_txn = kNone;
  std::uint32_t written = 0, written_txn = kNone;
};

}  // namespace

void check_sessions(Dependencies& graph) {
  const Workload& work = graph.workload;
  std::unordered_map<std::uint64_t, Newest> newest;  // look-up only
  const auto state = [&](const Txn& txn, const Micro& micro) -> Newest& {
    const std::uint64_t process = work.history->operations()[txn.op].process;
    return newest[process << 32 | micro.key];
  };
  for (const Txn& txn : work.txns) {
    if (txn.outcome != history::Outcome::kOk) continue;
    for (std::uint32_t m = txn.begin; m < txn.end; ++m) {
      const Micro& micro = work.micros[m];
      if (micro.position == kNone) continue;
      const Newest& known = state(txn, micro);
      const std::string did = work.name(micro.txn) + (micro.write ? " wrote " : " read ") +
                              work.key_name(micro.key) + " as of version " +
                              std::to_string(micro.position) + ", although its process had ";
      const auto name = [&](const char* anomaly, std::uint32_t other, const char* what,
                            std::uint32_t version) {
        graph.anomaly(anomaly, {other, micro.txn},
                      did + what + " version " + std::to_string(version) + " in " +
                          work.name(other));
      };
      // A write's own version equals the one known only if it had been seen before it was made.
      const bool older_than_read = micro.write ? micro.position <= known.read && known.read > 0
                                               : micro.position < known.read;
      if (older_than_read) {
        name(micro.write ? "writes-follow-reads" : "monotonic-reads", known.read_txn, "read",
             known.read);
      }
      if (micro.position < known.written) {
        name(micro.write ? "monotonic-writes" : "read-your-writes", known.written_txn, "written",
             known.written);
      }
    }
    // Only now, so that a transaction is not held against itself.
    for (std::uint32_t m = txn.begin; m < txn.end; ++m) {
      const Micro& micro = work.micros[m];
      if (micro.position == kNone) continue;
      Newest& known = state(txn, micro);
      if (micro.write && micro.position > known.written) {
        known.written = micro.position;
        known.written_txn = micro.txn;
      }
      if (!micro.write && micro.position > known.read) {
        known.read = micro.position;
        known.read_txn = micro.txn;
      }
    }
  }
}

}  // namespace orrery::check
