// V8's memory from plain mmap. V8's own allocator marks its pages MADV_DONTFORK, so a forked child would
// find its heap gone; these pages are inherited copy-on-write like any others.
#pragma once

#include <v8-platform.h>

namespace orrery::runtime {

class PlainPageAllocator final : public v8::PageAllocator {
 public:
  size_t AllocatePageSize() override;
  size_t CommitPageSize() override;
  void SetRandomMmapSeed(int64_t seed) override;
  void* GetRandomMmapAddr() override;
  void* AllocatePages(void* hint, size_t length, size_t alignment, Permission access) override;
  bool FreePages(void* address, size_t length) override;
  bool ReleasePages(void* address, size_t length, size_t new_length) override;
  bool SetPermissions(void* address, size_t length, Permission access) override;
  bool DiscardSystemPages(void* address, size_t length) override;
  bool DecommitPages(void* address, size_t length) override;
};

}  // namespace orrery::runtime
