#include "platform/durable/storage/cursor.h"

#include <algorithm>
#include <cstring>

namespace orrery::durable {

namespace {
// The counters that sim/sqlite puts into SQLite.
constexpr int kRowsRead = 9;
constexpr int kRowsWritten = 10;
}  // namespace

Cursor::Cursor(SqlRunner& runner, KeptStatement* statement)
    : runner_(&runner), statement_(statement) {
  runner.cursors_.push_back(this);
}

Cursor::~Cursor() { release(); }

void Cursor::release() {
  if (statement_) {
    rows_read_ = rows_read();
    rows_written_ = rows_written();
    runner_->give_back(statement_);
    statement_ = nullptr;
  }
  if (!runner_) return;
  auto& open = runner_->cursors_;
  auto it = std::find(open.rbegin(), open.rend(), this);
  if (it != open.rend()) open.erase(std::next(it).base());
  runner_ = nullptr;
}

void Cursor::close() {
  release();
  ahead_.clear();
  error_ = {StorageError::Kind::kError,
            "SQLite query was canceled because the database was deleted."};
}

StorageError Cursor::start() {
  for (int counter : {kRowsRead, kRowsWritten})
    sqlite3_stmt_status(statement_->statement.get(), counter, 1);
  bool writes = !sqlite3_stmt_readonly(statement_->statement.get());
  bool more = fetch();
  see_columns();
  while (writes && more) more = fetch();
  if (!more) release();
  return std::exchange(error_, {});
}

void Cursor::see_columns() {
  sqlite3_stmt* s = statement_->statement.get();
  // SQLite may have compiled the statement again after a change of the schema.
  auto& known = statement_->columns;
  int count = sqlite3_column_count(s);
  bool same = known && known->size() == static_cast<size_t>(count);
  for (int i = 0; same && i < count; ++i)
    same = (*known)[static_cast<size_t>(i)] == sqlite3_column_name(s, i);
  if (!same) {
    auto names = std::make_shared<std::vector<std::string>>();
    for (int i = 0; i < count; ++i) names->push_back(sqlite3_column_name(s, i));
    known = std::move(names);
  }
  columns_ = known;
}

bool Cursor::fetch() {
  int rc = sqlite3_step(statement_->statement.get());
  if (rc == SQLITE_ROW) {
    ahead_.emplace_back();
    take_row(ahead_.back());
    return true;
  }
  if (rc != SQLITE_DONE) error_ = runner_->connection_.fail(rc);
  return false;
}

void Cursor::take_row(Row& row) {
  sqlite3_stmt* s = statement_->statement.get();
  int count = sqlite3_column_count(s);
  row.cells.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    Cell& cell = row.cells[static_cast<size_t>(i)];
    cell.type = sqlite3_column_type(s, i);
    if (cell.type == SQLITE_INTEGER) {
      cell.integer = sqlite3_column_int64(s, i);
    } else if (cell.type == SQLITE_FLOAT) {
      cell.real = sqlite3_column_double(s, i);
    } else if (cell.type != SQLITE_NULL) {
      const void* data = cell.type == SQLITE_TEXT
                             ? static_cast<const void*>(sqlite3_column_text(s, i))
                             : sqlite3_column_blob(s, i);
      cell.size = static_cast<size_t>(sqlite3_column_bytes(s, i));
      cell.offset = row.bytes.size();
      row.bytes.resize(cell.offset + cell.size);
      if (cell.size) std::memcpy(row.bytes.data() + cell.offset, data, cell.size);
    }
  }
}

bool Cursor::next(std::vector<SqlValue>& row, StorageError& error) {
  if (ahead_.empty()) {
    error = error_;
    return false;
  }
  given_ = std::move(ahead_.front());
  ahead_.pop_front();
  if (statement_ && ahead_.empty() && !fetch()) {
    release();
    // The row before a failure goes down with it, as in the real runtime.
    if (error_) {
      error = error_;
      return false;
    }
  }
  row.clear();
  for (const Cell& cell : given_.cells) {
    const uint8_t* bytes = given_.bytes.data();
    switch (cell.type) {
      case SQLITE_INTEGER: row.emplace_back(cell.integer); break;
      case SQLITE_FLOAT: row.emplace_back(cell.real); break;
      case SQLITE_TEXT:
        row.emplace_back(std::string_view(reinterpret_cast<const char*>(bytes) + cell.offset,
                                          cell.size));
        break;
      case SQLITE_BLOB:
        row.emplace_back(std::span<const uint8_t>(bytes + cell.offset, cell.size));
        break;
      default: row.emplace_back(std::monostate{});
    }
  }
  return true;
}

int64_t Cursor::rows_read() const {
  if (!statement_) return rows_read_;
  return sqlite3_stmt_status(statement_->statement.get(), kRowsRead, 0);
}

int64_t Cursor::rows_written() const {
  if (!statement_) return rows_written_;
  return sqlite3_stmt_status(statement_->statement.get(), kRowsWritten, 0);
}

}  // namespace orrery::durable
