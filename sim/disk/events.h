// What a disk tells observers. Writes are too many to announce: each file keeps a rolling hash of
// their places, which enters the trace with the next sync or crash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/core/trace.h"
#include "sim/disk/content.h"

namespace orrery::disk {

// A sync returned success. `durable` is what truly happened: false while syncs lie.
struct Synced {
  static constexpr const char* kKind = "disk.sync";
  LaneId lane;
  std::string_view file;
  uint64_t file_hash;  // hash_bytes of the name
  uint64_t writes;     // since the last sync
  uint64_t bytes;      // written since the last sync
  uint64_t size;       // of the file now
  uint64_t places;     // rolling hash of where was written
  bool durable;
  const Content& content;  // all of the file now, valid for the moment of the call
  void fold(Fold& f) const { f.add(file_hash ^ places).add(writes * 2 + durable).add(bytes); }
  std::string text() const;
};

// A disk came through a crash of its process.
struct Crashed {
  static constexpr const char* kKind = "disk.crash";
  LaneId lane;
  uint64_t kept, dropped, torn;  // unsynced sectors
  uint64_t names_lost;           // name operations undone
  void fold(Fold& f) const { f.add(kept).add(dropped).add(torn).add(names_lost); }
  std::string text() const;
};

// A fault did something.
struct FaultFired {
  static constexpr const char* kKind = "disk.fault";
  LaneId lane;
  std::string_view file;
  const char* what;  // "full", "io error", "bit rot", ...
  uint64_t offset;
  void fold(Fold& f) const { f.add(file).add(std::string_view(what)).add(offset); }
  std::string text() const;
};

}  // namespace orrery::disk
