// The image of a followed object: pages shared with the log that brought them, and a checksum for
// each.
#include "platform/durable/replication/followed_object.h"

namespace orrery::durable {
namespace {

// A call that failed in passing is made again.
template <class Call>
disk::DiskError patiently(Call call) {
  disk::DiskError error = call();
  for (int more = 3; more > 0 && error == disk::DiskError::kIo; --more) error = call();
  return error;
}

}  // namespace

bool FollowedObject::open_image(uint64_t generation, bool create) {
  disk::Disk& disk = service_.process().disk();
  image_ = disk.open(file_name("image", generation), create, nullptr);
  sums_ = disk.open(file_name("sums", generation), create, nullptr);
  if (!image_ || !sums_) return false;
  return !create || (image_->truncate(0) == disk::DiskError::kNone &&
                     sums_->truncate(0) == disk::DiskError::kNone);
}

uint64_t FollowedObject::sum_of(uint32_t page, const Buffer& bytes, uint64_t hash) const {
  return mix64(hash ? hash : hash_bytes(bytes.data(), bytes.size()), info_->key + page) | 1;
}

bool FollowedObject::write_image_page(uint32_t page, const Ref<Buffer>& bytes, uint64_t hash) {
  const uint64_t sum = sum_of(page, *bytes, hash);
  return image_->write_page(page - 1, bytes) == disk::DiskError::kNone &&
         sums_->write(uint64_t{page - 1} * 8, {reinterpret_cast<const uint8_t*>(&sum), 8}) ==
             disk::DiskError::kNone;
}

bool FollowedObject::sync_image() {
  return image_->sync() == disk::DiskError::kNone && sums_->sync() == disk::DiskError::kNone;
}

// Null when the disk would not tell a page, or when one is damaged; then the object is lost here.
// Pages that the log repeats may be half written: a fold did not come to its end.
Ref<PageImage> FollowedObject::base_image() {
  auto image = make_ref<PageImage>();
  image->pages.resize(base_pages_);
  if (!image_) return image;
  std::vector<uint64_t> sums(base_pages_, 0);
  if (patiently([&] {
        return sums_->read(0, {reinterpret_cast<uint8_t*>(sums.data()), sums.size() * 8}, nullptr);
      }) != disk::DiskError::kNone)
    return nullptr;
  std::vector<bool> repeated(base_pages_, false);
  for (const auto& entry : entries_)
    for (const PageFrame& frame : entry->payload->frames)
      if (frame.page <= base_pages_) repeated[frame.page - 1] = true;
  for (uint32_t i = 0; i < base_pages_; ++i) {
    Ref<Buffer>& page = image->pages[i];
    const disk::DiskError error = patiently(
        [&] { return image_->read_buffer(uint64_t{i} * kLogPageBytes, kLogPageBytes, &page); });
    if (error != disk::DiskError::kNone && error != disk::DiskError::kNotFound) return nullptr;
    const bool never_written = sums[i] == 0;  // zeros
    if (never_written) page = nullptr;
    if (never_written || repeated[i] || (page && sum_of(i + 1, *page) == sums[i])) continue;
    ORRERY_SOMETIMES(service_.process().world(), true,
                     "a follower finds a page of its image damaged");
    become_lost();
    return nullptr;
  }
  return image;
}

}  // namespace orrery::durable
