// Runs the application's SQL: statements one after another, the last one through a cursor, prepared
// statements kept by their text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/durable/storage/connection.h"

namespace orrery::durable {

class Cursor;

// A prepared statement that is kept. Busy while a cursor has it; others then compile their own.
struct KeptStatement {
  uint64_t hash = 0;
  std::string sql;
  Statement statement;
  SqlUse use;
  std::shared_ptr<const std::vector<std::string>> columns;  // as last seen
  bool busy = false;
  bool kept = false;  // false: of one cursor alone
  uint64_t used = 0;  // for eviction: a count of uses
};

class SqlRunner {
 public:
  explicit SqlRunner(Connection& connection) : connection_(connection) {}
  ~SqlRunner();  // closes all cursors
  SqlRunner(const SqlRunner&) = delete;

  // ObjectDatabase::exec.
  std::unique_ptr<SqlCursor> exec(std::string_view sql, std::span<const SqlValue> bindings,
                                  StorageError& error);
  bool cursors_open() const { return !cursors_.empty(); }

 private:
  friend class Cursor;
  KeptStatement* find(std::string_view sql, uint64_t hash);
  void keep(std::unique_ptr<KeptStatement> statement);
  // Ends a cursor's use of a statement.
  void give_back(KeptStatement* statement);
  StorageError bind(KeptStatement& statement, std::span<const SqlValue> bindings);
  StorageError run_to_end(Statement statement, const SqlUse& use);

  Connection& connection_;
  std::vector<std::unique_ptr<KeptStatement>> kept_;
  std::vector<Cursor*> cursors_;  // open ones
  uint64_t uses_ = 0;
};

}  // namespace orrery::durable
