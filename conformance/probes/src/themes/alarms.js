// Alarms: what may be set, what the handler sees, and what becomes of it. Times are short, so that a real one can be
// waited for, and long enough for a scheduler that is far away.
import { tick as wait } from "../subject.js";

const LATER = 4e12;
const list = (storage) => storage.list().then((all) => Object.fromEntries(all));
/** One object's method, called once; it has an alarm() that does nothing. */
const alone = (act) => ({ on: { act }, alarm() {}, worker: ({ ask }) => ask("act") });
const soon = (storage, ms = 5) => { const at = Date.now() + ms; storage.setAlarm(at); return at; };
/** Sets an alarm `ms` ahead, lets it run, and gives the marks and what is stored at the end. */
const runs = (alarm, { ms = 5, wait: patience = 1200, on = {} } = {}) => ({
  on: { set: ({ storage, memory }) => { memory.at = soon(storage, ms); }, end: async ({ storage }) => [await list(storage), (await storage.getAlarm()) === null ? "no alarm" : "an alarm"], ...on },
  alarm,
  async worker({ ask, marks, attempt }) { await ask("set"); await wait(patience); return [await attempt(() => marks()), await attempt(() => ask("end"))]; },
});
const RETRY = { wait: 4500 };
/** Waits until an object has made this mark. */
const until = async (marks, mark) => { for (let i = 0; i < 100 && !(await marks()).includes(mark); i++) await wait(20); };

export const alarms = {
  none: alone(({ storage }) => storage.getAlarm()),
  setAndGet: alone(async ({ storage }) => [await storage.setAlarm(LATER), await storage.getAlarm()]),
  setDate: alone(async ({ storage }) => { await storage.setAlarm(new Date(LATER)); return storage.getAlarm(); }),
  setDateOddly: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm(new Date(NaN))), await attempt(() => storage.setAlarm({ valueOf: () => LATER })), await storage.getAlarm(), await attempt(() => storage.setAlarm(Object.create(Date.prototype)))]),
  setFraction: alone(async ({ storage }) => { await storage.setAlarm(LATER + 0.75); return storage.getAlarm(); }),
  setText: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm("4000000000000")), await storage.getAlarm(), await attempt(() => storage.setAlarm("soon"))]),
  setNothing: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm()), await attempt(() => storage.setAlarm(undefined)), await attempt(() => storage.setAlarm(null))]),
  setZero: alone(({ storage, attempt }) => attempt(() => storage.setAlarm(0))),
  setNegative: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm(-1)), await attempt(() => storage.setAlarm(-Infinity))]),
  setNotANumber: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm(NaN)), await attempt(() => storage.setAlarm(Infinity)), await attempt(() => storage.setAlarm(true)), await attempt(() => storage.setAlarm({})), await attempt(() => storage.setAlarm([]))]),
  setBigInt: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm(4000000000000n)), await attempt(() => storage.setAlarm(Symbol("s")))]),
  setFarAway: alone(async ({ storage, attempt }) => { const seen = []; for (const at of [6911049600000, 9223372036854, 9223372036855, 8.64e15, 9e15, -9223372036854, -9223372036856, -9e15]) seen.push(await attempt(() => storage.setAlarm(at))); return [seen, await storage.getAlarm()]; }),
  setOptions: alone(async ({ storage, attempt }) => [await attempt(() => storage.setAlarm(LATER, { allowUnconfirmed: true, allowConcurrency: true })), await attempt(() => storage.setAlarm(LATER, 5)), await attempt(() => storage.setAlarm(LATER, null)), await attempt(() => storage.getAlarm(5)), await attempt(() => storage.deleteAlarm("x"))]),
  setTwice: alone(async ({ storage }) => { storage.setAlarm(LATER); storage.setAlarm(LATER + 1); return storage.getAlarm(); }),
  getSeesCallTime: alone(async ({ storage }) => { storage.setAlarm(LATER); const early = storage.getAlarm(); storage.setAlarm(LATER + 1); return [await early, await storage.getAlarm()]; }),
  delete: alone(async ({ storage }) => { await storage.setAlarm(LATER); return [await storage.deleteAlarm(), await storage.getAlarm(), await storage.deleteAlarm()]; }),
  noHandler: { worker: async ({ env, attempt }) => { const stub = env.REMOTE.getByName("alarms"); return [await attempt(() => stub.setsAlarm(LATER)), await attempt(() => stub.getsAlarm())]; } },
  notOverRpc: { alarm() {}, worker: ({ at, attempt }) => attempt(() => at().alarm()) },
  survivesReset: {
    on: { set: ({ storage }) => storage.setAlarm(LATER), abort: ({ ctx }) => ctx.abort("mine"), get: ({ storage }) => storage.getAlarm() }, alarm() {},
    async worker({ ask, attempt }) { await ask("set"); await attempt(() => ask("abort")); return ask("get"); },
  },
  lostWithAbort: {
    on: { set: ({ ctx, storage }) => { storage.setAlarm(LATER); ctx.abort("mine"); }, get: ({ storage }) => storage.getAlarm() }, alarm() {},
    async worker({ ask, attempt }) { return [(await attempt(() => ask("set"))).message, await ask("get")]; },
  },
  setInConstructor: { construct: ({ storage }) => { storage.setAlarm(LATER); }, on: { get: ({ storage }) => storage.getAlarm() }, alarm() {}, worker: ({ ask }) => ask("get") },
  notListed: alone(async ({ storage }) => { await storage.setAlarm(LATER); return [await storage.list(), storage.sql.exec("SELECT name FROM sqlite_master").toArray().length]; }),

  inTransaction: alone(({ storage }) => storage.transaction(async (txn) => { await txn.setAlarm(LATER); return [await txn.getAlarm(), await storage.getAlarm()]; })),
  rolledBack: alone(async ({ storage }) => { await storage.setAlarm(LATER); await storage.transaction(async (txn) => { await txn.setAlarm(LATER + 5); txn.rollback(); }); return storage.getAlarm(); }),
  rolledBackTexts: alone(({ storage, attempt }) => storage.transaction(async (txn) => { txn.rollback(); return [await attempt(() => txn.setAlarm(LATER)), await attempt(() => txn.getAlarm()), await attempt(() => txn.deleteAlarm())]; })),
  thrownInTransaction: alone(async ({ storage, attempt }) => { await storage.setAlarm(LATER); return [await attempt(() => storage.transaction(async (txn) => { await txn.deleteAlarm(); throw new RangeError("mine"); })), await storage.getAlarm()]; }),
  thrownInTransactionSync: alone(async ({ storage, attempt }) => { await storage.setAlarm(LATER); return [await attempt(() => storage.transactionSync(() => { storage.setAlarm(LATER + 9); throw new RangeError("mine"); })), await storage.getAlarm()]; }),
  nestedRollback: alone(({ storage }) => storage.transaction(async (outer) => { await outer.setAlarm(LATER); await storage.transaction(async (inner) => { await inner.setAlarm(LATER + 7); inner.rollback(); }); return outer.getAlarm(); })),
  deleteAllDeletesIt: alone(async ({ storage }) => { await storage.setAlarm(LATER); await storage.deleteAll(); return storage.getAlarm(); }),
  deleteAllThenSet: alone(async ({ storage }) => { await storage.setAlarm(LATER); storage.deleteAll(); await storage.setAlarm(LATER + 1); return storage.getAlarm(); }),

  runsOnce: runs(({ log }) => log("ran")),
  argument: runs(({ log, memory }, info, ...more) => { log(info.scheduledTime === memory.at); log({ ...info, scheduledTime: typeof info.scheduledTime }); log(more.length); log(Object.getPrototypeOf(info) === Object.prototype); log(Object.keys(info).sort()); }),
  setInThePast: runs(({ log }) => log("ran"), { ms: -100000 }),
  setAtNow: runs(({ log }) => log("ran"), { ms: 0 }),
  seesNone: runs(async ({ storage, log }) => log(await storage.getAlarm())),
  setsTheNext: runs(async ({ storage, log, memory }, info) => { log("ran"); if (memory.again) return; memory.again = true; await storage.setAlarm(info.scheduledTime + 20); log((await storage.getAlarm()) >= info.scheduledTime + 20); }),
  setsTheNextFarAway: runs(async ({ storage, log }) => { log("ran"); await storage.setAlarm(LATER); }),
  setsTheSame: runs(async ({ storage, log, memory }, info) => { log("ran"); if (memory.again) return; memory.again = true; await storage.setAlarm(info.scheduledTime); }),
  deletes: runs(async ({ storage, log }) => { log("ran"); await storage.deleteAlarm(); log(await storage.getAlarm()); }),
  setsAndDeletes: runs(async ({ storage, log }) => { log("ran"); await storage.setAlarm(LATER); await storage.deleteAlarm(); }),
  deletesAll: runs(async ({ storage, log }) => { log("ran"); await storage.put("a", 1); await storage.deleteAll(); log(await storage.getAlarm()); }),
  setsInTransaction: runs(async ({ storage, log }) => { log("ran"); await storage.transaction(async (txn) => { log(await txn.getAlarm()); await txn.setAlarm(LATER); log(await txn.getAlarm()); }); log(await storage.getAlarm()); }),
  setsInTransactionRolledBack: runs(async ({ storage, log }) => { log("ran"); await storage.transaction(async (txn) => { await txn.setAlarm(LATER); txn.rollback(); }); log(await storage.getAlarm()); }),
  writesAreKept: runs(async ({ storage }) => { await storage.put("a", 1); }),
  valueIsIgnored: runs(({ log }) => { log("ran"); return { a: 1 }; }),
  takesItsTime: runs(async ({ log }) => { log("began"); await wait(20); log("ended"); }),
  waitUntilWithin: runs(({ ctx, log }) => { log("began"); ctx.waitUntil(wait(15).then(() => log("later"))); }),
  waitUntilRejects: runs(({ ctx, log }) => { log("began"); ctx.waitUntil(Promise.reject(new Error("mine"))); }),
  sectionWithin: runs(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => { log("in"); await wait(5); log("out"); })),
  waitsForSection: runs(({ log }) => log("alarm"), { on: { set: ({ ctx, storage, log }) => ctx.blockConcurrencyWhile(async () => { soon(storage); log("in"); await wait(900); log("out"); }) } }),
  deletedBefore: runs(({ log }) => log("ran"), { on: { set: async ({ storage }) => { soon(storage, 400); await wait(5); await storage.deleteAlarm(); } } }),
  movedLater: runs(({ log }) => log("ran"), { on: { set: async ({ storage, log }) => { soon(storage, 300); await wait(3); soon(storage, 1000); await wait(700); log("not yet"); } }, wait: 1500 }),
  movedEarlier: runs(({ log }) => log("ran"), { on: { set: async ({ storage, log }) => { soon(storage, 5000); await wait(3); soon(storage, 5); await wait(900); log("by now"); } }, wait: 100 }),
  eventWhileItRuns: {
    on: { set: ({ storage }) => { soon(storage); }, look: async ({ storage, log }) => { log("event"); return storage.getAlarm(); }, put: ({ storage }) => storage.setAlarm(LATER), get: ({ storage }) => storage.getAlarm() },
    alarm: async ({ log }) => { log("began"); await wait(400); log("ended"); },
    async worker({ ask, marks }) { await ask("set"); await until(marks, "began"); const seen = await ask("look"); await ask("put"); await until(marks, "ended"); return [seen, await marks(), await ask("get")]; },
  },
  deletedWhileItRuns: {
    on: { set: ({ storage }) => { soon(storage); }, drop: ({ storage }) => storage.deleteAlarm(), get: ({ storage }) => storage.getAlarm() },
    alarm: async ({ log }) => { log("began"); await wait(400); log("ended"); },
    async worker({ ask, marks }) { await ask("set"); await until(marks, "began"); await ask("drop"); await until(marks, "ended"); await wait(500); return [await marks(), await ask("get")]; },
  },

  failsOnce: runs(({ log }, info) => { log([info.isRetry, info.retryCount]); if (!info.isRetry) throw new Error("mine"); }, RETRY),
  failsOnceSameTime: runs(({ log, memory }, info) => { log(info.scheduledTime === memory.at); if (!info.isRetry) throw new Error("mine"); }, RETRY),
  failsLater: runs(async ({ log }, info) => { log(info.retryCount); await wait(5); if (!info.isRetry) throw new Error("mine"); }, RETRY),
  failureKeepsWrites: runs(async ({ storage, log }, info) => { log(info.retryCount); if (info.isRetry) return; await storage.put("a", 1); throw new Error("mine"); }, RETRY),
  failureKeepsTheAlarm: runs(({ log }, info) => { log(info.retryCount); throw new Error("mine"); }, { wait: 1000 }),
  failsHavingSetAnother: runs(async ({ storage, log }, info) => { log(info.retryCount); if (info.isRetry) return; await storage.setAlarm(LATER); throw new Error("mine"); }, RETRY),
  failsHavingSetOneSoon: runs(async ({ storage, log, memory }, info) => { log([info.retryCount, info.isRetry]); if (memory.again) return; memory.again = true; await storage.setAlarm(Date.now() + 10); throw new Error("mine"); }, RETRY),
  failsHavingDeleted: runs(async ({ storage, log }, info) => { log(info.retryCount); if (info.isRetry) return; await storage.deleteAlarm(); throw new Error("mine"); }, RETRY),
  failsHavingDeletedAll: runs(async ({ storage, log }, info) => { log(info.retryCount); if (info.isRetry) return; await storage.deleteAll(); throw new Error("mine"); }, RETRY),
  failsThenIsDeleted: {
    on: { set: ({ storage }) => { soon(storage); }, drop: async ({ storage }) => { const seen = await storage.getAlarm(); await storage.deleteAlarm(); return seen !== null; } },
    alarm: ({ log }, info) => { log(info.retryCount); throw new Error("mine"); },
    async worker({ ask, marks }) { await ask("set"); await until(marks, 0); const had = await ask("drop"); await wait(4000); return [had, await marks()]; },
  },
  aborts: {
    on: { set: ({ storage }) => { soon(storage); }, list: ({ storage }) => list(storage) },
    alarm: async ({ ctx, storage }, info) => { const n = (await storage.get("runs")) ?? 0; await storage.put("runs", n + 1); await storage.put(`run ${n}`, typeof info.retryCount); await storage.sync(); if (n === 0) ctx.abort("mine"); },
    async worker({ ask }) { await ask("set"); await wait(4500); return ask("list"); },
  },
  abortsForGood: {
    on: { set: ({ storage }) => { soon(storage); }, list: async ({ storage }) => [await list(storage), (await storage.getAlarm()) !== null] },
    alarm: async ({ ctx, storage }) => { const n = (await storage.get("runs")) ?? 0; await storage.put("runs", n + 1); await storage.sync(); ctx.abort("mine", { retryAlarm: false }); },
    async worker({ ask }) { await ask("set"); await wait(4500); return ask("list"); },
  },
  sectionFails: {
    on: { set: ({ storage }) => { soon(storage); }, list: ({ storage }) => list(storage) },
    alarm: async ({ ctx, storage }) => { const n = (await storage.get("runs")) ?? 0; await storage.put("runs", n + 1); await storage.sync(); if (n === 0) await ctx.blockConcurrencyWhile(() => { throw new Error("mine"); }); },
    async worker({ ask }) { await ask("set"); await wait(4500); return ask("list"); },
  },
};
