// A program of disk calls drawn from a number, which can be run on any disk and told what a crash left of it.
#pragma once

#include <memory>
#include <string>

#include "conformance/properties/disk/real_disk.h"
#include "sim/core/hash.h"

namespace orrery::disk {

// Draws that depend on the number alone.
class Draw {
 public:
  explicit Draw(uint64_t seed) : state_(mix64(seed, 0x64726177)) {}
  uint64_t below(uint64_t n) { return (state_ = mix64(state_, 1)) % n; }

 private:
  uint64_t state_;
};

// One run; make a new one for the next. The same number makes the same calls with the same bytes.
class Workload {
 public:
  virtual ~Workload() = default;
  // Runs to the end, on a disk that stays the caller's.
  virtual void run(Disk& disk) = 0;
  // What is read back from a disk as a crash left it, as a text: equal texts, equal contents. `disk` is written to.
  virtual std::string recover(Disk& disk) = 0;
  // The same by a program that knows nothing of the seam, from the real files; empty: there is none.
  virtual std::string recover_without_us(const Folder& folder) {
    (void)folder;
    return {};
  }
  // What is wrong with having recovered this, if the crash were now, at the disk call under way; empty: nothing.
  virtual std::string wrong(const std::string& recovered) = 0;
};

// Transactions and checkpoints of SQLite through our VFS, WAL mode, every commit synced.
std::unique_ptr<Workload> make_sqlite_workload(uint64_t seed);
// A follower's log: entries, promises, cut tails, folds, images, the past kept or not. The real follower.
std::unique_ptr<Workload> make_log_workload(uint64_t seed);

}  // namespace orrery::disk
