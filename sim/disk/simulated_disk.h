// The disk itself: names, the journal of name operations, faults, and the handles that processes
// hold.
//
// Invariants: handles of an earlier incarnation do nothing but say kGone; the order in which a
// crash visits files is that of their names.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "sim/disk/inode.h"

namespace orrery::disk {

class SimulatedDisk final : public Disk {
 public:
  SimulatedDisk(World& world, LaneId lane) : world_(world), lane_(lane), faulty_(swept()) {}

  std::shared_ptr<File> open(std::string_view name, OpenMode mode, DiskError* error) override;
  DiskError remove(std::string_view name) override;
  DiskError rename(std::string_view from, std::string_view to) override;
  bool exists(std::string_view name) const override;
  std::vector<std::string> list(std::string_view prefix) const override;
  DiskError sync_names() override;
  Duration sync_latency() override;
  uint64_t used_bytes() const override { return used_; }
  void crash() override;
  void wipe() override;
  Unsynced unsynced() const override;
  std::unique_ptr<Disk> after_crash(const std::vector<bool>& keep, size_t names) const override;
  void set_faults(const DiskFaults& faults) override;
  const DiskFaults& faults() const override { return faults_; }

 private:
  class OpenFile;
  enum class NameKind : uint8_t { kCreate, kRemove, kRename };
  struct NameOperation {
    NameKind kind;
    std::string name;
    std::string to;       // of a rename
    Ref<Inode> inode;
    Ref<Inode> replaced;  // what a rename replaced
  };
  // More unsynced name operations than this and the oldest are written back in the background.
  static constexpr size_t kMaxNames = 64;

  void journal(NameOperation operation);
  // Makes durable the journal up to the last operation on `inode`.
  void sync_names_of(const Inode* inode);
  void undo(NameOperation& operation);
  void count_used();
  // Every file with a name, by name, then those that only the journal knows.
  std::vector<const Inode*> all_inodes() const;

  // Faults; all of them off the ordinary path.
  DiskError fail_call(const Inode& inode, uint64_t offset);
  void fired(const Inode& inode, const char* what, uint64_t offset);
  // A sweep counts disk calls, so that all of them take the way of those that may fail.
  bool swept() const { return world_.sweep().kind == Sweep::Kind::kDisk; }
  bool lies_or_fails(Inode& inode, DiskError* error);
  // Makes the sectors sound that are about to be written, or misdirects the write.
  void before_write(Inode& inode, uint64_t offset, const Buffer& bytes);
  void rot(Inode& inode, uint64_t first_sector, uint64_t last_sector);
  void show_damage(Inode& inode, uint64_t offset, std::span<uint8_t> out);

  World& world_;
  LaneId lane_;
  std::map<std::string, Ref<Inode>, std::less<>> names_;
  std::vector<NameOperation> journal_;
  uint32_t generation_ = 1;
  uint64_t used_ = 0;
  DiskFaults faults_;
  bool faulty_;
  uint64_t calls_ = 0;
};

}  // namespace orrery::disk
