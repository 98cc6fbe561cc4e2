// V8 isolates made ahead of their use. A process that forks a child for each run makes as many as a run needs
// once, before it forks, so that no child spends its time on reading the snapshot (3 ms each).
//
// Invariant: an isolate from here is in every respect the one that would be made on the spot, so that runs do
// not depend on how many were spare (platform/runtime/tests/determinism_test.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "platform/runtime/isolate.h"

namespace orrery::runtime {

class SpareIsolates {
 public:
  explicit SpareIsolates(const Snapshot& snapshot);
  ~SpareIsolates();
  SpareIsolates(const SpareIsolates&) = delete;

  // Makes isolates until `n` are spare. Each takes about 2 MB until it is used.
  void keep(size_t n);
  size_t count() const { return spare_.size(); }
  // One of the spare ones; null when there is none, or for another heap limit than the usual.
  std::unique_ptr<Isolate::State> take(int64_t heap_limit_bytes);
  // How many were asked for in this process, spare or not.
  size_t asked() const { return asked_; }

 private:
  const Snapshot& snapshot_;
  std::vector<std::unique_ptr<Isolate::State>> spare_;
  size_t asked_ = 0;
};

}  // namespace orrery::runtime
