#include "conformance/properties/plain_sqlite.h"

#include <sqlite3.h>

#include <bit>
#include <cstdio>
#include <optional>

#include "platform/durable/storage/connection.h"
#include "platform/durable/storage/limits.h"
#include "sim/core/check.h"

namespace orrery::properties {

using Json = nlohmann::json;

namespace {

Json cell(sqlite3_stmt* s, int i) {
  const auto text = [&](const void* data) {
    return std::string(static_cast<const char*>(data ? data : ""), static_cast<size_t>(sqlite3_column_bytes(s, i)));
  };
  switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT: {  // JavaScript has doubles alone
      const double n = sqlite3_column_type(s, i) == SQLITE_FLOAT ? sqlite3_column_double(s, i)
                                                                 : static_cast<double>(sqlite3_column_int64(s, i));
      char bits[20];
      std::snprintf(bits, sizeof bits, "n:%llx", static_cast<unsigned long long>(std::bit_cast<uint64_t>(n)));
      return bits;
    }
    case SQLITE_TEXT: return "t:" + text(sqlite3_column_text(s, i));
    case SQLITE_BLOB: return "b:" + hex_of(text(sqlite3_column_blob(s, i)));
    default: return "null";
  }
}

bool only_space(std::string_view sql) { return sql.find_first_not_of(" \t\n\r\v\f") == sql.npos; }

void bind(sqlite3_stmt* s, const std::vector<Binding>& bindings) {
  for (size_t i = 0; i < bindings.size(); ++i) {
    const int at = static_cast<int>(i) + 1;
    if (auto* n = std::get_if<double>(&bindings[i]))
      sqlite3_bind_double(s, at, *n);
    else if (auto* text = std::get_if<std::string>(&bindings[i]))
      sqlite3_bind_text(s, at, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
    else if (auto* blob = std::get_if<Blob>(&bindings[i]))
      sqlite3_bind_blob(s, at, blob->bytes.data(), static_cast<int>(blob->bytes.size()), SQLITE_TRANSIENT);
  }
}

}  // namespace

// Rows are stepped one ahead of those taken; a statement that writes runs to its end at once (durable-objects.md 4).
struct PlainSqlite::Cursor {
  sqlite3_stmt* statement = nullptr;
  Json columns = Json::array();
  std::vector<Json> ahead = {};
  std::string error = {};

  Cursor() = default;
  Cursor(const Cursor&) = delete;
  ~Cursor() { sqlite3_finalize(statement); }

  void end() {
    sqlite3_finalize(statement);
    statement = nullptr;
  }
  bool fetch(const PlainSqlite& db) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      Json row = Json::array();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) row.push_back(cell(statement, i));
      ahead.push_back(std::move(row));
      return true;
    }
    if (code != SQLITE_DONE) error = db.error_text(code);
    return false;
  }
  void start(const PlainSqlite& db) {
    bool more = fetch(db);
    for (int i = 0; i < sqlite3_column_count(statement); ++i) columns.push_back(sqlite3_column_name(statement, i));
    while (more && !sqlite3_stmt_readonly(statement)) more = fetch(db);
    if (!more) end();
  }
  // The next row; an error's text (a row before a failure goes down with it); or nothing at the end.
  std::optional<Json> next(const PlainSqlite& db) {
    if (ahead.empty()) return error.empty() ? std::nullopt : std::optional<Json>(std::exchange(error, ""));
    Json row = std::move(ahead.front());
    ahead.erase(ahead.begin());
    if (statement && ahead.empty() && !fetch(db)) {
      end();
      if (!error.empty()) return std::exchange(error, "");
    }
    return row;
  }
  // Up to so many rows; false at its end.
  bool take(const PlainSqlite& db, int rows, Json& out) {
    for (; rows != 0; --rows) {
      std::optional<Json> row = next(db);
      if (!row) return false;
      out.push_back(*row);
      if (row->is_string()) return false;
    }
    return true;
  }
};

PlainSqlite::PlainSqlite() {
  ORRERY_CHECK(sqlite3_open_v2(":memory:", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) == SQLITE_OK);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const std::pair<int, int> limits[] = {{SQLITE_LIMIT_EXPR_DEPTH, durable::kSqlExpressionDepth},
                                        {SQLITE_LIMIT_COMPOUND_SELECT, durable::kSqlCompoundSelects},
                                        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, durable::kSqlLikePatternBytes},
                                        {SQLITE_LIMIT_TRIGGER_DEPTH, durable::kSqlTriggerDepth}};
  for (auto [id, value] : limits) sqlite3_limit(db_, id, value);
}

PlainSqlite::~PlainSqlite() {
  cursors_.clear();
  sqlite3_close_v2(db_);
}

void PlainSqlite::plain(const char* sql) {
  ORRERY_CHECK(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

std::string PlainSqlite::error_text(int code) const {
  std::string text = sqlite3_errmsg(db_);
  if (const int offset = sqlite3_error_offset(db_); offset >= 0) text += " at offset " + std::to_string(offset);
  text += std::string(": ") + durable::sqlite_code_name(code);
  if (const char* name = durable::sqlite_extended_name(sqlite3_extended_errcode(db_)))
    text += std::string(" (extended: ") + name + ")";
  return text;
}

std::unique_ptr<PlainSqlite::Cursor> PlainSqlite::open(const SqlStep& step, std::string& error) {
  // Objects have it refused by their authorizer.
  if (step.sql == "COMMIT") {
    error = "To execute a transaction";
    return nullptr;
  }
  const char* rest = step.sql.c_str();
  while (true) {
    auto cursor = std::make_unique<Cursor>();
    const int code = sqlite3_prepare_v2(db_, rest, -1, &cursor->statement, &rest);
    if (code != SQLITE_OK) error = error_text(code);
    else if (!cursor->statement) error = "SQL code did not contain a statement.";
    if (!error.empty()) return nullptr;
    const auto parameters = static_cast<size_t>(sqlite3_bind_parameter_count(cursor->statement));
    if (only_space(rest)) {
      if (parameters != step.bindings.size()) {
        error = "Wrong number of parameter bindings for SQL query.";
        return nullptr;
      }
      bind(cursor->statement, step.bindings);
      cursor->start(*this);
      error = std::exchange(cursor->error, "");
      return error.empty() ? std::move(cursor) : nullptr;
    }
    if (parameters > 0) {
      error = "When executing multiple SQL statements in a single call, only the last statement can have parameters.";
      return nullptr;
    }
    int ended = SQLITE_ROW;
    while (ended == SQLITE_ROW) ended = sqlite3_step(cursor->statement);
    if (ended != SQLITE_DONE) {
      error = error_text(ended);
      return nullptr;
    }
  }
}

Json PlainSqlite::exec(const SqlStep& step) {
  std::string error;
  const auto cursor = open(step, error);
  if (!cursor) return error;
  Json out = Json::array({cursor->columns});
  cursor->take(*this, -1, out);
  return out;
}

void PlainSqlite::run(const std::vector<SqlStep>& steps, Json& out) {
  for (const SqlStep& step : steps) {
    Json seen = Json::array();
    switch (step.kind) {
      case SqlStep::kExec: seen = exec(step); break;
      case SqlStep::kOpen: {
        if (cursors_[step.place]) break;
        std::string error;
        cursors_[step.place] = open(step, error);
        if (!error.empty()) seen = error;
        break;
      }
      case SqlStep::kTake: {
        auto& cursor = cursors_[step.place];
        if (cursor && !cursor->take(*this, step.rows, seen)) cursor.reset();
        break;
      }
      case SqlStep::kWithin:
        plain("SAVEPOINT s");
        run(step.steps, out);
        plain(step.fails ? "ROLLBACK TO s; RELEASE s" : "RELEASE s");
    }
    out.push_back(std::move(seen));
  }
}

Json PlainSqlite::run(const std::vector<SqlStep>& steps) {
  Json out = Json::array();
  plain("BEGIN");
  run(steps, out);
  for (int place : {0, 1}) {
    Json seen = Json::array();
    if (cursors_[place]) cursors_[place]->take(*this, -1, seen);
    cursors_[place].reset();
    out.push_back(std::move(seen));
  }
  plain("COMMIT");
  return out;
}

Json PlainSqlite::look() {
  Json out = Json::array({exec({.sql = kSchemaQuery})});
  for (size_t i = 1; i < out[0].size(); ++i) {
    const std::string name = out[0][i][1].get<std::string>().substr(2);
    if (out[0][i][0] != "t:table") continue;
    // By table: in which order it goes over all of them is nobody's promise.
    for (const char* what : {"SELECT * FROM \"", "PRAGMA foreign_key_check(\""})
      out.push_back(exec({.sql = what + name + (*what == 'S' ? "\"" : "\")")}));
  }
  out.push_back(exec({.sql = "PRAGMA quick_check"}));
  return out;
}

}  // namespace orrery::properties
