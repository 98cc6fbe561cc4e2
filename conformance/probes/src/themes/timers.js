// Timers of an object: order, delays, arguments, limits.

/** Runs `act`, then waits `ms` for its timers. */
const timers = (act, ms = 30) => async (api) => { const gave = await act(api); await api.tick(ms); return gave; };

export const timersOf = {
  orderByDelay: timers(({ log }) => { setTimeout(() => log(12), 12); setTimeout(() => log(1), 1); setTimeout(() => log(6), 6); }),
  orderOfEqual: timers(({ log }) => { for (let i = 0; i < 5; i++) setTimeout(() => log(i), 3); }),
  zeroAndOne: timers(({ log }) => { setTimeout(() => log("one"), 2); setTimeout(() => log("zero"), 0); setTimeout(() => log("none")); }),
  afterMicrotasks: timers(async ({ log }) => { setTimeout(() => log("timer"), 0); for (let i = 0; i < 3; i++) { await null; log(i); } }),
  nested: timers(({ log }) => { setTimeout(() => { log("outer"); setTimeout(() => log("inner"), 0); log("outer ends"); }, 0); }),
  microtaskOfTimer: timers(({ log }) => { setTimeout(() => { log("first"); Promise.resolve().then(() => log("microtask")); }, 2); setTimeout(() => log("second"), 2); }),
  clear: timers(({ log }) => { const id = setTimeout(() => log("never"), 2); clearTimeout(id); clearTimeout(id); clearTimeout(); clearTimeout(null); clearTimeout(987654); }),
  clearInCallback: timers(({ log }) => { let other; setTimeout(() => { log("first"); clearTimeout(other); }, 2); other = setTimeout(() => log("never"), 4); }),
  clearItself: timers(({ log }) => { const id = setTimeout(() => { clearTimeout(id); log("once"); }, 1); }),
  interval: timers(async ({ log, tick }) => { let n = 0; await new Promise((done) => { const id = setInterval(() => { log(++n); if (n === 3) { clearInterval(id); done(); } }, 2); }); }),
  intervalClearedAsTimeout: timers(({ log }) => { const id = setInterval(() => { log("once"); clearTimeout(id); }, 2); }),
  arguments: timers(({ log }) => { setTimeout((...args) => log(args), 1, "a", 2, null); }),
  thisIs: timers(({ log }) => { setTimeout(function () { log([this === undefined, this === globalThis]); }, 1); }),
  idIsNumber: ({ }) => { const id = setTimeout(() => {}, 1); return [typeof id, id > 0]; },
  idsGrow: () => { const a = setTimeout(() => {}, 1), b = setTimeout(() => {}, 1); return b > a; },
  negative: timers(({ log }) => { setTimeout(() => log("negative"), -5); setTimeout(() => log("minus infinity"), -Infinity); }),
  notANumber: timers(({ log }) => { setTimeout(() => log("nan"), NaN); setTimeout(() => log("text"), "x"); setTimeout(() => log("numeric"), "2"); setTimeout(() => log("null"), null); setTimeout(() => log("undefined"), undefined); }),
  objectDelay: timers(({ log }) => { setTimeout(() => log("object"), { valueOf: () => 1 }); }),
  huge: timers(({ log }) => { const ids = [setTimeout(() => log("2^31"), 2 ** 31), setTimeout(() => log("2^53"), 2 ** 53), setTimeout(() => log("infinity"), Infinity)]; setTimeout(() => ids.forEach(clearTimeout), 20); }),
  noFunction: async ({ attempt }) => [await attempt(() => setTimeout()), await attempt(() => setTimeout("log(1)", 1)), await attempt(() => setTimeout(null, 1)), await attempt(() => setInterval())],
  limit: ({ }) => {
    const ids = [];
    try { for (let i = 0; i < 10001; i++) ids.push(setTimeout(() => {}, 1e6)); } catch (error) { return [ids.length, error.name, error.message, error.constructor.name]; } finally { ids.forEach(clearTimeout); }
    return ids.length;
  },
  limitCountsCleared: () => {
    for (let i = 0; i < 10001; i++) clearTimeout(setTimeout(() => {}, 1e6));
    return "no limit";
  },
  schedulerWait: async ({ log }) => { await scheduler.wait(2); log("waited"); },
  schedulerAborted: async ({ attempt }) => { const c = new AbortController(); setTimeout(() => c.abort(), 2); return [await attempt(() => scheduler.wait(1e6, { signal: c.signal })), await attempt(() => scheduler.wait(1, { signal: AbortSignal.abort("why") }))]; },
  clockMoves: async ({ tick }) => { const a = Date.now(); await tick(5); return Date.now() > a; },
  limitCountsEnded: async ({ tick }) => {
    for (let i = 0; i < 3; i++) clearTimeout(setTimeout(() => {}, 1e6));
    setTimeout(() => {}, 0);
    await tick(5);
    const ids = [];
    try { for (let i = 0; i < 10001; i++) ids.push(setTimeout(() => {}, 1e6)); } catch (error) { return error.message; } finally { ids.forEach(clearTimeout); }
    return "no limit";
  },
};
