// Counters whose adds all add the same: placed lazily, in order of deadline.
//
// Counted in deltas, the counter goes 0, 1, 2, ...; step n is made by the add whose answer was n,
// if there is one, else by any add without a known answer. The method walks through the events and
// makes a step only when an answer forces it, taking the begun add that must be answered soonest.
// Waiting never hurts: an add not placed yet can be placed later as well, and a read of a higher
// number is met in passing. So the first answer that cannot be met proves a violation.
#include <algorithm>
#include <functional>
#include <queue>

#include "conformance/check/fast_paths.h"

namespace orrery::check {

namespace {

constexpr std::int32_t kNone = -1;
constexpr std::int64_t kLargest = std::int64_t{1} << 62;  // no sum of adds comes near

struct Event {
  std::int32_t at = 0;
  std::int32_t op = 0;
  bool is_answer = false;
};

class Counter {
 public:
  Counter(const std::vector<Op>& ops, std::int64_t delta) : ops_(ops), delta_(delta) {}

  FastResult run() {
    FastResult result = assign_steps();
    if (result.kind != FastKind::kOk) return result;
    std::vector<Event> events;
    events.reserve(ops_.size() * 2);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      events.push_back({ops_[i].request, i, false});
      if (!ops_[i].optional()) events.push_back({ops_[i].answer, i, true});
    }
    std::sort(events.begin(), events.end(),
              [](const Event& a, const Event& b) { return a.at < b.at; });
    begun_.assign(ops_.size(), false);
    done_.assign(ops_.size(), false);
    for (const Event& event : events) {
      result = event.is_answer ? answer(event.op) : request(event.op);
      if (result.kind != FastKind::kOk) return result;
    }
    return fast_ok();
  }

 private:
  // The step after which each observer's number holds.
  FastResult assign_steps() {
    std::int64_t adds = 0;
    for (const Op& op : ops_) adds += op.code == Code::kAdd ? 1 : 0;
    step_of_.assign(ops_.size(), -1);
    maker_.assign(static_cast<std::size_t>(adds) + 1, kNone);
    waiting_.assign(static_cast<std::size_t>(adds) + 1, kNone);
    next_waiting_.assign(ops_.size(), kNone);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops_.size()); ++i) {
      const Op& op = ops_[i];
      if (op.code == Code::kAdd && !op.known) continue;
      const std::int64_t number = op.code == Code::kAdd ? op.b : op.a;
      const std::int64_t least = op.code == Code::kAdd ? 1 : 0;
      const bool sane = number > -kLargest && number < kLargest && number % delta_ == 0;
      const std::int64_t step = sane ? number / delta_ : -1;
      if (step < least || step > adds) {
        return fast_violation({i}, "{0} was answered with a number that no choice of the " +
                                       std::to_string(adds) + " adds of " + std::to_string(delta_) +
                                       " can make");
      }
      step_of_[i] = static_cast<std::int32_t>(step);
      if (op.code != Code::kAdd) continue;
      if (maker_[step] != kNone) {
        return fast_violation({maker_[step], i}, "{0} and {1} both made the counter that number");
      }
      maker_[step] = i;
    }
    return fast_ok();
  }

  FastResult request(std::int32_t i) {
    begun_[i] = true;
    if (ops_[i].code == Code::kAdd) {
      if (!ops_[i].known) free_.push({ops_[i].answer, i});
      return fast_ok();
    }
    const std::int32_t step = step_of_[i];
    if (step == count_) {
      done_[i] = true;
    } else if (step < count_) {
      return fast_violation({forced_by_, i},
                            "by the answer of {0} the counter had reached " + number(count_) +
                                ", as answers and numbers seen until then show, yet {1}, begun "
                                "later, saw less");
    } else {
      next_waiting_[i] = waiting_[step];
      waiting_[step] = i;
    }
    return fast_ok();
  }

  FastResult answer(std::int32_t i) {
    if (done_[i]) return fast_ok();
    while (!done_[i]) {
      const FastResult result = raise(i);
      if (result.kind != FastKind::kOk) return result;
    }
    forced_by_ = i;
    return fast_ok();
  }

  // Makes one step, for `cause` must be done now.
  FastResult raise(std::int32_t cause) {
    const std::size_t step = static_cast<std::size_t>(count_) + 1;
    std::int32_t add = step < maker_.size() ? maker_[step] : kNone;
    if (add != kNone) {
      if (!begun_[add]) {
        return fast_violation({cause, add},
                              "{0} was answered before {1} began, which alone made the "
                              "counter " +
                                  number(count_ + 1));
      }
    } else {
      if (free_.empty()) {
        return fast_violation({cause},
                              "when {0} was answered, the adds begun could have brought the "
                              "counter only to " +
                                  number(count_));
      }
      add = free_.top().second;
      free_.pop();
    }
    done_[add] = true;
    ++count_;
    if (step < waiting_.size()) {
      for (std::int32_t i = waiting_[step]; i != kNone; i = next_waiting_[i]) done_[i] = true;
      waiting_[step] = kNone;
    }
    return fast_ok();
  }

  std::string number(std::int32_t count) const { return std::to_string(count * delta_); }

  using Deadline = std::pair<std::int32_t, std::int32_t>;  // answer, op

  const std::vector<Op>& ops_;
  const std::int64_t delta_;
  std::int32_t count_ = 0;
  std::int32_t forced_by_ = 0;
  std::vector<std::int32_t> step_of_;
  std::vector<std::int32_t> maker_;    // by step
  std::vector<std::int32_t> waiting_;  // by step: first of a list of reads begun and not met yet
  std::vector<std::int32_t> next_waiting_;
  std::vector<bool> begun_, done_;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> free_;
};

// Adds whose new values are all known are compare-and-set operations.
FastResult check_as_cas(const std::vector<Op>& ops) {
  std::vector<Op> same = ops;
  for (Op& op : same) {
    if (op.code == Code::kAdd) {
      op.code = Code::kCas;
      op.a = static_cast<std::int64_t>(static_cast<std::uint64_t>(op.b) -
                                       static_cast<std::uint64_t>(op.a));
    }
  }
  return check_register_zones(same, 0);
}

}  // namespace

FastResult check_counter(const std::vector<Op>& ops) {
  std::int64_t delta = 0;
  bool same = true;
  bool all_known = true;
  for (const Op& op : ops) {
    if (op.code != Code::kAdd) continue;
    if (delta == 0) delta = op.a;
    same = same && op.a == delta && delta != 0;
    all_known = all_known && op.known && op.a != 0;
  }
  if (same) return Counter(ops, delta == 0 ? 1 : delta).run();
  return all_known ? check_as_cas(ops) : fast_not_applicable();
}

}  // namespace orrery::check
