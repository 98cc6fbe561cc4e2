// Free lists by size for what a run makes and drops by the million: coroutine frames, messages, buffers, work
// items. A cache of memory, not state: nothing observable depends on it. Memory goes back to the system
// only with the process. Under the address sanitizer every block comes from the system, so that misuse shows.
#pragma once

#include <cstddef>

namespace orrery {

// Uninitialised memory of at least `size` bytes, aligned as by operator new.
void* pool_allocate(size_t size);
// `size` is that of the allocation.
void pool_release(void* block, size_t size) noexcept;

// Base of classes whose objects come from the pool, derived ones included.
struct Pooled {
  static void* operator new(size_t size) { return pool_allocate(size); }
  static void operator delete(void* p, size_t size) noexcept { pool_release(p, size); }
  static void* operator new(size_t, void* place) noexcept { return place; }
};

}  // namespace orrery
