// SQLite on a simulated disk. Each SqliteVfs registers a sqlite3_vfs of its own under a name nobody
// else uses, so several disks and worlds can live in one OS process; it is never SQLite's default.
//
// Time and randomness come from the host. There is no shared memory: set locking_mode=EXCLUSIVE
// before journal_mode=WAL; one connection a file. Locks are therefore always granted.
//
// WAL capture: whoever opens a database may be told, at each commit, which pages it changed. Pages
// are copied once, out of SQLite's cache; the WAL, the capture and (at a checkpoint) the database
// file then share that copy.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim/core/ref.h"
#include "sim/disk/disk.h"

namespace orrery::disk {

// One page of a committed transaction. Page numbers count from 1.
struct Frame {
  uint32_t page_number;
  Ref<Buffer> page;
};

class WalCapture {
 public:
  // A transaction has been written whole into the WAL. `frames` are in page order, one for each
  // page; what was spilled and rolled back is not among them. The COMMIT statement may still fail
  // afterwards (an I/O error while mending checksums or syncing).
  virtual void on_commit(std::span<const Frame> frames, uint32_t database_pages) = 0;

 protected:
  ~WalCapture() = default;
};

// What SQLite asks of its host.
class SqliteHost {
 public:
  virtual int64_t wall_ms() = 0;       // since 1970, as the host's clock shows it
  virtual uint64_t random_bits() = 0;  // 64 bits

 protected:
  ~SqliteHost() = default;
};

// Settings of the SQLite library that must be made before it is first used in this OS process: no
// page pool a connection, no memory statistics. The first SqliteVfs calls it; call it earlier if
// something else (Python's sqlite3) uses SQLite before. False when SQLite was already running: then
// everything works, with some 73 KiB more a connection.
bool configure_sqlite();

class SqliteVfs {
 public:
  struct Options {
    WalCapture* capture = nullptr;  // told of commits; must outlive the connection
    bool scratch = false;           // the files vanish at a crash (OpenMode::kScratch)
    bool create = true;
  };
  // `disk` and `host` must outlive this, and this every connection. Seeds SQLite's own generator
  // (WAL salts), so that a world behaves the same whatever ran before it in this OS process.
  SqliteVfs(Disk& disk, SqliteHost& host);
  ~SqliteVfs();
  SqliteVfs(const SqliteVfs&) = delete;

  // Opens a connection to the file of this name on the disk. Like sqlite3_open_v2: on failure there
  // may still be a connection to be closed.
  int open(const std::string& name, const Options& options, sqlite3** out);

  Disk& disk() { return disk_; }
  const char* name() const { return name_.c_str(); }

 private:
  friend struct VfsCalls;
  Disk& disk_;
  SqliteHost& host_;
  std::string name_;
  sqlite3_vfs vfs_{};
  Options opening_;
  uint64_t temporary_files_ = 0;
};

}  // namespace orrery::disk
