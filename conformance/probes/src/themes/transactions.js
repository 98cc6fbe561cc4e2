// transaction(), transactionSync(), deleteAll(), sync(), and what of the writes is there afterwards.

const left = async ({ storage }) => [...(await storage.list())];

export const transactions = {
  gives: async ({ storage }) => [await storage.transaction(async (txn) => { await txn.put("a", 1); return "value"; }), await storage.get("a")],
  notAsync: async ({ storage }) => [await storage.transaction((txn) => { txn.put("a", 1); return 5; }), await storage.get("a")],
  noCallback: async ({ storage, attempt }) => [await attempt(() => storage.transaction()), await attempt(() => storage.transaction(5)), await attempt(() => storage.transactionSync()), await attempt(() => storage.transactionSync({}))],
  throws: async (api) => [await api.attempt(() => api.storage.transaction(async (txn) => { await txn.put("a", 1); throw new RangeError("mine"); })), await left(api)],
  throwsAtOnce: async (api) => [await api.attempt(() => api.storage.transaction((txn) => { txn.put("a", 1); throw new RangeError("mine"); })), await left(api)],
  throwsSameError: async ({ storage }) => { const mine = new Error("mine"); try { await storage.transaction(async () => { throw mine; }); } catch (e) { return e === mine; } },
  throwsText: (api) => api.attempt(() => api.storage.transaction(async () => { throw "text"; })),
  throwsUndefined: (api) => api.attempt(() => api.storage.transaction(async () => { throw undefined; })),
  callbackGets: ({ storage }) => storage.transaction(function (...all) { return [all.length, all[0].constructor.name, this === undefined, this === globalThis, Object.getOwnPropertyNames(Object.getPrototypeOf(all[0])).sort()]; }),
  notAtOnce: async ({ storage, log }) => { const p = storage.transaction(async () => log("inside")); log("after the call"); await p; log("awaited"); },
  afterMicrotasks: async ({ storage, log }) => { const p = storage.transaction(async () => log("inside")); for (let i = 0; i < 5; i++) { await null; log(i); } await p; },
  writesBeforeStay: async (api) => { api.storage.put("before", 1); await api.attempt(() => api.storage.transaction(async (txn) => { await txn.put("a", 1); throw new Error("x"); })); return left(api); },
  storageInside: async (api) => [await api.attempt(() => api.storage.transaction(async () => { await api.storage.put("a", 1); api.kv.put("b", 1); api.sql.exec("CREATE TABLE t (x)"); throw new Error("x"); })), await left(api), await api.attempt(() => api.sql.exec("SELECT * FROM t").toArray())],
  readsOwnWrites: ({ storage }) => storage.transaction(async (txn) => { await txn.put("a", 1); return [await txn.get("a"), await storage.get("a"), await txn.list(), await txn.get(["a", "b"]), await txn.delete("a"), await txn.delete(["a", "b"]), await txn.get("a")]; }),
  argumentErrors: ({ storage, attempt }) => storage.transaction(async (txn) => [await attempt(() => txn.get()), await attempt(() => txn.put()), await attempt(() => txn.put("a", 1, 5)), await attempt(() => txn.list(5)), await attempt(() => txn.delete()), Object.prototype.toString.call(txn)]),
  rollback: async (api) => [await api.attempt(() => api.storage.transaction(async (txn) => { await txn.put("a", 1); txn.rollback(); return "value"; })), await left(api)],
  rollbackTwice: (api) => api.attempt(() => api.storage.transaction(async (txn) => [txn.rollback(), txn.rollback()])),
  afterRollback: ({ storage, attempt }) => storage.transaction(async (txn) => {
    txn.rollback();
    const answers = {};
    for (const [name, args] of Object.entries({ get: ["a"], put: ["a", 1], delete: ["a"], list: [], getAlarm: [], setAlarm: [Date.now() + 60000], deleteAlarm: [], deleteAll: [], rollback: [] })) answers[name] = await attempt(() => txn[name](...args));
    return answers;
  }),
  afterRollbackWrong: ({ storage, attempt }) => storage.transaction(async (txn) => {
    txn.rollback();
    const answers = [];
    for (const args of [["a", undefined], ["a"], ["a", Symbol("s")], [{ a: Symbol("s") }], [{ a: undefined }], [{}], [{ a: 1 }, 2], ["a", 1, 5], []]) answers.push(await attempt(() => txn.put(...args)));
    for (const [name, ...args] of [["get"], ["get", "a", 5], ["delete"], ["delete", "a", 5], ["list", 5], ["list", { limit: 0 }], ["list", { start: "b", end: "a" }], ["setAlarm"], ["setAlarm", -1], ["setAlarm", NaN], ["getAlarm", 5], ["deleteAlarm", 5], ["get", []], ["delete", []]]) answers.push(await attempt(() => txn[name](...args)));
    return answers;
  }),
  afterRollbackStorage: async (api) => [await api.attempt(() => api.storage.transaction(async (txn) => { txn.rollback(); await api.storage.put("a", 1); return api.storage.get("a"); })), await left(api)],
  afterCommit: async ({ storage, attempt }) => {
    let kept;
    await storage.transaction(async (txn) => { kept = txn; });
    const answers = {};
    for (const [name, args] of Object.entries({ get: ["a"], put: ["a", 1], delete: ["a"], list: [], getAlarm: [], setAlarm: [Date.now() + 60000], deleteAlarm: [], deleteAll: [], rollback: [] })) answers[name] = await attempt(() => kept[name](...args));
    return answers;
  },
  afterThrow: async ({ storage, attempt }) => {
    let kept;
    await attempt(() => storage.transaction(async (txn) => { kept = txn; throw new Error("x"); }));
    return [await attempt(() => kept.get("a")), await attempt(() => kept.rollback()), await attempt(() => kept.put("a", 1))];
  },
  nested: async (api) => [await api.storage.transaction(async (outer) => { await outer.put("a", 1); await api.storage.transaction(async (inner) => inner.put("b", 2)); return outer.get("b"); }), await left(api)],
  nestedThrows: async (api) => [await api.attempt(() => api.storage.transaction(async (outer) => { await outer.put("a", 1); return api.attempt(() => api.storage.transaction(async (inner) => { await inner.put("b", 2); throw new Error("inner"); })); })), await left(api)],
  nestedOuterThrows: async (api) => [await api.attempt(() => api.storage.transaction(async (outer) => { await api.storage.transaction(async (inner) => inner.put("b", 2)); throw new Error("outer"); })), await left(api)],
  nestedOuterUsed: async (api) => [await api.attempt(() => api.storage.transaction((outer) => api.storage.transaction(async (inner) => { await outer.put("a", 1); await inner.put("b", 2); return outer.get("b"); }))), await left(api)],
  nestedOuterRollback: async (api) => [await api.attempt(() => api.storage.transaction((outer) => api.storage.transaction(async () => api.attempt(() => outer.rollback())))), await left(api)],
  nestedTxnTransaction: ({ storage }) => storage.transaction(async (txn) => typeof txn.transaction),
  threeDeep: async (api) => [await api.storage.transaction(() => api.storage.transaction(() => api.storage.transaction(async (txn) => { await txn.put("deep", 1); return "deep"; }))), await left(api)],
  twoAtOnce: async (api) => {
    const { storage, log } = api;
    const one = storage.transaction(async (txn) => { log("one begins"); await api.tick(); await txn.put("a", 1); log("one ends"); });
    const two = storage.transaction(async (txn) => { log("two begins"); log(await txn.get("a")); log("two ends"); });
    await Promise.all([one, two]);
  },
  sectionOrder: async ({ ctx, storage, log }) => {
    const a = storage.transaction(async () => log("transaction"));
    const b = ctx.blockConcurrencyWhile(async () => log("section"));
    const c = storage.transaction(async () => log("transaction again"));
    await Promise.all([a, b, c]);
  },
  timerDuring: async ({ storage, tick, log }) => { const timer = tick(1).then(() => log("timer")); await storage.transaction(async () => { await tick(20); log("transaction ends"); }); await timer; },
  deleteAllInside: (api) => api.storage.transaction(async (txn) => [await api.attempt(() => txn.deleteAll()), await api.attempt(() => api.storage.deleteAll())]),
  deleteAllInsideSync: (api) => { let p; api.storage.transactionSync(() => { p = api.attempt(() => api.storage.deleteAll()); }); return p; },
  syncInside: ({ storage, attempt }) => attempt(() => storage.transaction(async (txn) => { await txn.put("a", 1); await storage.sync(); return "synced"; })),
  sqlInside: async (api) => [await api.storage.transaction(async () => { api.sql.exec("CREATE TABLE t (x)"); api.sql.exec("INSERT INTO t VALUES (1)"); return api.sql.exec("SELECT * FROM t").toArray(); }), api.sql.exec("SELECT * FROM t").toArray()],
  fetchInside: async ({ storage, env, attempt }) => storage.transaction(async (txn) => {
    await txn.put("a", 1);
    const stub = env.OBJECTS.get(env.OBJECTS.idFromName("another"));
    return attempt(() => stub.echo("answered"));
  }),
  alarmInside: async (api) => { await api.attempt(() => api.storage.transaction(async (txn) => { await txn.setAlarm(Date.now() + 1e6); throw new Error("x"); })); return api.storage.getAlarm(); },
  alarmRolledBack: async ({ storage }) => { await storage.setAlarm(9e12 / 2); await storage.transaction(async (txn) => { await txn.deleteAlarm(); txn.rollback(); }); return storage.getAlarm(); },
  syncGives: ({ storage }) => [storage.transactionSync(() => { storage.kv.put("a", 1); return "value"; }), storage.kv.get("a")],
  syncThrows: async (api) => [await api.attempt(() => api.storage.transactionSync(() => { api.kv.put("a", 1); throw new RangeError("mine"); })), await left(api)],
  syncSameError: ({ storage }) => { const mine = new Error("m"); try { storage.transactionSync(() => { throw mine; }); } catch (e) { return e === mine; } },
  syncGivesPromise: async (api) => { const given = api.storage.transactionSync(async () => { api.kv.put("a", 1); await null; api.kv.put("b", 1); throw new Error("late"); }); return [given instanceof Promise, await api.attempt(() => given), await left(api)]; },
  syncArguments: ({ storage }) => storage.transactionSync((...all) => all.length),
  syncNested: async (api) => { const { storage, kv } = api; storage.transactionSync(() => { kv.put("a", 1); try { storage.transactionSync(() => { kv.put("b", 1); throw new Error("x"); }); } catch {} kv.put("c", 1); }); return left(api); },
  syncNestedOuter: async (api) => { const { storage, kv } = api; await api.attempt(() => storage.transactionSync(() => { storage.transactionSync(() => kv.put("b", 1)); throw new Error("x"); })); return left(api); },
  syncDeep: ({ storage }) => { const deep = (n) => (n === 0 ? "bottom" : storage.transactionSync(() => deep(n - 1))); return deep(100); },
  syncInsideTransaction: async (api) => [await api.attempt(() => api.storage.transaction(async (txn) => { api.storage.transactionSync(() => api.kv.put("a", 1)); throw new Error("x"); })), await left(api)],
  transactionInsideSync: async (api) => { let p; api.storage.transactionSync(() => { api.kv.put("s", 1); p = api.storage.transaction(async (txn) => { await txn.put("a", 1); return "value"; }); }); return [await p, await left(api)]; },
  syncAndAsyncPut: async (api) => { await api.attempt(() => api.storage.transactionSync(() => { api.storage.put("a", 1); throw new Error("x"); })); return left(api); },
  syncIterates: (api) => { api.sql.exec("CREATE TABLE t (x)"); api.sql.exec("INSERT INTO t VALUES (1), (2), (3)"); const cursor = api.sql.exec("SELECT x FROM t"); cursor.next(); try { api.storage.transactionSync(() => { api.sql.exec("INSERT INTO t VALUES (4)"); throw new Error("x"); }); } catch {} return [...cursor]; },
  deleteAllGives: async (api) => { await api.storage.put("a", 1); api.sql.exec("CREATE TABLE t (x)"); return [await api.storage.deleteAll(), await left(api), await api.attempt(() => api.sql.exec("SELECT * FROM t"))]; },
  deleteAllTwice: async ({ storage }) => [await storage.deleteAll(), await storage.deleteAll(), await storage.list()],
  deleteAllOptions: async ({ storage, attempt }) => [await attempt(() => storage.deleteAll({ allowUnconfirmed: true })), await attempt(() => storage.deleteAll(5)), await attempt(() => storage.deleteAll(null))],
  deleteAllAlarm: async ({ storage }) => { await storage.setAlarm(Date.now() + 1e6); await storage.deleteAll(); return storage.getAlarm(); },
  deleteAllThenPut: async (api) => { api.storage.put("a", 1); api.storage.deleteAll(); api.storage.put("b", 1); await api.storage.sync(); return left(api); },
  deleteAllThenUsed: [async ({ storage }) => { await storage.put("a", 1); await storage.sync(); storage.deleteAll(); }, left],
  syncResolves: async ({ storage, log }) => { log(await storage.sync()); storage.put("a", 1); log(await storage.sync()); },
  syncTakesATurn: async ({ storage, log }) => { let turns = 0; const p = storage.sync().then(() => log("synced")); for (let i = 0; i < 20; i++) { await null; } log("microtasks are over"); await p; },
};
