// Programs of several clients against several objects, and what they were told: for the property that
// every object behaves as if it did one operation after another.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "conformance/check/check.h"
#include "conformance/properties/rig.h"

namespace orrery::properties {

// One part of a transaction over the registers m0 .. m2, or of it the only one.
struct Part {
  bool write;
  int key;
};

struct Operation {
  // The last two are not asked of the object: its host crashes and comes back, its instance is ended.
  enum Kind { kRead, kWrite, kCas, kAdd, kCount, kTransaction, kCrash, kEvict };
  Kind kind;
  int object;           // 0: "a"
  int key;              // register r0 .. r1 (r0 in key-value storage, r1 in SQL) or counter c0
  int how;              // which of the ways to do it the Worker takes, 0 .. 2; of an addition 3: a wrong way
  bool pause;           // it awaits a timer halfway
  int after_ms;         // the client waits before
  std::vector<Part> parts;  // of a transaction
};
void showValue(const Operation& operation, std::ostream& os);

// What each client asks for, one after the other.
using Program = std::vector<std::vector<Operation>>;
rc::Gen<Program> programs(int clients, int objects);

// The Worker that does it.
const App& histories_app();

// Runs programs in a world and keeps the histories.
class Recorder {
 public:
  explicit Recorder(Rig& rig) : rig_(rig) {}
  // Brings the objects up first, so that the clients really meet there.
  void wake(int objects);
  // Runs the program from clients in these cities (round robin) until all are done.
  void run(const Program& program, const std::vector<std::string>& pops);
  // The first contradiction, with the operations that make it up; empty: there is none.
  std::string contradiction() const;
  uint64_t answered() const { return answered_; }

 private:
  Task<void> run_client(client::Client& client, const std::vector<Operation>& operations);

  Rig& rig_;
  history::History registers_, counters_;
  std::map<int, history::History> transactions_;  // by object: the checker takes all registers together
  int64_t next_value_ = 1;
  size_t running_ = 0;
  uint64_t answered_ = 0;
};

}  // namespace orrery::properties
