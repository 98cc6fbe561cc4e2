// What may go wrong with a disk, as one data object: each part is off by default and can be
// switched on and off alone. Beyond the crash rules of disk.h, nothing else ever goes wrong.
#pragma once

#include <cstdint>

#include "sim/core/time.h"

namespace orrery::disk {

inline constexpr uint64_t kNever64 = UINT64_MAX;

struct DiskFaults {
  // Writes that would make the files longer than this together give kFull. 0: no bound.
  uint64_t capacity_bytes = 0;

  // Reads, writes, truncates and syncs are counted from 1 since the faults were set. Calls number
  // fail_from_call .. fail_from_call + fail_calls - 1 give kIo and do nothing. 0: none.
  uint64_t fail_from_call = 0;
  uint64_t fail_calls = 1;
  // Any other such call gives kIo with this probability.
  Ratio io_error = {0, 1};

  // Syncs take this many times longer (a dying disk, a noisy neighbour). At least 1.
  uint32_t slow_factor = 1;

  // A sector at rest reads with one bit flipped, the same one each time until it is written again.
  Ratio bit_rot = {0, 1};
  // A write of whole sectors lands elsewhere in its file: its own sectors keep the old bytes, the
  // others show the new ones.
  Ratio misdirected_write = {0, 1};

  // A sync fails once with kIo; the writes it covered are in an unknown state that later syncs,
  // which succeed, do not mend: they are kept or dropped at the next crash while the fault is in
  // force.
  Ratio sync_fails_once = {0, 1};
  // Syncs say yes and make nothing durable.
  bool sync_lies = false;

  // Nothing can be opened, read or written (a cable, a controller): kGone.
  bool lost = false;

  // Whether any part beyond latency is on: the ordinary path tests only this.
  bool any() const {
    return capacity_bytes || fail_from_call || io_error.numerator || bit_rot.numerator ||
           misdirected_write.numerator || sync_fails_once.numerator || sync_lies || lost;
  }
};

}  // namespace orrery::disk
