// A plain SQLite in memory, of the library that objects are built with and set up by the book: what ctx.storage.sql is
// compared with. Values are texts that tell every bit: "null", "n:<bits of the double>", "t:<text>", "b:<hex>".
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "conformance/properties/sql_programs.h"

struct sqlite3;
struct sqlite3_stmt;

namespace orrery::properties {

class PlainSqlite {
 public:
  PlainSqlite();
  PlainSqlite(const PlainSqlite&) = delete;
  ~PlainSqlite();

  // What the steps give, one entry for each: [columns, row, row, ...], an error's text, or nothing of a cursor that is
  // not open. Cursors are read to their ends when the request ends.
  nlohmann::json run(const std::vector<SqlStep>& steps);
  // The whole database, and what SQLite itself thinks of it.
  nlohmann::json look();

 private:
  struct Cursor;
  void run(const std::vector<SqlStep>& steps, nlohmann::json& out);
  nlohmann::json exec(const SqlStep& step);
  // Null, with an error's text, or a cursor on the last statement.
  std::unique_ptr<Cursor> open(const SqlStep& step, std::string& error);
  std::string error_text(int code) const;
  void plain(const char* sql);

  sqlite3* db_ = nullptr;
  std::map<int, std::unique_ptr<Cursor>> cursors_;
};

// What both sides are asked for in `look`, each of the tables by `%`.
inline constexpr const char* kSchemaQuery =
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY name";

}  // namespace orrery::properties
