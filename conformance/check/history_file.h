// Reads and writes the history file: one JSON object a line, one event each.
//
//   {"i":index,"p":process,"e":"invoke|ok|fail|info","f":name,"k":key,"v":value}
//
// `i` is the number people know the operation by (its line's number when absent); events are in
// order of lines. `k` may be absent: there is one object. `f` may be absent in an answer. The
// argument is `v` of the invoke line; of `ok` lines only reads, gets, dequeues, cas and txn have a
// `v` that counts, that of `fail` and `info` is ignored. Two additions to the contract's fields:
// `t`, microseconds, and, in an ok line of a counter's add, `r`, the new value (with `add_returns`,
// its `v` is that, as scenarios record it). Other fields are ignored; empty lines are skipped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "sim/history/history.h"

namespace orrery::check {

struct HistoryFile {
  history::History history;
  // Numbers of the lines, from 1, of each operation's invocation and answer (0: none).
  std::vector<std::uint32_t> invoke_line;
  std::vector<std::uint32_t> answer_line;
  // Names of operations that are none of history::Function (whose `f` then is kTxn).
  std::unordered_map<history::OperationId, std::string> own_names;  // look-up only

  // The name of the operation.
  std::string_view function(history::OperationId id) const;
};

// How lines are read. `add_returns`: the `v` of an add's ok line is the counter's new value.
// `any_function`: operations may have names of their own, and an answer is `v`, or `r` if given, of
// whatever operation.
struct ReadOptions {
  bool add_returns = false;
  bool any_function = false;
};

struct LineError {
  std::uint64_t line = 0;  // from 1
  std::string reason;
};

// The first bad line ends the reading. A process has at most one operation at a time: an invocation
// while the one before has no answer line is an error, as is an answer to nothing.
std::variant<HistoryFile, LineError> read_history(std::string_view text, ReadOptions options = {});

// The history as such lines, events in their order. Reading them gives the same operations.
std::string write_history(const history::History& history);

}  // namespace orrery::check
