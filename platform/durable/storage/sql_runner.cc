#include "platform/durable/storage/sql_runner.h"

#include <algorithm>

#include "platform/durable/storage/cursor.h"
#include "platform/durable/storage/limits.h"

namespace orrery::durable {

namespace {

StorageError plain_error(const char* message) { return {StorageError::Kind::kError, message}; }

// Between statements white space alone is skipped: a comment after the last semicolon is a statement
// that is missing.
std::string_view without_leading_space(std::string_view sql) {
  size_t i = 0;
  while (i < sql.size() && std::string_view(" \t\n\r\v\f").find(sql[i]) != sql.npos) ++i;
  return sql.substr(i);
}

bool needs_transaction(const Statement& statement, const SqlUse& use) {
  return !sqlite3_stmt_readonly(statement.get()) || use.defer_foreign_keys;
}

}  // namespace

SqlRunner::~SqlRunner() {
  while (!cursors_.empty()) cursors_.back()->close();
}

KeptStatement* SqlRunner::find(std::string_view sql, uint64_t hash) {
  for (auto& k : kept_)
    if (k->hash == hash && k->sql == sql) return k.get();
  return nullptr;
}

void SqlRunner::keep(std::unique_ptr<KeptStatement> statement) {
  if (kept_.size() >= kCachedStatements) {
    // Idle ones make room, the longest unused first.
    auto oldest = kept_.end();
    for (auto it = kept_.begin(); it != kept_.end(); ++it)
      if (!(*it)->busy && (oldest == kept_.end() || (*it)->used < (*oldest)->used)) oldest = it;
    if (oldest != kept_.end()) kept_.erase(oldest);
  }
  statement->kept = true;
  kept_.push_back(std::move(statement));
}

void SqlRunner::give_back(KeptStatement* statement) {
  sqlite3_reset(statement->statement.get());
  sqlite3_clear_bindings(statement->statement.get());
  statement->busy = false;
  if (!statement->kept) delete statement;
}

StorageError SqlRunner::run_to_end(Statement statement, const SqlUse& use) {
  if (sqlite3_bind_parameter_count(statement.get()) > 0)
    return plain_error(
        "When executing multiple SQL statements in a single call, only the last statement can "
        "have parameters.");
  if (needs_transaction(statement, use))
    if (auto e = connection_.begin_write()) return e;
  int rc;
  do {
    rc = sqlite3_step(statement.get());
  } while (rc == SQLITE_ROW);
  return rc == SQLITE_DONE ? StorageError{} : connection_.fail(rc);
}

StorageError SqlRunner::bind(KeptStatement& statement, std::span<const SqlValue> bindings) {
  sqlite3_stmt* s = statement.statement.get();
  if (static_cast<size_t>(sqlite3_bind_parameter_count(s)) != bindings.size())
    return plain_error("Wrong number of parameter bindings for SQL query.");
  for (size_t i = 0; i < bindings.size(); ++i) {
    int at = static_cast<int>(i) + 1;
    int rc = SQLITE_OK;
    const SqlValue& value = bindings[i];
    if (auto* d = std::get_if<double>(&value)) {
      rc = sqlite3_bind_double(s, at, *d);
    } else if (auto* n = std::get_if<int64_t>(&value)) {
      rc = sqlite3_bind_int64(s, at, *n);
    } else if (auto* text = std::get_if<std::string_view>(&value)) {
      rc = sqlite3_bind_text64(s, at, text->data() ? text->data() : "", text->size(),
                               SQLITE_TRANSIENT, SQLITE_UTF8);
    } else if (auto* blob = std::get_if<std::span<const uint8_t>>(&value)) {
      rc = blob->empty() ? sqlite3_bind_zeroblob(s, at, 0)
                         : sqlite3_bind_blob64(s, at, blob->data(), blob->size(), SQLITE_TRANSIENT);
    } else {
      rc = sqlite3_bind_null(s, at);
    }
    if (rc != SQLITE_OK) return connection_.fail(rc);
  }
  return {};
}

std::unique_ptr<SqlCursor> SqlRunner::exec(std::string_view sql,
                                           std::span<const SqlValue> bindings,
                                           StorageError& error) {
  if ((error = connection_.broken())) return nullptr;
  const uint64_t hash = hash_bytes(sql);
  KeptStatement* statement = find(sql, hash);
  if (!statement || statement->busy) {
    bool have = statement != nullptr, first = true;
    std::string_view rest = sql;
    SqlUse use;
    Statement compiled;
    while (true) {
      compiled = connection_.prepare_untrusted(rest, use, error);
      if (!compiled && !error) error = plain_error("SQL code did not contain a statement.");
      if (error) return nullptr;
      rest = without_leading_space(rest);
      if (rest.empty()) break;
      first = false;
      if ((error = run_to_end(std::move(compiled), use))) return nullptr;
    }
    auto made = std::make_unique<KeptStatement>();
    made->hash = hash;
    made->statement = std::move(compiled);
    made->use = use;
    statement = made.get();
    if (first && !have) {
      made->sql = sql;
      keep(std::move(made));
    } else {
      made.release();  // give_back deletes it
    }
  }
  statement->busy = true;
  statement->used = ++uses_;
  error = bind(*statement, bindings);
  if (!error && needs_transaction(statement->statement, statement->use))
    error = connection_.begin_write();
  if (error) {
    give_back(statement);
    return nullptr;
  }
  auto cursor = std::make_unique<Cursor>(*this, statement);
  error = cursor->start();
  if (error) return nullptr;
  return cursor;
}

}  // namespace orrery::durable
