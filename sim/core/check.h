// Assertions that stay on in release builds: one condition each, for programmer errors only.
// What a user or a fault can cause is an error value, never a check.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace orrery::internal {

[[noreturn]] inline void check_failed(const char* file, int line, const char* condition,
                                      const char* text) {
  std::fprintf(stderr, "orrery: internal error: %s:%d: %s%s%s\n", file, line, condition,
               *text ? ": " : "", text);
  std::fflush(stderr);
  std::abort();
}

}  // namespace orrery::internal

#define ORRERY_CHECK(condition, ...)                                                          \
  do {                                                                                        \
    if (!(condition)) [[unlikely]]                                                            \
      ::orrery::internal::check_failed(__FILE__, __LINE__, #condition, "" __VA_ARGS__);       \
  } while (false)
