// What a file holds: sorted extents, each a slice of a shared buffer. Holes read as zero. Writing
// never copies bytes; replaced slices can be handed back so that the write can be undone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/ref.h"

namespace orrery::disk {

struct Extent {
  uint64_t offset;  // in the file
  uint32_t length;
  uint32_t start;  // in the buffer
  Ref<Buffer> buffer;
  uint64_t end() const { return offset + length; }
};

class Content {
 public:
  uint64_t size() const { return size_; }
  void set_size(uint64_t size) { size_ = size; }

  // Bytes past the end read as zero.
  void read(uint64_t offset, std::span<uint8_t> out) const;
  // The extent that is exactly these bytes, whole buffer, or null.
  const Extent* exactly(uint64_t offset, uint32_t length) const;

  // Puts `length` bytes of `buffer` from `start` at `offset`, growing the file. Slices that were
  // there go to `replaced` (may be null), in order.
  void write(uint64_t offset, uint32_t length, Ref<Buffer> buffer, uint32_t start,
             std::vector<Extent>* replaced);
  // Adds at the end; the caller knows that offset == size().
  void append(uint32_t length, Ref<Buffer> buffer) {
    extents_.push_back({size_, length, 0, std::move(buffer)});
    size_ += length;
  }
  // Cuts or grows (with a hole) to `size`; slices cut away go to `replaced`.
  void resize(uint64_t size, std::vector<Extent>* replaced);
  // Makes [offset, end) a hole; the size stays.
  void clear(uint64_t offset, uint64_t end, std::vector<Extent>* replaced);
  // Puts an extent where a hole is; the size stays.
  void restore(Extent extent);
  void shrink() { extents_.shrink_to_fit(); }
  size_t extents() const { return extents_.size(); }

 private:
  // The first extent that ends after `offset`.
  size_t find(uint64_t offset) const;

  std::vector<Extent> extents_;
  uint64_t size_ = 0;
  mutable size_t hint_ = 0;  // where the last write or read ended
};

}  // namespace orrery::disk
