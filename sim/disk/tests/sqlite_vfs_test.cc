// Goal: SQLite on the simulated disk keeps what it promised whatever call fails or when the host
// dies, and the capture tells exactly what each commit changed. Method: one workload, cut at its
// n-th disk call for n = 1, 2, 3 ... until it runs through, then a crash under several seeds, then
// integrity_check and a comparison with what was acknowledged.
#include "sim/disk/sqlite_vfs.h"

#include <gtest/gtest.h>

#include <map>

namespace orrery::disk {
namespace {

struct TestHost : SqliteHost {
  int64_t wall_ms() override { return 1'700'000'000'123; }
  uint64_t random_bits() override { return ++calls * 0x9e3779b97f4a7c15ull; }
  uint64_t calls = 0;
};

struct Image : WalCapture {
  void on_commit(std::span<const Frame> frames, uint32_t database_pages) override {
    ++commits;
    uint32_t last = 0;
    for (const Frame& f : frames) {
      EXPECT_GT(f.page_number, last) << "frames are sorted, one a page";
      last = f.page_number;
      pages[f.page_number] = f.page;
    }
    pages.erase(pages.upper_bound(database_pages), pages.end());
    size = database_pages;
  }
  std::map<uint32_t, Ref<Buffer>> pages;
  uint32_t size = 0;
  int commits = 0;
};

struct Rig {
  explicit Rig(uint64_t seed = 1)
      : world({.decisions = {.seed = seed}}),
        disk(make_disk(world, world.trace().lane("host:FRA/1", "host"))),
        vfs(*disk, host) {}
  World world;
  std::unique_ptr<Disk> disk;
  TestHost host;
  SqliteVfs vfs;
};

struct Connection {
  Connection(Rig& rig, const SqliteVfs::Options& options) {
    rc = rig.vfs.open("db", options, &db);
    if (rc == SQLITE_OK)
      run("PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
          "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=6; PRAGMA cache_size=5;");
  }
  ~Connection() { sqlite3_close_v2(db); }
  bool run(const std::string& sql) {
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
    return rc == SQLITE_OK;
  }
  std::string text(const char* sql) {
    sqlite3_stmt* s = nullptr;
    std::string out;
    if (sqlite3_prepare_v2(db, sql, -1, &s, nullptr) != SQLITE_OK) return sqlite3_errmsg(db);
    if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0))
      out = reinterpret_cast<const char*>(sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return out;
  }
  sqlite3* db = nullptr;
  int rc = SQLITE_OK;
};

// Runs up to `steps` transactions; returns how many were acknowledged.
int workload(Connection& c, int steps) {
  if (!c.run("CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v BLOB)")) return -1;
  for (int i = 1; i <= steps; ++i) {
    std::string n = std::to_string(i);
    // The third step is larger than the cache: it spills, and rolls a savepoint back.
    bool ok = i % 3
                  ? c.run("INSERT INTO t VALUES(" + n + ", zeroblob(" + n + "*700))")
                  : c.run("BEGIN; INSERT INTO t VALUES(" + n + ", zeroblob(20000)); SAVEPOINT s;"
                          "UPDATE t SET v = zeroblob(30000); ROLLBACK TO s; RELEASE s; COMMIT");
    if (!ok) return i - 1;
  }
  return steps;
}

TEST(SqliteVfs, KeepsEveryAcknowledgedTransactionWhereverThePowerIsCut) {
  constexpr int kSteps = 8;
  bool through = false;
  int cuts = 0;
  for (uint64_t cut = 1; !through; ++cut) {
    ASSERT_LT(cut, 5000u);
    Rig rig(cut);
    int acknowledged;
    {
      rig.disk->set_faults({.fail_from_call = cut, .fail_calls = kNever64});
      Connection c(rig, {});
      acknowledged = workload(c, kSteps);
      through = c.rc == SQLITE_OK;
      rig.disk->crash();  // handles are dead: closing writes nothing
    }
    rig.disk->set_faults({});
    ++cuts;
    Connection after(rig, {});
    ASSERT_EQ(after.rc, SQLITE_OK) << "cut " << cut;
    EXPECT_EQ(after.text("PRAGMA integrity_check"), "ok") << "cut " << cut;
    if (acknowledged < 0) continue;
    int found = std::atoi(after.text("SELECT count(*) FROM t").c_str());
    EXPECT_GE(found, acknowledged) << "cut " << cut;
    EXPECT_LE(found, acknowledged + 1) << "cut " << cut;
  }
  EXPECT_GT(cuts, 100);
}

TEST(SqliteVfs, SurvivesEveryKindOfCrashBetweenTransactions) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Rig rig(seed);
    {
      Connection c(rig, {});
      ASSERT_EQ(workload(c, static_cast<int>(seed % 7) + 1), static_cast<int>(seed % 7) + 1);
      c.run("BEGIN; UPDATE t SET v = zeroblob(9000)");
      rig.disk->crash();
    }
    Connection after(rig, {});
    EXPECT_EQ(after.text("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(after.text("SELECT count(*) FROM t"), std::to_string(seed % 7 + 1));
    EXPECT_EQ(after.text("SELECT count(*) FROM t WHERE length(v) = 9000"), "0");
  }
}

TEST(SqliteVfs, CapturedFramesRebuildTheDatabaseByteForByte) {
  Rig rig;
  Image image;
  Connection c(rig, {.capture = &image, .scratch = true});
  ASSERT_EQ(workload(c, 12), 12);
  c.run("BEGIN; UPDATE t SET v = zeroblob(50000); ROLLBACK");
  c.run("DELETE FROM t WHERE k % 2; VACUUM");
  ASSERT_EQ(c.rc, SQLITE_OK);
  sqlite3_int64 size = 0;
  unsigned char* bytes = sqlite3_serialize(c.db, "main", &size, 0);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(static_cast<uint64_t>(size), uint64_t{image.size} * kPageBytes);
  for (uint32_t p = 1; p <= image.size; ++p) {
    ASSERT_TRUE(image.pages.contains(p)) << p;
    EXPECT_EQ(std::memcmp(bytes + (p - 1) * kPageBytes, image.pages[p]->data(), kPageBytes), 0)
        << "page " << p;
  }
  sqlite3_free(bytes);
}

TEST(SqliteVfs, ACheckpointSharesPagesWithTheCapture) {
  Rig rig;
  Image image;
  Connection c(rig, {.capture = &image, .scratch = true});
  ASSERT_TRUE(c.run("CREATE TABLE t(v); INSERT INTO t VALUES(1); PRAGMA wal_checkpoint"));
  Ref<Buffer> page;
  ASSERT_EQ(rig.disk->open("db", OpenMode::kExisting, nullptr)->read_buffer(4096, 4096, &page),
            DiskError::kNone);
  EXPECT_EQ(page.get(), image.pages[2].get());
}

TEST(SqliteVfs, AFullDiskIsSqliteFullAndAnIoErrorIsIoerr) {
  Rig rig;
  Connection c(rig, {});
  ASSERT_TRUE(c.run("CREATE TABLE t(v)"));
  rig.disk->set_faults({.capacity_bytes = rig.disk->used_bytes() + 5000});
  EXPECT_FALSE(c.run("INSERT INTO t VALUES(zeroblob(20000))"));
  EXPECT_EQ(c.rc & 0xff, SQLITE_FULL);
  c.rc = SQLITE_OK;
  rig.disk->set_faults({.io_error = {1, 1}});
  EXPECT_FALSE(c.run("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(c.rc & 0xff, SQLITE_IOERR);
}

TEST(SqliteVfs, TimeIsTheHostsTime) {
  Rig rig;
  Connection c(rig, {});
  EXPECT_EQ(c.text("SELECT strftime('%Y-%m-%d %H:%M:%f','now')"), "2023-11-14 22:13:20.123");
}

TEST(SqliteVfs, TwoRunsLeaveTheSameBytesInTheWal) {
  auto run = [] {
    Rig rig;
    Connection c(rig, {});
    workload(c, 5);
    auto wal = rig.disk->open("db-wal", OpenMode::kExisting, nullptr);
    std::string bytes(wal->size(), 0);
    wal->read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, nullptr);
    return bytes;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace orrery::disk
