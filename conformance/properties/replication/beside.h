// The real replication (owners, followers, directory over a simulated network and disks) beside the model: the same commands
// to both. What the model leaves open (who answers first, what a crash leaves) makes several states possible; what the real
// one then shows must be one of them, and keeps those it agrees with.
#pragma once

#include <array>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "conformance/properties/replication/model.h"
#include "platform/durable/replication/tests/cluster.h"

namespace orrery::protocol {

struct Command {
  enum class Kind : uint8_t {
    kClaim,     // slot takes the object; the others cannot reach the directory from then on
    kAppend,    // slot's owner appends an entry, if it has a log
    kCrash,     // a follower goes down
    kRestart,
    kWipe,      // a follower's disk is replaced, and it starts again
    kCut,       // the link of slot and follower
    kMend,
    kEndOwner,  // slot's host crashes and starts again
    kPowerCut,  // slot's owner appends, and `after_us` later its host and the followers of `mask` crash and start again
  } kind;
  int slot = 0;
  int follower = 0;
  int mask = 0;
  int after_us = 0;
  bool slow = false;  // disks take so long to sync that the power goes meanwhile
};
std::string text(const Command& command);
inline std::ostream& operator<<(std::ostream& out, const Command& command) { return out << text(command); }

struct BesideOptions {
  uint64_t seed = 1;
  uint64_t fold_entries = 4;
  uint64_t retained_entries = 8;
  durable::Weaken weaken = {};
};

class Beside {
 public:
  explicit Beside(const BesideOptions& options);
  ~Beside();
  // Carries the command out in both. What disagrees, or which invariant of the model is broken; else empty.
  std::string run(const Command& command);
  size_t possible() const { return possible_.size(); }

 private:
  static constexpr int kSlots = 3;
  static constexpr int kFollowers = 5;
  // An owner's host.
  struct Slot {
    int epoch = 0;  // 0: no log
    std::unique_ptr<durable::ReplicatedLog> log;
  };
  struct Taken {
    bool done = false;
    durable::Claim::Status claimed = durable::Claim::Status::kUnreachable;
    durable::Recovery::Status opened = durable::Recovery::Status::kUnavailable;
    uint64_t epoch = 0;
    std::unique_ptr<durable::ReplicatedLog> log;
  };
  Task<void> take(int slot, durable::ClaimOptions options, Taken* taken);
  std::string claim(int slot);
  void append(Slot& slot);
  std::string power_cut(const Command& command);
  void crash_owner(int slot);
  bool reaches(int epoch, int follower) const;
  bool agrees(const State& s, std::string* why);
  std::string settle_and_compare();
  void settle(State& s, bool refusals_first, const std::vector<int>& order) const;
  void serve(State& s, int epoch, int follower, bool refusals_first) const;

  Rules rules_;
  durable::Cluster c_;
  std::array<Slot, kSlots> slots_;
  std::array<std::array<bool, kFollowers>, kSlots> cut_ = {};
  std::vector<int> slot_of_;  // by epoch, from 1
  std::vector<State> possible_;
};

}  // namespace orrery::protocol
