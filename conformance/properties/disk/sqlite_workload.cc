// Transactions on one table, so that every content is that after a whole number of them.
#include <sqlite3.h>

#include <map>
#include <vector>

#include "conformance/properties/disk/workload.h"
#include "sim/core/check.h"
#include "sim/disk/sqlite_vfs.h"

namespace orrery::disk {
namespace {

constexpr const char* kSettings =
    "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=6; PRAGMA cache_size=3;";

struct FixedHost final : SqliteHost {
  int64_t wall_ms() override { return 1'700'000'000'123; }
  uint64_t random_bits() override { return ++calls * 0x9e3779b97f4a7c15ull; }
  uint64_t calls = 0;
};

void run_sql(sqlite3* db, const std::string& sql) {
  char* error = nullptr;
  const int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
  ORRERY_CHECK(rc == SQLITE_OK, "a statement of the workload failed");
}

// Every row, or what is wrong with the file.
std::string content_of(sqlite3* db) {
  std::string out;
  auto add = [](void* to, int n, char** values, char**) {
    for (int i = 0; i < n; ++i) *static_cast<std::string*>(to) += std::string(values[i] ? values[i] : "null") + " ";
    return 0;
  };
  auto ask = [&](const char* sql) {
    if (sqlite3_exec(db, sql, add, &out, nullptr) != SQLITE_OK) out += sqlite3_errmsg(db);
  };
  ask("PRAGMA integrity_check");
  if (out != "ok ") return out;
  out.clear();
  ask("SELECT name FROM sqlite_schema");
  if (out.empty()) return "no table";
  out.clear();
  ask("SELECT k, length(v), v FROM t ORDER BY k");
  return "rows: " + out;
}

class SqliteWorkload final : public Workload {
 public:
  explicit SqliteWorkload(uint64_t seed) : seed_(seed) {}

  void run(Disk& disk) override {
    Draw draw(seed_);
    FixedHost host;
    SqliteVfs vfs(disk, host);
    sqlite3* db = nullptr;
    ORRERY_CHECK(vfs.open("db", {}, &db) == SQLITE_OK);
    run_sql(db, kSettings);
    acknowledge(db, "rows: ", "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT)");
    const uint64_t transactions = 3 + draw.below(5);
    for (uint64_t n = 0; n < transactions; ++n) transaction(draw, db);
    sqlite3_close_v2(db);
  }

  std::string recover(Disk& disk) override {
    // The program that runs goes on with the numbers it had.
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SAVE);
    std::string content;
    {
      FixedHost host;
      SqliteVfs vfs(disk, host);
      sqlite3* db = nullptr;
      if (vfs.open("db", {}, &db) == SQLITE_OK) sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr);
      content = content_of(db);
      sqlite3_close_v2(db);
    }
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_RESTORE);
    return content;
  }

  // SQLite's own way to files.
  std::string recover_without_us(const Folder& folder) override {
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SAVE);
    sqlite3* db = nullptr;
    (void)sqlite3_open_v2(folder.path_of("db").c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix");
    (void)sqlite3_exec(db, "PRAGMA synchronous=OFF", nullptr, nullptr, nullptr);
    std::string content = content_of(db);
    sqlite3_close_v2(db);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_RESTORE);
    return content;
  }

  std::string wrong(const std::string& recovered) override {
    if (recovered == contents_[acknowledged_] || recovered == contents_.back()) return {};
    for (size_t i = 0; i < acknowledged_; ++i)
      if (recovered == contents_[i])
        return "transaction " + std::to_string(i + 1) + " was acknowledged and is gone";
    return "the state after no whole number of transactions: " + recovered.substr(0, 200);
  }

 private:
  void transaction(Draw& draw, sqlite3* db) {
    auto rows = rows_;
    std::string sql = "BEGIN;";
    for (uint64_t steps = 1 + draw.below(4); steps > 0; --steps) {
      const uint64_t key = draw.below(6);
      if (draw.below(4) == 0) {
        sql += "DELETE FROM t WHERE k=" + std::to_string(key) + ";";
        rows.erase(key);
        continue;
      }
      static constexpr size_t kLengths[] = {1, 700, 3000, 9000};  // several on a page, over several pages
      const std::string value(kLengths[draw.below(4)], static_cast<char>('a' + draw.below(26)));
      sql += "INSERT OR REPLACE INTO t VALUES(" + std::to_string(key) + ",'" + value + "');";
      rows[key] = value;
    }
    if (draw.below(6) == 0) {
      run_sql(db, sql + "ROLLBACK");
    } else {
      std::string content = "rows: ";
      for (const auto& [key, value] : rows)
        content += std::to_string(key) + " " + std::to_string(value.size()) + " " + value + " ";
      acknowledge(db, content, sql + "COMMIT");
      rows_ = rows;
    }
    if (draw.below(5) == 0) run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
  }

  void acknowledge(sqlite3* db, const std::string& content, const std::string& sql) {
    contents_.push_back(content);
    run_sql(db, sql);
    acknowledged_ = contents_.size() - 1;
  }

  const uint64_t seed_;
  std::map<uint64_t, std::string> rows_;
  std::vector<std::string> contents_{"no table"};  // after each transaction begun; the last may not be done yet
  size_t acknowledged_ = 0;
};

}  // namespace

std::unique_ptr<Workload> make_sqlite_workload(uint64_t seed) { return std::make_unique<SqliteWorkload>(seed); }

}  // namespace orrery::disk
