// Reading a body is I/O: it takes a turn of its own, in which other events of the object may come between.

/** "same turn" when the promise settles by microtasks alone. */
async function when(act) {
  let settled = false;
  const done = Promise.resolve(act()).then(() => { settled = true; }, () => { settled = true; });
  for (let i = 0; i < 300 && !settled; i++) await null;
  const shown = settled ? "same turn" : "later turn";
  await done;
  return shown;
}
const readers = ["text", "json", "arrayBuffer", "bytes", "blob"];

export const bodies = {
  response: async () => Object.fromEntries(await Promise.all(readers.map(async (how) => [how, await when(() => new Response("1")[how]())]))),
  request: async () => Object.fromEntries(await Promise.all(readers.map(async (how) => [how, await when(() => new Request("http://x", { method: "POST", body: "1" })[how]())]))),
  bytes: () => when(() => new Response(new Uint8Array(3)).arrayBuffer()),
  emptyText: () => when(() => new Response("").text()),
  noBody: () => when(() => new Response(null).text()),
  badJson: () => when(() => new Response("{").json()),
  usedTwice: async () => { const r = new Response("a"); await r.text(); return when(() => r.text()); },
  form: () => when(() => new Response("a=1", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData()),
  reader: () => when(() => new Response("a").body.getReader().read()),
  clone: () => when(() => new Response("a").clone().text()),
  blob: () => when(() => new Blob(["a"]).text()),
  ownStream: () => when(() => new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array(1)); c.close(); } })).text()),
  readInSection: async ({ ctx, log }) => {
    log(await ctx.blockConcurrencyWhile(async () => new Response("in a section").text()));
  },
  readOnce: async ({ object }) => {
    object.marks ??= [];
    object.marks.push("begins");
    await new Response("x").text();
    object.marks.push("ends");
    return object.marks;
  },
  othersComeBetween: async ({ ctx, env, object }) => {
    const own = env.OBJECTS.get(ctx.id);
    await Promise.all([1, 2, 3].map(() => own.run("bodies", "readOnce", 0)));
    return object.marks;
  },
  noneComeIntoASection: async ({ ctx, log }) => {
    const timer = new Promise((done) => setTimeout(() => done(log("timer")), 0));
    await ctx.blockConcurrencyWhile(async () => {
      for (let i = 0; i < 3; i++) log(await new Response(`read ${i}`).text());
    });
    await timer;
  },
  readInTransaction: async ({ storage }) => {
    await storage.transaction(async (txn) => { await txn.put("a", await new Response("in a transaction").text()); });
    return storage.get("a");
  },
};
