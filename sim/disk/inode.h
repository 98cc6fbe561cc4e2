// A file on the medium: its visible content and the writes not yet durable, each with what it
// replaced, so that a crash can undo them and put back a decided part.
//
// Invariant: undoing every operation in the list, last first, gives the content that surely
// survives, but for operations marked durable, which a crash puts back whole.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/ref.h"
#include "sim/core/world.h"
#include "sim/disk/content.h"

namespace orrery::disk {

// Sectors by what a crash did to them.
struct CrashCounts {
  uint64_t kept = 0, dropped = 0, torn = 0;
};

// What faults show instead of the true bytes, by sector. Thrown away when the fault goes.
struct Damage {
  static constexpr int32_t kSound = -1;
  std::map<uint64_t, int32_t> rot;              // the flipped bit, or kSound once looked at
  std::map<uint64_t, Ref<Buffer>> misdirected;  // what the sector shows
  bool shows_anything(uint64_t first_sector, uint64_t last_sector) const;
};

class Inode : public RefCounted {
 public:
  // A scratch file keeps no history and vanishes at a crash.
  Inode(std::string name, bool scratch);

  const std::string& name() const { return name_; }
  uint64_t name_hash() const { return name_hash_; }
  void rename(std::string name);
  bool scratch() const { return scratch_; }
  const Content& content() const { return content_; }

  void write(uint64_t offset, uint32_t length, Ref<Buffer> buffer, uint32_t start);
  void append(Ref<Buffer> buffer);
  void truncate(uint64_t size);

  // Everything so far survives a crash from now on, but for what a failed sync left unknown.
  void make_durable();
  // A sync failed: what it covered stays unknown whatever later syncs say ...
  void make_unknown();
  // ... until the fault is gone.
  void forget_failures();

  // Undoes what the crash does not keep. Draws decisions under a cause of its own for each file.
  void crash(World& world, CrashCounts& counts);
  bool clean() const { return operations_.empty(); }

  // How many operations a crash may lose, and a copy that lost those that are not set in `keep`, read
  // from `first` on.
  size_t unsynced() const;
  Ref<Inode> after_crash(const std::vector<bool>& keep, size_t first) const;

  // Since the last call: how many writes, bytes, and the hash of their places so far.
  struct Written {
    uint64_t writes, bytes, places;
  };
  Written take_written();

  std::unique_ptr<Damage> damage;
  bool linked = true;  // has a name

 private:
  enum class State : uint8_t { kPending, kUnknown, kDurable };
  struct Operation {
    uint64_t offset;  // of a truncation: the new size
    uint64_t old_size;
    Ref<Buffer> buffer;  // null: a truncation
    uint32_t length;
    uint32_t start;
    uint32_t replaced;  // how many slices of replaced_ are this operation's
    State state;
  };
  // More unsynced writes than this and the older half is written back in the background, as kernels
  // do.
  static constexpr size_t kMaxPending = 512;

  void note(uint64_t offset, uint64_t length);
  void bound_history();
  // The cause of this crash of this file: another one each time.
  uint64_t crash_cause(CauseContext& cause) const;
  void undo_all();
  void redo(const Operation& operation);
  void redo_sectors(World& world, const Operation& operation, CrashCounts& counts);

  std::string name_;
  uint64_t name_hash_;
  bool scratch_;
  Content content_;
  std::vector<Operation> operations_;
  std::vector<Extent> replaced_;
  uint32_t unknown_ = 0;
  uint64_t writes_ = 0, bytes_ = 0, places_ = 0;
};

}  // namespace orrery::disk
