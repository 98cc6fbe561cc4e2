#include "sim/core/task.h"

#include <array>
#include <cstdlib>
#include <new>

namespace orrery::internal {

namespace {
constexpr size_t kStep = 64;
constexpr size_t kClasses = 32;  // frames up to 2 KB are pooled
struct FreeFrame {
  FreeFrame* next;
};
// A cache of memory, not state: nothing observable depends on it.
std::array<FreeFrame*, kClasses> free_frames{};
}  // namespace

void* frame_allocate(size_t size) {
  size_t c = (size + kStep - 1) / kStep;
  if (c >= kClasses) return ::operator new(size);
  if (FreeFrame* f = free_frames[c]) {
    free_frames[c] = f->next;
    return f;
  }
  return ::operator new(c * kStep);
}

void frame_release(void* frame, size_t size) noexcept {
  size_t c = (size + kStep - 1) / kStep;
  if (c >= kClasses) return ::operator delete(frame);
  auto* f = static_cast<FreeFrame*>(frame);
  f->next = free_frames[c];
  free_frames[c] = f;
}

}  // namespace orrery::internal
