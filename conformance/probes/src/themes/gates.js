// Input gates and critical sections: what may run meanwhile, in which order, and what becomes of failures.
import { Counter } from "../remote.js";
import { tick as wait } from "../subject.js";

const hold = ({ ctx, log }, ms = 40) => ctx.blockConcurrencyWhile(async () => { log("in"); await wait(ms); log("out"); return 7; });
const say = ({ log }, mark = "said") => { log(mark); return mark; };
/** Starts `what`, a little later says "said" through the same stub, and gives both answers and the marks. */
const during = (what, ...args) => async ({ at, attempt }) => {
  const stub = at();
  const first = attempt(() => stub.do(what, ...args));
  await wait(10);
  const second = attempt(() => stub.do("say"));
  return [await first, await second, await attempt(() => at().marks())];
};
/** A section that fails: what its caller sees, one that waits at the gate meanwhile, and who comes after. */
const failing = (fails) => ({
  on: { hold: ({ ctx }) => ctx.blockConcurrencyWhile(fails), say },
  async worker({ at, attempt }) {
    const first = attempt(() => at().do("hold"));
    await wait(10);
    const second = attempt(() => at().do("say"));
    return [await first, await second, await attempt(() => at().marks())];
  },
});
/** One object's method, called once; then its marks. */
const alone = (act) => ({ on: { act, say, hold }, worker: async ({ attempt, ask, marks }) => [await attempt(() => ask("act")), await attempt(() => marks())] });

const remoteOf = ({ env, ctx }) => env.REMOTE.getByName(`gates/${ctx.id.name ?? ctx.id}`);
const inSection = (api, act) => Promise.race([api.attempt(() => act(remoteOf(api), (x) => x + 1)), api.tick(1500).then(() => "stuck")]);
const givesOut = (act) => (api) => api.ctx.blockConcurrencyWhile(() => inSection(api, act));

/** Sections within sections, as the letters say; in the innermost two more are asked for, and all but the first are not awaited. */
const asksWithin = (around) => async ({ ctx, storage, log }) => {
  const begin = { B: (inside) => ctx.blockConcurrencyWhile(inside), T: (inside) => storage.transaction(inside) };
  const go = async (depth) => {
    if (depth < around.length) {
      await begin[around[depth]](() => go(depth + 1));
      return log(`left ${depth}`);
    }
    for (const kind of ["T", "B"]) ctx.waitUntil(begin[kind](async () => log(`in ${kind}`)).then(() => log(`out ${kind}`)));
  };
  await go(0);
  await wait(5);
};

export const gates = {
  sectionHoldsEvents: { on: { hold, say }, worker: during("hold") },
  sectionHoldsEventsInOrder: {
    on: { hold, say },
    async worker({ at, marks }) {
      const stub = at();
      const all = [stub.do("hold")];
      await wait(10);
      for (const mark of ["a", "b", "c", "d"]) all.push(stub.do("say", mark));
      return [await Promise.all(all), await marks()];
    },
  },
  sectionRunsLater: alone(({ ctx, log }) => { log("before"); const done = ctx.blockConcurrencyWhile(() => log("in")); log("after"); Promise.resolve().then(() => log("microtask")); return done; }),
  sectionSyncCallback: alone(({ ctx }) => ctx.blockConcurrencyWhile(() => 5)),
  sectionGivesPromise: alone(({ ctx }) => { const p = ctx.blockConcurrencyWhile(() => 5); return [p instanceof Promise, p.constructor.name]; }),
  sectionThenable: alone(({ ctx }) => ctx.blockConcurrencyWhile(() => ({ then(done) { done("thenable"); } }))),
  sectionThisAndArguments: alone(({ ctx }) => ctx.blockConcurrencyWhile(function (...args) { return [this === undefined, this === globalThis, args.length]; })),
  sectionNoCallback: alone(async ({ ctx, attempt }) => [await attempt(() => ctx.blockConcurrencyWhile()), await attempt(() => ctx.blockConcurrencyWhile(5)), await attempt(() => ctx.blockConcurrencyWhile(null)), await attempt(() => ctx.blockConcurrencyWhile({}))]),
  sectionDetached: alone(({ ctx, attempt }) => { const { blockConcurrencyWhile } = ctx; return attempt(() => blockConcurrencyWhile(() => 1)); }),
  twoSectionsInOneTurn: alone(({ ctx, log }) => {
    const section = (name) => ctx.blockConcurrencyWhile(async () => { log(`${name} in`); await wait(5); log(`${name} out`); return name; });
    return Promise.all([section("a"), section("b"), section("c")]);
  }),
  sectionAfterSection: alone(async ({ ctx, log }) => { log(await ctx.blockConcurrencyWhile(async () => { await wait(3); return 1; })); log(await ctx.blockConcurrencyWhile(async () => { await wait(3); return 2; })); }),
  nestedSections: alone(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => {
    log("outer in");
    const inner = await ctx.blockConcurrencyWhile(async () => { log("inner in"); await wait(5); log("inner out"); return "inner"; });
    log("outer out");
    return [inner, "outer"];
  })),
  nestedTwoInOne: alone(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => {
    const section = (name) => ctx.blockConcurrencyWhile(async () => { log(`${name} in`); await wait(5); log(`${name} out`); });
    await Promise.all([section("a"), section("b")]);
    log("outer out");
  })),
  nestedNotAwaited: alone(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => { ctx.blockConcurrencyWhile(async () => { log("inner in"); await wait(5); log("inner out"); }); log("outer out"); })),
  nested64: alone(async ({ ctx, log }) => {
    const dig = (depth) => ctx.blockConcurrencyWhile(async () => (depth === 64 ? "bottom" : dig(depth + 1)));
    return dig(1);
  }),
  nested65: alone(async ({ ctx, attempt }) => {
    const dig = (depth) => ctx.blockConcurrencyWhile(async () => (depth === 64 ? attempt(() => ctx.blockConcurrencyWhile(() => 1)) : dig(depth + 1)));
    return dig(1);
  }),
  timerFromOutsideWaits: alone(async ({ ctx, log }) => { setTimeout(() => log("timer"), 5); await ctx.blockConcurrencyWhile(async () => { log("in"); await wait(30); log("out"); }); log("caller"); await wait(10); }),
  timerFromInsideRuns: alone(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => { setTimeout(() => log("timer"), 5); await wait(20); log("out"); })),
  timerFromInsideLater: alone(async ({ ctx, log }) => { await ctx.blockConcurrencyWhile(async () => { setTimeout(() => log("timer"), 10); log("out"); }); log("caller"); await wait(30); }),
  microtasksOfCallerGoOn: alone(async ({ ctx, log }) => {
    const done = ctx.blockConcurrencyWhile(async () => { log("in"); await wait(5); log("out"); });
    for (let i = 0; i < 3; i++) { await null; log(i); }
    await done;
  }),
  callerBeforeOthers: {
    on: { act: async ({ ctx, log }) => { await ctx.blockConcurrencyWhile(async () => { await wait(30); log("out"); }); log("caller"); }, say },
    worker: during("act"),
  },
  waitUntilWithin: alone(async ({ ctx, log }) => { await ctx.blockConcurrencyWhile(async () => { ctx.waitUntil(wait(15).then(() => log("waited"))); log("out"); }); log("caller"); await wait(30); }),
  callAnotherWithin: {
    on: { act: ({ ctx, env, log }) => ctx.blockConcurrencyWhile(async () => { log(await env.SUBJECTS.getByName("gates/callAnotherWithin/other").do("say", "from the other")); }), say },
    worker: during("act"),
  },
  callBeforeAwaitedWithin: {
    on: { act: ({ ctx, env, log }) => { const other = env.SUBJECTS.getByName("gates/callBeforeAwaitedWithin/other").do("say", "from the other"); other.then(() => log("answered")); return ctx.blockConcurrencyWhile(async () => { log("in"); await wait(30); log("out"); }); }, say },
    worker: async ({ ask, marks }) => { await ask("act"); await wait(400); return marks(); },
  },
  storageWithin: alone(({ ctx, storage, log }) => ctx.blockConcurrencyWhile(async () => { await storage.put("a", 1); log(await storage.get("a")); await storage.sync(); log("synced"); return storage.transaction(async (txn) => txn.get("a")); })),
  transactionHoldsEvents: { on: { act: ({ storage, log }) => storage.transaction(async () => { log("in"); await wait(30); log("out"); }), say }, worker: during("act") },
  transactionWithinSection: alone(({ ctx, storage, log }) => ctx.blockConcurrencyWhile(() => storage.transaction(async (txn) => { await txn.put("a", 1); await wait(5); log("in both"); return txn.get("a"); }))),
  sectionWithinTransaction: alone(({ ctx, storage, log }) => storage.transaction(async (txn) => { await txn.put("a", 1); return ctx.blockConcurrencyWhile(async () => { await wait(5); log("in both"); return txn.get("a"); }); })),
  transactionFailsWithinSection: alone(({ ctx, storage, attempt }) => ctx.blockConcurrencyWhile(async () => [await attempt(() => storage.transaction(async () => { throw new RangeError("mine"); })), "alive"])),
  plainAwaitLetsOthersIn: { on: { act: async ({ log }) => { log("in"); await wait(30); log("out"); }, say }, worker: during("act") },
  fetchAwaitLetsOthersIn: { on: { act: async ({ env, log }) => { log("in"); await env.SUBJECTS.getByName("gates/fetchAwaitLetsOthersIn/o").do("slow"); log("out"); }, slow: () => wait(40), say }, worker: during("act") },
  syncLetsOthersIn: {
    on: { act: async ({ storage, log }) => { setTimeout(() => log("timer"), 0); const until = Date.now() + 5; while (Date.now() < until && Date.now() === 0); storage.put("a", 1); await storage.sync(); log("synced"); await wait(5); } },
    worker: async ({ ask, marks }) => { await ask("act"); return (await marks()).sort(); },
  },
  storageLetsNobodyIn: {
    on: { act: async ({ storage, log }, name) => { for (let i = 0; i < 3; i++) { await storage.put("n", ((await storage.get("n")) ?? 0) + 1); log(`${name}${i}`); } return storage.get("n"); } },
    async worker({ at, marks }) { const stub = at(); return [await Promise.all(["a", "b", "c"].map((name) => stub.do("act", name))), await marks()]; },
  },
  allowConcurrencyValues: alone(async ({ storage }) => { const option = { allowConcurrency: true }; await storage.put("a", 1, option); return [await storage.get("a", option), await storage.get(["a", "b"], option), await storage.list(option), await storage.delete("a", option), await storage.getAlarm(option), await storage.get("a", option)]; }),
  allowConcurrencyTruthy: alone(async ({ storage, attempt }) => [await attempt(() => storage.get("a", { allowConcurrency: "yes" })), await attempt(() => storage.get("a", { allowConcurrency: 0 })), await attempt(() => storage.get("a", { allowConcurrency: null }))]),
  interleavedCounts: {
    on: { act: async ({ memory }) => { const n = memory.n ?? 0; await wait(5); memory.n = n + 1; return memory.n; } },
    async worker({ at }) { const stub = at(); return Promise.all([stub.do("act"), stub.do("act"), stub.do("act")]); },
  },
  countsWithinSections: {
    on: { act: ({ ctx, memory }) => ctx.blockConcurrencyWhile(async () => { const n = memory.n ?? 0; await wait(5); memory.n = n + 1; return memory.n; }) },
    async worker({ at }) { const stub = at(); return Promise.all([stub.do("act"), stub.do("act"), stub.do("act")]); },
  },
  eventsInOrder: { on: { say }, async worker({ at, marks }) { const stub = at(); return [await Promise.all([1, 2, 3, 4, 5].map((n) => stub.do("say", n))), await marks()]; } },
  callsAndFetchesInOrder: {
    on: { say }, fetch: ({ log }, request) => { log(new URL(request.url).pathname); return new Response("ok"); },
    async worker({ at, marks }) { const stub = at(); await stub.do("say", 0); await Promise.all([stub.do("say", 1), stub.fetch("https://o/2"), stub.do("say", 3), stub.fetch("https://o/4")]); return (await marks()).length; },
  },
  neverEnds: failing(() => new Promise(() => {})),
  waitsForOutsideTimer: alone(({ ctx }) => { const outside = wait(5); return ctx.blockConcurrencyWhile(() => outside); }),
  failsWithError: failing(async () => { await wait(30); throw new Error("mine"); }),
  failsWithTypeError: failing(async () => { await wait(30); throw new TypeError("mine"); }),
  failsWithText: failing(async () => { await wait(30); throw "text"; }),
  failsWithNothing: failing(async () => { await wait(30); throw undefined; }),
  failsWithObject: failing(async () => { await wait(30); throw { message: "an object" }; }),
  failsWithFlags: failing(async () => { await wait(30); throw Object.assign(new Error("mine"), { retryable: true, overloaded: true, remote: true }); }),
  failsAtOnce: alone(({ ctx }) => ctx.blockConcurrencyWhile(() => { throw new RangeError("at once"); })),
  failureIsNotCaught: alone(async ({ ctx, log }) => { try { await ctx.blockConcurrencyWhile(async () => { throw new Error("mine"); }); } catch { log("caught"); return "survived"; } finally { log("finally"); } }),
  failureOfInnerIsNotCaught: alone(({ ctx, log }) => ctx.blockConcurrencyWhile(async () => { try { await ctx.blockConcurrencyWhile(async () => { throw new Error("inner"); }); } catch { log("caught"); } return "survived"; })),
  failureNotAwaited: { on: { act: ({ ctx }) => { ctx.blockConcurrencyWhile(async () => { await wait(5); throw new Error("later"); }); return "answered"; }, say }, async worker({ attempt, ask, marks }) { return [await attempt(() => ask("act")), (await wait(30), await attempt(() => marks()))]; } },
  failureLosesItsTurn: { on: { act: ({ ctx, storage }) => ctx.blockConcurrencyWhile(async () => { await storage.put("kept", 1); await wait(5); storage.put("lost", 1); throw new Error("mine"); }), read: ({ storage }) => storage.list() }, async worker({ attempt, ask }) { return [await attempt(() => ask("act")), await attempt(() => ask("read"))]; } },
  failureOfRejectedPromise: alone(({ ctx }) => ctx.blockConcurrencyWhile(() => Promise.reject(new SyntaxError("rejected")))),
  failureFailsItsOtherCalls: {
    on: { slow: () => wait(60), hold: ({ ctx }) => ctx.blockConcurrencyWhile(async () => { await wait(20); throw new Error("mine"); }) },
    async worker({ at, attempt }) { const slow = attempt(() => at().do("slow")); await wait(5); return [await attempt(() => at().do("hold")), await slow]; },
  },

  // A section that was asked for within others and not awaited begins while those around it end: B blocks, T is a transaction.
  askedForInB: alone(asksWithin("B")),
  askedForInBB: alone(asksWithin("BB")),
  askedForInBBB: alone(asksWithin("BBB")),
  askedForInTB: alone(asksWithin("TB")),
  askedForInBT: alone(asksWithin("BT")),
  askedForInBTB: alone(asksWithin("BTB")),
  askedForInTBT: alone(asksWithin("TBT")),
  askedForInBBBBB: alone(asksWithin("BBBBB")),
  askedForInRolledBack: alone(({ ctx, storage, log }) => storage.transaction(async () => {
    await ctx.blockConcurrencyWhile(() => storage.transaction(async () => { ctx.waitUntil(storage.transaction(async () => log("asked for"))); }));
    log("left");
    throw new Error("rolled back");
  }).catch((error) => log(error.message)).then(() => wait(5))),

  // What a section gives out is part of it.
  sectionGivesFunction: alone(givesOut((remote, f) => remote.call(f, 1))),
  sectionGivesFunctionTwice: alone(givesOut(async (remote, f) => [await remote.call(f, 1), await remote.call(f, 2)])),
  sectionFunctionCalledTwice: alone(givesOut((remote, f) => remote.callTwice(f))),
  sectionFunctionCalledTwiceAtOnce: alone(givesOut((remote, f) => remote.callTwiceAtOnce(f))),
  sectionTwoFunctions: alone(givesOut((remote, f) => remote.callBoth(f, (x) => x * 10))),
  sectionFunctionDuplicated: alone(givesOut((remote, f) => remote.callDuplicated(f))),
  sectionTargetTwice: alone(givesOut((remote) => remote.use(new Counter(1)))),
  sectionTargetOnce: alone(givesOut((remote) => remote.useOnce(new Counter(1)))),
  sectionTargetProperty: alone(givesOut((remote) => remote.useProperty(new Counter(1)))),
  sectionTargetPipelined: alone(givesOut((remote) => remote.usePipelined(new Counter(1)))),
  sectionPassesOn: alone(givesOut(async (remote) => { using counter = await remote.counter(1); return [await remote.use(counter), await remote.use(counter)]; })),
  sectionFunctionInTransaction: alone((api) => api.storage.transaction(() => inSection(api, (remote, f) => remote.callTwice(f)))),
  sectionFunctionGivenOutside: alone(async (api) => { const f = (x) => x + 1; const remote = remoteOf(api); await remote.keep(f); return api.ctx.blockConcurrencyWhile(() => Promise.race([remote.useKept(1), api.tick(1500).then(() => "stuck")])); }),
  outsideFunctionCalledTwice: alone((api) => inSection(api, (remote, f) => remote.callTwice(f))),
};
