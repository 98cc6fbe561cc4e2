// What the disk model and SQLite on it cost.
#include <benchmark/benchmark.h>

#include "sim/disk/sqlite_vfs.h"

namespace orrery::disk {
namespace {

void AppendAndSync(benchmark::State& state) {
  World world({});
  auto disk = make_disk(world, world.trace().lane("host:FRA/1", "host"));
  auto file = disk->open("log", OpenMode::kCreate, nullptr);
  Ref<Buffer> record = Buffer::make(8192);
  uint64_t n = 0;
  for (auto _ : state) {
    file->append(record);
    file->sync();
    if (++n % 1024 == 0) file->truncate(0);
  }
}
BENCHMARK(AppendAndSync);

void OpenAppendRemove(benchmark::State& state) {
  World world({});
  auto disk = make_disk(world, world.trace().lane("host:FRA/1", "host"));
  Ref<Buffer> record = Buffer::make(8192);
  for (auto _ : state) {
    disk->open("segment", OpenMode::kCreate, nullptr)->append(record);
    disk->remove("segment");
  }
}
BENCHMARK(OpenAppendRemove);

struct Host : SqliteHost {
  int64_t wall_ms() override { return 0; }
  uint64_t random_bits() override { return 1; }
};
struct Count : WalCapture {
  void on_commit(std::span<const Frame> frames, uint32_t) override { n += frames.size(); }
  uint64_t n = 0;
};

// One row a transaction; argument 0: a scratch file without syncs, 1: synchronous=FULL.
void SqliteUpdate(benchmark::State& state) {
  static bool configured = configure_sqlite();
  (void)configured;
  World world({});
  auto disk = make_disk(world, world.trace().lane("host:FRA/1", "host"));
  Host host;
  Count count;
  SqliteVfs vfs(*disk, host);
  sqlite3* db = nullptr;
  vfs.open("db", {.capture = &count, .scratch = state.range(0) == 0}, &db);
  sqlite3_exec(db,
               "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA cache_size=64;"
               "PRAGMA wal_autocheckpoint=16; CREATE TABLE t(k TEXT PRIMARY KEY, v BLOB) "
               "WITHOUT ROWID",
               nullptr, nullptr, nullptr);
  sqlite3_exec(db, state.range(0) ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF", nullptr,
               nullptr, nullptr);
  sqlite3_stmt* put = nullptr;
  sqlite3_prepare_v3(db, "INSERT OR REPLACE INTO t VALUES(?1, ?2)", -1, SQLITE_PREPARE_PERSISTENT,
                     &put, nullptr);
  int64_t n = 0;
  for (auto _ : state) {
    char key[8] = {'k', static_cast<char>('0' + n++ % 10)};
    sqlite3_bind_text(put, 1, key, 2, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, n);
    sqlite3_step(put);
    sqlite3_reset(put);
  }
  state.SetItemsProcessed(state.iterations());
  sqlite3_finalize(put);
  sqlite3_close(db);
}
BENCHMARK(SqliteUpdate)->Arg(0)->Arg(1);

}  // namespace
}  // namespace orrery::disk
