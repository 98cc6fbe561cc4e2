// Faults of a simulated disk: which call fails, what a sync really does, what a damaged sector
// shows.
#include <algorithm>

#include "sim/core/check.h"
#include "sim/disk/events.h"
#include "sim/disk/simulated_disk.h"

namespace orrery::disk {

namespace {
constexpr Site kIoError{"disk.io_error"};
constexpr Site kSyncFails{"disk.sync_fails"};
constexpr Site kBitRot{"disk.bit_rot"};
constexpr Site kBitRotBit{"disk.bit_rot.bit"};
constexpr Site kMisdirect{"disk.misdirect"};
constexpr Site kMisdirectTo{"disk.misdirect.to"};
}  // namespace

void SimulatedDisk::set_faults(const DiskFaults& faults) {
  ORRERY_CHECK(faults.slow_factor >= 1);
  bool failures_end = faults_.sync_fails_once.numerator && !faults.sync_fails_once.numerator;
  bool rot_ends = faults_.bit_rot.numerator && !faults.bit_rot.numerator;
  bool misdirection_ends =
      faults_.misdirected_write.numerator && !faults.misdirected_write.numerator;
  faults_ = faults;
  faulty_ = faults.any() || swept();
  calls_ = 0;
  if (!failures_end && !rot_ends && !misdirection_ends) return;
  for (auto& [name, inode] : names_) {
    if (failures_end) inode->forget_failures();
    if (!inode->damage) continue;
    if (rot_ends) inode->damage->rot.clear();
    if (misdirection_ends) inode->damage->misdirected.clear();
    if (inode->damage->rot.empty() && inode->damage->misdirected.empty()) inode->damage.reset();
  }
}

void SimulatedDisk::fired(const Inode& inode, const char* what, uint64_t offset) {
  world_.announce(FaultFired{lane_, inode.name(), what, offset});
}

DiskError SimulatedDisk::fail_call(const Inode& inode, uint64_t offset) {
  if (world_.sweep().hits(Sweep::Kind::kDisk)) {
    const std::string& host = world_.trace().lane_at(lane_).name;
    world_.sweep().fire(world_.now(), "disk call on " + host + ", " + inode.name() + " at " + std::to_string(offset));
    fired(inode, "I/O error", offset);
    return DiskError::kIo;
  }
  if (faults_.lost) return DiskError::kGone;
  ++calls_;
  bool chosen = faults_.fail_from_call && calls_ >= faults_.fail_from_call &&
                calls_ - faults_.fail_from_call < faults_.fail_calls;
  if (!chosen && !world_.decide().chance(kIoError, faults_.io_error)) return DiskError::kNone;
  ORRERY_SOMETIMES(world_, true, "a disk call fails with an I/O error");
  fired(inode, "I/O error", offset);
  return DiskError::kIo;
}

bool SimulatedDisk::lies_or_fails(Inode& inode, DiskError* error) {
  if (faults_.sync_fails_once.numerator && !inode.clean() &&
      world_.decide().chance(kSyncFails, faults_.sync_fails_once)) {
    ORRERY_SOMETIMES(world_, true, "a sync fails once and its writes stay unknown");
    inode.make_unknown();
    fired(inode, "sync failed", 0);
    *error = DiskError::kIo;
    return true;
  }
  if (!faults_.sync_lies) return false;
  ORRERY_SOMETIMES(world_, true, "a sync lies");
  return true;
}

void SimulatedDisk::before_write(Inode& inode, uint64_t offset, const Buffer& bytes) {
  const uint32_t length = bytes.size();
  if (length == 0) return;
  const uint64_t first = offset / kSectorBytes, last = (offset + length - 1) / kSectorBytes;
  if (faults_.bit_rot.numerator || inode.damage) {
    // A fresh write is sound.
    if (!inode.damage) inode.damage = std::make_unique<Damage>();
    for (uint64_t s = first; s <= last; ++s) {
      inode.damage->misdirected.erase(s);
      if (faults_.bit_rot.numerator) inode.damage->rot[s] = Damage::kSound;
    }
  }
  const Content& content = inode.content();
  bool sectors = offset % kSectorBytes == 0 && length % kSectorBytes == 0;
  uint64_t places = content.size() / kSectorBytes;
  if (!faults_.misdirected_write.numerator || !sectors || places == 0) return;
  if (!world_.decide().chance(kMisdirect, faults_.misdirected_write)) return;
  uint64_t target = static_cast<uint64_t>(
      world_.decide().between(kMisdirectTo, 0, static_cast<int64_t>(places) - 1, 0));
  if (target == first) return;
  if (!inode.damage) inode.damage = std::make_unique<Damage>();
  auto& shown = inode.damage->misdirected;
  for (uint64_t s = first; s <= last; ++s) {
    Ref<Buffer> old = Buffer::make(kSectorBytes);
    content.read(s * kSectorBytes, {old->data(), kSectorBytes});
    shown[s] = std::move(old);
  }
  for (uint64_t s = first; s <= last && target + (s - first) < places; ++s)
    shown[target + (s - first)] =
        Buffer::copy(bytes.data() + (s - first) * kSectorBytes, kSectorBytes);
  ORRERY_SOMETIMES(world_, true, "a write is misdirected");
  fired(inode, "misdirected write", offset);
}

void SimulatedDisk::rot(Inode& inode, uint64_t first, uint64_t last) {
  if (!faults_.bit_rot.numerator) return;
  if (!inode.damage) inode.damage = std::make_unique<Damage>();
  for (uint64_t s = first; s <= last; ++s) {
    auto [it, fresh] = inode.damage->rot.try_emplace(s, Damage::kSound);
    if (!fresh || s * kSectorBytes >= inode.content().size()) continue;
    // Which sectors rot depends on the file and place alone, not on who happens to read first.
    CauseScope scope(world_.cause(), mix64(mix64(lane_, inode.name_hash()), s));
    if (!world_.decide().chance(kBitRot, faults_.bit_rot)) continue;
    it->second = static_cast<int32_t>(
        world_.decide().between(kBitRotBit, 0, kSectorBytes * 8 - 1, 0));
    ORRERY_SOMETIMES(world_, true, "a read meets bit rot");
    fired(inode, "bit rot", s * kSectorBytes);
  }
}

void SimulatedDisk::show_damage(Inode& inode, uint64_t offset, std::span<uint8_t> out) {
  if (out.empty()) return;
  const uint64_t end = offset + out.size();
  const uint64_t first = offset / kSectorBytes, last = (end - 1) / kSectorBytes;
  rot(inode, first, last);
  if (!inode.damage) return;
  Damage& damage = *inode.damage;
  for (auto it = damage.misdirected.lower_bound(first);
       it != damage.misdirected.end() && it->first <= last; ++it) {
    uint64_t from = std::max(offset, it->first * kSectorBytes);
    uint64_t to = std::min(end, (it->first + 1) * kSectorBytes);
    std::memcpy(out.data() + (from - offset),
                it->second->data() + (from - it->first * kSectorBytes), to - from);
  }
  for (auto it = damage.rot.lower_bound(first); it != damage.rot.end() && it->first <= last; ++it) {
    if (it->second == Damage::kSound) continue;
    uint64_t at = it->first * kSectorBytes + static_cast<uint64_t>(it->second) / 8;
    if (at >= offset && at < end)
      out[at - offset] ^= static_cast<uint8_t>(1u << (it->second % 8));
  }
}

}  // namespace orrery::disk
