// What an object has taken and not begun, and how fast it got it: decides when an event is refused as overload
// (platform.md 9.1). Counts only; the events themselves wait at the gate.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/limits.h"

namespace orrery::durable {

class EventQueue {
 public:
  // An event of so many bytes came: taken, or why not. Refused ones count towards the rate too: who does not
  // slow down is not let in.
  std::optional<Overload> take(Instant now, uint32_t bytes, const OverloadLimits& limits) {
    count(now);
    if (total_ > limits.requests_in_window) return Overload::kRate;
    if (waiting_.size() >= limits.requests_queued) return Overload::kRequests;
    if (bytes_ + bytes > limits.bytes_queued) return Overload::kData;
    if (!waiting_.empty() && now - waiting_.front().at > limits.queued_for) return Overload::kAge;
    waiting_.push_back({now, bytes});
    bytes_ += bytes;
    return std::nullopt;
  }
  // The oldest of those taken begins.
  void begun() {
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }

 private:
  static constexpr int64_t kSeconds = kRateWindow.us / seconds(1).us;
  struct Waiting {
    Instant at;
    uint32_t bytes;
  };
  // Counts one more, by second, in a ring.
  void count(Instant now) {
    const int64_t second = now.us / seconds(1).us;
    for (; last_second_ < second && total_ > 0; ++last_second_) {
      uint32_t& oldest = counts_[static_cast<size_t>((last_second_ + 1) % kSeconds)];
      total_ -= oldest;
      oldest = 0;
    }
    last_second_ = second;
    ++total_;
    ++counts_[static_cast<size_t>(second % kSeconds)];
  }

  std::deque<Waiting> waiting_;
  uint64_t bytes_ = 0;
  std::array<uint32_t, kSeconds> counts_ = {};
  int64_t last_second_ = 0;
  uint32_t total_ = 0;  // of counts_
};

}  // namespace orrery::durable
