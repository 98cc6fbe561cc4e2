#include "sim/disk/sqlite_vfs.h"

#include <cstring>
#include <new>
#include <optional>

#include "sim/core/check.h"
#include "sim/disk/wal_tracker.h"

namespace orrery::disk {

namespace {

constexpr int64_t kUnixEpochJulianMs = 210866760000000;

// An open file as SQLite holds it, made in memory that SQLite gives.
struct VfsFile {
  sqlite3_file base;
  SqliteVfs* vfs;
  std::shared_ptr<File> file;
  bool delete_on_close = false;
  bool scratch = false;
  bool is_wal = false;
  WalCapture* capture = nullptr;      // of a database or its WAL
  VfsFile* database = nullptr;        // of a WAL
  std::optional<WalTracker> tracker;  // of a captured WAL
  Ref<Buffer> last_wal_page;          // of a database: what was last read from its WAL
};

VfsFile& self(sqlite3_file* f) { return *reinterpret_cast<VfsFile*>(f); }

int map_error(DiskError e, int io_error) {
  switch (e) {
    case DiskError::kNone: return SQLITE_OK;
    case DiskError::kFull: return SQLITE_FULL;
    case DiskError::kNotFound: return SQLITE_CANTOPEN;
    case DiskError::kIo:
    case DiskError::kGone: return io_error;
  }
  return io_error;
}

}  // namespace

// The functions SQLite calls, as statics with access to SqliteVfs.
struct VfsCalls {
  static SqliteVfs& of(sqlite3_vfs* v) { return *static_cast<SqliteVfs*>(v->pAppData); }

  static int close(sqlite3_file* f) {
    VfsFile& file = self(f);
    if (file.delete_on_close) file.vfs->disk_.remove(file.file->name());
    file.~VfsFile();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* out, int n, sqlite3_int64 offset) {
    VfsFile& file = self(f);
    auto length = static_cast<uint32_t>(n);
    auto at = static_cast<uint64_t>(offset);
    auto* to = static_cast<uint8_t*>(out);
    if (file.is_wal && file.database && length == kPageBytes) {
      // A checkpoint reads a page here and writes it to the database next: remember the shared
      // copy.
      Ref<Buffer> page;
      if (file.file->read_buffer(at, length, &page) == DiskError::kNone) {
        std::memcpy(to, page->data(), length);
        file.database->last_wal_page = std::move(page);
        return SQLITE_OK;
      }
    }
    size_t got = 0;
    DiskError e = file.file->read(at, {to, length}, &got);
    if (e != DiskError::kNone) return map_error(e, SQLITE_IOERR_READ);
    return got < length ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
  }

  static int write(sqlite3_file* f, const void* data, int n, sqlite3_int64 offset) {
    VfsFile& file = self(f);
    auto length = static_cast<uint32_t>(n);
    Ref<Buffer> bytes;
    if (file.last_wal_page && file.last_wal_page->size() == length &&
        std::memcmp(file.last_wal_page->data(), data, length) == 0)
      bytes = std::move(file.last_wal_page);
    else
      bytes = Buffer::copy(data, length);
    file.last_wal_page = nullptr;
    DiskError e = file.file->write_buffer(static_cast<uint64_t>(offset), bytes);
    if (e != DiskError::kNone) return map_error(e, SQLITE_IOERR_WRITE);
    if (file.tracker) file.tracker->wrote(static_cast<uint64_t>(offset), bytes, *file.capture);
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return map_error(self(f).file->truncate(static_cast<uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
  }
  static int sync(sqlite3_file* f, int) {
    return map_error(self(f).file->sync(), SQLITE_IOERR_FSYNC);
  }
  static int file_size(sqlite3_file* f, sqlite3_int64* out) {
    *out = static_cast<sqlite3_int64>(self(f).file->size());
    return SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_reserved(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
  }
  static int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return kSectorBytes; }
  // A torn sector never harms bytes outside the write (inode.cc), which is what this promises.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out_flags) {
    static constexpr sqlite3_io_methods kMethods{
        1,         close,          read, write, truncate, sync, file_size, lock, lock,
        check_reserved, file_control, sector_size, characteristics,
        nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
    SqliteVfs& vfs = of(v);
    f->pMethods = nullptr;
    bool is_main = flags & SQLITE_OPEN_MAIN_DB;
    bool is_wal = flags & SQLITE_OPEN_WAL;
    VfsFile* database = nullptr;
    if (name && (is_wal || (flags & SQLITE_OPEN_MAIN_JOURNAL)))
      database = &self(sqlite3_database_file_object(name));
    bool scratch = is_main ? vfs.opening_.scratch : !database || database->scratch;
    std::string temporary;
    if (!name) {
      temporary = "sqlite-temporary/" + std::to_string(++vfs.temporary_files_);
      name = temporary.c_str();
    }
    OpenMode mode = !(flags & SQLITE_OPEN_CREATE) ? OpenMode::kExisting
                    : scratch                     ? OpenMode::kScratch
                                                  : OpenMode::kCreate;
    DiskError error;
    auto file = vfs.disk_.open(name, mode, &error);
    if (!file) return map_error(error, SQLITE_CANTOPEN);
    auto* made = new (f) VfsFile{};
    made->base.pMethods = &kMethods;
    made->vfs = &vfs;
    made->file = std::move(file);
    made->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    made->scratch = scratch;
    made->is_wal = is_wal;
    if (is_main) made->capture = vfs.opening_.capture;
    if (is_wal) {
      made->database = database;
      made->capture = database->capture;
      if (made->capture) made->tracker.emplace(kPageBytes);
    }
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* v, const char* name, int sync_directory) {
    Disk& disk = of(v).disk_;
    DiskError e = disk.remove(name);
    if (e == DiskError::kNotFound) return SQLITE_IOERR_DELETE_NOENT;
    if (e == DiskError::kNone && sync_directory) e = disk.sync_names();
    return map_error(e, SQLITE_IOERR_DELETE);
  }
  static int access(sqlite3_vfs* v, const char* name, int, int* out) {
    *out = of(v).disk_.exists(name);
    return SQLITE_OK;
  }
  static int full_pathname(sqlite3_vfs*, const char* name, int room, char* out) {
    size_t n = std::strlen(name);
    if (n + 1 > static_cast<size_t>(room)) return SQLITE_CANTOPEN;
    std::memcpy(out, name, n + 1);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* v, int n, char* out) {
    for (int i = 0; i < n; i += 8) {
      uint64_t bits = of(v).host_.random_bits();
      std::memcpy(out + i, &bits, static_cast<size_t>(n - i < 8 ? n - i : 8));
    }
    return n;
  }
  // World time does not pass inside a turn.
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time_ms(sqlite3_vfs* v, sqlite3_int64* out) {
    *out = kUnixEpochJulianMs + of(v).host_.wall_ms();
    return SQLITE_OK;
  }
  static int current_time(sqlite3_vfs* v, double* out) {  // tidy: as SQLite asks
    const int64_t julian_ms = kUnixEpochJulianMs + of(v).host_.wall_ms();
    *out = static_cast<double>(julian_ms) / 86400000.0;  // tidy: exact division, as SQLite asks
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

bool configure_sqlite() {
  bool ok = sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0) == SQLITE_OK;
  ok = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK && ok;
  return ok && sqlite3_initialize() == SQLITE_OK;
}

SqliteVfs::SqliteVfs(Disk& disk, SqliteHost& host) : disk_(disk), host_(host) {
  static const bool configured = configure_sqlite();  // no effect when SQLite already runs
  (void)configured;
  static uint64_t instances = 0;  // only makes names differ; nothing of a run depends on it
  name_ = "orrery-" + std::to_string(++instances);
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(VfsFile);
  vfs_.mxPathname = 1024;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = VfsCalls::open;
  vfs_.xDelete = VfsCalls::remove;
  vfs_.xAccess = VfsCalls::access;
  vfs_.xFullPathname = VfsCalls::full_pathname;
  vfs_.xRandomness = VfsCalls::randomness;
  vfs_.xSleep = VfsCalls::sleep;
  vfs_.xCurrentTime = VfsCalls::current_time;
  vfs_.xCurrentTimeInt64 = VfsCalls::current_time_ms;
  vfs_.xGetLastError = VfsCalls::last_error;
  ORRERY_CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
  int seed = static_cast<int>(host_.random_bits() | 1);
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed, static_cast<sqlite3*>(nullptr));
}

SqliteVfs::~SqliteVfs() { sqlite3_vfs_unregister(&vfs_); }

int SqliteVfs::open(const std::string& name, const Options& options, sqlite3** out) {
  opening_ = options;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  if (options.create) flags |= SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2(name.c_str(), out, flags, name_.c_str());
  opening_ = {};
  if (*out) sqlite3_extended_result_codes(*out, 1);
  return rc;
}

}  // namespace orrery::disk
