// What there is of read replicas where there are none: which methods a flag brings, routing modes, bookmarks to wait for.
const names = ["ensureReplicas", "disableReplicas", "waitForBookmark", "primary"];
const modes = [{ routingMode: "primary-only" }, { routingMode: "nearest" }, { routingMode: undefined }, { routingMode: null }, { routingMode: 5 }, { routingMode: "" }];

export const replicas = {
  methods: ({ ctx, storage }) => [names.map((name) => [name in storage, typeof storage[name]]), typeof ctx.configureReadReplication, "primaryStub" in ctx, typeof ctx.primaryStub],
  waits: async ({ storage, attempt }) => { const seen = []; for (const given of [["x"], [""], [5], [null], [undefined], []]) seen.push(await attempt(() => storage.waitForBookmark(...given))); return seen; },
  waitsForNow: async ({ storage, attempt }) => { await storage.put("k", 1); const bookmark = await storage.getCurrentBookmark(); return attempt(() => storage.waitForBookmark(bookmark)); },
  waitsAsWhom: async ({ storage, attempt }) => { const { waitForBookmark } = storage; return [storage.waitForBookmark?.length, await attempt(() => waitForBookmark("x"))]; },
  getModes: { on: { ping: () => "pong" }, worker: async ({ env, attempt }) => { const seen = []; const id = env.SUBJECTS.idFromName("replicas/getModes"); for (const options of modes) seen.push(await attempt(() => { env.SUBJECTS.get(id, options); return "a stub"; })); return seen; } },
  getByNameModes: { on: { ping: () => "pong" }, worker: async ({ env, attempt }) => { const seen = []; for (const options of modes) seen.push(await attempt(() => { env.SUBJECTS.getByName("replicas/getByNameModes", options); return "a stub"; })); return seen; } },
  primaryOnly: { on: { ping: () => "pong" }, worker: async ({ env, attempt }) => attempt(() => env.REMOTE.getByName("replicas", { routingMode: "primary-only" }).fetch("http://x/").then((r) => typeof r.status)) },
};
