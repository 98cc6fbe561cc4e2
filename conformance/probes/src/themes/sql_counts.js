// rowsRead and rowsWritten, which the product bills.

const setUp = (sql) => {
  sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER); CREATE INDEX t_name ON t (name)");
  for (let i = 1; i <= 20; i++) sql.exec("INSERT INTO t VALUES (?, ?, ?)", i, `name ${i % 5}`, i);
};
const counts = (...texts) => ({ sql }) => {
  setUp(sql);
  return texts.map((text) => { const c = sql.exec(text); const early = [c.rowsRead, c.rowsWritten]; const rows = c.toArray().length; return { text, early, rows, read: c.rowsRead, written: c.rowsWritten }; });
};

export const sqlCounts = {
  selects: counts("SELECT * FROM t", "SELECT * FROM t LIMIT 3", "SELECT * FROM t WHERE id = 5", "SELECT * FROM t WHERE id = 500", "SELECT * FROM t WHERE id > 15", "SELECT * FROM t WHERE n = 5", "SELECT 1"),
  indexes: counts("SELECT * FROM t WHERE name = 'name 1'", "SELECT name FROM t WHERE name = 'name 1'", "SELECT name FROM t ORDER BY name", "SELECT * FROM t WHERE name > 'name 3'", "SELECT name FROM t WHERE name LIKE 'name%'"),
  aggregates: counts("SELECT count(*) FROM t", "SELECT max(id) FROM t", "SELECT min(id) FROM t", "SELECT sum(n) FROM t", "SELECT name, count(*) FROM t GROUP BY name", "SELECT DISTINCT name FROM t", "SELECT count(*) FROM t WHERE n > 10"),
  sorts: counts("SELECT * FROM t ORDER BY n", "SELECT * FROM t ORDER BY n LIMIT 2", "SELECT * FROM t ORDER BY id DESC LIMIT 2", "SELECT * FROM t ORDER BY n DESC, name"),
  joins: counts("SELECT a.id FROM t a JOIN t b ON a.id = b.id", "SELECT a.id FROM t a JOIN t b ON a.n = b.n", "SELECT id FROM t WHERE id IN (SELECT n FROM t WHERE n < 4)", "SELECT id FROM t UNION SELECT n FROM t", "WITH c AS (SELECT id FROM t WHERE id < 4) SELECT * FROM c"),
  inserts: counts("INSERT INTO t VALUES (100, 'x', 1)", "INSERT INTO t VALUES (101, 'x', 1), (102, 'y', 2)", "INSERT INTO t SELECT id + 200, name, n FROM t WHERE id < 4", "INSERT OR IGNORE INTO t VALUES (1, 'x', 1)", "INSERT OR REPLACE INTO t VALUES (1, 'x', 1)", "INSERT INTO t VALUES (1, 'x', 1) ON CONFLICT DO UPDATE SET n = 5", "INSERT INTO t VALUES (300, 'x', 1) RETURNING id"),
  updates: counts("UPDATE t SET n = 1 WHERE id = 5", "UPDATE t SET name = 'z' WHERE id = 5", "UPDATE t SET n = n + 1", "UPDATE t SET n = 5 WHERE id = 999", "UPDATE t SET id = 1000 WHERE id = 7"),
  deletes: counts("DELETE FROM t WHERE id = 5", "DELETE FROM t WHERE name = 'name 1'", "DELETE FROM t WHERE id = 999", "DELETE FROM t", "DELETE FROM t"),
  schema: counts("CREATE TABLE u (x)", "CREATE INDEX u_x ON u (x)", "CREATE TABLE k (x PRIMARY KEY) WITHOUT ROWID", "ALTER TABLE u ADD COLUMN y", "INSERT INTO k VALUES (1)", "DROP TABLE u", "CREATE TABLE s AS SELECT * FROM t", "CREATE INDEX t_n ON t (n)", "CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT)", "INSERT INTO a DEFAULT VALUES"),
  triggers: counts("CREATE TABLE log (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.id); END", "INSERT INTO t VALUES (400, 'x', 1)", "CREATE TABLE child (id REFERENCES t (id) ON DELETE CASCADE); INSERT INTO child VALUES (1)", "DELETE FROM t WHERE id = 1"),
  manyStatements: counts("INSERT INTO t VALUES (500, 'x', 1); INSERT INTO t VALUES (501, 'x', 1); SELECT * FROM t WHERE id = 500"),
  whileReading: ({ sql }) => { setUp(sql); const c = sql.exec("SELECT * FROM t LIMIT 4"); const seen = [[c.rowsRead, c.rowsWritten]]; for (const _ of c) seen.push(c.rowsRead); seen.push(c.rowsRead, c.rowsRead); return seen; },
  sameStatementAgain: ({ sql }) => { setUp(sql); const run = () => { const c = sql.exec("SELECT * FROM t WHERE id < 4"); c.toArray(); return c.rowsRead; }; return [run(), run(), run()]; },
  virtual: counts("CREATE VIRTUAL TABLE f USING fts5(body)", "INSERT INTO f VALUES ('a b c')", "SELECT * FROM f WHERE f MATCH 'b'", "SELECT value FROM json_each('[1,2,3]')", "DELETE FROM f"),
};
