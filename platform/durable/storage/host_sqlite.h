// SQLite as one process of a host has it: on the host's disk, with the host's clock and the world's
// entropy. Shared by the databases of all objects in the process.
#pragma once

#include <memory>

#include "sim/disk/sqlite_vfs.h"
#include "sim/host/host.h"

namespace orrery::durable {

class HostSqlite final : public disk::SqliteHost {
 public:
  // The one of this process, made at first use.
  static std::shared_ptr<HostSqlite> of(host::Process& process);

  explicit HostSqlite(host::Process& process);
  disk::SqliteVfs& vfs() { return vfs_; }
  disk::Disk& disk() { return vfs_.disk(); }

  int64_t wall_ms() override;
  uint64_t random_bits() override;

 private:
  World& world_;
  host::Clock& clock_;
  disk::SqliteVfs vfs_;
};

}  // namespace orrery::durable
