// Goal: whatever SQL an application runs, it reads and changes nothing of ours, reaches no other file, keeps its limits and
// the budget of steps, and leaves a database that the log's payloads rebuild, sound, page by page.
// Method: statements (cut at the ASCII record separator) against a database with two tables of ours, each holding a
// secret no row may show; SQLite's default VFS, which only another database would use, is one that cannot be
// opened; in the end the image of all commits is opened, as a follower would have it.
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "conformance/fuzz_targets/targets.h"
#include "platform/durable/storage/authorizer.h"
#include "platform/durable/storage/limits.h"
#include "platform/durable/storage/object_database.h"
#include "sim/core/check.h"
#include "sim/disk/disk.h"
#include "sim/disk/sqlite_vfs.h"
#include "sim/host/host.h"

namespace orrery::fuzz_targets {
namespace {

using durable::ObjectDatabase;
using durable::SqlValue;
using durable::StorageError;

constexpr char kSeparator = '\x1e';
constexpr std::string_view kKey = "key-nobody-may-see";
constexpr std::string_view kSecret = "value-nobody-may-see";
constexpr int64_t kAlarm = 987654321012345;
constexpr std::string_view kAlarmText = "987654321012345";
constexpr int kStatementsMax = 24;
constexpr int kRowsMax = 2000;
// Charges of kSqlStepsPerCharge steps; for all statements of an input together.
constexpr int kCharges = 200;

bool tells(std::string_view text) {
  return text.find(kSecret) != text.npos || text.find(kKey) != text.npos || text.find(kAlarmText) != text.npos;
}

class OnePlace final : public host::Places {
 public:
  uint32_t pop_count() const override { return 1; }
  std::string_view pop_code(uint32_t) const override { return "FRA"; }
  std::optional<uint32_t> find_pop(std::string_view) const override { return 0; }
};

class Budget final : public durable::SqlMeter {
 public:
  bool charge() override {
    // A statement that was told to stop may look once more on its way out, for each program it runs in.
    ORRERY_CHECK(++charges_ < kCharges + 1000, "a statement stops when nobody pays for it");
    return charges_ < kCharges;
  }

 private:
  int charges_ = 0;
};

// Stands where SQLite looks when it is not told which VFS to use.
int open_nothing(sqlite3_vfs*, sqlite3_filename name, sqlite3_file*, int, int*) {
  std::fprintf(stderr, "SQL opened the file %s of the machine\n", name ? name : "(temporary)");
  std::abort();
}

void guard_default_vfs() {
  static sqlite3_vfs guard;
  if (guard.zName) return;
  guard = *sqlite3_vfs_find(nullptr);
  guard.zName = "guard";
  guard.pNext = nullptr;
  guard.xOpen = open_nothing;
  sqlite3_vfs_register(&guard, 1);
}

class Application {
 public:
  // As `begins` was left; with nothing, as every application is before its first statement.
  explicit Application(const durable::PageImage* begins) : hosts_(world_, places_, [](host::Process&) {}) {
    if (begins) image_.pages = begins->pages;
    open(image_.pages);
    if (begins) return;
    ORRERY_CHECK(!database_->put(kKey, {reinterpret_cast<const uint8_t*>(kSecret.data()), kSecret.size()}));
    ORRERY_CHECK(!database_->set_alarm(kAlarm));
    run("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c); INSERT INTO t VALUES(1,'x',2.5),(2,'y',x'00ff'),(3,NULL,7);"
        "CREATE INDEX i ON t(b)");
    ORRERY_CHECK(commit());
  }
  const durable::PageImage& image() const { return image_; }

  void run(std::string_view text) {
    StorageError error;
    const SqlValue bindings[] = {int64_t{1}, std::string_view("y"), 2.5};
    auto cursor = database_->exec(text, {}, error);
    if (!cursor && error.message.starts_with("Wrong number of parameter"))
      for (size_t n = 1; n <= std::size(bindings) && !cursor; ++n) cursor = database_->exec(text, {bindings, n}, error);
    ORRERY_CHECK(static_cast<bool>(cursor) == !error, "a cursor or an error");
    if (!cursor) {
      ORRERY_CHECK(!error.message.empty(), "an error has a text");
      return check_text(error.message);
    }
    for (const std::string& column : cursor->columns()) check_text(column);
    std::vector<SqlValue> row;
    for (int n = 0; n < kRowsMax && cursor->next(row, error); ++n) {
      ORRERY_CHECK(row.size() == cursor->columns().size() || cursor->columns().empty(), "a row has a value a column");
      ORRERY_CHECK(row.size() <= size_t{durable::kSqlColumns}, "columns are limited");
      for (const SqlValue& value : row) check_value(value);
    }
    if (error) check_text(error.message);
  }

  // False: the object is broken, as after a reset nothing of its database goes on.
  bool commit() {
    const auto result = database_->commit();
    if (!result.ok()) {
      ORRERY_CHECK(database_->broken().kind != StorageError::Kind::kNone, "a failed commit breaks the object");
      return false;
    }
    if (result.payload) image_.apply(*result.payload);
    return true;
  }

  // What a follower has, and the object after its next start.
  void reopen() {
    check_image();
    open(image_.pages);
  }

  void check_ours() {
    StorageError error;
    const auto value = database_->get(kKey, error);
    if (database_->broken()) return;
    ORRERY_CHECK(value && text_of({value->data(), value->size()}) == kSecret, "the stored value is untouched");
    ORRERY_CHECK(database_->alarm(error) == kAlarm, "the alarm is untouched");
  }

 private:
  void open(std::span<const Ref<Buffer>> pages) {
    database_.reset();
    auto opened = ObjectDatabase::open(*hosts_.at(0, 1).process(), "Cart/42", ++epoch_, pages);
    ORRERY_CHECK(opened.ok(), "the image opens");
    database_ = std::move(opened.database);
    database_->set_meter(&budget_);
  }

  static void check_text(std::string_view text) {
    ORRERY_CHECK(!tells(text), "what is stored beside, the alarm included, is not shown");
  }
  static void check_value(const SqlValue& value) {
    if (auto* text = std::get_if<std::string_view>(&value)) {
      ORRERY_CHECK(text->size() <= size_t{durable::kSqlValueBytes}, "texts are limited");
      check_text(*text);
    } else if (auto* blob = std::get_if<Bytes>(&value)) {
      ORRERY_CHECK(blob->size() <= size_t{durable::kSqlValueBytes}, "blobs are limited");
      check_text(text_of(*blob));
    } else if (auto* number = std::get_if<int64_t>(&value)) {
      ORRERY_CHECK(*number != kAlarm, "the alarm is not shown");
    }
  }

  // The image as any SQLite sees it: its structure is sound and nothing new has a name of ours.
  void check_image() {
    sqlite3* raw = nullptr;
    auto disk = disk::make_disk(world_, world_.trace().lane("host:FRA/9", "host"));
    auto file = disk->open("image", true, nullptr);
    for (uint32_t page = 0; page < image_.db_pages(); ++page)
      if (image_.pages[page]) file->write_page(page, image_.pages[page]);
    file->truncate(uint64_t{image_.db_pages()} * disk::kPageBytes);
    Clock clock;
    {
      disk::SqliteVfs vfs(*disk, clock);
      ORRERY_CHECK(vfs.open("image", {}, &raw) == SQLITE_OK);
      sqlite3_exec(raw, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF", nullptr, nullptr, nullptr);
      int budget = 500;
      sqlite3_progress_handler(raw, 1000, [](void* left) { return static_cast<int>(--*static_cast<int*>(left) < 0); }, &budget);
      each(raw, "SELECT lower(name), lower(tbl_name) FROM sqlite_schema", [](std::string_view name, std::string_view table) {
        if (!durable::reserved_name(name) && !durable::reserved_name(table)) return;
        const bool known = table == "_cf_kv" || table == "_cf_metadata";
        ORRERY_CHECK(known && (name == table || name.starts_with("sqlite_autoindex")), "no other table has a name of ours");
      });
      // What a constraint says, an application may have switched off; what the pages are, it may not.
      each(raw, "PRAGMA integrity_check", [](std::string_view line, std::string_view) {
        for (const char* bad : {"Tree ", "Page ", "Freelist", "invalid page", "btreeInit", "never used", "2nd reference"})
          if (line.starts_with(bad) || line.find("*** in database") != line.npos) {
            std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
            std::abort();
          }
      });
      sqlite3_close(raw);
    }
  }

  struct Clock final : disk::SqliteHost {
    int64_t wall_ms() override { return 0; }
    uint64_t random_bits() override { return ++calls * 0x9e3779b97f4a7c15ull; }
    uint64_t calls = 0;
  };

  template <class Look>
  static void each(sqlite3* raw, const char* sql, Look look) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(raw, sql, -1, &statement, nullptr) != SQLITE_OK) return;
    auto column = [&](int i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      return text ? std::string_view(text) : std::string_view();
    };
    while (sqlite3_step(statement) == SQLITE_ROW)
      look(column(0), sqlite3_column_count(statement) > 1 ? column(1) : std::string_view());
    sqlite3_finalize(statement);
  }

  World world_{{.decisions = {.seed = 1}}};
  OnePlace places_;
  host::Hosts hosts_;
  Budget budget_;
  uint64_t epoch_ = 0;
  durable::PageImage image_;
  std::unique_ptr<ObjectDatabase> database_;
};

}  // namespace

void sql(Bytes input) {
  // libFuzzer reads what is compared: it may bring along what it is to find.
  if (tells(text_of(input))) return;
  disk::configure_sqlite();
  guard_default_vfs();
  static const Application first(nullptr);
  Application application(&first.image());
  std::string_view rest = text_of(input);
  for (int n = 0; n < kStatementsMax && !rest.empty(); ++n) {
    const size_t end = std::min(rest.find(kSeparator), rest.size());
    // A copy of its own, so that AddressSanitizer sees a read behind its end.
    const std::vector<char> text(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(end));
    application.run({text.data(), text.size()});
    if (n % 4 == 3 && !application.commit()) return;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  application.check_ours();
  if (!application.commit()) return;
  application.reopen();
  application.check_ours();
}

}  // namespace orrery::fuzz_targets
