// A history: what clients asked for, when, and what they were told.
//
// Models operations with a moment of invocation and, perhaps, of return. The real-time order that
// checkers need is the order of events as recorded (`invoke_seq`, `return_seq`), not the clock: two
// events of the same microsecond still have an order. An operation that nobody answered is
// `unknown`, never `fail`: it may have taken effect, may still do so later, or never.
//
// Invariants: every event has a sequence number of its own, increasing in order of recording;
// `return_seq > invoke_seq`; an operation's outcome is set at most once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/history/value.h"

namespace orrery::history {

// What an operation does; the names are those of the history file.
enum class Function : std::uint8_t {
  kRead,
  kWrite,
  kCas,
  kAppend,
  kGet,
  kPut,
  kAdd,
  kEnqueue,
  kDequeue,
  kAcquire,
  kRelease,
  kTxn,
};

inline constexpr std::array<std::string_view, 12> kFunctionNames = {
    "read", "write",   "cas",     "append",  "get",     "put",
    "add",  "enqueue", "dequeue", "acquire", "release", "txn"};

inline std::string_view name(Function f) { return kFunctionNames[static_cast<std::size_t>(f)]; }

inline std::optional<Function> function_named(std::string_view text) {
  for (std::size_t i = 0; i < kFunctionNames.size(); ++i) {
    if (kFunctionNames[i] == text) return static_cast<Function>(i);
  }
  return std::nullopt;
}

// `kFail`: it did not happen, and nothing more is known. `kUnknown`: it may take effect at any
// later time or never.
enum class Outcome : std::uint8_t { kOk, kFail, kUnknown };

inline std::string_view name(Outcome outcome) {
  return outcome == Outcome::kOk ? "ok" : outcome == Outcome::kFail ? "fail" : "unknown";
}

using OperationId = std::uint32_t;

inline constexpr std::uint32_t kNoEvent = 0xffffffff;  // an event that has not come

// One operation. Times are microseconds of simulated time, for people; order is in the sequence
// numbers. `process` and `key` are indices of the history's name tables.
struct Operation {
  Value argument;
  Value result;  // meaningful only when the outcome is kOk
  std::int64_t invoke_us = 0;
  std::int64_t return_us = -1;  // -1: nobody answered
  std::uint64_t label = 0;      // the number people know it by: `i` of its first line, or its index
  std::uint32_t invoke_seq = kNoEvent;
  std::uint32_t return_seq = kNoEvent;
  std::uint32_t process = 0;
  std::uint32_t key = 0;
  Function f = Function::kRead;
  Outcome outcome = Outcome::kUnknown;
};

// Operations in the order of their invocation. Single writer; readers may hold references to
// operations only until the next `invoke`.
class History {
 public:
  // Records that `process` asks for `f` on `key` (null: the only object there is) at `now_us`.
  OperationId invoke(const Value& process, Function f, const Value& key, Value argument,
                     std::int64_t now_us) {
    return invoke_interned(processes_.id(process), f, keys_.id(key), std::move(argument), now_us);
  }

  // As `invoke`, with ids from `process_id` and `key_id`; spares the look-up of names.
  OperationId invoke_interned(std::uint32_t process, Function f, std::uint32_t key, Value argument,
                              std::int64_t now_us) {
    const auto id = static_cast<OperationId>(operations_.size());
    Operation& op = operations_.emplace_back();
    op.argument = std::move(argument);
    op.invoke_us = now_us;
    op.label = id;
    op.invoke_seq = next_seq_++;
    op.process = process;
    op.key = key;
    op.f = f;
    return id;
  }

  // Record the answer. Each returns false, and changes nothing, if the operation had one already.
  bool ok(OperationId id, Value result, std::int64_t now_us) {
    if (!finish(id, Outcome::kOk, now_us)) return false;
    operations_[id].result = std::move(result);
    return true;
  }
  bool fail(OperationId id, std::int64_t now_us) { return finish(id, Outcome::kFail, now_us); }
  bool unknown(OperationId id, std::int64_t now_us) {
    return finish(id, Outcome::kUnknown, now_us);
  }

  void set_label(OperationId id, std::uint64_t label) { operations_[id].label = label; }

  const std::vector<Operation>& operations() const { return operations_; }
  std::size_t size() const { return operations_.size(); }
  bool empty() const { return operations_.empty(); }
  std::uint32_t event_count() const { return next_seq_; }

  std::uint32_t process_id(const Value& process) { return processes_.id(process); }
  std::uint32_t key_id(const Value& key) { return keys_.id(key); }
  const Value& process(std::uint32_t id) const { return processes_.values[id]; }
  const Value& key(std::uint32_t id) const { return keys_.values[id]; }
  std::size_t process_count() const { return processes_.values.size(); }
  std::size_t key_count() const { return keys_.values.size(); }

 private:
  // Values to small numbers, in order of first use.
  struct Names {
    std::vector<Value> values;
    std::unordered_map<std::string, std::uint32_t> ids;  // look-up only

    std::uint32_t id(const Value& value) {
      const auto [found, fresh] =
          ids.try_emplace(value.text(), static_cast<std::uint32_t>(values.size()));
      if (fresh) values.push_back(value);
      return found->second;
    }
  };

  bool finish(OperationId id, Outcome outcome, std::int64_t now_us) {
    Operation& op = operations_[id];
    if (op.return_seq != kNoEvent) return false;
    op.outcome = outcome;
    op.return_us = now_us;
    op.return_seq = next_seq_++;
    return true;
  }

  std::vector<Operation> operations_;
  Names processes_;
  Names keys_;
  std::uint32_t next_seq_ = 0;
};

}  // namespace orrery::history
