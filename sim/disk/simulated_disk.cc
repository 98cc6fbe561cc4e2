#include "sim/disk/simulated_disk.h"

#include <algorithm>

#include "sim/core/check.h"
#include "sim/disk/events.h"
#include "sim/disk/open_file.h"

namespace orrery::disk {

namespace {
constexpr Site kCrashNames{"disk.crash.names"};
constexpr Site kSyncLatency{"disk.sync_latency"};
}  // namespace

const char* to_string(DiskError error) {
  switch (error) {
    case DiskError::kNone: return "no error";
    case DiskError::kNotFound: return "no such file";
    case DiskError::kFull: return "the disk is full";
    case DiskError::kIo: return "I/O error";
    case DiskError::kGone: return "the file or disk is gone";
  }
  return "unknown error";
}

std::unique_ptr<Disk> make_disk(World& world, LaneId lane) {
  return std::make_unique<SimulatedDisk>(world, lane);
}

std::shared_ptr<File> SimulatedDisk::open(std::string_view name, OpenMode mode, DiskError* error) {
  DiskError ignored;
  DiskError& result = error ? *error : ignored;
  result = DiskError::kNone;
  if (faults_.lost) {
    result = DiskError::kGone;
    return nullptr;
  }
  auto it = names_.find(name);
  if (it == names_.end()) {
    if (mode == OpenMode::kExisting) {
      result = DiskError::kNotFound;
      return nullptr;
    }
    bool scratch = mode == OpenMode::kScratch;
    auto inode = make_ref<Inode>(std::string(name), scratch);
    it = names_.emplace(inode->name(), inode).first;
    if (!scratch) journal({NameKind::kCreate, inode->name(), {}, inode, nullptr});
  }
  return std::make_shared<OpenFile>(*this, it->second);
}

DiskError SimulatedDisk::remove(std::string_view name) {
  if (faults_.lost) return DiskError::kGone;
  auto it = names_.find(name);
  if (it == names_.end()) return DiskError::kNotFound;
  Ref<Inode> inode = std::move(it->second);
  names_.erase(it);
  inode->linked = false;
  used_ -= inode->content().size();
  if (!inode->scratch()) {
    std::string text = inode->name();
    journal({NameKind::kRemove, std::move(text), {}, std::move(inode), nullptr});
  }
  return DiskError::kNone;
}

DiskError SimulatedDisk::rename(std::string_view from, std::string_view to) {
  if (faults_.lost) return DiskError::kGone;
  auto it = names_.find(from);
  if (it == names_.end()) return DiskError::kNotFound;
  if (from == to) return DiskError::kNone;
  Ref<Inode> inode = std::move(it->second);
  std::string source = it->first, target(to);
  names_.erase(it);
  Ref<Inode>& place = names_[target];
  Ref<Inode> replaced = std::move(place);
  place = inode;
  inode->rename(target);
  if (replaced) {
    replaced->linked = false;
    used_ -= replaced->content().size();
    if (replaced->scratch()) replaced = nullptr;
  }
  if (!inode->scratch())
    journal({NameKind::kRename, std::move(source), std::move(target), inode, std::move(replaced)});
  return DiskError::kNone;
}

bool SimulatedDisk::exists(std::string_view name) const {
  return !faults_.lost && names_.find(name) != names_.end();
}

std::vector<std::string> SimulatedDisk::list(std::string_view prefix) const {
  std::vector<std::string> found;
  if (faults_.lost) return found;
  for (auto it = names_.lower_bound(prefix); it != names_.end(); ++it) {
    if (std::string_view(it->first).substr(0, prefix.size()) != prefix) break;
    found.push_back(it->first);
  }
  return found;
}

void SimulatedDisk::journal(NameOperation operation) {
  journal_.push_back(std::move(operation));
  if (journal_.size() > kMaxNames)
    journal_.erase(journal_.begin(), journal_.begin() + static_cast<ptrdiff_t>(kMaxNames / 2));
}

void SimulatedDisk::sync_names_of(const Inode* inode) {
  size_t n = journal_.size();
  while (n > 0 && journal_[n - 1].inode.get() != inode) --n;
  journal_.erase(journal_.begin(), journal_.begin() + static_cast<ptrdiff_t>(n));
}

DiskError SimulatedDisk::sync_names() {
  if (faults_.lost) return DiskError::kGone;
  if (faults_.sync_lies) return DiskError::kNone;
  journal_.clear();
  return DiskError::kNone;
}

void SimulatedDisk::undo(NameOperation& o) {
  switch (o.kind) {
    case NameKind::kCreate:
      names_.erase(o.name);
      o.inode->linked = false;
      break;
    case NameKind::kRemove:
      names_[o.name] = o.inode;
      o.inode->linked = true;
      break;
    case NameKind::kRename:
      names_.erase(o.to);
      names_[o.name] = o.inode;
      o.inode->rename(o.name);
      if (o.replaced) {
        names_[o.to] = o.replaced;
        o.replaced->linked = true;
      }
      break;
  }
}

void SimulatedDisk::count_used() {
  used_ = 0;
  for (const auto& [name, inode] : names_) used_ += inode->content().size();
}

void SimulatedDisk::crash() {
  ++generation_;
  uint64_t lost = journal_.size();
  if (lost > 0) {
    uint64_t kept = static_cast<uint64_t>(
        world_.decide().between(kCrashNames, 0, static_cast<int64_t>(lost), 0));
    lost -= kept;
    while (journal_.size() > kept) {
      undo(journal_.back());
      journal_.pop_back();
    }
    journal_ = {};
  }
  CrashCounts counts;
  for (auto it = names_.begin(); it != names_.end();) {
    if (it->second->scratch()) {
      it->second->linked = false;
      it = names_.erase(it);
      continue;
    }
    it->second->crash(world_, counts);
    ++it;
  }
  count_used();
  ORRERY_SOMETIMES(world_, counts.kept > 0, "a crash keeps an unsynced sector");
  ORRERY_SOMETIMES(world_, counts.dropped > 0, "a crash drops an unsynced sector");
  ORRERY_SOMETIMES(world_, counts.torn > 0, "a crash tears a sector");
  ORRERY_SOMETIMES(world_, lost > 0, "a crash undoes a create, rename or remove");
  world_.announce(Crashed{lane_, counts.kept, counts.dropped, counts.torn, lost});
}

void SimulatedDisk::wipe() {
  ++generation_;
  names_.clear();
  journal_.clear();
  used_ = 0;
  world_.announce(FaultFired{lane_, {}, "wiped", 0});
}

Duration SimulatedDisk::sync_latency() {
  // Quantiles of a data-centre NVMe drive's flush: mostly tens of microseconds, rarely
  // milliseconds.
  int64_t permille = world_.decide().between(kSyncLatency, 0, 999, 500);
  int64_t us = permille < 500   ? 40 + permille / 25          // 40..60
               : permille < 950 ? 60 + (permille - 500) / 5   // 60..150
               : permille < 995 ? 150 + (permille - 950) * 20 // 150..1030
                                : 1000 + (permille - 995) * 1800;
  return micros(us * std::max<int64_t>(1, faults_.slow_factor));
}

}  // namespace orrery::disk
