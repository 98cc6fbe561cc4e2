// A statement being run, one row ahead of its reader: the row after the one just given is fetched
// at once, so that the statement is free again when its last row has been given. A statement that
// writes runs to its end at once and its rows wait here, since SQLite cannot commit around a
// half-run write.
//
// rows_read and rows_written are what SQLite counted so far, as the product does: steps of cursors
// to rows, rows put into and taken out of tables and indexes.
#pragma once

#include <deque>

#include "platform/durable/storage/sql_runner.h"

namespace orrery::durable {

class Cursor final : public SqlCursor {
 public:
  Cursor(SqlRunner& runner, KeptStatement* statement);
  ~Cursor() override;
  // Runs to the first row (a write: to the end).
  StorageError start();

  const std::vector<std::string>& columns() const override { return *columns_; }
  bool next(std::vector<SqlValue>& row, StorageError& error) override;
  int64_t rows_read() const override;
  int64_t rows_written() const override;
  // The database is going: the rows not yet read are lost.
  void close();

 private:
  struct Cell {
    int type;  // SQLITE_INTEGER ...
    union {
      int64_t integer;
      double real;
      size_t offset;  // in bytes
    };
    size_t size;
  };
  struct Row {
    std::vector<Cell> cells;
    std::vector<uint8_t> bytes;
  };
  // Fetches one row into `ahead_`; false at the end or on an error (error_).
  bool fetch();
  void take_row(Row& row);
  void see_columns();
  void release();

  SqlRunner* runner_;         // null once closed
  KeptStatement* statement_;  // null once given back
  std::shared_ptr<const std::vector<std::string>> columns_;
  std::deque<Row> ahead_;
  Row given_;  // what the reader's views point into
  StorageError error_;
  // Of a statement that was given back.
  int64_t rows_read_ = 0;
  int64_t rows_written_ = 0;
};

}  // namespace orrery::durable
