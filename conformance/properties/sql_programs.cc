#include "conformance/properties/sql_programs.h"

#include <ostream>

#include "sim/core/tests/property.h"

namespace orrery::properties {

namespace {

using Texts = std::vector<std::string>;

std::string one_of(const Texts& texts) { return *rc::gen::elementOf(texts); }
bool once_in(int n) { return *number(0, n) == n - 1; }

std::string table() { return "t" + std::to_string(*number(0, 3)); }
std::string column() { return once_in(150) ? "nowhere" : one_of({"a", "b", "c", "d"}); }

// The bytes of blobs are ASCII, so that a cast makes them a text that JavaScript can have.
std::string literal() {
  return one_of({"0", "1", "2", "3", "-1", "7", "9007199254740993", "0.5", "-2.25", "1e300", "''", "'a'", "'A'", "'ab'",
                 "'b%'", "'1'", "'2.5'", "'é😀'", "NULL", "x''", "x'61'", "x'4142'"});
}

class Statement {
 public:
  std::string sql;
  std::vector<Binding> bindings;

  std::string expression(int depth) {
    const int kind = *number(0, depth > 0 ? 12 : 4);
    auto sub = [&] { return expression(depth - 1); };
    switch (kind) {
      case 0: return literal();
      case 1: case 2: return in_row_ ? column() : literal();
      case 3: return parameter();
      case 4: return "(" + sub() + one_of({" + ", " - ", " * ", " / ", " % ", " || ", " & ", " << "}) + sub() + ")";
      case 5: return "(" + sub() + one_of({" = ", " < ", " >= ", " <> ", " IS ", " IS NOT ", " LIKE ", " GLOB "}) + sub() + ")";
      case 6: return "(" + sub() + one_of({" AND ", " OR "}) + sub() + ")";
      case 7: return one_of({"typeof(", "length(", "upper(", "hex(", "quote(", "-(", "NOT (", "abs("}) + sub() + ")";
      case 8: return one_of({"coalesce(", "min(", "max(", "ifnull(", "nullif(", "instr("}) + sub() + ", " + sub() + ")";
      case 9: return "CASE WHEN " + sub() + " THEN " + sub() + " ELSE " + sub() + " END";
      case 10: return "(" + sub() + one_of({" IN (", " NOT IN ("}) + sub() + ", " + sub() + "))";
      default: return "CAST(" + sub() + " AS " + one_of({"INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"}) + ")";
    }
  }

  void draw() {
    switch (*rc::gen::weightedElement<int>({{5, 0}, {16, 1}, {5, 2}, {3, 3}, {10, 4}, {3, 5}, {1, 6}, {1, 7}, {1, 8}})) {
      case 0: sql = create(); break;
      case 1: sql = insert() + returning(); break;
      case 2: sql = "UPDATE " + or_what() + table() + " SET " + column() + " = " + expression(2) + where() + returning(); break;
      case 3: sql = "DELETE FROM " + table() + where() + returning(); break;
      case 4: sql = select(2); break;
      case 5: sql = trigger(); break;
      case 6: sql = one_of({"DROP TABLE IF EXISTS t1", "DROP TABLE t2", "DROP INDEX IF EXISTS i0", "DROP TRIGGER g0",
                            "DROP VIEW IF EXISTS v0", "ALTER TABLE t0 ADD COLUMN e DEFAULT 'new'",
                            "ALTER TABLE t1 RENAME COLUMN b TO bb", "ALTER TABLE t2 RENAME TO t3",
                            "ALTER TABLE t0 DROP COLUMN c", "REINDEX", "PRAGMA foreign_key_check(t1)", "PRAGMA table_info(t0)"});
        break;
      case 7: sql = "CREATE VIEW IF NOT EXISTS v0 AS SELECT a, b, count(*) AS n FROM t0 GROUP BY a, b"; break;
      // Several in one call, or none, or nonsense.
      default: sql = one_of({"INSERT INTO t0(a) VALUES(1); SELECT count(*) FROM t0", "SELECT 1; SELECT 2", "", ";",
                             "SELECT 1; -- nothing", "SELEC 1", "SELECT * FROM v0", "SELECT a FROM t0 WHERE (", "COMMIT",
                             "UPDATE t0 SET a = ?; SELECT 1"});
    }
    if (once_in(40)) bindings.emplace_back();
  }

 private:
  bool in_row_ = true;  // columns may be named

  std::string parameter() {
    switch (*number(0, 5)) {
      case 0: bindings.emplace_back(); break;
      case 1: bindings.emplace_back(static_cast<double>(*number(-3, 10))); break;
      case 2: bindings.emplace_back(*rc::gen::element(0.5, -0.0, 1e15, 2.0e-7, 9007199254740992.0)); break;
      case 3: bindings.emplace_back(one_of({"", "a", "ab", "2", "é", "x y"})); break;
      default: bindings.emplace_back(Blob{one_of({"", "a", "AB"})});
    }
    return "?";
  }
  static std::string or_what() { return once_in(3) ? one_of({"OR REPLACE ", "OR IGNORE ", "OR FAIL ", "OR ABORT "}) : ""; }
  std::string where() { return once_in(4) ? "" : " WHERE " + expression(2); }
  static std::string returning() { return once_in(3) ? one_of({" RETURNING *", " RETURNING a, typeof(b) AS a"}) : ""; }

  // Without parameters: they are not allowed in a schema.
  std::string constraint(char of) {
    switch (*number(0, 24)) {
      case 0: case 1: return " UNIQUE";
      case 2: return " NOT NULL";
      case 3: return " DEFAULT " + literal();
      case 4: return " CHECK(" + column() + " IS NOT 7)";
      case 5: return " REFERENCES t0(a)" + one_of({"", " ON DELETE CASCADE", " ON UPDATE SET NULL"});
      case 6: return " COLLATE NOCASE";
      case 7: return of != 'd' ? "" : " GENERATED ALWAYS AS (a || 'x')" + one_of({"", " STORED"});
      default: return "";
    }
  }
  std::string create() {
    const std::string t = table();
    if (once_in(3)) {
      const std::string columns = column() + one_of({"", " DESC", ", b", ", length(c)"});
      return "CREATE " + one_of({"", "UNIQUE "}) + "INDEX IF NOT EXISTS i" + std::to_string(*number(0, 3)) + " ON " + t + "(" +
             columns + ")" + one_of({"", "", " WHERE b IS NOT NULL"});
    }
    return create_table(t);
  }

 public:
  std::string create_table(const std::string& t) {
    std::string text = "CREATE TABLE " + one_of({"", "IF NOT EXISTS ", "IF NOT EXISTS ", "IF NOT EXISTS "}) + t + "(a";
    const std::string key =
        t == "t0" ? " INTEGER PRIMARY KEY"
                  : one_of({" INTEGER PRIMARY KEY", " INTEGER PRIMARY KEY AUTOINCREMENT", " PRIMARY KEY", " INT", ""});
    text += key;
    for (const char* c : {"b", "c", "d"})
      text += std::string(", ") + c + one_of({" TEXT", " INTEGER", " REAL", " BLOB", ""}) + constraint(*c);
    return text + ")" + (key == " PRIMARY KEY" && once_in(2) ? " WITHOUT ROWID" : "");
  }

 private:
  std::string insert() {
    const std::string t = table();
    std::string text = "INSERT " + or_what() + "INTO " + t;
    if (once_in(6)) return text + "(a, b) SELECT " + one_of({"a, b", "a + 1, c", "NULL, b", "*"}) + " FROM " + table() + where();
    text += "(a, b, c) VALUES";
    in_row_ = once_in(20);
    for (int rows = *number(1, 4); rows > 0; --rows) {
      text += "(" + one_of({"NULL", "1", "2", "3", "4", "'k'"}) + ", " + expression(1) + ", " + expression(0) + ")";
      if (rows > 1) text += ", ";
    }
    in_row_ = true;
    switch (*number(0, 6)) {
      case 0: return text + " ON CONFLICT DO NOTHING";
      case 1: return text + " ON CONFLICT(a) DO UPDATE SET b = excluded.b, c = " + expression(1);
      default: return text;
    }
  }
  std::string trigger() {
    const std::string t = table(), other = table();
    return "CREATE TRIGGER IF NOT EXISTS g" + std::to_string(*number(0, 2)) + one_of({" BEFORE ", " AFTER "}) +
           one_of({"INSERT", "DELETE", "UPDATE", "UPDATE OF b"}) + " ON " + t + " BEGIN " +
           one_of({"INSERT OR IGNORE INTO " + other + "(b) VALUES('by trigger')", "DELETE FROM " + other + " WHERE a = 3",
                   "UPDATE " + other + " SET c = coalesce(c, 0) + 1 WHERE a = 1",
                   "SELECT RAISE(ABORT, 'no more') WHERE (SELECT count(*) FROM " + t + ") > 5",
                   "SELECT RAISE(IGNORE) WHERE (SELECT count(*) FROM " + t + ") > 4"}) +
           "; END";
  }
  std::string select(int depth) {
    const std::string t = table();
    switch (*number(0, 9)) {
      case 0: return "SELECT *, count(*) OVER (PARTITION BY b) FROM " + t + where();
      case 1: return "SELECT b, count(*), sum(a), group_concat(c) FROM " + t + where() + " GROUP BY b HAVING count(*) > 0";
      case 2: return "SELECT x.a, y.b FROM " + t + one_of({" x JOIN ", " x LEFT JOIN "}) + table() + " y ON x.a = y.b";
      case 3:
        return "SELECT a, b FROM " + t + one_of({" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "}) + "SELECT b, c FROM " +
               table();
      case 4:
        return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6) "
               "SELECT i, (SELECT count(*) FROM " + t + " WHERE a <= i) FROM n";
      case 5:
        return "SELECT a, b FROM " + t + " WHERE b IN (SELECT b FROM " + table() + ") ORDER BY 2 DESC, 1 LIMIT 3 OFFSET 1";
      case 6: return "SELECT DISTINCT " + expression(depth) + " FROM " + t + where();
      case 7: {
        in_row_ = once_in(20);
        std::string text = "SELECT " + expression(depth) + ", " + expression(depth);
        in_row_ = true;
        return text;
      }
      default: return "SELECT * FROM " + t + where() + one_of({"", " ORDER BY b, a", " ORDER BY c DESC", " LIMIT 2"});
    }
  }
};

SqlStep::Kind kind_of(int depth) {
  return *rc::gen::weightedElement<SqlStep::Kind>(
      {{12, SqlStep::kExec}, {2, SqlStep::kOpen}, {2, SqlStep::kTake}, {depth > 0 ? 2u : 0u, SqlStep::kWithin}});
}

rc::Gen<std::vector<SqlStep>> steps_of(int depth) {
  return rc::gen::resize(depth == 2 ? 12 : 5, rc::gen::container<std::vector<SqlStep>>(rc::gen::exec([depth] {
    SqlStep s;
    s.kind = kind_of(depth);
    s.place = *number(0, 2);
    if (s.kind == SqlStep::kTake) s.rows = *number(1, 4);
    if (s.kind == SqlStep::kWithin) {
      s.fails = *rc::gen::arbitrary<bool>();
      s.steps = *steps_of(depth - 1);
    } else if (s.kind != SqlStep::kTake) {
      Statement statement;
      statement.draw();
      s.sql = std::move(statement.sql);
      s.bindings = std::move(statement.bindings);
    }
    return s;
  })));
}

void show(const std::vector<SqlStep>& steps, int indent, std::ostream& os) {
  for (const SqlStep& s : steps) {
    os << "\n" << std::string(static_cast<size_t>(indent), ' ');
    if (s.kind == SqlStep::kTake) os << s.rows << " more of cursor " << s.place;
    if (s.kind == SqlStep::kOpen) os << "cursor " << s.place << ": ";
    if (s.kind == SqlStep::kWithin) {
      os << "transactionSync" << (s.fails ? ", which throws:" : ":");
      show(s.steps, indent + 2, os);
    }
    os << s.sql;
    for (const Binding& b : s.bindings) {
      if (auto* n = std::get_if<double>(&b)) os << " [" << *n << "]";
      else if (auto* text = std::get_if<std::string>(&b)) os << " ['" << *text << "']";
      else if (auto* blob = std::get_if<Blob>(&b)) os << " [x'" << hex_of(blob->bytes) << "']";
      else os << " [null]";
    }
  }
}

}  // namespace

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (char c : bytes)
    for (int digit : {static_cast<uint8_t>(c) >> 4, c & 15}) out += "0123456789abcdef"[digit];
  return out;
}

void showValue(const SqlRequest& request, std::ostream& os) {
  show(request.steps, 2, os);
  os << (request.after == SqlRequest::kEvict ? "\n  evict" : request.after == SqlRequest::kCrash ? "\n  crash" : "") << "\n";
}

rc::Gen<std::vector<SqlRequest>> sql_programs() {
  auto request = rc::gen::build<SqlRequest>(
      rc::gen::set(&SqlRequest::steps, steps_of(2)),
      rc::gen::set(&SqlRequest::after, rc::gen::element(SqlRequest::kNothing, SqlRequest::kEvict, SqlRequest::kCrash)));
  return rc::gen::exec([request] {
    auto program = *rc::gen::resize(4, rc::gen::container<std::vector<SqlRequest>>(request));
    // Without tables nearly all is an error.
    SqlRequest tables{};
    for (const char* t : {"t0", "t1", "t2"}) {
      Statement made;
      tables.steps.push_back({.sql = made.create_table(t)});
    }
    program.insert(program.begin(), std::move(tables));
    return program;
  });
}

}  // namespace orrery::properties
