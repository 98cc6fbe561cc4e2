// Crashes with a chosen outcome: copies of a disk that lost what the caller says, so that a test can try
// every outcome of one crash without running up to it again.
#include <algorithm>

#include "sim/core/check.h"
#include "sim/disk/simulated_disk.h"

namespace orrery::disk {

size_t Inode::unsynced() const {
  return static_cast<size_t>(std::count_if(
      operations_.begin(), operations_.end(),
      [](const Operation& o) { return o.state != State::kDurable; }));
}

Ref<Inode> Inode::after_crash(const std::vector<bool>& keep, size_t first) const {
  auto copy = make_ref<Inode>(name_, scratch_);
  copy->content_ = content_;
  copy->operations_ = operations_;
  copy->replaced_ = replaced_;
  copy->undo_all();
  for (const Operation& o : operations_)
    if (o.state == State::kDurable || keep[first++]) copy->redo(o);
  copy->operations_ = {};
  copy->linked = linked;
  return copy;
}

std::vector<const Inode*> SimulatedDisk::all_inodes() const {
  std::vector<const Inode*> all;
  for (const auto& [name, inode] : names_) all.push_back(inode.get());
  auto add = [&all](const Inode* inode) {
    if (inode && std::find(all.begin(), all.end(), inode) == all.end()) all.push_back(inode);
  };
  for (const NameOperation& o : journal_) {
    add(o.inode.get());
    add(o.replaced.get());
  }
  return all;
}

Disk::Unsynced SimulatedDisk::unsynced() const {
  Unsynced found{0, journal_.size()};
  for (const Inode* inode : all_inodes()) found.writes += inode->unsynced();
  return found;
}

std::unique_ptr<Disk> SimulatedDisk::after_crash(const std::vector<bool>& keep,
                                                 size_t names) const {
  ORRERY_CHECK(names <= journal_.size());
  const std::vector<const Inode*> all = all_inodes();
  std::vector<Ref<Inode>> copies;
  size_t first = 0;
  for (const Inode* inode : all) {
    copies.push_back(inode->after_crash(keep, first));
    first += inode->unsynced();
  }
  ORRERY_CHECK(first == keep.size());
  auto copy_of = [&](const Ref<Inode>& inode) -> Ref<Inode> {
    if (!inode) return nullptr;
    return copies[static_cast<size_t>(std::find(all.begin(), all.end(), inode.get()) - all.begin())];
  };
  auto after = std::make_unique<SimulatedDisk>(world_, lane_);
  for (const auto& [name, inode] : names_) after->names_[name] = copy_of(inode);
  for (size_t n = journal_.size(); n-- > names;) {
    NameOperation undone = journal_[n];
    undone.inode = copy_of(undone.inode);
    undone.replaced = copy_of(undone.replaced);
    after->undo(undone);
  }
  std::erase_if(after->names_, [](const auto& entry) { return entry.second->scratch(); });
  after->count_used();
  return after;
}

}  // namespace orrery::disk
