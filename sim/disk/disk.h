// A disk as a list of writes not yet durable. A write is visible at once to the running process and joins
// the file's list of unsynced writes; `sync` makes the list durable. At a crash each unsynced sector
// write is kept, dropped or torn, by decision; names created, renamed or removed since the last
// directory sync may be lost too. Pages are ref-counted: equal pages on a host, its followers and their
// snapshots are one piece of memory.
//
// Legal faults: no space, I/O error on the n-th call, slow, torn sector, bit rot, misdirected write,
// an fsync that fails once (its writes are then in an unknown state), one that lies, a lost disk.
// Fault state is data beside pristine bytes: switch a fault off and the true content is there again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ref.h"
#include "sim/core/world.h"

namespace orrery::disk {

inline constexpr uint32_t kSectorBytes = 512;
inline constexpr uint32_t kPageBytes = 4096;

enum class DiskError { kNone, kNotFound, kFull, kIo, kGone };
const char* to_string(DiskError error);

// An open file. Handles stay valid until the process that opened them dies or the file is removed.
class File {
 public:
  virtual ~File() = default;
  virtual uint64_t size() const = 0;
  // Reads up to `out.size()` bytes; bytes past the end read as zero; `got` tells how many exist.
  virtual DiskError read(uint64_t offset, std::span<uint8_t> out, size_t* got) = 0;
  virtual DiskError write(uint64_t offset, std::span<const uint8_t> bytes) = 0;
  // Writes one aligned page without copying it (shared with whoever else holds it).
  virtual DiskError write_page(uint64_t page_index, Ref<Buffer> page) = 0;
  // Adds a shared buffer at the end without copying it (append-only logs).
  virtual DiskError append(Ref<Buffer> bytes) = 0;
  virtual DiskError truncate(uint64_t size) = 0;
  // Makes everything written to this file so far durable. Costs no world time by itself: whoever
  // waits for a sync waits for `Disk::sync_latency()`.
  virtual DiskError sync() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  // Opens, creating if asked. Null and *error otherwise. Names are flat paths ("follower/Cart/42/log").
  virtual std::shared_ptr<File> open(std::string_view name, bool create, DiskError* error) = 0;
  virtual DiskError remove(std::string_view name) = 0;
  virtual DiskError rename(std::string_view from, std::string_view to) = 0;
  virtual bool exists(std::string_view name) const = 0;
  // Names with this prefix, sorted.
  virtual std::vector<std::string> list(std::string_view prefix) const = 0;
  // How long the next sync takes (a decision): the time a service waits before it says "durable".
  virtual Duration sync_latency() = 0;
  // The process is gone: unsynced writes are kept, dropped or torn by decision.
  virtual void crash() = 0;
};

// A disk of this world. `lane` is its host's.
std::unique_ptr<Disk> make_disk(World& world, LaneId lane);

}  // namespace orrery::disk
