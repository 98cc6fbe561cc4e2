// Ends the process over a defect that no world can continue after: V8's fatal errors and memory that is
// really gone. One line to standard error, exit status 70; the parent reports it as a crash (exit 10).
#pragma once

namespace orrery::runtime {

[[noreturn]] void fatal_v8(const char* where, const char* what);

// The forms that V8 takes as callbacks.
void on_v8_fatal(const char* location, const char* message);
void on_v8_out_of_memory(const char* location, bool is_heap);

}  // namespace orrery::runtime
