// list() with every option, alone and together, of the asynchronous methods.

const names = ["a", "a/1", "a/2", "a/3", "b", "b/1", "c", "Z", "é", "🔑", ""];
const fill = (storage) => storage.put(Object.fromEntries(names.map((name) => [name, name.length])));
const keys = (options) => async ({ storage }) => {
  await fill(storage);
  return [...(await storage.list(options)).keys()];
};
const several = (...all) => async ({ storage, attempt }) => {
  await fill(storage);
  const answers = [];
  for (const options of all) answers.push(await attempt(async () => [...(await storage.list(options)).keys()]));
  return answers;
};

export const kvList = {
  empty: ({ storage }) => storage.list(),
  all: keys(),
  undefinedOptions: keys({ start: undefined, end: undefined, prefix: undefined, limit: undefined, reverse: undefined }),
  nullOptions: several(null, { start: null }, { end: null }, { prefix: null }, { limit: null }, { startAfter: null }, { reverse: null }),
  reverse: keys({ reverse: true }),
  reverseOdd: several({ reverse: 0 }, { reverse: "" }, { reverse: "no" }, { reverse: {} }),
  limit: several({ limit: 1 }, { limit: 3 }, { limit: 1000 }),
  limitOdd: several({ limit: 0 }, { limit: -1 }, { limit: 1.9 }, { limit: 0.5 }, { limit: NaN }, { limit: Infinity }, { limit: "2" }, { limit: "x" }, { limit: 2n }, { limit: {} }, { limit: true }, { limit: 2 ** 31 }, { limit: 2 ** 32 + 1 }, { limit: 2 ** 53 }),
  limitThrows: several({ limit: { valueOf() { throw new RangeError("mine"); } } }, { limit: Symbol("s") }),
  reverseLimit: keys({ reverse: true, limit: 2 }),
  start: several({ start: "a/2" }, { start: "a/15" }, { start: "" }, { start: "zzz" }),
  startAfter: several({ startAfter: "a/2" }, { startAfter: "a/15" }, { startAfter: "" }, { startAfter: "🔑" }),
  startAndStartAfter: several({ start: "a", startAfter: "b" }, { start: "a", startAfter: "" }, { start: undefined, startAfter: "b" }),
  end: several({ end: "a/2" }, { end: "" }, { end: "zzz" }),
  startEnd: several({ start: "a/1", end: "b" }, { start: "b", end: "a" }, { start: "a", end: "a" }, { startAfter: "a", end: "a" }, { startAfter: "a", end: "a\0" }),
  prefix: several({ prefix: "a/" }, { prefix: "" }, { prefix: "x" }, { prefix: "é" }, { prefix: "🔑" }),
  prefixStart: several({ prefix: "a/", start: "a/2" }, { prefix: "a/", start: "b" }, { prefix: "b", start: "a" }, { prefix: "a/", startAfter: "a/1" }, { prefix: "a/", startAfter: "a" }),
  prefixEnd: several({ prefix: "a/", end: "a/3" }, { prefix: "a/", end: "z" }, { prefix: "a/", end: "a" }, { prefix: "b", end: "a/3" }),
  prefixReverseLimit: keys({ prefix: "a/", reverse: true, limit: 2 }),
  everything: keys({ start: "a/1", end: "a/3", prefix: "a/", reverse: true, limit: 1, noCache: true, allowConcurrency: true }),
  startReverse: several({ start: "a/2", reverse: true }, { startAfter: "a/2", reverse: true, limit: 2 }, { end: "a/2", reverse: true, limit: 1 }),
  numbersAsText: several({ start: 5 }, { prefix: 1 }, { end: true }),
  symbolStart: several({ start: Symbol("s") }, { prefix: Symbol("s") }),
  oddOptions: several(5, "x", [], () => {}, true, Symbol("s"), 5n),
  twoArguments: several([{ limit: 1 }, { limit: 2 }]),
  isMap: async ({ storage }) => { const map = await storage.list(); return [map instanceof Map, map.size, map.constructor === Map]; },
  bytesNotUnits: async ({ storage }) => {
    // UTF-16 order would put the astral character before U+FFEE.
    await storage.put({ "\uffee": 1, "\u{1f511}": 2, "a": 3 });
    return [[...(await storage.list()).keys()], [...(await storage.get(["\u{1f511}", "\uffee", "a"])).keys()]];
  },
  afterDelete: async ({ storage }) => { await fill(storage); await storage.delete("a"); return [...(await storage.list({ limit: 2 })).keys()]; },
  values: async ({ storage }) => { await storage.put({ m: new Map([[1, 2]]), d: new Date(0) }); return storage.list(); },
  thousand: async ({ storage }) => {
    for (let i = 0; i < 1200; i++) storage.put(`k${i}`, i);
    return [(await storage.list()).size, (await storage.list({ limit: 1001 })).size, (await storage.list({ prefix: "k1" })).size];
  },
};
