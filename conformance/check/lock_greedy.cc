// Locks: acquires and releases take turns, placed lazily, in order of deadline.
//
// The method walks through the events and places an operation only when its answer comes. If the
// lock is then in the wrong state, one begun operation of the other kind is placed before it, the
// one that must be answered soonest. Waiting never hurts: a pair placed earlier than forced could
// as well be placed later.
#include <algorithm>
#include <functional>
#include <queue>

#include "conformance/check/fast_paths.h"

namespace orrery::check {

namespace {

using Deadline = std::pair<std::int32_t, std::int32_t>;  // answer, op
using Begun = std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>>;

}  // namespace

FastResult check_lock(const std::vector<Op>& ops) {
  std::vector<std::pair<std::int32_t, std::int32_t>> events;  // event, op * 2 + is_answer
  events.reserve(ops.size() * 2);
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops.size()); ++i) {
    events.emplace_back(ops[i].request, i * 2);
    if (!ops[i].optional()) events.emplace_back(ops[i].answer, i * 2 + 1);
  }
  std::sort(events.begin(), events.end());

  std::vector<bool> done(ops.size(), false);
  Begun begun[2];  // acquires, releases
  std::int32_t last = -1;
  bool held = false;
  for (const auto& [event, tagged] : events) {
    const std::int32_t i = tagged / 2;
    const int kind = ops[i].code == Code::kAcquire ? 0 : 1;
    if ((tagged & 1) == 0) {
      begun[kind].push({ops[i].answer, i});
      continue;
    }
    if (done[i]) continue;
    if (held == (kind == 0)) {
      Begun& other = begun[1 - kind];
      if (other.empty()) {
        if (kind == 0) {
          return fast_violation({last, i},
                                "{1} was answered although {0} held the lock and no "
                                "release had begun since that could have freed it");
        }
        if (last < 0)
          return fast_violation({i}, "{0} was answered, but nobody had acquired the lock");
        return fast_violation({last, i},
                              "{1} was answered although {0} had freed the lock and no "
                              "acquire had begun since that could have taken it");
      }
      done[other.top().second] = true;
      other.pop();
    }
    // The operation being answered has the soonest deadline of its kind still begun.
    begun[kind].pop();
    done[i] = true;
    last = i;
    held = kind == 0;
  }
  return fast_ok();
}

}  // namespace orrery::check
