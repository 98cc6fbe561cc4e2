// Is a history linearizable? The checker's public face.
//
// Checks each object (key) by itself, with a near-linear method where the model and the history
// allow one and a memoised search otherwise. Operations that failed are left out; unanswered ones
// may take effect at any moment after their invocation, or never. Knows nothing of files (see
// `history_file.h`), of clocks or of the platform.
//
// Invariants: the answer depends on the history, the model and the budget alone; work is bounded by
// `Budget::steps`, memory by `Budget::memory_bytes` plus a part proportional to the history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/history/history.h"

namespace orrery::check {

class OutsideModel;

// What an object is. Sources of the rules: the contract's section "History file".
enum class Model : std::uint8_t {
  kRegister,       // read, write; starts as null
  kCasRegister,    // read, write, cas [from, to]; starts as null
  kKv,             // get, put, append (read, write and cas too); a key starts as ""
  kCounter,        // add delta, read; starts as 0; an add's result, where known, is the new value
  kSet,            // add element, read of all elements as a list; starts empty
  kQueue,          // enqueue, dequeue in order of arrival; an answer of null means it was empty
  kLock,           // acquire, release; free at the start; nobody owns it
  kMultiRegister,  // txn of reads and writes over several registers, each starting as null
  kListAppend,     // transactions: see transactions/transactions.h
  kRwRegister,     // transactions
  kOutside,        // an OutsideModel, which says itself what is what
};

std::string_view name(Model model);
std::optional<Model> model_named(std::string_view text);

// How much work a check may do, for all objects together. Steps, not seconds, so that a check's
// answer is the same on every machine; one step is one try to place one operation (about 0.1 to 1
// us).
struct Budget {
  std::uint64_t steps = 20'000'000;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  // Of a violation that the search found: to look for a witness of fewer operations than one that has
  // none to spare. About a millisecond; of one history alone more can be asked.
  std::uint64_t shortest_steps = 20'000;
};

enum class VerdictKind : std::uint8_t { kOk, kViolation, kUnknown, kBadInput };

std::string_view name(VerdictKind kind);

// The operations that contradict each other, oldest first, and why in one English sentence.
struct Witness {
  std::vector<history::OperationId> operations;
  std::string sentence;
};

using Order = std::vector<history::OperationId>;

struct Verdict {
  VerdictKind kind = VerdictKind::kOk;
  history::Value key;            // kViolation, kUnknown: the object concerned (null: the only one)
  Witness witness;               // kViolation
  std::uint64_t steps = 0;       // spent
  std::uint64_t explained = 0;   // kUnknown: answered operations of that object that were explained
  std::uint64_t to_explain = 0;  // kUnknown: of how many
  // kBadInput: the operation that does not fit the model; whether its answer or its request is
  // wrong.
  history::OperationId operation = 0;
  bool at_return = false;
  std::string reason;  // kBadInput, kUnknown
  // Where they were asked for: for each object, in order of first use, an order of its operations
  // that explains every answer. Empty for one that has none, that was not looked at, or of which
  // the search knew none within the budget.
  std::vector<Order> orders;
};

// The near-linear methods know no order; asking for it costs a search where they would do.
enum class Orders : bool { kNo, kYes };

// Whether some order of the operations of `history`, in keeping with real time, explains every
// answer. The first violating object in order of first use is reported; an undecided object is
// reported only when no object violates. Never throws, never recurses deeply.
// REQUIRES: `model` is not kOutside.
Verdict linearizable(const history::History& history, Model model, Budget budget = {},
                     Orders orders = Orders::kNo);

struct HistoryFile;

// The same by a model from outside, whose operations may have names of their own, kept by the file.
// Where the model gives up, the verdict is kUnknown unless a violation was known by then.
Verdict linearizable(const HistoryFile& file, OutsideModel& model, Budget budget = {},
                     Orders orders = Orders::kNo);

// The operation as people read it: `#12 client/1 read x -> 7`. `function`: its name where that is
// none of the history's functions.
std::string describe(const history::History& history, history::OperationId id,
                     std::string_view function = {});

}  // namespace orrery::check
