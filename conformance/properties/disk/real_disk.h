// The disk's seam (sim/disk/disk.h) on a folder of the real file system: pwrite, ftruncate, fsync, rename, and fsync
// of the folder. For tests that hold the disk model against it; nothing of a simulated world's ordinary run.
//
// Beside the folder it keeps what the file system has promised so far: at every fsync a copy of that file, at every
// fsync of the folder the names. Those copies are what surely is there after a power cut, which a `kill -9` cannot
// show: the page cache outlives the process.
//
// Invariant: nothing enters the copies but by an fsync that returned. Not supported, with a clear end of the
// program: scratch files, simulated crashes and faults.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/disk/disk.h"

namespace orrery::disk {

// Names with their bytes: all there is of a disk.
using Files = std::map<std::string, std::string>;
// Of any disk.
Files files_of(Disk& disk);

// A folder of its own for the files and one for the copies, below the machine's folder for temporary files; removed
// with everything in it at the end. For reading back it may be in memory, where the machine has such a file system.
class Folder {
 public:
  enum class Where { kDisk, kMemory };
  explicit Folder(Where where = Where::kDisk);
  ~Folder();
  Folder(const Folder&) = delete;
  std::string files() const { return path_ + "/files"; }
  std::string copies() const { return path_ + "/copies"; }
  // What is there now, whoever wrote it.
  Files now() const;
  // What fsync has promised: the names last made durable, with the bytes of each file at its own last fsync.
  Files promised() const;
  // The names of now, with what fsync has promised of each file's bytes: a power cut after the folder was written back
  // by itself.
  Files promised_under_names_of_now() const;
  // Throws away what is there and puts these files in its place, with no copies.
  void put(const Files& files) const;
  // Where a file of this name is, for programs that know nothing of the seam.
  std::string path_of(std::string_view name) const;

 private:
  std::string path_;
};

class RealDisk final : public Disk {
 public:
  // What a flawed build leaves out, to show that the tests find it.
  enum class Flaw { kNone, kNoFileSync, kNoNameSync };
  struct Options {
    Flaw flaw = Flaw::kNone;
    bool syncs = true;  // off: no fsync and no copies, for reading back
  };
  RealDisk(const Folder& folder, const Options& options);
  ~RealDisk() override;

  std::shared_ptr<File> open(std::string_view name, OpenMode mode, DiskError* error) override;
  DiskError remove(std::string_view name) override;
  DiskError rename(std::string_view from, std::string_view to) override;
  bool exists(std::string_view name) const override { return names_.count(std::string(name)) > 0; }
  std::vector<std::string> list(std::string_view prefix) const override;
  DiskError sync_names() override;
  Duration sync_latency() override { return micros(60); }  // the simulated disk's when no decision is drawn
  uint64_t used_bytes() const override;
  void crash() override;
  void wipe() override;
  Unsynced unsynced() const override;
  std::unique_ptr<Disk> after_crash(const std::vector<bool>& keep, size_t names) const override;
  void set_faults(const DiskFaults& faults) override;
  const DiskFaults& faults() const override { return faults_; }

 private:
  struct Node;
  class OpenFile;
  void copy(const Node& node) const;
  void copy_names() const;

  const Folder& folder_;
  const Options options_;
  int directory_ = -1;
  bool names_changed_ = false;
  std::map<std::string, std::shared_ptr<Node>> names_;
  // Files without a name since the folder's last fsync. Kept open, so that no new file gets the number of one whose
  // copy may still be needed.
  std::vector<std::shared_ptr<Node>> removed_;
  DiskFaults faults_;
};

}  // namespace orrery::disk
