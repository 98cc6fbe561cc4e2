// V8 once per process: flags, platform and memory, chosen so that equal inputs give equal runs and that
// fork() works at any moment between turns.
//
// Method:
//  - Flags come before initialisation and never change: fixed seeds, one thread, no timing-dependent
//    choices, regular expressions bounded by count.
//  - The platform has no worker threads and no clock of its own. Tasks that V8 posts wait in a queue and run
//    at one place, at the end of a turn, in the order of posting; delayed and idle tasks never run.
//  - Memory comes from plain mmap, because V8's own allocator marks pages MADV_DONTFORK and a forked child
//    would lose its heap.
#pragma once

#include <cstdint>

namespace v8 {
class Isolate;
}

namespace orrery::runtime {

// Initialises V8; later calls do nothing. Call it before forking. Sets TZ to UTC for this process. A fatal
// error of V8 or exhausted memory prints one line "orrery: fatal: v8: ..." to standard error and ends
// the process with status 70.
void start_v8();

// The wall clock (Unix milliseconds, may have a fraction) that Date.now() and new Date() read from now on,
// in every isolate. The turn sets it; nobody else should. With `meter` it runs with the work done: it moves as
// that number counts down (a planted weakness).
void set_frozen_clock_ms(double unix_ms, const int32_t* meter = nullptr);
// What JavaScript has read of it since.
struct ClockReads {
  uint32_t count = 0;
  double first_ms = 0, last_ms = 0;
  bool moved = false;  // not all were equal
};
const ClockReads& clock_reads();

// Runs the tasks V8 posted for this isolate, in order, until none is left.
void run_posted_tasks(v8::Isolate* isolate);
// Drops what was posted for an isolate that is being disposed of.
void drop_posted_tasks(v8::Isolate* isolate);

// Exit status after a fatal error of V8.
inline constexpr int kV8FatalExit = 70;

}  // namespace orrery::runtime
