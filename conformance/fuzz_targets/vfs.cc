// Goal: SQLite on the simulated disk keeps every acknowledged transaction whole, whatever calls fail and wherever the
// power is cut, and shows no other state than one that some moment allowed; damage beyond that (rot, lies of the
// disk) ends in errors, not in crashes. Method: the bytes are a program of transactions, failing calls, crashes (drawn,
// or with an outcome that the bytes choose, on a copy) and reopened connections, run beside a model of the table. Bytes
// that begin with 'F' are a program of plain file calls instead (vfs_files.cc).
#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/fuzz_targets/targets.h"
#include "conformance/fuzz_targets/vfs_files.h"
#include "sim/core/check.h"
#include "sim/core/world.h"
#include "sim/disk/disk.h"
#include "sim/disk/sqlite_vfs.h"

namespace orrery::fuzz_targets {
namespace {

using disk::Disk;
using disk::DiskFaults;

// A row is its key, the byte its value consists of, and how many. No state: there is no table yet.
using State = std::optional<std::map<int, std::pair<char, int>>>;

constexpr int kOperationsMax = 60;
constexpr int kLengths[] = {1, 60, 700, 3000, 6000, 14000};
constexpr int kStepsPerTick = 1000, kTicks = 2000;

struct Host final : disk::SqliteHost {
  int64_t wall_ms() override { return 1'700'000'000'123; }
  uint64_t random_bits() override { return ++calls * 0x9e3779b97f4a7c15ull; }
  uint64_t calls = 0;
};

// What the commits told, against the file they must add up to.
struct Image final : disk::WalCapture {
  void on_commit(std::span<const disk::Frame> frames, uint32_t database_pages) override {
    uint32_t last = 0;
    for (const disk::Frame& frame : frames) {
      ORRERY_CHECK(frame.page_number > last, "frames are in page order");
      last = frame.page_number;
      pages[frame.page_number] = frame.page;
    }
    pages.erase(pages.upper_bound(database_pages), pages.end());
    size = database_pages;
  }
  std::map<uint32_t, Ref<Buffer>> pages;
  uint32_t size = 0;
};

class Connection {
 public:
  Connection(disk::SqliteVfs& vfs, const std::string& pragmas, disk::WalCapture* capture) {
    rc_ = vfs.open("db", {.capture = capture}, &db_);
    if (rc_ != SQLITE_OK) return;
    // A damaged tree may be a circle.
    sqlite3_progress_handler(db_, kStepsPerTick, [](void* left) { return static_cast<int>(--*static_cast<int*>(left) < 0); },
                             &ticks_);
    run(pragmas);
  }
  Connection(const Connection&) = delete;
  ~Connection() { sqlite3_close_v2(db_); }

  bool run(const std::string& sql) {
    ticks_ = kTicks;
    if (rc_ == SQLITE_OK || db_) rc_ = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    return rc_ == SQLITE_OK;
  }
  bool in_transaction() const { return db_ && !sqlite3_get_autocommit(db_); }
  sqlite3* handle() { return db_; }

  // False: it cannot be read. Values that are none of ours read as the key alone.
  bool read(State& state) {
    state.reset();
    bool table = false;
    if (!each("SELECT 1 FROM sqlite_schema WHERE name = 't'", [&](sqlite3_stmt*) { table = true; })) return false;
    if (!table) return true;
    state.emplace();
    return each("SELECT k, v FROM t", [&](sqlite3_stmt* s) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, 1));
      const int length = sqlite3_column_bytes(s, 1);
      bool uniform = text != nullptr;
      for (int i = 1; uniform && i < length; ++i) uniform = text[i] == text[0];
      (*state)[sqlite3_column_int(s, 0)] = uniform && length > 0 ? std::pair{text[0], length} : std::pair{'?', -1};
    });
  }
  // "ok", what is wrong, or nothing where that cannot be read.
  std::string integrity() {
    std::string found;
    if (!each("PRAGMA integrity_check", [&](sqlite3_stmt* s) {
          const auto* text = sqlite3_column_text(s, 0);
          if (found.empty() && text) found = reinterpret_cast<const char*>(text);
        }))
      return "";
    return found;
  }

 private:
  template <class Look>
  bool each(const char* sql, Look look) {
    ticks_ = kTicks;
    sqlite3_stmt* s = nullptr;
    if (!db_ || sqlite3_prepare_v2(db_, sql, -1, &s, nullptr) != SQLITE_OK) return false;
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) look(s);
    sqlite3_finalize(s);
    return rc == SQLITE_DONE;
  }

  sqlite3* db_ = nullptr;
  int rc_ = SQLITE_OK;
  int ticks_ = kTicks;
};

class Program {
 public:
  explicit Program(Choices in)
      : in_(in),
        world_({.decisions = {.seed = 1 + in_.word()}}),
        disk_(disk::make_disk(world_, world_.trace().lane("host:FRA/1", "host"))),
        vfs_(*disk_, host_) {
    static const char* kModes[] = {"WAL", "WAL", "DELETE", "TRUNCATE", "PERSIST"};
    const uint32_t mode = in_.below(std::size(kModes));
    capturing_ = mode == 0;
    pragmas_ = "PRAGMA page_size=" + std::string(capturing_ || in_.below(2) ? "4096" : "1024") +
               "; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=" + kModes[mode] +
               "; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=5; PRAGMA cache_size=3;";
  }

  void run() {
    open();
    for (int n = 0; n < kOperationsMax && !in_.done(); ++n) step();
    disk_->set_faults({});
    check_capture();
    crash();
    check_visible();
  }

 private:
  void step() {
    switch (in_.below(16)) {
      case 0: case 1: case 2: case 3: case 4: case 5: return transaction();
      case 6: return checkpoint();
      case 7: return fail_from(in_.below(64) + 1u, in_.below(3));
      case 8: return fail_from(in_.below(40) + 1u, disk::kNever64);
      case 9: return set_faults({.capacity_bytes = disk_->used_bytes() + in_.word()});
      case 10: return set_faults({});
      case 11: return crash();
      case 12: return reopen();
      case 13: return crash_of_a_copy();
      case 14: return damage();
      default: return check_visible(false);
    }
  }

  void open() {
    image_ = {};
    failed_ = false;
    began_empty_ = !disk_->exists("db");
    connection_ = std::make_unique<Connection>(vfs_, pragmas_, capturing_ ? &image_ : nullptr);
    if (allowed_.back() == State()) write("CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)", State(std::in_place));
  }

  // Runs what leads from the last state to this one. Not said to be done, it may or may not have been.
  void write(const std::string& sql, State after) {
    if (connection_->run(sql)) {
      allowed_.assign(1, std::move(after));
    } else {
      failed_ = true;
      if (connection_->in_transaction()) connection_->run("ROLLBACK");
      allowed_.insert(allowed_.begin(), std::move(after));
    }
  }

  void transaction() {
    // Which state it builds on is known only when it was read, or acknowledged.
    if (allowed_.size() > 1 && !settle()) return;
    State after = allowed_.back();
    if (!after) return write("CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)", State(std::in_place));
    std::string sql = "BEGIN;";
    const uint32_t steps = in_.below(5);
    for (uint32_t i = 0; i < steps; ++i) {
      const int key = static_cast<int>(in_.below(12));
      const int length = kLengths[in_.below(std::size(kLengths))];
      const char fill = static_cast<char>('a' + fills_++ % 26);
      const std::string put = "INSERT OR REPLACE INTO t VALUES(" + std::to_string(key) + ",'" +
                              std::string(static_cast<size_t>(length), fill) + "');";
      switch (in_.below(5)) {
        case 0:
          sql += "DELETE FROM t WHERE k=" + std::to_string(key) + ";";
          after->erase(key);
          break;
        case 1: sql += "SAVEPOINT s;" + put + "ROLLBACK TO s; RELEASE s;"; break;
        case 2: sql += "SAVEPOINT s;" + put + "RELEASE s;"; (*after)[key] = {fill, length}; break;
        default: sql += put; (*after)[key] = {fill, length};
      }
    }
    if (in_.below(6) == 0) {
      if (!connection_->run(sql + "ROLLBACK")) failed_ = true;
      if (connection_->in_transaction()) connection_->run("ROLLBACK");
      return;
    }
    write(sql + "COMMIT", std::move(after));
  }

  void checkpoint() {
    static const char* kHow[] = {"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(PASSIVE)", "VACUUM", "REINDEX"};
    if (!connection_->run(kHow[in_.below(std::size(kHow))])) failed_ = true;
    if (connection_->in_transaction()) connection_->run("ROLLBACK");
  }

  void set_faults(DiskFaults faults) { disk_->set_faults(faults); }
  void fail_from(uint64_t call, uint64_t calls) { set_faults({.fail_from_call = call, .fail_calls = calls + 1}); }
  void damage() {
    damaged_ = true;
    const Ratio some{1 + in_.below(20), 20};
    switch (in_.below(5)) {
      case 0: return set_faults({.bit_rot = some});
      case 1: return set_faults({.misdirected_write = some});
      case 2: return set_faults({.sync_fails_once = some});
      case 3: return set_faults({.sync_lies = true});
      default: return set_faults({.lost = true});
    }
  }

  void crash() {
    disk_->crash();
    reopen();
  }
  void reopen() {
    connection_.reset();
    disk_->set_faults({});
    open();
    check_visible();
  }

  void check_sound(Connection& connection) {
    const std::string sound = connection.integrity();
    if (damaged_) return;
    if (sound != "ok") std::fprintf(stderr, "integrity_check: %s\n", sound.c_str());
    ORRERY_CHECK(sound == "ok", "the database is sound");
  }

  // A crash whose outcome the bytes choose, on a copy of the disk; this one goes on.
  void crash_of_a_copy() {
    const Disk::Unsynced unsynced = disk_->unsynced();
    std::vector<bool> keep(unsynced.writes);
    uint32_t bits = 0;
    for (size_t i = 0; i < keep.size(); ++i) {
      if (i % 8 == 0) bits = in_.byte();
      keep[i] = bits >> i % 8 & 1;
    }
    auto after = disk_->after_crash(keep, in_.byte() % (unsynced.names + 1));
    disk::SqliteVfs vfs(*after, host_);
    Connection connection(vfs, "PRAGMA locking_mode=EXCLUSIVE;", nullptr);
    check_sound(connection);
    if (damaged_) return;
    State found;
    ORRERY_CHECK(connection.read(found), "what survived can be read");
    ORRERY_CHECK(is_allowed(found), "what survived is a state that was acknowledged or under way");
  }

  bool is_allowed(const State& state) const {
    return std::find(allowed_.begin(), allowed_.end(), state) != allowed_.end();
  }

  // Reads what there is; true: it is known now. What was read but not acknowledged may be lost again, so the
  // other states stay allowed until the next write is acknowledged.
  bool settle() {
    State found;
    if (!connection_->read(found)) return false;
    if (damaged_) {
      allowed_.assign(1, found);
      return true;
    }
    const auto at = std::find(allowed_.begin(), allowed_.end(), found);
    ORRERY_CHECK(at != allowed_.end(), "the state is one that was acknowledged or under way");
    std::rotate(at, at + 1, allowed_.end());
    return true;
  }

  void check_visible(bool thorough = true) {
    if (!settle()) {
      ORRERY_CHECK(damaged_ || disk_->faults().any(), "without faults everything can be read");
      return;
    }
    if (thorough && !disk_->faults().any()) check_sound(*connection_);
  }

  // All that commits told since the file was empty is the file.
  void check_capture() {
    if (!capturing_ || failed_ || damaged_ || !began_empty_ || image_.size == 0) return;
    sqlite3_int64 size = 0;
    unsigned char* bytes = sqlite3_serialize(connection_->handle(), "main", &size, 0);
    if (!bytes) return;
    ORRERY_CHECK(static_cast<uint64_t>(size) == uint64_t{image_.size} * disk::kPageBytes, "the capture has its size");
    for (uint32_t page = 1; page <= image_.size; ++page) {
      const auto found = image_.pages.find(page);
      ORRERY_CHECK(found != image_.pages.end(), "the capture has every page");
      ORRERY_CHECK(std::equal(found->second->data(), found->second->data() + disk::kPageBytes,
                              bytes + uint64_t{page - 1} * disk::kPageBytes), "the capture has the file's bytes");
    }
    sqlite3_free(bytes);
  }

  Choices in_;
  World world_;
  std::unique_ptr<Disk> disk_;
  Host host_;
  disk::SqliteVfs vfs_;
  Image image_;
  std::string pragmas_;
  std::unique_ptr<Connection> connection_;
  std::vector<State> allowed_ = {State()};  // after a crash; the last one is what is believed
  bool capturing_ = false;
  bool began_empty_ = false;
  bool failed_ = false;
  bool damaged_ = false;
  uint32_t fills_ = 0;
};

}  // namespace

void vfs(Bytes input) {
  if (input.empty()) return;
  if (input[0] == 'F') return vfs_files(input.subspan(1));
  Program(Choices(input.subspan(1))).run();
}

}  // namespace orrery::fuzz_targets
