// Memory of array buffers, counted against the isolate's limit together with its heap. Over the limit the
// allocation is refused: V8 collects garbage, tries again and finally throws the RangeError that a worker
// can see.
#pragma once

#include <v8.h>

#include <cstdint>

namespace orrery::runtime {

class CountingArrayBufferAllocator final : public v8::ArrayBuffer::Allocator {
 public:
  explicit CountingArrayBufferAllocator(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}
  // The heap to count along; null while it is being made.
  void set_isolate(v8::Isolate* isolate) { isolate_ = isolate; }

  void* Allocate(size_t length) override;
  void* AllocateUninitialized(size_t length) override;
  void Free(void* data, size_t length) override;

  int64_t used_bytes() const { return used_bytes_; }

 private:
  bool admit(size_t length);

  v8::Isolate* isolate_ = nullptr;
  int64_t limit_bytes_;
  int64_t used_bytes_ = 0;
};

}  // namespace orrery::runtime
