// When a failed alarm runs again (durable-objects.md 6.6). Counters live in the scheduler's memory only:
// after a takeover they start from nothing, as the product's do.
#pragma once

#include <algorithm>

#include "platform/durable/alarms/limits.h"

namespace orrery::durable {

class AlarmRetry {
 public:
  // One more run failed. `counted`: it counts against the limit (the handler's own fault). False: give up.
  bool failed(bool counted) {
    if (counted) {
      if (counted_ >= kAlarmRetries) return false;
      ++counted_;
      // Failures of the platform do not make a handler's own first retry wait longer.
      if (last_uncounted_) backoff_ = 0;
    }
    last_uncounted_ = !counted;
    pause_ = kAlarmRetryFirst * (int64_t{1} << std::min(backoff_, kAlarmRetryDoublings));
    ++backoff_;
    return true;
  }
  // The pause before the next run, without what chance adds (up to pause / kAlarmJitterParts).
  Duration pause() const { return pause_; }
  // What the handler sees as retryCount: counted failures only.
  uint32_t counted() const { return counted_; }
  bool any() const { return backoff_ > 0; }

 private:
  uint32_t counted_ = 0;
  uint32_t backoff_ = 0;
  bool last_uncounted_ = false;
  Duration pause_{0};
};

}  // namespace orrery::durable
