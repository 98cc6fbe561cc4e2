// `orrery check` as one function: a history file in, a JSON document out.
#pragma once

#include <string>
#include <string_view>

#include "conformance/check/check.h"

namespace orrery::check {

// `options` is a JSON object, or empty; its fields: "steps" and "memory_mb", both integers, and
// "budget_us", real time that is turned into steps at kStepsPerSecond, a fifth of which may go into
// finding the shortest witness; "add_returns", true if the
// `v` of an add's ok line is a counter's new value (else `r` is, if given); "orders", true for the order found for each
// object ("orders":[[line of a request, ..], ..], empty where none was found); "require", the model
// that transactions are held to (serializability). The answer:
//   {"orrery":1,"verdict":"ok|violation|unknown|bad-input","model":..,"operations":n,"steps":n,
//    "key":..,"witness":{"operations":[{"i":..,"p":..,"f":..,"k":..,"v":..,"result":..,"outcome":..,
//    "invoke_us":..,"return_us":..,"line":..,"text":".."}],"sentence":".."},
//    "progress":{"explained":n,"of":n},"reason":"..","error":{"line":n,"reason":".."}}
// with `witness`, `progress`, `error` only where they apply. Line 0: the options or the model are
// wrong. For transactions there are also "require", "anomalies", "violates", "holds", "undecided"
// (names) and "found": a witness for each anomaly, with "anomaly" and "edges"
// [{"from":i,"to":i,"kind":"ww|wr|rw|process|realtime|..","text":".."}].
std::string check_history(std::string_view text, std::string_view model, std::string_view options);

// The same by a model from outside, shown as `name`. Its operations may have names of their own; for
// "add_returns" and "require" it has no use.
std::string check_history(std::string_view text, OutsideModel& model, std::string_view name,
                          std::string_view options);

// The same for a history in memory; `line` is left out of the operations, and `error.line` is the
// index of the operation.
std::string check_history(const history::History& history, Model model, Budget budget);

// Steps in a second of one slow core, so that a budget given in seconds is kept.
inline constexpr std::uint64_t kStepsPerSecond = 2'000'000;

}  // namespace orrery::check
