// storage.kv, the synchronous key-value methods.

const names = ["a", "a/1", "a/2", "b", "c"];
const fill = (kv) => names.forEach((name, i) => kv.put(name, i));

export const kvSync = {
  getMissing: ({ kv }) => kv.get("nothing"),
  getWithoutKey: ({ kv }) => kv.get(),
  getNumber: ({ kv }) => [kv.put(5, 1), kv.get(5), kv.get("5")],
  getList: ({ kv }) => { fill(kv); kv.put("a,b", "joined"); return kv.get(["a", "b"]); },
  getSymbol: ({ kv }) => kv.get(Symbol("s")),
  getEmptyKey: ({ kv }) => [kv.put("", 1), kv.get("")],
  putUndefined: async ({ kv, attempt }) => [await attempt(() => kv.put("a", undefined)), await attempt(() => kv.put("a")), await attempt(() => kv.put()), [...kv.list()]],
  putObjectKey: async ({ kv, attempt }) => [await attempt(() => kv.put({ a: 1 })), await attempt(() => kv.put({ a: 1 }, 2)), [...kv.list()]],
  putFunction: ({ kv }) => kv.put("a", () => {}),
  putSymbolValue: ({ kv }) => kv.put("a", Symbol("s")),
  putThreeArguments: ({ kv }) => [kv.put("a", 1, 5), kv.get("a", 5)],
  deleteGives: ({ kv }) => [kv.put("a", 1), kv.delete("a"), kv.delete("a")],
  deleteList: async ({ kv, attempt }) => [await attempt(() => kv.delete(["a"])), await attempt(() => kv.delete())],
  both: async ({ kv, storage }) => { kv.put("a", new Date(5)); await storage.put("b", 1n); return [await storage.get("a"), kv.get("b"), [...kv.list()]]; },
  listIsIterator: ({ kv }) => {
    fill(kv);
    const list = kv.list();
    return [typeof list.next, list[Symbol.iterator]() === list, typeof list.toArray, typeof list.return, typeof list.map, Array.isArray(list), Object.prototype.toString.call(list), list.next(), [...list], list.next(), list.next()];
  },
  listOptions: ({ kv }) => {
    fill(kv);
    const keys = (options) => Array.from(kv.list(options), ([key]) => key);
    return [keys({ prefix: "a/" }), keys({ reverse: true, limit: 2 }), keys({ start: "a/1", end: "b" }), keys({ startAfter: "b" }), keys(undefined), keys({ limit: 1 }), keys({ start: "z" })];
  },
  listWrong: async ({ kv, attempt }) => [
    await attempt(() => kv.list({ limit: 0 })), await attempt(() => kv.list({ limit: -1 })), await attempt(() => kv.list({ start: "a", startAfter: "b" })),
    await attempt(() => kv.list(5)), await attempt(() => [...kv.list(null)]),
  ],
  listTwice: async ({ kv, attempt }) => {
    fill(kv);
    const first = kv.list();
    first.next();
    const second = kv.list();
    return [await attempt(() => first.next()), second.next(), await attempt(() => first.next())];
  },
  listTwiceUnbegun: async ({ kv, attempt }) => { fill(kv); const first = kv.list(); kv.list(); return attempt(() => first.next()); },
  listTwiceOtherOptions: async ({ kv, attempt }) => { fill(kv); const first = kv.list({ prefix: "a" }); first.next(); kv.list({ reverse: true }); return attempt(() => first.next()); },
  listEndedThenAgain: async ({ kv, attempt }) => { fill(kv); const first = kv.list(); const all = [...first]; kv.list(); return [all.length, await attempt(() => first.next())]; },
  listEmptyRangeThenOther: async ({ kv, attempt }) => { fill(kv); const first = kv.list(); first.next(); kv.list({ start: "b", end: "a" }); return attempt(() => first.next()); },
  listAndAsyncList: async ({ kv, storage, attempt }) => { fill(kv); const first = kv.list(); first.next(); await storage.list(); return attempt(() => first.next()); },
  listThenPutAhead: ({ kv }) => { fill(kv); const seen = []; for (const [key] of kv.list()) { seen.push(key); if (key === "a/2") kv.put("aa", 1); if (seen.length > 20) break; } return seen; },
  listThenPutNext: ({ kv }) => { fill(kv); const list = kv.list(); const seen = [list.next()]; kv.put("a/1", "new"); kv.put("b", "new"); return [...seen, ...list]; },
  listThenDelete: ({ kv }) => { fill(kv); const seen = []; for (const [key] of kv.list()) { seen.push(key); kv.delete(key); kv.delete("c"); } return [seen, [...kv.list()]]; },
  listAcrossTurns: async ({ kv, tick, attempt }) => { fill(kv); const list = kv.list(); list.next(); await tick(); return attempt(() => list.next()); },
  listAcrossWrite: async ({ kv, storage, attempt }) => { fill(kv); await storage.sync(); const list = kv.list(); list.next(); kv.put("x", 1); await storage.sync(); return attempt(() => list.next()); },
  listReturn: async ({ kv, attempt }) => { fill(kv); const list = kv.list(); for (const _ of list) break; return attempt(() => list.next()); },
  listAndDeleteAll: async ({ kv, storage, attempt }) => { fill(kv); await storage.sync(); const list = kv.list(); list.next(); await storage.deleteAll(); return [await attempt(() => list.next()), [...kv.list()]]; },
  listAtItsLimitThenOther: async ({ kv, attempt }) => { fill(kv); const first = kv.list({ limit: 1 }); first.next(); kv.list(); return [await attempt(() => first.next()), await attempt(() => first.next())]; },
  listOfNothingThenOther: async ({ kv, attempt }) => { const first = kv.list(); kv.put("a", 1); kv.list(); return [await attempt(() => first.next()), await attempt(() => first.next())]; },
  listWhereOneWasDeleted: async ({ kv, sql, attempt }) => { const before = sql.databaseSize; kv.delete("a"); const first = kv.list(); kv.list(); return [await attempt(() => first.next()), sql.databaseSize - before]; },
  listWhereOneWasDeletedBefore: async ({ kv, storage, attempt }) => { await storage.delete("a"); const first = kv.list({ prefix: "a" }); await storage.list(); return attempt(() => first.next()); },
  listEmptyByPrefixThenOther: async ({ kv, storage, attempt }) => { fill(kv); const first = kv.list(); first.next(); kv.list({ prefix: "a", start: "b" }); await storage.list({ prefix: "b", end: "a" }); return attempt(() => first.next()); },
  listGoesOnAfterRollback: async ({ kv, storage, attempt }) => { fill(kv); const list = kv.list(); const seen = [list.next()]; await attempt(() => storage.transactionSync(() => { kv.put("a/0", 1); kv.delete("a/1"); seen.push(list.next()); throw new Error("undo"); })); return [...seen, ...list]; },
  listAndSchemaRolledBack: async ({ kv, sql, storage, attempt }) => { fill(kv); const list = kv.list(); const seen = [list.next()]; await attempt(() => storage.transactionSync(() => { sql.exec("CREATE TABLE u (x)"); throw new Error("undo"); })); return [...seen, await attempt(() => list.next()), await attempt(() => list.next()), await attempt(() => list.next())]; },
  valueTooBig: async ({ kv, attempt }) => [await attempt(() => kv.put("a", "v".repeat(5 << 20))), kv.get("a")],
  insideTransactionSync: async ({ kv, storage, attempt }) => [
    await attempt(() => storage.transactionSync(() => { kv.put("a", 1); throw new Error("undo"); })), kv.get("a"),
  ],
  shape: ({ kv, storage }) => [Object.prototype.toString.call(kv), kv.constructor.name, kv === storage.kv, Object.getOwnPropertyNames(Object.getPrototypeOf(kv)).sort(), Object.keys(kv)],
};
