#include "conformance/check/machine.h"

#include <algorithm>

namespace orrery::check {

namespace {

constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;
constexpr std::int64_t kBaseA = 1'000'003'000'021;
constexpr std::int64_t kBaseB = 777'767'777'000'113;

std::int64_t multiply(std::int64_t a, std::int64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b);
  std::uint64_t sum =
      static_cast<std::uint64_t>(product & kPrime) + static_cast<std::uint64_t>(product >> 61);
  if (sum >= kPrime) sum -= kPrime;
  return static_cast<std::int64_t>(sum);
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  const auto sum = static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b);
  return static_cast<std::int64_t>(sum >= kPrime ? sum - kPrime : sum);
}

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

SequenceTable::SequenceTable() : starts_{0}, buckets_(64, 0) {}

std::int64_t SequenceTable::id(std::span<const std::int64_t> content) {
  std::uint64_t hash = mix(content.size() + 0x9e3779b97f4a7c15);
  for (const std::int64_t item : content) hash = mix(hash ^ static_cast<std::uint64_t>(item));
  std::size_t bucket = hash & (buckets_.size() - 1);
  while (buckets_[bucket] != 0) {
    const std::uint32_t candidate = buckets_[bucket] - 1;
    if (hashes_[candidate] == hash) {
      const auto found = this->content(candidate);
      if (std::equal(found.begin(), found.end(), content.begin(), content.end())) return candidate;
    }
    bucket = (bucket + 1) & (buckets_.size() - 1);
  }
  const auto fresh = static_cast<std::uint32_t>(hashes_.size());
  buckets_[bucket] = fresh + 1;
  hashes_.push_back(hash);
  arena_.insert(arena_.end(), content.begin(), content.end());
  starts_.push_back(arena_.size());
  if (hashes_.size() * 2 > buckets_.size()) grow();
  return fresh;
}

std::span<const std::int64_t> SequenceTable::content(std::int64_t id) const {
  const auto index = static_cast<std::size_t>(id);
  return {arena_.data() + starts_[index], arena_.data() + starts_[index + 1]};
}

std::uint64_t SequenceTable::memory_bytes() const {
  return (arena_.capacity() + starts_.capacity() + hashes_.capacity()) * 8 +
         buckets_.capacity() * 4;
}

void SequenceTable::grow() {
  std::vector<std::uint32_t> larger(buckets_.size() * 2, 0);
  for (std::uint32_t i = 0; i < hashes_.size(); ++i) {
    std::size_t bucket = hashes_[i] & (larger.size() - 1);
    while (larger[bucket] != 0) bucket = (bucket + 1) & (larger.size() - 1);
    larger[bucket] = i + 1;
  }
  buckets_ = std::move(larger);
}

Machine::Machine(const ProblemSet& set, const Problem& problem) : set_(set) {
  switch (set.model) {
    case Model::kRegister:
    case Model::kCasRegister: initial_ = kNullValue; break;
    case Model::kKv:
      for (const Op& op : problem.ops) appends_ = appends_ || op.code == Code::kAppend;
      initial_ = kEmptyStringValue;
      if (appends_) {
        texts_.resize(set.strings.size());
        for (const Op& op : problem.ops) {
          if (op.code == Code::kAppend) {
            const auto index = static_cast<std::size_t>(op.a);
            texts_[index] = text_of(set.strings[index]);
          }
        }
        initial_ = text_state(kEmptyStringValue);
      }
      break;
    case Model::kSet:
      initial_ = table_.id({});
      list_states_.resize(set.lists.size(), -1);
      for (const Op& op : problem.ops) {
        if (op.code != Code::kSetRead) continue;
        const auto index = static_cast<std::size_t>(op.a);
        list_states_[index] = table_.id(set.lists[index]);
      }
      break;
    case Model::kQueue: initial_ = table_.id({}); break;
    case Model::kMultiRegister:
      scratch_.assign(static_cast<std::size_t>(set.registers), kNullValue);
      initial_ = table_.id(scratch_);
      break;
    case Model::kOutside:
      initial_ = set.outside->initial();
      asked_before_ = set.outside->asked();
      break;
    default: initial_ = 0;
  }
}

std::uint64_t Machine::memory_bytes() const {
  return table_.memory_bytes() + (set_.outside != nullptr ? set_.outside->memory_bytes() : 0);
}

std::uint64_t Machine::steps_of_asking() const {
  if (set_.outside == nullptr) return 0;
  return (set_.outside->asked() - asked_before_) * OutsideModel::kStepsOfAsking;
}

bool Machine::given_up() const { return set_.outside != nullptr && set_.outside->given_up(); }

Machine::Text Machine::text_of(std::string_view bytes) {
  Text text;
  text.length = static_cast<std::int64_t>(bytes.size());
  for (const char c : bytes) {
    const std::int64_t item = static_cast<unsigned char>(c) + 1;
    text.hash_a = add(multiply(text.hash_a, kBaseA), item);
    text.hash_b = add(multiply(text.hash_b, kBaseB), item);
    text.power_a = multiply(text.power_a, kBaseA);
    text.power_b = multiply(text.power_b, kBaseB);
  }
  return text;
}

// A value other than a string has a text no string has: its length is below zero by one more.
std::int64_t Machine::text_state(std::int64_t value) {
  const auto known = text_states_.find(value);
  if (known != text_states_.end()) return known->second;
  const history::Value content = set_.values.value(value);
  Text text = content.is_string() ? text_of(content.as_string()) : text_of(content.text());
  if (!content.is_string()) text.length = -1 - text.length;
  const std::int64_t state = table_.id(std::vector{text.length, text.hash_a, text.hash_b});
  text_states_.emplace(value, state);
  return state;
}

std::int64_t Machine::append(std::int64_t state, const Text& text) {
  const auto before = table_.content(state);
  const std::int64_t length = before[0] < 0 ? before[0] - text.length : before[0] + text.length;
  const std::int64_t after[] = {length, add(multiply(before[1], text.power_a), text.hash_a),
                                add(multiply(before[2], text.power_b), text.hash_b)};
  return table_.id(after);
}

bool Machine::step(std::int64_t state, const Op& op, std::int64_t* next) {
  *next = state;
  switch (op.code) {
    case Code::kRead: return state == (appends_ ? text_state(op.a) : op.a);
    case Code::kWrite: *next = appends_ ? text_state(op.a) : op.a; return true;
    case Code::kCas:
      if (state != (appends_ ? text_state(op.a) : op.a)) return false;
      *next = appends_ ? text_state(op.b) : op.b;
      return true;
    case Code::kCasMiss: return state != (appends_ ? text_state(op.a) : op.a);
    case Code::kAppend: *next = append(state, texts_[static_cast<std::size_t>(op.a)]); return true;
    case Code::kAdd: *next = state + op.a; return !op.known || *next == op.b;
    case Code::kSetAdd: {
      const auto content = table_.content(state);
      const auto place = std::lower_bound(content.begin(), content.end(), op.a);
      if (place != content.end() && *place == op.a) return true;
      scratch_.assign(content.begin(), place);
      scratch_.push_back(op.a);
      scratch_.insert(scratch_.end(), place, content.end());
      *next = table_.id(scratch_);
      return true;
    }
    case Code::kSetRead: return state == list_states_[static_cast<std::size_t>(op.a)];
    case Code::kEnqueue: {
      const auto content = table_.content(state);
      scratch_.assign(content.begin(), content.end());
      scratch_.push_back(op.a);
      *next = table_.id(scratch_);
      return true;
    }
    case Code::kDequeue:
    case Code::kDequeueAny: {
      const auto content = table_.content(state);
      const bool any = op.code == Code::kDequeueAny;
      if (content.empty()) return any || op.a == kNullValue;
      if (!any && content[0] != op.a) return false;
      scratch_.assign(content.begin() + 1, content.end());
      *next = table_.id(scratch_);
      return true;
    }
    case Code::kAcquire: *next = 1; return state == 0;
    case Code::kRelease: *next = 0; return state == 1;
    case Code::kTxn:
    case Code::kTxnRead: return step_transaction(state, op, next);
    case Code::kOutside:
    case Code::kOutsideRead: *next = set_.outside->step(state, op.a); return *next >= 0;
  }
  return false;
}

bool Machine::step_transaction(std::int64_t state, const Op& op, std::int64_t* next) {
  const auto content = table_.content(state);
  scratch_.assign(content.begin(), content.end());
  bool changed = false;
  for (const MicroOp& micro : set_.transactions[static_cast<std::size_t>(op.a)]) {
    std::int64_t& value = scratch_[static_cast<std::size_t>(micro.key)];
    if (!micro.write) {
      if (value != micro.value) return false;
    } else {
      changed = changed || value != micro.value;
      value = micro.value;
    }
  }
  if (changed) *next = table_.id(scratch_);
  return true;
}

}  // namespace orrery::check
