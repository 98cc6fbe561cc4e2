// Goal: SQLite on the disk model recovers from every crash. Method: small generated programs; before every
// disk call of a program, and after its last, every outcome of a crash there (every_crash.h) is made a disk
// of its own and opened: the database must be sound, have every acknowledged transaction and be the
// state after some whole number of transactions.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <set>

#include "sim/core/tests/property.h"
#include "sim/disk/sqlite_vfs.h"
#include "sim/disk/tests/every_crash.h"

namespace orrery::disk {
namespace {

struct Step {
  enum Kind { kPut, kErase, kPutAndRollBack };
  Kind kind;
  int key;
  int length;
};

struct Transaction {
  std::vector<Step> steps;
  bool committed;   // else rolled back
  bool checkpoint;  // afterwards
};

void showValue(const Transaction& t, std::ostream& os) {
  for (const Step& s : t.steps)
    os << (s.kind == Step::kPut ? "put " : s.kind == Step::kErase ? "erase " : "put and roll back ")
       << s.key << ":" << s.length << ", ";
  os << (t.committed ? "commit" : "roll back") << (t.checkpoint ? ", checkpoint" : "");
}

}  // namespace
}  // namespace orrery::disk

namespace rc {
template <>
struct Arbitrary<orrery::disk::Transaction> {
  static Gen<orrery::disk::Transaction> arbitrary() {
    using orrery::disk::Step;
    using orrery::disk::Transaction;
    auto step = gen::build<Step>(
        gen::set(&Step::kind, gen::weightedElement<Step::Kind>(
                                  {{4, Step::kPut}, {2, Step::kErase}, {1, Step::kPutAndRollBack}})),
        gen::set(&Step::key, orrery::number(0, 5)),
        // A few bytes, several rows on a page, a row over several pages.
        gen::set(&Step::length, gen::element(1, 700, 3000, 9000)));
    return gen::build<Transaction>(
        gen::set(&Transaction::steps,
                 gen::resize(4, gen::container<std::vector<Step>>(std::move(step)))),
        gen::set(&Transaction::committed, gen::weightedElement<bool>({{5, true}, {1, false}})),
        gen::set(&Transaction::checkpoint, gen::weightedElement<bool>({{5, false}, {1, true}})));
  }
};
}  // namespace rc

namespace orrery::disk {
namespace {

// Nothing: the table is not there yet.
using State = std::optional<std::map<int, std::string>>;

struct TestHost final : SqliteHost {
  int64_t wall_ms() override { return 1'700'000'000'123; }
  uint64_t random_bits() override { return ++calls * 0x9e3779b97f4a7c15ull; }
  uint64_t calls = 0;
};

class Connection {
 public:
  Connection(SqliteVfs& vfs, const std::string& pragmas) {
    RC_ASSERT(vfs.open("db", {}, &db_) == SQLITE_OK);
    run(pragmas);
  }
  Connection(const Connection&) = delete;
  ~Connection() { sqlite3_close_v2(db_); }
  void run(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      RC_FAIL(sql.substr(0, 200) + ": " + sqlite3_errmsg(db_));
  }
  // First and, if there is one, second column of every row.
  std::vector<std::pair<std::string, std::string>> rows(const char* sql) {
    std::vector<std::pair<std::string, std::string>> found;
    auto add = [](void* out, int n, char** values, char**) {
      static_cast<decltype(found)*>(out)->emplace_back(values[0], n > 1 ? values[1] : "");
      return 0;
    };
    if (sqlite3_exec(db_, sql, add, &found, nullptr) != SQLITE_OK)
      found.emplace_back(sqlite3_errmsg(db_), "");
    return found;
  }
  State state() {
    if (rows("SELECT name FROM sqlite_schema").empty()) return std::nullopt;
    State state = std::map<int, std::string>();
    for (auto& [key, value] : rows("SELECT k, v FROM t ORDER BY k")) (*state)[std::stoi(key)] = value;
    return state;
  }

 private:
  sqlite3* db_ = nullptr;
};

struct Settings {
  std::string journal_mode = "WAL";
  std::string synchronous = "FULL";
  DiskFaults faults = {};
  std::string pragmas() const {
    return "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=" + journal_mode +
           "; PRAGMA synchronous=" + synchronous +
           "; PRAGMA wal_autocheckpoint=5; PRAGMA cache_size=3;";
  }
};

// The index is for PRAGMA integrity_check to compare with the table.
constexpr const char* kSchema =
    "BEGIN; CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t(substr(v, 1, 3), length(v)); COMMIT";

// One program, run once, with every crash on the way.
class EveryCrash {
 public:
  EveryCrash(std::vector<Transaction> program, const Settings& settings)
      : program_(std::move(program)), settings_(settings) {}

  void run() {
    auto disk = make_disk(world_, world_.trace().lane("host:FRA/1", "host"));
    disk->set_faults(settings_.faults);
    WatchedDisk watched(*disk, [&] { crash_here(*disk); });
    {
      SqliteVfs vfs(watched, host_);
      Connection db(vfs, settings_.pragmas());
      acknowledge(State(std::map<int, std::string>()),
                  [&] { db.run(kSchema); });
      for (const Transaction& t : program_) play(db, t);
      crash_here(*disk);
      on_the_way_ = false;
    }
    for (Crashed& c : crashed_) recover(c);
  }
  size_t crashes() const { return crashed_.size(); }

  // Whether crashes within one transaction could leave it whole and could leave nothing of it.
  bool both_outcomes() const { return both_outcomes_; }

 private:
  struct Crashed {
    std::unique_ptr<Disk> disk;
    size_t event, acknowledged, begun;
  };

  void play(Connection& db, const Transaction& t) {
    State next = states_.back();
    std::string sql = "BEGIN;";
    for (const Step& s : t.steps) {
      const std::string key = std::to_string(s.key);
      const std::string value(static_cast<size_t>(s.length), static_cast<char>('a' + steps_++ % 26));
      const std::string put = "INSERT OR REPLACE INTO t VALUES(" + key + ",'" + value + "');";
      if (s.kind == Step::kPut) {
        sql += put;
        (*next)[s.key] = value;
      } else if (s.kind == Step::kErase) {
        sql += "DELETE FROM t WHERE k=" + key + ";";
        next->erase(s.key);
      } else {
        sql += "SAVEPOINT s;" + put + "ROLLBACK TO s; RELEASE s;";
      }
    }
    if (t.committed)
      acknowledge(next, [&] { db.run(sql + "COMMIT"); });
    else
      db.run(sql + "ROLLBACK");
    if (t.checkpoint) db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  template <class Work>
  void acknowledge(State after, Work work) {
    states_.push_back(std::move(after));
    work();
    acknowledged_ = states_.size() - 1;
  }

  void crash_here(const Disk& disk) {
    if (!on_the_way_) return;
    ++event_;
    const Disk::Unsynced unsynced = disk.unsynced();
    for (size_t names = 0; names <= unsynced.names; ++names)
      for_each_crash_outcome(unsynced.writes, [&](const std::vector<bool>& keep) {
        auto after = disk.after_crash(keep, names);
        if (seen_.insert({hash_of(*after), acknowledged_, states_.size()}).second)
          crashed_.push_back({std::move(after), event_, acknowledged_, states_.size() - 1});
      });
  }

  void recover(Crashed& c) {
    SqliteVfs vfs(*c.disk, host_);
    Connection db(vfs, "PRAGMA locking_mode=EXCLUSIVE;");
    const auto sound = db.rows("PRAGMA integrity_check");
    const std::string where = "crash at disk event " + std::to_string(c.event) + " with " +
                              std::to_string(c.acknowledged) + " transactions acknowledged: ";
    if (sound.empty() || sound[0].first != "ok")
      RC_FAIL(where + (sound.empty() ? "unreadable" : sound[0].first));
    const State found = db.state();
    const bool before = found == states_[c.acknowledged];
    const bool after = c.begun > c.acknowledged && found == states_[c.begun];
    if (!before && !after) RC_FAIL(where + "the state is of no allowed moment");
    if (before == after) return;
    if (c.begun == c.acknowledged) return;
    int& outcomes = outcomes_[c.acknowledged];
    outcomes |= after ? 2 : 1;
    both_outcomes_ |= outcomes == 3;
  }

  const std::vector<Transaction> program_;
  Settings settings_;
  World world_{{}};
  TestHost host_;
  std::vector<State> states_{State()};  // after each begun transaction; the last may not be done yet
  size_t acknowledged_ = 0;
  size_t event_ = 0;
  int steps_ = 0;
  bool on_the_way_ = true;
  std::set<std::tuple<uint64_t, size_t, size_t>> seen_;
  std::vector<Crashed> crashed_;
  std::map<size_t, int> outcomes_;  // by the transaction under way
  bool both_outcomes_ = false;
};

auto program() { return rc::gen::resize(6, rc::gen::arbitrary<std::vector<Transaction>>()); }

TEST(Recovery, KeepsEveryAcknowledgedTransactionAfterEveryCrash) {
  size_t crashes = 0;
  expect_holds(24, [&] {
    EveryCrash all(*program(), {});
    all.run();
    crashes += all.crashes();
    RC_ASSERT(all.both_outcomes());
  });
  std::printf("  %zu different crashes\n", crashes);
}

TEST(Recovery, HoldsWithRollbackJournalsToo) {
  expect_holds(15, [] {
    const auto mode = *rc::gen::element<std::string>("DELETE", "TRUNCATE", "PERSIST");
    EveryCrash all(*program(), {.journal_mode = mode});
    all.run();
    RC_ASSERT(all.both_outcomes());
  });
}

TEST(Recovery, FindsADatabaseThatDoesNotWaitForItsSyncs) {
  expect_found(10, [] { EveryCrash(*program(), {.synchronous = "OFF"}).run(); });
}

TEST(Recovery, FindsSyncsLeftToTheCheckpoint) {
  expect_found(10, [] { EveryCrash(*program(), {.synchronous = "NORMAL"}).run(); });
}

TEST(Recovery, FindsADiskWhoseSyncsLie) {
  expect_found(10, [] { EveryCrash(*program(), {.faults = {.sync_lies = true}}).run(); });
}

}  // namespace
}  // namespace orrery::disk
