#include "platform/durable/storage/connection.h"

#include <cstring>

#include "platform/durable/storage/limits.h"
#include "platform/durable/storage/sql_math.h"
#include "sim/core/check.h"

namespace orrery::durable {

namespace {

constexpr const char* kTransactionText =
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT "
    "statements. The JavaScript API is safer because it will automatically roll back on "
    "exceptions, and because it interacts correctly with Durable Objects' automatic atomic write "
    "coalescing.";
constexpr const char* kConstraintText =
    "Durable Object was reset and rolled back to its last known good state because the "
    "application left the database in a state where constraints were violated: ";

// SQL random() and randomblob(n), drawn from the world instead of SQLite's own generator.
void sql_random(sqlite3_context* context, int, sqlite3_value**) {
  auto* host = static_cast<HostSqlite*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(host->random_bits()));
}
void sql_randomblob(sqlite3_context* context, int, sqlite3_value** arguments) {
  auto* host = static_cast<HostSqlite*>(sqlite3_user_data(context));
  int64_t n = sqlite3_value_int64(arguments[0]);
  if (n < 1) n = 1;
  if (n > kSqlValueBytes) return sqlite3_result_error_toobig(context);
  auto* bytes = static_cast<uint8_t*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(n)));
  if (!bytes) return sqlite3_result_error_nomem(context);
  // One drawn value, widened: a decision for each eight bytes would be millions of them.
  uint64_t state = host->random_bits();
  for (int64_t i = 0; i < n; i += 8) {
    uint64_t word = mix64(state, static_cast<uint64_t>(i));
    std::memcpy(bytes + i, &word, static_cast<size_t>(n - i < 8 ? n - i : 8));
  }
  sqlite3_result_blob64(context, bytes, static_cast<sqlite3_uint64>(n), sqlite3_free);
}

}  // namespace

class Connection::Trust {
 public:
  explicit Trust(Connection& c) : connection_(c), before_(c.trusted_) { c.trusted_ = true; }
  ~Trust() { connection_.trusted_ = before_; }

 private:
  Connection& connection_;
  bool before_;
};

const char* sqlite_code_name(int rc) {
  static constexpr const char* kNames[] = {
      "SQLITE_OK",       "SQLITE_ERROR",    "SQLITE_INTERNAL", "SQLITE_PERM",   "SQLITE_ABORT",
      "SQLITE_BUSY",     "SQLITE_LOCKED",   "SQLITE_NOMEM",    "SQLITE_READONLY",
      "SQLITE_INTERRUPT", "SQLITE_IOERR",   "SQLITE_CORRUPT",  "SQLITE_NOTFOUND", "SQLITE_FULL",
      "SQLITE_CANTOPEN", "SQLITE_PROTOCOL", "SQLITE_EMPTY",    "SQLITE_SCHEMA", "SQLITE_TOOBIG",
      "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_MISUSE", "SQLITE_NOLFS",  "SQLITE_AUTH",
      "SQLITE_FORMAT",   "SQLITE_RANGE",    "SQLITE_NOTADB"};
  int primary = rc & 0xff;
  return primary < static_cast<int>(std::size(kNames)) ? kNames[primary] : "SQLITE_ERROR";
}

const char* sqlite_extended_name(int rc) {
  struct Name {
    int code;
    const char* name;
  };
  static constexpr Name kNames[] = {
#define ORRERY_NAME(code) {code, #code}
      ORRERY_NAME(SQLITE_ERROR_MISSING_COLLSEQ), ORRERY_NAME(SQLITE_ERROR_RETRY),
      ORRERY_NAME(SQLITE_ABORT_ROLLBACK),        ORRERY_NAME(SQLITE_CONSTRAINT_CHECK),
      ORRERY_NAME(SQLITE_CONSTRAINT_COMMITHOOK), ORRERY_NAME(SQLITE_CONSTRAINT_FOREIGNKEY),
      ORRERY_NAME(SQLITE_CONSTRAINT_FUNCTION),   ORRERY_NAME(SQLITE_CONSTRAINT_NOTNULL),
      ORRERY_NAME(SQLITE_CONSTRAINT_PRIMARYKEY), ORRERY_NAME(SQLITE_CONSTRAINT_TRIGGER),
      ORRERY_NAME(SQLITE_CONSTRAINT_UNIQUE),     ORRERY_NAME(SQLITE_CONSTRAINT_VTAB),
      ORRERY_NAME(SQLITE_CONSTRAINT_ROWID),      ORRERY_NAME(SQLITE_CONSTRAINT_PINNED),
      ORRERY_NAME(SQLITE_CONSTRAINT_DATATYPE),   ORRERY_NAME(SQLITE_CORRUPT_VTAB),
      ORRERY_NAME(SQLITE_LOCKED_VTAB),           ORRERY_NAME(SQLITE_BUSY_SNAPSHOT)};
#undef ORRERY_NAME
  for (const Name& n : kNames)
    if (n.code == rc) return n.name;
  return nullptr;
}

Connection::Connection(std::shared_ptr<HostSqlite> host, std::string file,
                       disk::WalCapture* capture)
    : host_(std::move(host)), file_(std::move(file)) {
  int rc = host_->vfs().open(file_, {.capture = capture, .scratch = true, .create = false}, &db_);
  if (rc != SQLITE_OK) {
    broken_ = {StorageError::Kind::kBroken,
               std::string(sqlite3_errstr(rc)) + ": " + sqlite_code_name(rc)};
    return;
  }
  set_up();
}

Connection::~Connection() {
  begin_.reset();
  commit_.reset();
  rollback_.reset();
  for (Statement& s : savepoint_) s.reset();
  // Statements that outlive this keep a zombie connection, never a crash.
  sqlite3_close_v2(db_);
  host_->disk().remove(file_);
  host_->disk().remove(file_ + "-wal");
}

void Connection::set_up() {
  struct Limit {
    int id, value;
  };
  static constexpr Limit kLimits[] = {
      {SQLITE_LIMIT_LENGTH, kSqlValueBytes},
      {SQLITE_LIMIT_SQL_LENGTH, kSqlStatementBytes},
      {SQLITE_LIMIT_COLUMN, kSqlColumns},
      {SQLITE_LIMIT_EXPR_DEPTH, kSqlExpressionDepth},
      {SQLITE_LIMIT_COMPOUND_SELECT, kSqlCompoundSelects},
      {SQLITE_LIMIT_VDBE_OP, kSqlVdbeOperations},
      {SQLITE_LIMIT_FUNCTION_ARG, kSqlFunctionArguments},
      {SQLITE_LIMIT_ATTACHED, kSqlAttached},
      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, kSqlLikePatternBytes},
      {SQLITE_LIMIT_VARIABLE_NUMBER, kSqlVariables},
      {SQLITE_LIMIT_TRIGGER_DEPTH, kSqlTriggerDepth}};
  for (const Limit& l : kLimits) sqlite3_limit(db_, l.id, l.value);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Local durability is not relied on: what counts is the replicated log.
  static const std::string kPragmas =
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
      "PRAGMA cache_size=" + std::to_string(kCachedPages);
  int rc = sqlite3_exec(db_, kPragmas.c_str(), nullptr, nullptr, nullptr);
  sqlite3_wal_autocheckpoint(db_, kCheckpointFrames);
  sqlite3_set_authorizer(db_, &Connection::authorize, this);
  sqlite3_progress_handler(db_, kSqlStepsPerCharge, &Connection::on_progress, this);
  if (rc == SQLITE_OK) {
    begin_ = prepare("BEGIN");
    commit_ = prepare("COMMIT");
    rollback_ = prepare("ROLLBACK");
  }
  if (!begin_ || !commit_ || !rollback_) {
    broken_ = fail(sqlite3_errcode(db_));
    broken_.kind = StorageError::Kind::kBroken;
  }
}

void Connection::read_only() {
  Trust trust(*this);
  sqlite3_exec(db_, "PRAGMA query_only=ON", nullptr, nullptr, nullptr);
}

int Connection::on_progress(void* self) {
  SqlMeter* meter = static_cast<Connection*>(self)->meter_;
  return meter && !meter->charge();
}

int Connection::authorize(void* self, int action, const char* first, const char* second,
                          const char* database, const char*) {
  auto& connection = *static_cast<Connection*>(self);
  if (connection.trusted_) return SQLITE_OK;
  return authorize_sql(action, first, second, database, connection.use_);
}

Statement Connection::prepare(const char* sql) {
  Trust trust(*this);
  sqlite3_stmt* s = nullptr;
  sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr);
  return Statement(s);
}

int Connection::step(const Statement& statement) {
  Trust trust(*this);
  return sqlite3_step(statement.get());
}

Statement Connection::prepare_untrusted(std::string_view& sql, SqlUse& use, StorageError& error) {
  while (true) {
    use_ = {};
    sqlite3_stmt* s = nullptr;
    const char* tail = nullptr;
    int rc = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &s, &tail);
    Statement statement(s);
    use = use_;
    if (rc != SQLITE_OK) {
      if (use.transaction)
        error = {StorageError::Kind::kError, kTransactionText};
      else
        error = fail(rc);
      return nullptr;
    }
    std::string_view text = sql.substr(0, static_cast<size_t>(tail - sql.data()));
    if (use.alter_table && renames_to_reserved(text)) {
      error = {StorageError::Kind::kError, "not authorized: SQLITE_AUTH"};
      return nullptr;
    }
    // Deterministic functions are put in when first met: thirty of them would slow every opening.
    bool math = use.math && !math_installed_, random = use.random && !random_installed_;
    if (math || random) {
      statement = nullptr;
      if (math) install_sql_math(db_);
      if (random) {
        int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
        sqlite3_create_function(db_, "random", 0, flags, host_.get(), sql_random, nullptr, nullptr);
        sqlite3_create_function(db_, "randomblob", 1, flags, host_.get(), sql_randomblob, nullptr,
                                nullptr);
      }
      math_installed_ |= math;
      random_installed_ |= random;
      continue;
    }
    sql.remove_prefix(static_cast<size_t>(tail - sql.data()));
    return statement;
  }
}

StorageError Connection::fail(int rc) {
  if (broken_) return broken_;
  std::string message = sqlite3_errmsg(db_);
  if (int offset = sqlite3_error_offset(db_); offset >= 0)
    message += " at offset " + std::to_string(offset);
  message += ": ";
  message += sqlite_code_name(rc);
  if (const char* extended = sqlite_extended_name(sqlite3_extended_errcode(db_)))
    message += std::string(" (extended: ") + extended + ")";
  if (in_transaction_ && sqlite3_get_autocommit(db_)) {
    in_transaction_ = false;
    depth_ = 0;
    broken_ = {StorageError::Kind::kBroken, std::move(message)};
    return broken_;
  }
  return {StorageError::Kind::kError, std::move(message)};
}

StorageError Connection::begin() {
  if (broken_) return broken_;
  int rc = step(begin_);
  sqlite3_reset(begin_.get());
  if (rc != SQLITE_DONE) return fail(rc);
  in_transaction_ = true;
  return {};
}

StorageError Connection::commit() {
  if (broken_ || !in_transaction_) return broken_;
  ORRERY_CHECK(depth_ == 0, "a commit inside an explicit transaction");
  int rc = step(commit_);
  if (rc == SQLITE_DONE) {
    in_transaction_ = false;
    sqlite3_reset(commit_.get());
    return {};
  }
  StorageError error = fail(rc);
  sqlite3_reset(commit_.get());
  if (!broken_) {  // SQLite left the transaction open: the object is reset all the same
    bool constraint = (rc & 0xff) == SQLITE_CONSTRAINT;
    rollback();
    broken_ = {StorageError::Kind::kBroken,
               constraint ? kConstraintText + error.message : error.message};
  }
  return broken_;
}

void Connection::rollback() {
  if (!in_transaction_) return;
  step(rollback_);
  sqlite3_reset(rollback_.get());
  in_transaction_ = false;
  depth_ = 0;
}

StorageError Connection::run(Savepoint what, int level) {
  static constexpr const char* kVerbs[] = {"SAVEPOINT", "RELEASE", "ROLLBACK TO"};
  Statement own;
  Statement& s = level <= kKeptLevels ? savepoint_[static_cast<size_t>(
                                            (level - 1) * 3 + static_cast<int>(what))]
                                      : own;
  if (!s) {
    std::string sql = kVerbs[static_cast<int>(what)];
    s = prepare((sql + " _cf_level_" + std::to_string(level)).c_str());
  }
  if (!s) return fail(sqlite3_errcode(db_));
  int rc = step(s);
  StorageError error = rc == SQLITE_DONE ? StorageError{} : fail(rc);
  sqlite3_reset(s.get());
  return error;
}

StorageError Connection::begin_savepoint() {
  if (auto e = begin_write()) return e;
  auto e = run(Savepoint::kBegin, depth_ + 1);
  if (!e) ++depth_;
  return e;
}

StorageError Connection::release_savepoint() {
  if (broken_)
    return {StorageError::Kind::kError,
            "Cannot commit transaction due to an earlier SQL critical error"};
  ORRERY_CHECK(depth_ > 0);
  auto e = run(Savepoint::kRelease, depth_);
  if (!e) --depth_;
  return e;
}

StorageError Connection::rollback_savepoint() {
  if (broken_) return {};  // SQLite has rolled everything back already
  ORRERY_CHECK(depth_ > 0);
  if (auto e = run(Savepoint::kRollback, depth_)) return e;
  auto e = run(Savepoint::kRelease, depth_);
  if (!e) --depth_;
  return e;
}

}  // namespace orrery::durable
