// Asynchronous key-value methods: what they give, what they make of odd arguments.

export const kvArguments = {
  getMissing: ({ storage }) => storage.get("nothing"),
  getWithoutKey: ({ storage }) => storage.get(),
  getNull: async ({ storage }) => [await storage.put("null", 1), await storage.get(null)],
  getNumber: async ({ storage }) => [await storage.put(5, "five"), await storage.get(5), await storage.get("5")],
  getUndefined: async ({ storage }) => [await storage.put("undefined", 1), await storage.get(undefined)],
  getObject: async ({ storage }) => [await storage.put("[object Object]", 1), await storage.get({})],
  getSymbol: ({ storage }) => storage.get(Symbol("s")),
  getKeyThrows: ({ storage }) => storage.get({ toString() { throw new RangeError("mine"); } }),
  getEmptyKey: async ({ storage }) => [await storage.put("", "empty"), await storage.get("")],
  getLoneSurrogate: async ({ storage }) =>
    [await storage.put("a\ud800", 1), await storage.get("a\ud800"), await storage.get("a\ufffd"), [...(await storage.list()).keys()]],
  getKeyWithNul: async ({ storage }) => [await storage.put("a\0b", 1), await storage.get("a\0b"), await storage.get("a"), await storage.list()],
  getUnicodeKey: async ({ storage }) => [await storage.put("schlüssel🔑", 1), await storage.list()],
  getList: async ({ storage }) => {
    await storage.put({ b: 2, a: 1, c: 3 });
    return [await storage.get(["c", "a", "x"]), await storage.get([]), await storage.get(["a", "a", "b"])];
  },
  getListOddKeys: async ({ storage }) => [await storage.put({ 1: "one", null: 0 }), await storage.get([1, null])],
  getListSymbol: ({ storage }) => storage.get(["a", Symbol("s")]),
  getSet: async ({ storage }) => [await storage.put("a", 1), await storage.get(new Set(["a"]))],
  getIsPromise: ({ storage }) => { const p = storage.get("a"); return [p instanceof Promise, typeof p]; },
  getOptionsOdd: async ({ storage, attempt }) => [
    await attempt(() => storage.get("a", 5)), await attempt(() => storage.get("a", "x")),
    await attempt(() => storage.get("a", null)), await attempt(() => storage.get("a", { noCache: "yes", other: 1 })),
    await attempt(() => storage.get("a", () => {})), await attempt(() => storage.get("a", [])),
  ],
  getOptionsThrow: ({ storage }) => storage.get("a", { get noCache() { throw new Error("looked"); } }),
  getOptionsOrder: async ({ storage, log }) => {
    await storage.get("a", new Proxy({}, { get(_, name) { log(String(name)); } }));
  },
  putOptionsOrder: async ({ storage, log }) => {
    await storage.put("a", 1, new Proxy({}, { get(_, name) { log(String(name)); } }));
  },
  listOptionsOrder: async ({ storage, log }) => {
    await storage.list(new Proxy({}, { get(_, name) { log(String(name)); } }));
  },
  putNothing: ({ storage }) => storage.put(),
  putKeyOnly: ({ storage }) => storage.put("a"),
  putUndefined: ({ storage }) => storage.put("a", undefined),
  putGives: ({ storage }) => storage.put("a", 1),
  putNull: async ({ storage }) => [await storage.put("a", null), await storage.get("a"), await storage.list()],
  putNullKey: async ({ storage, attempt }) => [await attempt(() => storage.put(null, 1)), await storage.list()],
  putTrueKey: async ({ storage, attempt }) => [await attempt(() => storage.put(true, 1)), await storage.list()],
  putSymbolKey: ({ storage }) => storage.put(Symbol("s"), 1),
  putArrayKey: async ({ storage, attempt }) => [await attempt(() => storage.put(["x", "y"], 1)), await attempt(() => storage.put(["x", "y"])), await storage.list()],
  putFunctionKey: async ({ storage, attempt }) => [await attempt(() => storage.put(function f() {}, 1)), (await storage.list()).size],
  putDateKey: async ({ storage, attempt }) => [await attempt(() => storage.put(new Date(0))), (await storage.list()).size],
  putMapEntries: async ({ storage, attempt }) => [await attempt(() => storage.put(new Map([["a", 1]]))), await storage.list()],
  putStringObjectKey: async ({ storage, attempt }) => [await attempt(() => storage.put(new String("ab"), 1)), await storage.list()],
  putEntries: async ({ storage }) => [await storage.put({ a: 1, b: undefined, c: null }), await storage.list()],
  putNoEntries: async ({ storage }) => [await storage.put({}), await storage.list()],
  putEntriesOptions: async ({ storage }) => [await storage.put({ a: 1 }, { allowUnconfirmed: true }), await storage.list()],
  putEntriesText: ({ storage }) => storage.put({ a: 1 }, "text"),
  putEntriesNumber: ({ storage }) => storage.put({ a: 1 }, 5),
  putEntriesNull: ({ storage }) => storage.put({ a: 1 }, null),
  putEntriesThreeArguments: async ({ storage, attempt }) => [await attempt(() => storage.put({ a: 1 }, {}, {})), await storage.list()],
  putEntriesInherited: async ({ storage }) => [await storage.put(Object.create({ up: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } })), await storage.list()],
  putEntriesSymbol: async ({ storage }) => [await storage.put({ [Symbol("s")]: 1, a: 1 }), await storage.list()],
  putEntriesGetterThrows: async ({ storage, attempt }) => [await attempt(() => storage.put({ a: 1, get b() { throw new RangeError("mine"); } })), await storage.list()],
  putEntriesOneBad: async ({ storage, attempt }) => {
    await storage.put("a", "old");
    return [await attempt(() => storage.put({ a: "new", b: () => {} })), await storage.list()];
  },
  putEntriesUndefinedOnly: async ({ storage }) => [await storage.put({ a: undefined }), await storage.list()],
  putOptionsOdd: async ({ storage, attempt }) => [
    await attempt(() => storage.put("a", 1, 5)), await attempt(() => storage.put("a", 1, "x")),
    await attempt(() => storage.put("a", 1, null)), await attempt(() => storage.put("a", 1, { allowUnconfirmed: 1, allowConcurrency: "x", noCache: [] })),
  ],
  deleteGives: async ({ storage }) => [await storage.put("a", 1), await storage.delete("a"), await storage.delete("a")],
  deleteList: async ({ storage }) => [await storage.put({ a: 1, b: 2 }), await storage.delete(["a", "x", "b"]), await storage.delete([]), await storage.list()],
  deleteListTwice: async ({ storage }) => [await storage.put({ a: 1 }), await storage.delete(["a", "a"])],
  deleteNothing: ({ storage }) => storage.delete(),
  deleteNumber: async ({ storage }) => [await storage.put("5", 1), await storage.delete(5)],
  deleteListSymbol: async ({ storage, attempt }) => [await storage.put("a", 1), await attempt(() => storage.delete(["a", Symbol("s")])), await storage.list()],
  keyOf2048: async ({ storage, attempt }) => [await attempt(() => storage.put("k".repeat(2048), 1)), (await storage.list()).size],
  keyOf2049: async ({ storage, attempt }) => [await attempt(() => storage.put("k".repeat(2049), 1)), await attempt(() => storage.get("k".repeat(2049))), await attempt(() => storage.delete("k".repeat(2049)))],
  keyOf3MB: async ({ storage, attempt }) => [await attempt(() => storage.put("k".repeat(3 << 20), 1)), await attempt(() => storage.put("k".repeat(5 << 20), 1)), await attempt(() => storage.get("k".repeat(5 << 20)))],
  keys129: async ({ storage, attempt }) => {
    const names = Array.from({ length: 129 }, (_, i) => `k${i}`);
    const all = Object.fromEntries(names.map((name) => [name, 1]));
    return [await attempt(() => storage.put(all)), (await attempt(() => storage.get(names))), await attempt(() => storage.delete(names))];
  },
  valueOf200kB: async ({ storage, attempt }) => [await attempt(() => storage.put("a", "v".repeat(200_000))), (await storage.get("a"))?.length],
  valueOf2MB: async ({ storage, attempt }) => [await attempt(() => storage.put("a", "v".repeat(2 << 20))), (await storage.get("a"))?.length],
  valueOf5MB: async ({ storage, attempt }) => [await attempt(() => storage.put("a", "v".repeat(5 << 20))), (await storage.get("a"))?.length],
  valueAtTheLimit: async ({ storage, attempt }) => {
    const answers = [];
    for (const size of [4_194_260, 4_194_290, 4_194_296, 4_194_300, 4_194_304]) {
      answers.push([size, await attempt(() => storage.put("a", new Uint8Array(size)))]);
    }
    return answers;
  },
};
