// Beginning and end of an instance: the constructor, abort(), what goes on after an answer, timers.
import { tick as wait } from "../subject.js";

const say = ({ log }, mark = "said") => { log(mark); return mark; };
const list = ({ storage }) => storage.list();
const count = ({ memory }) => (memory.n = (memory.n ?? 0) + 1);
/** One object's method, called once; then its marks. */
const alone = (act) => ({ on: { act, say }, worker: async ({ attempt, ask, marks }) => [await attempt(() => ask("act")), await attempt(() => marks())] });
/** abort() in several forms: what the caller sees, and the next instance. */
const aborting = (act) => ({ on: { act, count }, async worker({ ask, attempt }) { await ask("count"); return [await attempt(() => ask("act")), await attempt(() => ask("count"))]; } });
/** A constructor that does this: what the first two calls give. */
const constructing = (construct, on = {}) => ({ construct, on: { say, list, ...on }, async worker({ ask, attempt, marks }) { return [await attempt(() => ask("say")), await attempt(() => marks()), await attempt(() => ask("list"))]; } });

export const lifecycle = {
  constructorFirst: constructing(({ log }) => log("constructor")),
  constructorOnce: { construct: ({ log }) => log("constructor"), on: { say }, async worker({ at, marks }) { const stub = at(); await Promise.all([stub.do("say", 1), stub.do("say", 2), at().do("say", 3)]); return (await marks()).slice(0, 2); } },
  constructorSection: constructing(({ ctx, log }) => { ctx.blockConcurrencyWhile(async () => { log("in"); await wait(20); log("out"); }); }),
  constructorTwoSections: constructing(({ ctx, log }) => { for (const n of [1, 2]) ctx.blockConcurrencyWhile(async () => { log(`in ${n}`); await wait(10); log(`out ${n}`); }); }),
  constructorAsyncRest: constructing(({ log }) => { (async () => { log("a"); await wait(5); log("b"); })(); }),
  constructorStorage: constructing(({ storage, log }) => { storage.put("a", 1); storage.get("a").then((value) => log(value)); storage.sql.exec("CREATE TABLE t (x)"); }),
  constructorThrows: constructing(() => { throw new RangeError("mine"); }),
  constructorThrowsText: constructing(() => { throw "text"; }),
  constructorThrowsFlags: constructing(() => { throw Object.assign(new Error("mine"), { retryable: true, overloaded: true, remote: true, durableObjectReset: true }); }),
  constructorThrowsOnce: {
    construct: ({ storage }) => { const { n = 0 } = storage.kv.get("state") ?? {}; if (n > 0) throw new Error("mine"); },
    on: { say, set: ({ ctx, storage }) => { storage.kv.put("state", { n: 1 }); return storage.sync().then(() => ctx.abort("now")); } },
    async worker({ ask, attempt }) { return [await attempt(() => ask("set")), await attempt(() => ask("say")), await attempt(() => ask("say"))]; },
  },
  constructorThrowsLosesWrites: { construct: ({ ctx, storage }) => { if (storage.kv.get("tried")) return; storage.kv.put("tried", true); throw new Error("mine"); }, on: { list }, async worker({ ask, attempt }) { return [await attempt(() => ask("list")), await attempt(() => ask("list"))]; } },
  constructorFailsAllWhoWait: { construct: () => { throw new Error("mine"); }, on: { say }, async worker({ at, attempt }) { const stub = at(); return Promise.all([attempt(() => stub.do("say")), attempt(() => stub.fetch("https://o/")), attempt(() => at().do("say"))]); } },
  constructorSectionThrows: constructing(({ ctx }) => { ctx.blockConcurrencyWhile(async () => { await wait(5); throw new TypeError("mine"); }); }),
  constructorSectionThrowsAtOnce: constructing(({ ctx }) => { ctx.blockConcurrencyWhile(() => { throw new TypeError("mine"); }); }),
  constructorAborts: constructing(({ ctx }) => ctx.abort("mine")),
  constructorRejectsLater: constructing(() => { Promise.reject(new Error("mine")); }),
  constructorTimer: { construct: ({ log }) => { setTimeout(() => log("timer"), 5); }, on: { say }, async worker({ ask, marks }) { await ask("say"); await wait(30); return marks(); } },
  constructorWaitUntil: { construct: ({ ctx, log }) => { ctx.waitUntil(wait(5).then(() => log("waited"))); }, on: { say }, async worker({ ask, marks }) { await ask("say"); await wait(30); return marks(); } },
  constructorAlarmAndKv: constructing(({ storage }) => { storage.setAlarm(4e12); storage.kv.put("b", 2); }),

  abortText: aborting(({ ctx }) => ctx.abort("mine")),
  abortNothing: aborting(({ ctx }) => ctx.abort()),
  abortUndefined: aborting(({ ctx }) => ctx.abort(undefined)),
  abortNull: aborting(({ ctx }) => ctx.abort(null)),
  abortEmpty: aborting(({ ctx }) => ctx.abort("")),
  abortError: aborting(({ ctx }) => ctx.abort(new RangeError("mine"))),
  abortObject: aborting(({ ctx }) => ctx.abort({ a: 1 })),
  abortNumber: aborting(({ ctx }) => ctx.abort(5)),
  abortIsNotCaught: aborting(({ ctx, log }) => { try { ctx.abort("mine"); } catch { return "caught"; } finally { return "finally"; } }),
  abortAfterAwait: aborting(async ({ ctx }) => { await wait(5); ctx.abort("mine"); return "survived"; }),
  abortInTimer: aborting(async ({ ctx }) => { setTimeout(() => ctx.abort("in a timer"), 5); await wait(40); return "survived"; }),
  abortInWaitUntil: { on: { act: ({ ctx }) => { ctx.waitUntil((async () => { await wait(10); ctx.abort("after the answer"); })()); return "answered"; }, count }, async worker({ ask, attempt }) { await ask("count"); const first = await attempt(() => ask("act")); await wait(30); return [first, await attempt(() => ask("count"))]; } },
  abortInMicrotask: aborting(async ({ ctx }) => { Promise.resolve().then(() => ctx.abort("in a microtask")); return "answered"; }),
  abortInSection: aborting(({ ctx }) => ctx.blockConcurrencyWhile(async () => { await wait(5); ctx.abort("in a section"); })),
  abortInTransaction: { on: { act: ({ ctx, storage }) => storage.transaction(async (txn) => { await txn.put("a", 1); ctx.abort("in a transaction"); }), list }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await attempt(() => ask("list"))]; } },
  abortInFetch: { fetch: ({ ctx }) => ctx.abort("in fetch"), on: { say }, async worker({ at, attempt }) { return [await attempt(() => at().fetch("https://o/")), await attempt(() => at().do("say"))]; } },
  abortLosesTheTurn: { on: { act: ({ ctx, storage }) => { storage.put("a", 1); ctx.abort("mine"); }, list }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await attempt(() => ask("list"))]; } },
  abortKeepsEarlierTurns: { on: { act: async ({ ctx, storage }) => { storage.put("a", 1); await wait(5); storage.put("b", 1); ctx.abort("mine"); }, list }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await attempt(() => ask("list"))]; } },
  abortKeepsSynced: { on: { act: async ({ ctx, storage }) => { storage.put("a", 1); await storage.sync(); ctx.abort("mine"); }, list }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await attempt(() => ask("list"))]; } },
  abortFailsAllUnderWay: { on: { slow: () => wait(100), act: ({ ctx }) => ctx.abort("mine") }, fetch: () => wait(100), async worker({ at, attempt }) { const all = [attempt(() => at().do("slow")), attempt(() => at().fetch("https://o/"))]; await wait(10); all.push(attempt(() => at().do("act"))); return Promise.all(all); } },
  abortRunsNothingMore: { on: { act: ({ ctx, env }) => { setTimeout(() => env.SUBJECTS.getByName("lifecycle/abortRunsNothingMore/other").do("say", "from the dead"), 10); setTimeout(() => ctx.abort("mine"), 3); }, say }, async worker({ ask, at }) { await ask("act"); await wait(40); return at("/other").marks(); } },
  stubThatFailed: { on: { act: ({ ctx }) => ctx.abort("mine"), count }, async worker({ at, attempt }) { const stub = at(); return [await attempt(() => stub.do("count")), await attempt(() => stub.do("act")), await attempt(() => stub.do("count")), await attempt(() => stub.fetch("https://o/")), await attempt(() => at().do("count"))]; } },
  stubThatWasIdle: { on: { act: ({ ctx }) => ctx.abort("mine"), count }, async worker({ at, attempt }) { const stub = at(); await stub.do("count"); await attempt(() => at().do("act")); return [await attempt(() => stub.do("count")), await attempt(() => stub.do("count")), await attempt(() => at().do("count"))]; } },
  stubThatWasUnused: { on: { act: ({ ctx }) => ctx.abort("mine"), count }, async worker({ at, attempt }) { const stub = at(); await at().do("count"); await attempt(() => at().do("act")); return attempt(() => stub.do("count")); } },
  stubAfterFailedSection: { on: { act: ({ ctx }) => ctx.blockConcurrencyWhile(() => { throw new Error("mine"); }), count }, async worker({ at, attempt }) { const stub = at(); await stub.do("count"); await attempt(() => stub.do("act")); return [await attempt(() => stub.do("count")), await attempt(() => at().do("count"))]; } },
  stubAfterFailedConstructor: { construct: ({ storage }) => { if (storage.kv.get("ok")) return; throw new Error("mine"); }, on: { say }, async worker({ at, attempt }) { const stub = at(); return [await attempt(() => stub.do("say")), await attempt(() => stub.do("say"))]; } },
  stubAfterOrdinaryError: { on: { act: () => { throw new Error("mine"); }, count }, async worker({ at, attempt }) { const stub = at(); return [await attempt(() => stub.do("act")), await attempt(() => stub.do("count"))]; } },

  waitUntilAfterAnswer: { on: { act: ({ ctx, log }) => { ctx.waitUntil(wait(10).then(() => log("later"))); log("answered"); } }, async worker({ ask, marks }) { await ask("act"); await wait(30); return marks(); } },
  workAfterAnswer: { on: { act: ({ log }) => { (async () => { await wait(10); log("later"); })(); log("answered"); } }, async worker({ ask, marks }) { await ask("act"); await wait(30); return marks(); } },
  waitUntilRejects: { on: { act: ({ ctx }) => { ctx.waitUntil(Promise.reject(new Error("mine"))); return "answered"; }, count }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await ask("count")]; } },
  waitUntilOddly: alone(async ({ ctx, attempt }) => [await attempt(() => ctx.waitUntil()), await attempt(() => ctx.waitUntil(5)), await attempt(() => ctx.waitUntil(undefined)), await attempt(() => ctx.waitUntil({ then(done) { done(); } }))]),
  unhandledRejection: { on: { act: () => { Promise.reject(new Error("mine")); return "answered"; }, count }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await ask("count")]; } },
  timerThrows: { on: { act: async () => { setTimeout(() => { throw new Error("mine"); }, 1); await wait(10); return "alive"; }, count }, async worker({ ask, attempt }) { return [await attempt(() => ask("act")), await ask("count")]; } },
  memoryIsKept: { on: { count }, async worker({ ask }) { return [await ask("count"), await ask("count"), await ask("count")]; } },
};
