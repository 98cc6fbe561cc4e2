// A disk that tells before each call that could change something, so that a test can stop the world there;
// and the enumeration of what a crash at that moment may leave.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/disk/disk.h"

namespace orrery::disk {

// Forwards everything to `inner`, which must outlive it.
class WatchedDisk final : public Disk {
 public:
  WatchedDisk(Disk& inner, std::function<void()> before)
      : inner_(inner), before_(std::move(before)) {}

  std::shared_ptr<File> open(std::string_view name, OpenMode mode, DiskError* error) override;
  DiskError remove(std::string_view name) override;
  DiskError rename(std::string_view from, std::string_view to) override;
  bool exists(std::string_view name) const override { return inner_.exists(name); }
  std::vector<std::string> list(std::string_view prefix) const override {
    return inner_.list(prefix);
  }
  DiskError sync_names() override;
  Duration sync_latency() override { return inner_.sync_latency(); }
  uint64_t used_bytes() const override { return inner_.used_bytes(); }
  void crash() override { inner_.crash(); }
  void wipe() override { inner_.wipe(); }
  Unsynced unsynced() const override { return inner_.unsynced(); }
  std::unique_ptr<Disk> after_crash(const std::vector<bool>& keep, size_t names) const override {
    return inner_.after_crash(keep, names);
  }
  void set_faults(const DiskFaults& faults) override { inner_.set_faults(faults); }
  const DiskFaults& faults() const override { return inner_.faults(); }

 private:
  Disk& inner_;
  std::function<void()> before_;
};

// What a crash may leave of `n` unsynced writes: every choice of up to three that are kept, all others
// lost, and every choice of up to three that are lost, all others kept. For up to seven writes
// that is every subset there is; for up to three, what the rule asks for and no more.
void for_each_crash_outcome(size_t n, const std::function<void(const std::vector<bool>&)>& visit);

// Of names and bytes of all files: equal for equal disks.
uint64_t hash_of(Disk& disk);

}  // namespace orrery::disk
