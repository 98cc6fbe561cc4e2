// Transactions the slow, plain way: tries every order. Also the maker of random histories of them.
// Shares no code with the checker beyond the history itself.
#pragma once

#include <cstdint>

#include "conformance/check/tests/random_history.h"
#include "sim/history/history.h"

namespace orrery::check {

// Whether some order of the transactions, run one by one, gives every answer; with `realtime`, one
// in which what was answered before another was asked comes before it. Unanswered ones may be left
// out. REQUIRES: about seven transactions.
bool some_order(const history::History& history, bool lists, bool realtime);

struct RandomTransactions {
  bool lists = true;
  std::uint64_t transactions = 5;
  std::uint64_t processes = 3;
  std::uint64_t keys = 2;
  std::uint64_t parts = 3;           // of a transaction, at most
  std::uint64_t wrong_one_in = 4;    // reads made up of what is or will be written; 0: never
  std::uint64_t fail_one_in = 10;    // 0: never
  std::uint64_t unknown_one_in = 8;  // 0: never
  bool read_first = false;           // reads every key before it writes it
  bool read_all_at_end = false;      // by one more transaction, and truly
  bool snapshots = false;            // snapshot isolation instead of one at a time
};

history::History random_transactions(const RandomTransactions& shape, Chance& chance);

}  // namespace orrery::check
