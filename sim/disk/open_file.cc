#include "sim/disk/open_file.h"

#include <algorithm>

#include "sim/core/check.h"
#include "sim/disk/events.h"

namespace orrery::disk {

DiskError SimulatedDisk::OpenFile::read(uint64_t offset, std::span<uint8_t> out, size_t* got) {
  if (got) *got = 0;
  if (DiskError e = enter(offset); e != DiskError::kNone) return e;
  const Content& content = inode_->content();
  content.read(offset, out);
  if (disk_.faulty_) disk_.show_damage(*inode_, offset, out);
  if (got && offset < content.size())
    *got = static_cast<size_t>(std::min<uint64_t>(out.size(), content.size() - offset));
  return DiskError::kNone;
}

DiskError SimulatedDisk::OpenFile::read_buffer(uint64_t offset, uint32_t length, Ref<Buffer>* out) {
  if (DiskError e = enter(offset); e != DiskError::kNone) return e;
  const Content& content = inode_->content();
  if (offset + length > content.size()) return DiskError::kNotFound;
  bool damaged = false;
  if (disk_.faulty_ && length > 0) {
    uint64_t first = offset / kSectorBytes, last = (offset + length - 1) / kSectorBytes;
    disk_.rot(*inode_, first, last);
    damaged = inode_->damage && inode_->damage->shows_anything(first, last);
  }
  if (!damaged) {
    if (const Extent* e = content.exactly(offset, length)) {
      *out = e->buffer;
      return DiskError::kNone;
    }
  }
  Ref<Buffer> copy = Buffer::make(length);
  content.read(offset, {copy->data(), length});
  if (damaged) disk_.show_damage(*inode_, offset, {copy->data(), length});
  *out = std::move(copy);
  return DiskError::kNone;
}

bool SimulatedDisk::OpenFile::room_for(uint64_t end) {
  uint64_t size = inode_->content().size();
  if (end <= size) return true;
  if (disk_.faults_.capacity_bytes && disk_.used_ + (end - size) > disk_.faults_.capacity_bytes) {
    ORRERY_SOMETIMES(disk_.world_, true, "a disk is full");
    disk_.fired(*inode_, "full", end);
    return false;
  }
  disk_.used_ += end - size;
  return true;
}

DiskError SimulatedDisk::OpenFile::write(uint64_t offset, std::span<const uint8_t> bytes) {
  return write_buffer(offset, Buffer::copy(bytes.data(), static_cast<uint32_t>(bytes.size())));
}

DiskError SimulatedDisk::OpenFile::write_buffer(uint64_t offset, Ref<Buffer> bytes) {
  if (DiskError e = enter(offset); e != DiskError::kNone) return e;
  uint32_t length = bytes->size();
  if (!room_for(offset + length)) return DiskError::kFull;
  if (disk_.faulty_) disk_.before_write(*inode_, offset, *bytes);
  inode_->write(offset, length, std::move(bytes), 0);
  return DiskError::kNone;
}

DiskError SimulatedDisk::OpenFile::write_page(uint64_t page_index, Ref<Buffer> page) {
  ORRERY_CHECK(page->size() == kPageBytes);
  return write_buffer(page_index * kPageBytes, std::move(page));
}

DiskError SimulatedDisk::OpenFile::append(Ref<Buffer> bytes) {
  uint64_t offset = inode_->content().size();
  if (DiskError e = enter(offset); e != DiskError::kNone) return e;
  if (!room_for(offset + bytes->size())) return DiskError::kFull;
  if (disk_.faulty_) disk_.before_write(*inode_, offset, *bytes);
  inode_->append(std::move(bytes));
  return DiskError::kNone;
}

DiskError SimulatedDisk::OpenFile::truncate(uint64_t size) {
  if (DiskError e = enter(size); e != DiskError::kNone) return e;
  uint64_t old = inode_->content().size();
  if (size > old) {
    if (!room_for(size)) return DiskError::kFull;
  } else {
    disk_.used_ -= old - size;
  }
  if (Damage* damage = inode_->damage.get()) {
    const uint64_t first = (size + kSectorBytes - 1) / kSectorBytes;
    damage->rot.erase(damage->rot.lower_bound(first), damage->rot.end());
    damage->misdirected.erase(damage->misdirected.lower_bound(first), damage->misdirected.end());
  }
  inode_->truncate(size);
  return DiskError::kNone;
}

DiskError SimulatedDisk::OpenFile::sync() {
  if (DiskError e = enter(0); e != DiskError::kNone) return e;
  bool durable = true;
  if (disk_.faulty_) {
    DiskError error = DiskError::kNone;
    durable = !disk_.lies_or_fails(*inode_, &error);
    if (error != DiskError::kNone) return error;
  }
  Inode::Written written = inode_->take_written();
  if (durable) {
    inode_->make_durable();
    if (!disk_.journal_.empty()) disk_.sync_names_of(inode_.get());
  }
  disk_.world_.announce(Synced{disk_.lane_, inode_->name(), inode_->name_hash(), written.writes,
                               written.bytes, inode_->content().size(), written.places, durable,
                               inode_->content()});
  return DiskError::kNone;
}

}  // namespace orrery::disk
