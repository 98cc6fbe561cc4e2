// Values on their way into statements and out of them.

const bound = (...values) => ({ sql }) => values.map((value) => sql.exec("SELECT ? AS v, typeof(?1) AS t", value).one());
const wrong = (...values) => async ({ sql, attempt }) => {
  const answers = [];
  for (const value of values) answers.push(await attempt(() => sql.exec("SELECT ? AS v, typeof(?1) AS t", value).one()));
  return answers;
};
const gives = (...expressions) => ({ sql }) => expressions.map((text) => sql.exec(`SELECT ${text} AS v`).one().v);

export const sqlValues = {
  numbers: bound(0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 1e300, 5e-324),
  notNumbers: wrong(NaN, Infinity, -Infinity),
  strings: bound("", "a", "ü", "🔑", "a\0b"),
  loneSurrogate: ({ sql }) => sql.exec("SELECT ? AS v, hex(?1) AS h, length(?1) AS l", "a\ud800b").one(),
  nulls: bound(null, undefined),
  booleans: wrong(true, false),
  bigints: wrong(5n, 2n ** 62n, 2n ** 70n),
  blobs: bound(new Uint8Array([1, 2, 3]).buffer, new Uint8Array([4, 5]), new Uint16Array([1, 2]).subarray(1), new DataView(new ArrayBuffer(2)), new ArrayBuffer(0), new Uint8Array(0)),
  dates: wrong(new Date(0)),
  objects: wrong({}, [], [1, 2], { toString() { return "said"; } }, () => 1, new Map()),
  symbol: wrong(Symbol("s")),
  boxed: wrong(new String("x"), new Number(5), new Boolean(true)),
  toStringThrows: wrong({ toString() { throw new RangeError("mine"); } }),
  sharedBuffer: wrong(typeof SharedArrayBuffer === "undefined" ? null : new SharedArrayBuffer(2)),
  integersOut: gives("1", "-1", "9007199254740991", "9007199254740993", "9223372036854775807", "-9223372036854775808"),
  realsOut: gives("1.0", "1e308 * 10", "-1e308 * 10", "0.1 + 0.2", "1/2", "1/2.0", "5 % 3", "1e15", "-0.0"),
  textOut: gives("'x'", "''", "'a' || char(0) || 'b'", "char(128273)", "CAST(x'ff41' AS TEXT)", "CAST(x'ed a0 80' AS TEXT)".replaceAll(" ", "")),
  blobsOut: gives("x''", "x'0102ff'", "zeroblob(3)", "CAST('ü' AS BLOB)"),
  nullOut: gives("NULL", "1 = NULL", "1/0"),
  booleansOut: gives("TRUE", "1 = 1", "1 IS 2"),
  blobIsFresh: ({ sql }) => { const { v } = sql.exec("SELECT x'0102' AS v").one(); return [v instanceof ArrayBuffer, v.byteLength, v.resizable ?? false]; },
  affinity: ({ sql }) => { sql.exec("CREATE TABLE t (i INTEGER, r REAL, x TEXT, b BLOB, n NUMERIC)"); for (const v of ["5", 5, 5.5, "x", null]) sql.exec("INSERT INTO t VALUES (?1, ?1, ?1, ?1, ?1)", v); return sql.exec("SELECT *, typeof(i) ti, typeof(r) tr, typeof(x) tx, typeof(b) tb, typeof(n) tn FROM t").toArray(); },
  strictTable: async ({ sql, attempt }) => { sql.exec("CREATE TABLE t (i INTEGER, x TEXT, a ANY) STRICT"); return [await attempt(() => sql.exec("INSERT INTO t VALUES (?, ?, ?)", 1, "x", 1)), await attempt(() => sql.exec("INSERT INTO t VALUES (?, ?, ?)", 1.5, "x", 1)), await attempt(() => sql.exec("INSERT INTO t VALUES ('y', 'x', 1)")), sql.exec("SELECT *, typeof(a) t FROM t").toArray()]; },
  numberIntoInteger: ({ sql }) => { sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v)"); sql.exec("INSERT INTO t VALUES (?, ?)", 7, 7); return sql.exec("SELECT id, v, typeof(id) a, typeof(v) b FROM t").toArray(); },
  notInteger: async ({ sql, attempt }) => { sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)"); return [await attempt(() => sql.exec("INSERT INTO t VALUES (?)", 7.5)), await attempt(() => sql.exec("INSERT INTO t VALUES (?)", "x"))]; },
  limitBinding: ({ sql }) => { sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)"); return sql.exec("SELECT x FROM t LIMIT ? OFFSET ?", 1, 1).toArray(); },
  fewBindings: async ({ sql, attempt }) => [await attempt(() => sql.exec("SELECT ?, ?", 1)), await attempt(() => sql.exec("SELECT ?")), await attempt(() => sql.exec("SELECT 1", 1)), await attempt(() => sql.exec("SELECT ?", 1, 2))],
  numberedBindings: async ({ sql, attempt }) => [await attempt(() => sql.exec("SELECT ?2 AS a, ?1 AS b", 1, 2).one()), await attempt(() => sql.exec("SELECT ?3 AS a", 1, 2, 3).one()), await attempt(() => sql.exec("SELECT ?1 + ?1 AS a", 2).one())],
  namedBindings: async ({ sql, attempt }) => [await attempt(() => sql.exec("SELECT :a AS v", 1).one()), await attempt(() => sql.exec("SELECT @a AS v, $b AS w", 1, 2).one()), await attempt(() => sql.exec("SELECT :a AS v", { a: 1 }).one()), await attempt(() => sql.exec("SELECT :a AS v, :a AS w", 1).one())],
  bindings100: async ({ sql, attempt }) => [await attempt(() => sql.exec(`SELECT ${Array(100).fill("?").join(" + ")} AS v`, ...Array(100).fill(1)).one()), await attempt(() => sql.exec(`SELECT ${Array(101).fill("?").join(" + ")} AS v`, ...Array(101).fill(1)).one()), await attempt(() => sql.exec("SELECT ?101 AS v", ...Array(101).fill(1)).one())],
  blobBindingCopied: ({ sql }) => { const bytes = new Uint8Array([1]); sql.exec("CREATE TABLE t (b)"); const c = sql.exec("SELECT ? AS v UNION ALL SELECT ?1", bytes); bytes[0] = 9; return c.toArray(); },
  queryNotText: async ({ sql, attempt }) => [await attempt(() => sql.exec()), await attempt(() => sql.exec(5)), await attempt(() => sql.exec(null)), await attempt(() => sql.exec(["SELECT 1 AS x"]).one()), await attempt(() => sql.exec(Symbol("s"))), await attempt(() => sql.exec({ toString: () => "SELECT 2 AS x" }).one())],
  queryWithNul: async ({ sql, attempt }) => [await attempt(() => sql.exec("SELECT 1 AS x\0 nonsense").one()), await attempt(() => sql.exec("SELECT 'a\0b' AS x").one())],
  queryTemplate: async ({ sql, attempt }) => attempt(() => sql.exec`SELECT 1 AS x`.one()),
};
