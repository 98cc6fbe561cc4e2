// A history made ready for checking: one problem per object, values as numbers.
//
// `compile` keeps only what can matter: failed operations and unanswered reads are gone. An
// operation's `answer` is kNever when nobody answered, which is also how an unknown outcome is told
// apart. Invariants: `ops` are in order of invocation; `request` and `answer` are event numbers of
// the whole history, unique to the event.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "conformance/check/check.h"
#include "conformance/check/outside_model.h"

namespace orrery::check {

inline constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();

enum class Code : std::uint8_t {
  kRead,        // a: the value (counter: the number itself)
  kWrite,       // a: the value
  kCas,         // a -> b, and it took place
  kCasMiss,     // the value was other than a
  kAppend,      // a: index of ProblemSet::strings
  kAdd,         // a: delta; b: the new value if `known`
  kSetAdd,      // a: the element
  kSetRead,     // a: index of ProblemSet::lists (sorted, each element once)
  kEnqueue,     // a: the element
  kDequeue,     // a: the element, or kNullValue for "it was empty"
  kDequeueAny,  // an unanswered dequeue: takes whatever is first
  kAcquire,
  kRelease,
  kTxn,      // a: index of ProblemSet::transactions
  kTxnRead,  // the same, and it writes nothing
  kOutside,      // a: the kind of operation, as ProblemSet::outside knows it
  kOutsideRead,  // the same, and it changes nothing
};

struct Op {
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int32_t request = 0;
  std::int32_t answer = kNever;
  history::OperationId source = 0;
  Code code = Code::kRead;
  bool known = false;

  bool optional() const { return answer == kNever; }
};

// Never changes the state, so it may be placed at the first moment at which its answer is right. (A
// kOutsideRead may leave fewer of several possible states: then that moment is no better than others.)
inline bool is_pure(Code code) {
  return code == Code::kRead || code == Code::kCasMiss || code == Code::kSetRead ||
         code == Code::kTxnRead || code == Code::kOutsideRead;
}

// Values as numbers. Integers below 2^61 in size are their own double; everything else is odd.
inline constexpr std::int64_t kNullValue = 1;
inline constexpr std::int64_t kEmptyStringValue = 3;

class ValueIds {
 public:
  ValueIds();
  std::int64_t id(const history::Value& value);
  history::Value value(std::int64_t id) const;

 private:
  std::unordered_map<std::string, std::int64_t> ids_;  // look-up only
  std::vector<history::Value> values_;                 // of the odd ids, in order
};

struct MicroOp {
  bool write = false;
  std::int64_t key = 0;  // index of the register
  std::int64_t value = 0;
};

// One object's operations.
struct Problem {
  history::Value key;
  std::vector<Op> ops;
  // Whether each unanswered operation may take effect any number of times, rather than at most
  // once: a weaker demand, and where states are few a far cheaper one. Only witness-making sets it.
  bool repeatable = false;
};

struct ProblemSet {
  Model model = Model::kRegister;
  std::vector<Problem> problems;  // in order of the keys' first use
  ValueIds values;
  std::vector<std::string> strings;
  std::vector<std::vector<std::int64_t>> lists;
  std::vector<std::vector<MicroOp>> transactions;
  std::int64_t registers = 0;  // of the multi-register
  OutsideModel* outside = nullptr;
};

struct InputError {
  history::OperationId operation = 0;
  bool at_return = false;
  std::string reason;
};

std::variant<ProblemSet, InputError> compile(const history::History& history, Model model);

// For a model from outside, which may give up: then there are no problems.
ProblemSet compile(const HistoryFile& file, OutsideModel& model);

}  // namespace orrery::check
