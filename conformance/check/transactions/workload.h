// A history of transactions made ready: micro-operations with small numbers for keys and values.
//
// What both kinds of workload share. A transaction is `ok`, `fail` (it did not happen) or unknown;
// an unknown one counts as happened once an answered transaction has seen a value of its. Its reads
// are never known. Values point into the history, which must outlive the workload.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "conformance/check/check.h"
#include "conformance/check/problem.h"

namespace orrery::check {

inline constexpr std::uint32_t kNone = 0xffffffff;

// One `["r"|"w"|"append", key, value]`. `position` is a place in the key's version order where that
// is known: a write's own (from 1; the initial version is 0), or that of the version a read saw,
// the transaction's own writes left out.
struct Micro {
  bool write = false;
  std::uint32_t key = 0;
  std::uint32_t txn = 0;
  std::uint32_t position = kNone;
  std::int64_t id = kNullValue;            // of a written value, or of what a register's read saw
  const history::Value* value = nullptr;  // null where an unanswered transaction reads
  bool final = false;                      // the transaction's last write to the key
};

struct Txn {
  history::OperationId op = 0;
  history::Outcome outcome = history::Outcome::kUnknown;
  bool happened = false;
  std::uint32_t begin = 0, end = 0;  // of its micro-operations
};

struct Workload {
  const history::History* history = nullptr;
  bool lists = false;
  std::vector<Txn> txns;
  std::vector<Micro> micros;
  std::vector<history::Value> keys;
  // By key: value to the micro-operation that wrote it; look-up only.
  std::vector<std::unordered_map<std::int64_t, std::uint32_t>> writes;
  ValueIds values;

  const history::Operation& operation(std::uint32_t txn) const {
    return history->operations()[txns[txn].op];
  }
  // kNone when nobody wrote that value.
  std::uint32_t writer(std::uint32_t key, const history::Value& value);
  std::string name(std::uint32_t txn) const;  // T12: by the operation's label
  std::string key_name(std::uint32_t key) const;
};

// Refuses what is no transaction of the model, answers that do not fit their request, and a value
// that two transactions which may have happened, or one of them twice, write to the same key.
std::variant<Workload, InputError> compile_transactions(const history::History& history,
                                                        Model model);

}  // namespace orrery::check
