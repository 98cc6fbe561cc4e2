#include "sim/disk/content.h"

#include <algorithm>
#include <cstring>

#include "sim/core/check.h"

namespace orrery::disk {

size_t Content::find(uint64_t offset) const {
  // Sequential use finds its place at the hint or right after it.
  for (size_t i = hint_; i < extents_.size() && i < hint_ + 2; ++i) {
    if (extents_[i].end() > offset && (i == 0 || extents_[i - 1].end() <= offset)) {
      hint_ = i;
      return i;
    }
  }
  auto it = std::partition_point(extents_.begin(), extents_.end(),
                                 [&](const Extent& e) { return e.end() <= offset; });
  hint_ = static_cast<size_t>(it - extents_.begin());
  return hint_;
}

void Content::read(uint64_t offset, std::span<uint8_t> out) const {
  uint64_t at = offset;
  const uint64_t end = offset + out.size();
  uint8_t* to = out.data();
  for (size_t i = find(offset); i < extents_.size() && at < end; ++i) {
    const Extent& e = extents_[i];
    if (e.offset >= end) break;
    if (e.offset > at) {
      std::memset(to, 0, e.offset - at);
      to += e.offset - at;
      at = e.offset;
    }
    uint64_t n = std::min(e.end(), end) - at;
    std::memcpy(to, e.buffer->data() + e.start + (at - e.offset), n);
    to += n;
    at += n;
  }
  if (at < end) std::memset(to, 0, end - at);
}

const Extent* Content::exactly(uint64_t offset, uint32_t length) const {
  size_t i = find(offset);
  if (i >= extents_.size()) return nullptr;
  const Extent& e = extents_[i];
  bool whole = e.offset == offset && e.length == length && e.start == 0 &&
               e.buffer->size() == length;
  return whole ? &e : nullptr;
}

void Content::clear(uint64_t offset, uint64_t end, std::vector<Extent>* replaced) {
  if (offset >= end) return;
  size_t first = find(offset);
  if (first >= extents_.size() || extents_[first].offset >= end) return;
  if (extents_[first].offset < offset) {
    Extent& e = extents_[first];
    uint32_t left = static_cast<uint32_t>(offset - e.offset);
    Extent right{offset, e.length - left, e.start + left, e.buffer};
    e.length = left;
    ++first;
    extents_.insert(extents_.begin() + static_cast<ptrdiff_t>(first), std::move(right));
  }
  size_t last = first;
  while (last < extents_.size() && extents_[last].end() <= end) ++last;
  if (last < extents_.size() && extents_[last].offset < end) {
    Extent& e = extents_[last];
    uint32_t left = static_cast<uint32_t>(end - e.offset);
    Extent head{e.offset, left, e.start, e.buffer};
    e.offset = end;
    e.start += left;
    e.length -= left;
    extents_.insert(extents_.begin() + static_cast<ptrdiff_t>(last), std::move(head));
    ++last;
  }
  auto begin = extents_.begin() + static_cast<ptrdiff_t>(first);
  auto stop = extents_.begin() + static_cast<ptrdiff_t>(last);
  if (replaced) std::move(begin, stop, std::back_inserter(*replaced));
  extents_.erase(begin, stop);
  hint_ = first;
}

void Content::restore(Extent extent) {
  size_t i = find(extent.offset);
  ORRERY_CHECK(i >= extents_.size() || extents_[i].offset >= extent.end());
  extents_.insert(extents_.begin() + static_cast<ptrdiff_t>(i), std::move(extent));
}

void Content::write(uint64_t offset, uint32_t length, Ref<Buffer> buffer, uint32_t start,
                    std::vector<Extent>* replaced) {
  if (length == 0) return;
  const uint64_t end = offset + length;
  if (extents_.empty() || extents_.back().end() <= offset) {
    extents_.push_back({offset, length, start, std::move(buffer)});
    hint_ = extents_.size() - 1;
  } else {
    size_t i = find(offset);
    if (i < extents_.size() && extents_[i].offset == offset && extents_[i].length == length) {
      Extent& e = extents_[i];
      if (replaced) replaced->push_back(e);
      e.start = start;
      e.buffer = std::move(buffer);
    } else {
      clear(offset, end, replaced);
      restore({offset, length, start, std::move(buffer)});
    }
  }
  size_ = std::max(size_, end);
}

void Content::resize(uint64_t size, std::vector<Extent>* replaced) {
  if (size < size_) clear(size, size_, replaced);
  size_ = size;
}

}  // namespace orrery::disk
