// In which turn things resume: marks in the order in which they were made.

/** Microtasks counted from now on; tells how many had run when it is asked. */
function counter() {
  let count = 0, going = true;
  (async () => { while (going && count < 200) { await null; count++; } })();
  return { count: () => count, stop: () => { going = false; } };
}
const hops = (act) => async (api) => {
  const ticks = counter();
  await act(api);
  const seen = ticks.count();
  ticks.stop();
  return seen;
};

export const turns = {
  getHops: hops(({ storage }) => storage.get("a")),
  putHops: hops(({ storage }) => storage.put("a", 1)),
  deleteHops: hops(({ storage }) => storage.delete("a")),
  listHops: hops(({ storage }) => storage.list()),
  getManyHops: hops(({ storage }) => storage.get(["a"])),
  getAlarmHops: hops(({ storage }) => storage.getAlarm()),
  setAlarmHops: hops(({ storage }) => storage.setAlarm(Date.now() + 1e6)),
  rejectedHops: hops(async ({ storage }) => { try { await storage.put("a", () => {}); } catch {} }),
  deleteAllHops: hops(({ storage }) => storage.deleteAll()),
  getSameTurn: async ({ storage, log }) => { setTimeout(() => log("timer"), 0); for (let i = 0; i < 5; i++) { await storage.put("a", i); log(await storage.get("a")); } await new Promise((done) => setTimeout(done, 5)); },
  putThenGet: async ({ storage }) => { storage.put("a", 1); storage.put("a", 2); storage.delete("b"); return [await storage.get("a"), await storage.get(["a", "b"])]; },
  getSeesCallTime: async ({ storage }) => { storage.put("a", 1); const early = storage.get("a"); storage.put("a", 2); return [await early, await storage.get("a")]; },
  promiseAllOrder: async ({ storage, log }) => { await Promise.all([storage.get("a").then(() => log(1)), storage.put("a", 1).then(() => log(2)), storage.get("a").then(() => log(3)), Promise.resolve().then(() => log(4)), storage.list().then(() => log(5))]); },
  readWithoutConcurrency: hops(({ storage }) => storage.get("a", { allowConcurrency: true })),
  unconfirmedHops: hops(({ storage }) => storage.put("a", 1, { allowUnconfirmed: true })),
  noCacheHops: hops(({ storage }) => storage.get("a", { noCache: true })),
  syncHops: async ({ storage, log }) => { setTimeout(() => log("timer"), 0); log("before"); await storage.sync(); log("synced"); await new Promise((done) => setTimeout(done, 5)); },
  throwAtOnceOrLater: async ({ storage }) => {
    const kinds = {};
    const cases = { get: () => storage.get(), getOption: () => storage.get("a", 5), put: () => storage.put(), putUndefined: () => storage.put("a", undefined), putFunction: () => storage.put("a", () => {}), delete: () => storage.delete(), list: () => storage.list({ limit: 0 }), setAlarm: () => storage.setAlarm(-5), transaction: () => storage.transaction(5), deleteAll: () => storage.deleteAll(5) };
    for (const [name, act] of Object.entries(cases)) {
      try { const p = act(); kinds[name] = "later"; await p.then(() => { kinds[name] = "never"; }, () => {}); } catch { kinds[name] = "at once"; }
    }
    return kinds;
  },
  shape: ({ storage, ctx }) => [Object.prototype.toString.call(storage), storage.constructor.name, Object.getOwnPropertyNames(Object.getPrototypeOf(storage)).sort(), Object.keys(storage), storage === ctx.storage],
  detachedMethod: async ({ storage, attempt }) => { const { get, put, transactionSync } = storage; return [await attempt(() => get("a")), await attempt(() => put("a", 1)), await attempt(() => transactionSync(() => 1))]; },
  foreignThis: async ({ storage, attempt }) => [await attempt(() => storage.get.call({}, "a")), await attempt(() => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(storage), "sql")?.get.call({}))],
  writtenBeforeThrow: [({ storage }) => { storage.put("a", 1); throw new Error("mine"); }, ({ storage }) => storage.get("a")],
  bookmark: async ({ storage, attempt }) => { const text = await attempt(() => storage.getCurrentBookmark()); return [Object.keys(text), typeof text.gave]; },
  bookmarkForTime: ({ storage, attempt }) => attempt(() => storage.getBookmarkForTime(Date.now() - 1000)),
};
