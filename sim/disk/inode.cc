#include "sim/disk/inode.h"

#include <algorithm>
#include <array>

#include "sim/core/check.h"
#include "sim/disk/disk.h"

namespace orrery::disk {

namespace {
constexpr Site kCrashFile{"disk.crash.file"};
constexpr Site kCrashPrefix{"disk.crash.prefix"};
constexpr Site kCrashSector{"disk.crash.sector"};
constexpr Site kCrashTear{"disk.crash.tear"};
// How a crash treats one file's unsynced writes. The first is the default.
enum FileFate { kNothing, kEverything, kPrefix, kEachSector };
constexpr std::array<uint32_t, 4> kFileWeights{2, 2, 3, 3};
enum SectorFate { kDrop, kKeep, kTear };
constexpr std::array<uint32_t, 3> kSectorWeights{3, 4, 1};
}  // namespace

bool Damage::shows_anything(uint64_t first, uint64_t last) const {
  auto m = misdirected.lower_bound(first);
  if (m != misdirected.end() && m->first <= last) return true;
  for (auto r = rot.lower_bound(first); r != rot.end() && r->first <= last; ++r)
    if (r->second != kSound) return true;
  return false;
}

Inode::Inode(std::string name, bool scratch)
    : name_(std::move(name)), name_hash_(hash_bytes(name_)), scratch_(scratch) {}

void Inode::rename(std::string name) {
  name_ = std::move(name);
  name_hash_ = hash_bytes(name_);
}

void Inode::note(uint64_t offset, uint64_t length) {
  ++writes_;
  bytes_ += length;
  places_ = mix64(places_, offset ^ (length << 40));
}

void Inode::write(uint64_t offset, uint32_t length, Ref<Buffer> buffer, uint32_t start) {
  note(offset, length);
  if (scratch_) {
    content_.write(offset, length, std::move(buffer), start, nullptr);
    return;
  }
  uint64_t old_size = content_.size();
  size_t before = replaced_.size();
  content_.write(offset, length, buffer, start, &replaced_);
  operations_.push_back({offset, old_size, std::move(buffer), length, start,
                         static_cast<uint32_t>(replaced_.size() - before), State::kPending});
  if (operations_.size() > kMaxPending) [[unlikely]] bound_history();
}

void Inode::append(Ref<Buffer> buffer) {
  uint64_t offset = content_.size();
  uint32_t length = buffer->size();
  note(offset, length);
  if (!scratch_) {
    operations_.push_back({offset, offset, buffer, length, 0, 0, State::kPending});
    if (operations_.size() > kMaxPending) [[unlikely]] bound_history();
  }
  content_.append(length, std::move(buffer));
}

void Inode::truncate(uint64_t size) {
  note(size, 0);
  if (scratch_) {
    content_.resize(size, nullptr);
    return;
  }
  uint64_t old_size = content_.size();
  size_t before = replaced_.size();
  content_.resize(size, &replaced_);
  operations_.push_back({size, old_size, nullptr, 0, 0,
                         static_cast<uint32_t>(replaced_.size() - before), State::kPending});
  if (operations_.size() > kMaxPending) [[unlikely]] bound_history();
}

void Inode::bound_history() {
  if (unknown_ > 0) return;  // what a failed sync left unknown must stay undoable
  auto middle = operations_.begin() + static_cast<ptrdiff_t>(kMaxPending / 2);
  size_t slices = 0;
  for (auto it = operations_.begin(); it != middle; ++it) slices += it->replaced;
  operations_.erase(operations_.begin(), middle);
  replaced_.erase(replaced_.begin(), replaced_.begin() + static_cast<ptrdiff_t>(slices));
}

void Inode::make_durable() {
  if (unknown_ == 0) {
    operations_.clear();
    replaced_.clear();
    return;
  }
  for (Operation& o : operations_)
    if (o.state == State::kPending) o.state = State::kDurable;
}

void Inode::make_unknown() {
  for (Operation& o : operations_) {
    if (o.state != State::kPending) continue;
    o.state = State::kUnknown;
    ++unknown_;
  }
}

void Inode::forget_failures() {
  for (Operation& o : operations_)
    if (o.state == State::kUnknown) o.state = State::kPending;
  unknown_ = 0;
}

Inode::Written Inode::take_written() {
  Written w{writes_, bytes_, places_};
  writes_ = bytes_ = 0;
  return w;
}

void Inode::undo_all() {
  for (size_t i = operations_.size(); i-- > 0;) {
    const Operation& o = operations_[i];
    if (o.buffer) content_.clear(o.offset, o.offset + o.length, nullptr);
    for (uint32_t n = 0; n < o.replaced; ++n) {
      content_.restore(std::move(replaced_.back()));
      replaced_.pop_back();
    }
    content_.set_size(o.old_size);
  }
  ORRERY_CHECK(replaced_.empty());
}

void Inode::redo(const Operation& o) {
  if (o.buffer)
    content_.write(o.offset, o.length, o.buffer, o.start, nullptr);
  else
    content_.resize(o.offset, nullptr);
}

void Inode::redo_sectors(World& world, const Operation& o, CrashCounts& counts) {
  Decisions& decide = world.decide();
  if (!o.buffer) {
    if (decide.pick(kCrashSector, kSectorWeights, kDrop) != kKeep) {
      ++counts.dropped;
      return;
    }
    ++counts.kept;
    content_.resize(o.offset, nullptr);
    return;
  }
  const uint64_t end = o.offset + o.length;
  for (uint64_t at = o.offset; at < end;) {
    uint64_t stop = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    uint32_t length = static_cast<uint32_t>(stop - at);
    uint32_t fate = decide.pick(kCrashSector, kSectorWeights, kDrop);
    if (fate == kTear && length > 1) {
      ++counts.torn;
      length = static_cast<uint32_t>(decide.between(kCrashTear, 1, length - 1, 1));
    } else if (fate == kDrop) {
      ++counts.dropped;
      length = 0;
    } else {
      ++counts.kept;
    }
    content_.write(at, length, o.buffer, o.start + static_cast<uint32_t>(at - o.offset), nullptr);
    at = stop;
  }
}

// One event may crash several hosts that have a file of this name, or one host twice.
uint64_t Inode::crash_cause(CauseContext& cause) const {
  const uint64_t id = mix64(cause.id(), name_hash_);
  const uint32_t again = cause.next_ordinal(id);
  return again == 0 ? id : mix64(id, again);
}

void Inode::crash(World& world, CrashCounts& counts) {
  if (operations_.empty()) return;
  CauseScope scope(world.cause(), crash_cause(world.cause()));
  undo_all();
  uint32_t fate = world.decide().pick(kCrashFile, kFileWeights, kNothing);
  size_t cut = 0;
  if (fate == kPrefix)
    cut = static_cast<size_t>(world.decide().between(
        kCrashPrefix, 0, static_cast<int64_t>(operations_.size()) - 1, 0));
  for (size_t i = 0; i < operations_.size(); ++i) {
    const Operation& o = operations_[i];
    uint64_t sectors =
        o.buffer && o.length
            ? (o.offset + o.length - 1) / kSectorBytes - o.offset / kSectorBytes + 1
            : 1;
    bool whole = o.state == State::kDurable || fate == kEverything || (fate == kPrefix && i < cut);
    if (whole) {
      if (o.state != State::kDurable) counts.kept += sectors;
      redo(o);
    } else if (fate == kEachSector || (fate == kPrefix && i == cut)) {
      redo_sectors(world, o, counts);
    } else {
      counts.dropped += sectors;
    }
  }
  operations_ = {};
  replaced_ = {};
  unknown_ = 0;
  content_.shrink();
}

}  // namespace orrery::disk
