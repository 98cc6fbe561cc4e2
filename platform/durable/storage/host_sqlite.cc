#include "platform/durable/storage/host_sqlite.h"

namespace orrery::durable {

namespace {
constexpr Site kSqliteRandom{"storage.random"};

// Databases hold the shared object too: services die in an order that storage does not choose.
struct HostSqliteService final : host::Service {
  explicit HostSqliteService(host::Process& process)
      : sqlite(std::make_shared<HostSqlite>(process)) {}
  std::shared_ptr<HostSqlite> sqlite;
};
}  // namespace

std::shared_ptr<HostSqlite> HostSqlite::of(host::Process& process) {
  auto* service = process.find<HostSqliteService>();
  if (!service) service = &process.add<HostSqliteService>(process);
  return service->sqlite;
}

HostSqlite::HostSqlite(host::Process& process)
    : world_(process.world()), clock_(process.clock()), vfs_(process.disk(), *this) {}

int64_t HostSqlite::wall_ms() { return clock_.wall_ms(); }
uint64_t HostSqlite::random_bits() { return world_.decide().bits(kSqliteRandom); }

}  // namespace orrery::durable
