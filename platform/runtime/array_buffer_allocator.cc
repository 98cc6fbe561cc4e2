#include "platform/runtime/array_buffer_allocator.h"

#include <cstdlib>

namespace orrery::runtime {

// Below this much the heap's own size is not asked for: that costs more than the allocation.
constexpr int64_t kSmallBytes = 8 << 20;

bool CountingArrayBufferAllocator::admit(size_t length) {
  const int64_t wanted = used_bytes_ + static_cast<int64_t>(length);
  if (static_cast<int64_t>(length) > limit_bytes_ || wanted > limit_bytes_) return false;
  if (wanted > kSmallBytes && isolate_) {
    v8::HeapStatistics heap;
    isolate_->GetHeapStatistics(&heap);
    if (wanted + static_cast<int64_t>(heap.used_heap_size()) > limit_bytes_) return false;
  }
  used_bytes_ = wanted;
  return true;
}

void* CountingArrayBufferAllocator::Allocate(size_t length) {
  return admit(length) ? std::calloc(1, length ? length : 1) : nullptr;
}

void* CountingArrayBufferAllocator::AllocateUninitialized(size_t length) {
  return admit(length) ? std::calloc(1, length ? length : 1) : nullptr;
}

void CountingArrayBufferAllocator::Free(void* data, size_t length) {
  used_bytes_ -= static_cast<int64_t>(length);
  std::free(data);
}

}  // namespace orrery::runtime
