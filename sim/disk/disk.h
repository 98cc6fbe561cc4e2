// A disk as a list of writes not yet durable. A write is visible at once to the running process and
// joins the file's list of unsynced writes; `sync` makes the list durable. At a crash each unsynced
// sector write is kept, dropped or torn, by decision; names created, renamed or removed since they
// were last made durable may be lost too. Pages are ref-counted: equal pages on a host, its
// followers and their snapshots are one piece of memory.
//
// Legal faults: see faults.h. Fault state is data beside pristine bytes: switch a fault off and the
// true content is there again. Not modelled: reordering of name operations (the directory is an
// ordered journal, as on ext4 and XFS), space used by metadata, and time (whoever waits for a sync
// waits `sync_latency()`).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ref.h"
#include "sim/core/world.h"
#include "sim/disk/faults.h"

namespace orrery::disk {

inline constexpr uint32_t kSectorBytes = 512;
inline constexpr uint32_t kPageBytes = 4096;

enum class DiskError { kNone, kNotFound, kFull, kIo, kGone };
const char* to_string(DiskError error);

// An open file. A handle works until the process that opened it dies (a crash) or the file is
// removed; afterwards every call gives kGone.
class File {
 public:
  virtual ~File() = default;
  virtual const std::string& name() const = 0;
  virtual uint64_t size() const = 0;
  // Reads up to `out.size()` bytes; bytes past the end read as zero; `got` (may be null) tells how
  // many exist.
  virtual DiskError read(uint64_t offset, std::span<uint8_t> out, size_t* got) = 0;
  // Reads `length` existing bytes as one buffer: the stored buffer itself, shared, when those bytes
  // were written as exactly one buffer and no fault hides them; else a copy. kNotFound when the
  // file ends before offset + length.
  virtual DiskError read_buffer(uint64_t offset, uint32_t length, Ref<Buffer>* out) = 0;
  virtual DiskError write(uint64_t offset, std::span<const uint8_t> bytes) = 0;
  // Writes a shared buffer at any offset without copying it.
  virtual DiskError write_buffer(uint64_t offset, Ref<Buffer> bytes) = 0;
  // Writes one aligned page without copying it (shared with whoever else holds it).
  virtual DiskError write_page(uint64_t page_index, Ref<Buffer> page) = 0;
  // Adds a shared buffer at the end without copying it (append-only logs).
  virtual DiskError append(Ref<Buffer> bytes) = 0;
  virtual DiskError truncate(uint64_t size) = 0;
  // Makes everything written to this file so far durable, and its name with all name operations
  // before it. Costs no world time by itself: whoever waits for a sync waits for
  // `Disk::sync_latency()`.
  virtual DiskError sync() = 0;
};

enum class OpenMode {
  kExisting,  // kNotFound when there is none
  kCreate,    // made when there is none
  // Made when there is none, and gone after a crash whatever was synced: caches and images that are
  // rebuilt from elsewhere. Its writes keep no history, so they cost least. An existing file keeps
  // the kind it was made with.
  kScratch,
};

class Disk {
 public:
  virtual ~Disk() = default;
  // Null and *error (may be null) otherwise. Names are flat paths ("follower/Cart/42/log").
  virtual std::shared_ptr<File> open(std::string_view name, OpenMode mode, DiskError* error) = 0;
  std::shared_ptr<File> open(std::string_view name, bool create, DiskError* error) {
    return open(name, create ? OpenMode::kCreate : OpenMode::kExisting, error);
  }
  virtual DiskError remove(std::string_view name) = 0;
  // Replaces `to` when it exists; open handles follow the file.
  virtual DiskError rename(std::string_view from, std::string_view to) = 0;
  virtual bool exists(std::string_view name) const = 0;
  // Names with this prefix, sorted.
  virtual std::vector<std::string> list(std::string_view prefix) const = 0;
  // Makes every create, rename and remove so far durable (fsync of the directory).
  virtual DiskError sync_names() = 0;
  // How long the next sync takes (a decision): the time a service waits before it says "durable".
  virtual Duration sync_latency() = 0;
  // Bytes in all files as the process sees them.
  virtual uint64_t used_bytes() const = 0;

  // The process is gone: unsynced writes are kept, dropped or torn by decision, scratch files
  // vanish.
  virtual void crash() = 0;
  // The medium is replaced by an empty one: nothing that was on it comes back. Handles die.
  virtual void wipe() = 0;

  // What a crash now could lose.
  struct Unsynced {
    size_t writes;  // and truncations, of all files
    size_t names;   // creates, renames and removes
  };
  virtual Unsynced unsynced() const = 0;
  // A disk of its own, as this one would be after a crash now that kept of the unsynced writes exactly
  // those set in `keep` (each whole; files by name, then oldest first) and the `names` oldest name
  // operations. This disk goes on undisturbed; no decision is drawn and no fault carried over. For
  // tests that try every outcome of every crash.
  virtual std::unique_ptr<Disk> after_crash(const std::vector<bool>& keep, size_t names) const = 0;

  // The faults now in force. Setting them counts calls from zero again; what a fault no longer in
  // force hid is visible again.
  virtual void set_faults(const DiskFaults& faults) = 0;
  virtual const DiskFaults& faults() const = 0;
};

// A disk of this world. `lane` is its host's.
std::unique_ptr<Disk> make_disk(World& world, LaneId lane);

}  // namespace orrery::disk
