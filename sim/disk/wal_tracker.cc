#include "sim/disk/wal_tracker.h"

#include <algorithm>

#include "sim/core/check.h"

namespace orrery::disk {

namespace {
uint32_t big_endian(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}
}  // namespace

void WalTracker::wrote(uint64_t offset, const Ref<Buffer>& bytes, WalCapture& capture) {
  if (offset < kWalHeaderBytes) {
    started_ = true;
    committed_ = 0;
    open_.clear();
    return;
  }
  const uint64_t place = offset - kWalHeaderBytes;
  const uint64_t number = place / (kFrameHeaderBytes + page_bytes_);
  const uint64_t within = place % (kFrameHeaderBytes + page_bytes_);
  if (within == 0 && bytes->size() == kFrameHeaderBytes) {
    if (!started_) {  // the first write after opening a WAL that already has frames
      started_ = true;
      committed_ = number;
    }
    if (number < committed_) {
      commit_size_ = 0;
      return;
    }
    ORRERY_CHECK(number - committed_ <= open_.size(), "WAL frames are written in order");
    open_.resize(number - committed_);
    open_.push_back({big_endian(bytes->data()), nullptr});
    commit_size_ = big_endian(bytes->data() + 4);
    return;
  }
  ORRERY_CHECK(within == kFrameHeaderBytes && bytes->size() == page_bytes_,
               "a WAL write is a header or a page");
  if (number < committed_) return;
  ORRERY_CHECK(number - committed_ < open_.size());
  open_[number - committed_].page = bytes;
  if (commit_size_ && number - committed_ + 1 == open_.size()) commit(commit_size_, capture);
}

void WalTracker::commit(uint32_t database_pages, WalCapture& capture) {
  commit_size_ = 0;
  committed_ += open_.size();
  if (open_.size() > 1) {
    std::stable_sort(open_.begin(), open_.end(), [](const Frame& a, const Frame& b) {
      return a.page_number < b.page_number;
    });
    // The last frame of a page wins.
    size_t kept = 0;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (i + 1 < open_.size() && open_[i + 1].page_number == open_[i].page_number) continue;
      if (kept != i) open_[kept] = std::move(open_[i]);
      ++kept;
    }
    open_.resize(kept);
  }
  // Pages beyond the new end were freed within the transaction.
  while (!open_.empty() && open_.back().page_number > database_pages) open_.pop_back();
  capture.on_commit(open_, database_pages);
  open_.clear();
}

}  // namespace orrery::disk
