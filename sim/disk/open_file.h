// A process's handle on a file: checks that the handle is still good and whether a fault strikes,
// then works on the inode.
#pragma once

#include "sim/disk/simulated_disk.h"

namespace orrery::disk {

class SimulatedDisk::OpenFile final : public File {
 public:
  OpenFile(SimulatedDisk& disk, Ref<Inode> inode)
      : disk_(disk), inode_(std::move(inode)), generation_(disk.generation_) {}

  const std::string& name() const override { return inode_->name(); }
  uint64_t size() const override { return inode_->content().size(); }
  DiskError read(uint64_t offset, std::span<uint8_t> out, size_t* got) override;
  DiskError read_buffer(uint64_t offset, uint32_t length, Ref<Buffer>* out) override;
  DiskError write(uint64_t offset, std::span<const uint8_t> bytes) override;
  DiskError write_buffer(uint64_t offset, Ref<Buffer> bytes) override;
  DiskError write_page(uint64_t page_index, Ref<Buffer> page) override;
  DiskError append(Ref<Buffer> bytes) override;
  DiskError truncate(uint64_t size) override;
  DiskError sync() override;

 private:
  DiskError enter(uint64_t offset) {
    if (generation_ != disk_.generation_ || !inode_->linked) [[unlikely]] return DiskError::kGone;
    return disk_.faulty_ ? disk_.fail_call(*inode_, offset) : DiskError::kNone;
  }
  bool room_for(uint64_t end);

  SimulatedDisk& disk_;
  Ref<Inode> inode_;
  uint32_t generation_;
};

}  // namespace orrery::disk
