#include "sim/core/pool.h"

#include <array>
#include <new>

namespace orrery {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooling = false;
#else
constexpr bool kPooling = true;
#endif

constexpr size_t kStep = 64;
constexpr size_t kClasses = 16 * 1024 / kStep + 1;  // larger blocks are rare
struct FreeBlock {
  FreeBlock* next;
};
std::array<FreeBlock*, kClasses> free_blocks{};

}  // namespace

void* pool_allocate(size_t size) {
  size_t c = (size + kStep - 1) / kStep;
  if (!kPooling || c >= kClasses) return ::operator new(size);
  if (FreeBlock* b = free_blocks[c]) {
    free_blocks[c] = b->next;
    return b;
  }
  return ::operator new(c * kStep);
}

void pool_release(void* block, size_t size) noexcept {
  size_t c = (size + kStep - 1) / kStep;
  if (!kPooling || c >= kClasses) return ::operator delete(block);
  auto* b = static_cast<FreeBlock*>(block);
  b->next = free_blocks[c];
  free_blocks[c] = b;
}

}  // namespace orrery
