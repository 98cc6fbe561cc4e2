// Goal: SQL of the application runs with the limits, refusals, texts and cursor rules of section 4.
// Method: statements against one database; every refusal by its exact text.
#include <gtest/gtest.h>

#include "platform/durable/storage/tests/storage_rig.h"

namespace orrery::durable {
namespace {

TEST(Sql, BindsAndReturnsEveryKindOfValue) {
  Rig rig;
  rig.sql("CREATE TABLE t(a, b, c, d, e)");
  const uint8_t blob[] = {1, 2, 3};
  EXPECT_EQ(rig.sql("INSERT INTO t VALUES(?,?,?,?,?) RETURNING *",
                    {SqlValue{}, SqlValue{1.5}, SqlValue{int64_t{7}},
                     SqlValue{std::string_view("text")}, SqlValue{std::span<const uint8_t>(blob)}}),
            "null,1.500000,7,text,blob3,;");
  EXPECT_EQ(rig.sql("SELECT typeof(a)||typeof(b)||typeof(c)||typeof(d)||typeof(e) FROM t"),
            "nullrealintegertextblob,;");
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.sql("SELECT count(*), c FROM t"), "1,7,;");
}

TEST(Sql, SelectsOpenNoTransactionAndWritesDo) {
  Rig rig;
  EXPECT_EQ(rig.sql("SELECT 1"), "1,;");
  EXPECT_FALSE(rig.db->in_transaction());
  rig.sql("CREATE TABLE t(x)");
  EXPECT_TRUE(rig.db->in_transaction());
}

TEST(Sql, ErrorsCarryTheMessageAndTheCode) {
  Rig rig;
  EXPECT_EQ(rig.sql("SELEC 1"), "near \"SELEC\": syntax error at offset 0: SQLITE_ERROR");
  EXPECT_EQ(rig.sql("SELECT * FROM t"), "no such table: t: SQLITE_ERROR");
  rig.sql("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE)");
  rig.sql("INSERT INTO t VALUES(1, 'a')");
  EXPECT_EQ(rig.sql("INSERT INTO t VALUES(2, 'a')"),
            "UNIQUE constraint failed: t.u: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)");
  EXPECT_EQ(rig.sql("SELECT count(*) FROM t"), "1,;");
  EXPECT_EQ(rig.sql(""), "SQL code did not contain a statement.");
  EXPECT_EQ(rig.sql(" -- only a comment"), "SQL code did not contain a statement.");
  EXPECT_EQ(rig.sql(std::string_view("\0", 1)), "SQL code did not contain a statement.");
  EXPECT_EQ(rig.sql(std::string_view("SELECT 1\0 garbage", 17)),
            "SQL code did not contain a statement.");
  EXPECT_FALSE(rig.db->broken());
}

TEST(Sql, RunsSeveralStatementsAndTakesBindingsForTheLast) {
  Rig rig;
  EXPECT_EQ(rig.sql("CREATE TABLE t(x); INSERT INTO t VALUES(1); -- one\n"
                    "INSERT INTO t VALUES(2); SELECT x FROM t WHERE x > ? ; \n",
                    {SqlValue{int64_t{0}}}),
            "1,;2,;");
  EXPECT_EQ(rig.sql("SELECT 1; /* a statement that is missing */"),
            "SQL code did not contain a statement.");
  EXPECT_EQ(rig.sql("SELECT ?; SELECT 1", {SqlValue{1.0}}),
            "When executing multiple SQL statements in a single call, only the last statement can "
            "have parameters.");
  EXPECT_EQ(rig.sql("SELECT ?, ?", {SqlValue{1.0}}),
            "Wrong number of parameter bindings for SQL query.");
  EXPECT_EQ(rig.sql("SELECT 1", {SqlValue{1.0}}),
            "Wrong number of parameter bindings for SQL query.");
}

TEST(Sql, RefusesTransactionsByStatement) {
  Rig rig;
  for (const char* s : {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a",
                        "BEGIN IMMEDIATE TRANSACTION"}) {
    std::string e = rig.sql(s);
    EXPECT_EQ(e.rfind("To execute a transaction, please use the state.storage.transaction() or "
                      "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION "
                      "or SAVEPOINT statements.", 0), 0u) << s << ": " << e;
  }
}

TEST(Sql, RefusesOurNamesTemporaryObjectsAndOtherDatabases) {
  Rig rig;
  rig.put("k", "v");
  rig.sql("CREATE TABLE t(x)");
  for (const char* s :
       {"CREATE TABLE _cf_x(a)", "CREATE TABLE _CF_x(a)", "DROP TABLE _cf_KV",
        "DELETE FROM _cf_KV", "INSERT INTO _cf_KV VALUES('a','b')", "CREATE INDEX _cf_i ON t(x)",
        "CREATE VIEW _cf_v AS SELECT 1", "ALTER TABLE t RENAME TO _cf_t",
        "ALTER TABLE t RENAME TO \"_Cf_t\"", "CREATE TEMP TABLE y(a)", "ATTACH ':memory:' AS m",
        "CREATE VIRTUAL TABLE f USING fts4(x)", "PRAGMA journal_mode=DELETE",
        "PRAGMA page_size=512",
        "PRAGMA writable_schema=1", "DETACH main"}) {
    std::string e = rig.sql(s);
    EXPECT_EQ(e, "not authorized: SQLITE_AUTH") << s;
  }
  EXPECT_EQ(rig.sql("SELECT * FROM _cf_KV"), "access to _cf_KV.key is prohibited: SQLITE_AUTH");
  EXPECT_EQ(rig.sql("SELECT load_extension('x')"),
            "not authorized: SQLITE_ERROR");
  EXPECT_EQ(rig.sql("SELECT sqlite_version()"),
            "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR");
  EXPECT_EQ(rig.sql("VACUUM"), "cannot VACUUM from within a transaction: SQLITE_ERROR");
  EXPECT_EQ(rig.get("k"), "v");
  EXPECT_FALSE(rig.db->broken());
}

TEST(Sql, AllowsTheListedPragmasModulesAndFunctions) {
  Rig rig;
  EXPECT_EQ(rig.sql("PRAGMA foreign_keys"), "1,;");
  EXPECT_EQ(rig.sql("PRAGMA page_size"), "4096,;");
  EXPECT_EQ(rig.sql("CREATE VIRTUAL TABLE f USING fts5(body)"), "");
  EXPECT_EQ(rig.sql("INSERT INTO f VALUES('the quick fox')"), "");
  EXPECT_EQ(rig.sql("SELECT highlight(f,0,'<','>') FROM f WHERE f MATCH 'quick'"),
            "the <quick> fox,;");
  EXPECT_EQ(rig.sql("CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)"), "");
  EXPECT_EQ(rig.sql("SELECT json_extract('{\"a\":[1,2]}', '$.a[1]'), '[5]' ->> 0"), "2,5,;");
  EXPECT_EQ(rig.sql("SELECT value FROM json_each('[3,4]')"), "3,;4,;");
  EXPECT_EQ(rig.sql("SELECT name FROM pragma_table_info('r')"), "id,;x0,;x1,;");
  EXPECT_EQ(rig.sql("CREATE TABLE t(a); ALTER TABLE t RENAME TO t2; ALTER TABLE t2 ADD COLUMN b;"
                    "ALTER TABLE t2 RENAME COLUMN b TO c; ALTER TABLE t2 DROP COLUMN c"), "");
  rig.commit();
  rig.reopen_from_image();
  EXPECT_EQ(rig.sql("SELECT count(*) FROM f WHERE f MATCH 'fox'"), "1,;");
}

TEST(Sql, EnforcesTheLimits) {
  Rig rig;
  EXPECT_EQ(rig.sql("SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION "
                    "SELECT 6"), "too many terms in compound SELECT: SQLITE_ERROR");
  EXPECT_EQ(rig.sql("SELECT 'a' LIKE '" + std::string(51, 'a') + "'"),
            "LIKE or GLOB pattern too complex: SQLITE_ERROR");
  EXPECT_EQ(rig.sql("SELECT '" + std::string(100'000, 'a') + "'"),
            "statement too long: SQLITE_TOOBIG");
  EXPECT_EQ(rig.sql("SELECT zeroblob(5000000)"), "string or blob too big: SQLITE_TOOBIG");
}

TEST(Sql, ADeferredConstraintLeftViolatedBreaksTheObjectAtCommit) {
  Rig rig;
  rig.sql("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id))");
  rig.commit();
  const std::string failed = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: "
                             "SQLITE_CONSTRAINT_FOREIGNKEY)";
  EXPECT_EQ(rig.sql("INSERT INTO c VALUES(9)"), failed);
  rig.sql("PRAGMA defer_foreign_keys=ON");
  EXPECT_EQ(rig.sql("INSERT INTO c VALUES(9)"), "");
  auto r = rig.db->commit();
  EXPECT_EQ(r.error.kind, StorageError::Kind::kBroken);
  EXPECT_EQ(r.error.message,
            "Durable Object was reset and rolled back to its last known good state because the "
            "application left the database in a state where constraints were violated: " + failed);
  EXPECT_FALSE(r.payload);
  EXPECT_TRUE(rig.db->broken());
}

TEST(SqlCursors, AreLazyOneRowAheadAndSurviveACommit) {
  Rig rig;
  rig.sql("CREATE TABLE t(x); INSERT INTO t VALUES(1),(2),(3)");
  StorageError e;
  auto cursor = rig.db->exec("SELECT x FROM t", {}, e);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->columns(), (std::vector<std::string>{"x"}));
  EXPECT_EQ(cursor->rows_read(), 1);
  std::vector<SqlValue> row;
  ASSERT_TRUE(cursor->next(row, e));
  rig.commit();
  // The same text again while the first is busy compiles a second copy.
  EXPECT_EQ(rig.sql("SELECT x FROM t"), "1,;2,;3,;");
  ASSERT_TRUE(cursor->next(row, e));
  EXPECT_EQ(Rig::text_of(row[0]), "2");
  ASSERT_TRUE(cursor->next(row, e));
  EXPECT_FALSE(cursor->next(row, e));
  EXPECT_FALSE(e);
  EXPECT_EQ(cursor->rows_read(), 3);
}

TEST(SqlCursors, OfWritesRunAtOnceSoThatACommitCanFollow) {
  Rig rig;
  rig.sql("CREATE TABLE t(x)");
  StorageError e;
  auto cursor = rig.db->exec("INSERT INTO t VALUES(1),(2),(3) RETURNING x", {}, e);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->rows_written(), 3);
  rig.commit();
  std::vector<SqlValue> row;
  int n = 0;
  while (cursor->next(row, e)) ++n;
  EXPECT_EQ(n, 3);
}

TEST(SqlCursors, OutliveTheDatabaseWithAnError) {
  Rig rig;
  rig.sql("CREATE TABLE t(x); INSERT INTO t VALUES(1),(2),(3)");
  rig.commit();
  StorageError e;
  auto cursor = rig.db->exec("SELECT x FROM t", {}, e);
  rig.db.reset();
  std::vector<SqlValue> row;
  EXPECT_FALSE(cursor->next(row, e));
  EXPECT_TRUE(e);
}

TEST(SqlCursors, SeeChangedColumnsOfAKeptStatement) {
  Rig rig;
  rig.sql("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
  EXPECT_EQ(rig.sql("SELECT * FROM t"), "1,;");
  rig.sql("ALTER TABLE t ADD COLUMN y DEFAULT 2");
  EXPECT_EQ(rig.sql("SELECT * FROM t"), "1,2,;");
}

TEST(Sql, KvStatementsSurviveSchemaChanges) {
  Rig rig;
  rig.put("a", "1");
  rig.sql("CREATE TABLE t(x)");
  EXPECT_FALSE(rig.put("a", "2"));
  rig.sql("CREATE INDEX i ON t(x)");
  EXPECT_FALSE(rig.put("b", "3"));
  EXPECT_EQ(rig.list({}), "a b ");
}

TEST(Sql, DatabaseSizeCountsPagesInUse) {
  Rig rig;
  EXPECT_EQ(rig.db->database_size(), 4096);
  rig.sql("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(40000))");
  int64_t full = rig.db->database_size();
  EXPECT_GT(full, 40000);
  rig.sql("DELETE FROM t");
  EXPECT_LT(rig.db->database_size(), full);
}

TEST(Sql, RandomComesFromTheWorld) {
  auto draw = [](uint64_t seed) {
    Rig rig(seed);
    return rig.sql("SELECT random(), hex(randomblob(9))");
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

TEST(Sql, TimeIsTheHostsTime) {
  Rig rig;
  std::string a = rig.sql("SELECT datetime('now')");
  rig.world.loop().run_until(Instant{10'000'000});
  EXPECT_NE(rig.sql("SELECT datetime('now')"), a);
}

}  // namespace
}  // namespace orrery::durable
