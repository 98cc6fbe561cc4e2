#include "platform/runtime/page_allocator.h"

#include <sys/mman.h>

#include <cstdint>

namespace orrery::runtime {
namespace {

// x86-64 and the arm64 systems this runs on use 4 KiB pages.
constexpr size_t kPageSize = 4096;

int protection(v8::PageAllocator::Permission access) {
  switch (access) {
    case v8::PageAllocator::kNoAccess:
    case v8::PageAllocator::kNoAccessWillJitLater:
      return PROT_NONE;
    case v8::PageAllocator::kRead:
      return PROT_READ;
    case v8::PageAllocator::kReadWrite:
      return PROT_READ | PROT_WRITE;
    case v8::PageAllocator::kReadWriteExecute:
      return PROT_READ | PROT_WRITE | PROT_EXEC;
    case v8::PageAllocator::kReadExecute:
      return PROT_READ | PROT_EXEC;
  }
  return PROT_NONE;
}

constexpr int kMapFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

}  // namespace

size_t PlainPageAllocator::AllocatePageSize() { return kPageSize; }
size_t PlainPageAllocator::CommitPageSize() { return kPageSize; }
void PlainPageAllocator::SetRandomMmapSeed(int64_t) {}
void* PlainPageAllocator::GetRandomMmapAddr() { return nullptr; }

void* PlainPageAllocator::AllocatePages(void* hint, size_t length, size_t alignment,
                                        Permission access) {
  const size_t padded = alignment > kPageSize ? length + alignment - kPageSize : length;
  void* raw = mmap(hint, padded, protection(access), kMapFlags, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(raw);  // tidy: only to align it
  const uintptr_t aligned = (begin + alignment - 1) & ~(static_cast<uintptr_t>(alignment) - 1);
  if (aligned != begin) munmap(raw, aligned - begin);
  const size_t tail = begin + padded - (aligned + length);
  if (tail != 0) munmap(reinterpret_cast<void*>(aligned + length), tail);
  return reinterpret_cast<void*>(aligned);
}

bool PlainPageAllocator::FreePages(void* address, size_t length) {
  return munmap(address, length) == 0;
}

bool PlainPageAllocator::ReleasePages(void* address, size_t length, size_t new_length) {
  return munmap(static_cast<char*>(address) + new_length, length - new_length) == 0;
}

bool PlainPageAllocator::SetPermissions(void* address, size_t length, Permission access) {
  return mprotect(address, length, protection(access)) == 0;
}

bool PlainPageAllocator::DiscardSystemPages(void* address, size_t length) {
  return madvise(address, length, MADV_DONTNEED) == 0;
}

bool PlainPageAllocator::DecommitPages(void* address, size_t length) {
  return mmap(address, length, PROT_NONE, kMapFlags | MAP_FIXED, -1, 0) != MAP_FAILED;
}

}  // namespace orrery::runtime
