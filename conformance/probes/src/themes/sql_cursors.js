// storage.sql: cursors, what they give, and when.

const setUp = (sql) => {
  sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n REAL)");
  sql.exec("INSERT INTO t VALUES (1, 'one', 1.5), (2, 'two', NULL), (3, 'three', 3)");
};
const query = "SELECT id, name, n FROM t ORDER BY id";

export const sqlCursors = {
  toArray: ({ sql }) => { setUp(sql); return sql.exec(query).toArray(); },
  toArrayTwice: ({ sql }) => { setUp(sql); const c = sql.exec(query); return [c.toArray().length, c.toArray()]; },
  toArrayAfterNext: ({ sql }) => { setUp(sql); const c = sql.exec(query); return [c.next(), c.toArray(), c.next()]; },
  one: ({ sql }) => { setUp(sql); return sql.exec("SELECT * FROM t WHERE id = 2").one(); },
  oneNone: async ({ sql, attempt }) => { setUp(sql); const c = sql.exec("SELECT * FROM t WHERE id = 9"); return [await attempt(() => c.one()), await attempt(() => c.one())]; },
  oneMany: async ({ sql, attempt }) => { setUp(sql); const c = sql.exec(query); return [await attempt(() => c.one()), c.next(), await attempt(() => c.one())]; },
  oneTwice: async ({ sql, attempt }) => { const c = sql.exec("SELECT 1 AS x"); return [c.one(), await attempt(() => c.one())]; },
  oneOfLast: ({ sql }) => { setUp(sql); const c = sql.exec(query); c.next(); c.next(); return c.one(); },
  next: ({ sql }) => { const c = sql.exec("SELECT 1 AS x UNION ALL SELECT 2"); return [c.next(), c.next(), c.next(), c.next()]; },
  raw: ({ sql }) => { setUp(sql); const c = sql.exec(query).raw(); return [c.next(), [...c], c.next()]; },
  rawToArray: ({ sql }) => { setUp(sql); return sql.exec(query).raw().toArray(); },
  rawAfterNext: ({ sql }) => { setUp(sql); const c = sql.exec(query); c.next(); const r = c.raw(); return [r.next(), c.next(), r.next(), c.next()]; },
  rawColumnNames: ({ sql }) => { setUp(sql); const c = sql.exec(query); const r = c.raw(); return [r.columnNames ?? "none", c.columnNames, typeof r.one, typeof r.toArray, typeof r.rowsRead, r === c.raw()]; },
  iterate: ({ sql }) => { setUp(sql); const seen = []; for (const row of sql.exec(query)) seen.push(row.name); return seen; },
  iterateBreak: ({ sql }) => { setUp(sql); const c = sql.exec(query); for (const row of c) break; return [...c]; },
  spread: ({ sql }) => { setUp(sql); const [first, ...rest] = sql.exec(query).raw(); return [first, rest]; },
  shape: ({ sql }) => {
    const c = sql.exec("SELECT 1 AS x");
    return [Object.prototype.toString.call(c), c.constructor.name, Object.getOwnPropertyNames(Object.getPrototypeOf(c)).sort(), Object.keys(c), c[Symbol.iterator]() === c, Object.prototype.toString.call(c.raw()), Object.prototype.toString.call(sql), sql.constructor.name, Object.getOwnPropertyNames(Object.getPrototypeOf(sql)).sort(), Object.keys(sql)];
  },
  iteratorHelpers: ({ sql }) => { setUp(sql); const c = sql.exec(query); return [typeof c.map, typeof c.filter, typeof c.raw().map, typeof c.return]; },
  statics: ({ sql }) => [typeof sql.Cursor, typeof sql.Statement, typeof sql.prepare, typeof sql.ingest, typeof sql.setMaxPageCountForTest],
  rowShape: ({ sql }) => { const row = sql.exec("SELECT 1 AS a, 'x' AS b").one(); return [Object.keys(row), Object.getPrototypeOf(row) === Object.prototype, Object.isFrozen(row), JSON.stringify(row)]; },
  columnNames: ({ sql }) => { setUp(sql); const all = ["SELECT * FROM t", "SELECT id AS a, name AS a, n FROM t", "SELECT 1, 1+1, 'x'", "INSERT INTO t (name) VALUES ('x')", "CREATE TABLE u (x)", "SELECT count(*) FROM t", "PRAGMA table_info(t)"]; return all.map((text) => sql.exec(text).columnNames); },
  columnNamesAfterEnd: ({ sql }) => { setUp(sql); const c = sql.exec(query); c.toArray(); return c.columnNames; },
  sameColumnTwice: ({ sql }) => [sql.exec("SELECT 1 AS a, 2 AS b, 3 AS a").toArray(), sql.exec("SELECT 1 AS a, 2 AS b, 3 AS a").raw().toArray()],
  oddColumnNames: ({ sql }) => [sql.exec('SELECT 1 AS "", 2 AS "__proto__", 3 AS "constructor", 4 AS "1", 5 AS "ü"').toArray(), sql.exec('SELECT 1 AS "0", 2 AS "a b"').one()],
  rowsNotRead: ({ sql }) => { setUp(sql); sql.exec(query); sql.exec("DROP TABLE t"); return "dropped"; },
  dropWhileOpen: async ({ sql, attempt }) => { setUp(sql); const c = sql.exec(query); c.next(); return [await attempt(() => sql.exec("DROP TABLE t").toArray()), await attempt(() => [...c])]; },
  sameStatementTwice: async ({ sql, attempt }) => { setUp(sql); const a = sql.exec(query); a.next(); const b = sql.exec(query); return [b.next(), await attempt(() => a.next()), b.next(), a.next(), b.next()]; },
  sameStatementFinished: ({ sql }) => { setUp(sql); const a = sql.exec(query); const all = a.toArray(); const b = sql.exec(query); return [all.length, b.toArray().length, a.next()]; },
  insertWhileOpen: ({ sql }) => { setUp(sql); const seen = []; for (const row of sql.exec("SELECT id FROM t")) { seen.push(row.id); if (row.id < 6) sql.exec("INSERT INTO t (name) VALUES ('new')"); } return seen; },
  deleteWhileOpen: ({ sql }) => { setUp(sql); const seen = []; for (const row of sql.exec("SELECT id FROM t")) { seen.push(row.id); sql.exec("DELETE FROM t WHERE id = ?", row.id + 1); } return seen; },
  updateWhileOpen: ({ sql }) => { setUp(sql); const seen = []; for (const row of sql.exec("SELECT id, name FROM t")) { seen.push(row.name); sql.exec("UPDATE t SET name = 'changed'"); } return seen; },
  openAcrossTurns: async ({ sql, tick, attempt }) => { setUp(sql); const c = sql.exec(query); c.next(); await tick(); return attempt(() => [...c]); },
  openAcrossCommit: async ({ sql, storage, attempt }) => { setUp(sql); const c = sql.exec(query); c.next(); sql.exec("INSERT INTO t (name) VALUES ('later')"); await storage.sync(); return attempt(() => [...c]); },
  openAcrossDeleteAll: async ({ sql, storage, attempt }) => { setUp(sql); await storage.sync(); const c = sql.exec(query); c.next(); await storage.deleteAll(); return [await attempt(() => c.next()), await attempt(() => c.columnNames), await attempt(() => sql.exec(query))]; },
  insertReturning: ({ sql }) => { setUp(sql); const c = sql.exec("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id, name"); return [sql.exec("SELECT count(*) AS c FROM t").one(), c.toArray(), c.rowsWritten]; },
  insertReturningUnread: ({ sql }) => { setUp(sql); sql.exec("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id"); return sql.exec("SELECT count(*) AS c FROM t").one(); },
  deleteReturning: ({ sql }) => { setUp(sql); const c = sql.exec("DELETE FROM t RETURNING *"); return [c.next(), sql.exec("SELECT count(*) AS c FROM t").one(), c.toArray()]; },
  emptySelect: ({ sql }) => { setUp(sql); const c = sql.exec("SELECT * FROM t WHERE 0"); return [c.columnNames, c.next(), c.toArray(), c.rowsRead]; },
  createGives: ({ sql }) => { const c = sql.exec("CREATE TABLE t (x)"); return [c.toArray(), c.columnNames, c.rowsWritten > 0]; },
  databaseSize: async ({ sql, storage }) => { const sizes = [sql.databaseSize]; sql.exec("CREATE TABLE t (x)"); sizes.push(sql.databaseSize); sql.exec("INSERT INTO t VALUES (zeroblob(100000))"); sizes.push(sql.databaseSize); sql.exec("DELETE FROM t"); sizes.push(sql.databaseSize); await storage.sync(); sizes.push(sql.databaseSize); return sizes; },
  databaseSizeKv: async ({ sql, storage }) => { await storage.put("a", 1); const one = sql.databaseSize; await storage.setAlarm(Date.now() + 1e7); return [one, sql.databaseSize]; },
  databaseSizeSet: async ({ sql, attempt }) => { return [await attempt(() => { sql.databaseSize = 5; }), typeof sql.databaseSize]; },
  multipleStatements: ({ sql }) => sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT * FROM t").toArray(),
  multipleBindings: ({ sql }) => { sql.exec("CREATE TABLE t (x)"); return sql.exec("INSERT INTO t VALUES (1); SELECT x + ? AS y FROM t", 5).toArray(); },
  multipleBindingsEarly: async ({ sql, attempt }) => { sql.exec("CREATE TABLE t (x)"); return [await attempt(() => sql.exec("INSERT INTO t VALUES (?); SELECT * FROM t", 5)), sql.exec("SELECT * FROM t").toArray()]; },
  multipleOneFails: async ({ sql, attempt }) => { return [await attempt(() => sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1); INSERT INTO t VALUES (2)")), await attempt(() => sql.exec("SELECT * FROM t").toArray())]; },
  multipleSelects: ({ sql }) => sql.exec("SELECT 1 AS a; SELECT 2 AS b").toArray(),
  trailing: async ({ sql, attempt }) => {
    const answers = [];
    for (const tail of [";", "; ", ";;", "; -- said", " -- said", "/* said */", "; /* said */", ";\n\t\v\f", ";\u00a0"]) answers.push([tail, await attempt(() => sql.exec(`SELECT 1 AS a${tail}`).toArray())]);
    return answers;
  },
  leading: async ({ sql, attempt }) => [await attempt(() => sql.exec(" ;; SELECT 1 AS a").toArray()), await attempt(() => sql.exec("-- said\nSELECT 1 AS a").toArray()), await attempt(() => sql.exec("\ufeffSELECT 1 AS a").toArray())],
  columnNamesOfReturning: ({ sql }) => { setUp(sql); const c = sql.exec("INSERT INTO t (name) VALUES ('y') RETURNING id, name AS who"); const names = c.columnNames; c.toArray(); return names; },
  storageInSameStatement: async ({ sql, storage }) => { setUp(sql); const c = sql.exec(query); c.next(); await storage.put("a", 1); return [c.toArray(), await storage.get("a")]; },
  trailingBroken: ({ sql, attempt }) => attempt(() => sql.exec("SELECT 1 AS a; nonsense")),
  nothing: async ({ sql, attempt }) => [await attempt(() => sql.exec("")), await attempt(() => sql.exec(" ")), await attempt(() => sql.exec(";")), await attempt(() => sql.exec("-- said"))],
  explain: async ({ sql, attempt }) => { setUp(sql); return [await attempt(() => sql.exec("EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = 1").toArray()), await attempt(() => sql.exec("EXPLAIN SELECT 1").columnNames)]; },
  manyCursors: ({ sql }) => { setUp(sql); const cursors = Array.from({ length: 50 }, (_, i) => sql.exec(`SELECT id + ${i} AS x FROM t`)); return cursors.map((c) => c.next().value.x); },
};
