// Ids, names, namespaces, stubs and what `ctx` is.
import { DurableObject } from "cloudflare:workers";

const worker = (act) => ({ on: { who: ({ ctx }) => [ctx.id.name, `${ctx.id}`.length, ctx.id.jurisdiction] }, worker: act });
const caller = (act) => worker(async ({ env, attempt }) => act({ T: env.SUBJECTS, O: env.OBJECTS, attempt, env }));

export const identity = {
  nameWithin: worker(async ({ ask }) => ask("who")),
  nameByString: worker(async ({ env, attempt }) => { const id = env.SUBJECTS.idFromName("identity/nameByString"); return attempt(() => env.SUBJECTS.get(env.SUBJECTS.idFromString(`${id}`)).marks()); }),
  nameOfId: caller(({ T }) => { const id = T.idFromName("a"); return [id.name, T.idFromString(`${id}`).name, T.newUniqueId().name, T.get(id).name, T.get(id).id.name, T.getByName("b").name]; }),
  nameLong: caller(({ T }) => T.idFromName("n".repeat(3000)).name.length),
  nameOdd: caller(async ({ T, attempt }) => [T.idFromName("").name, T.idFromName(5).name, T.idFromName(null).name, T.idFromName(undefined).name, T.idFromName("ü\ud800").name.length, await attempt(() => T.idFromName()), await attempt(() => T.idFromName(Symbol("s")))]),
  idText: caller(({ T }) => { const id = T.idFromName("a"); return [`${id}`.length, /^[0-9a-f]{64}$/.test(`${id}`), `${id}` === `${T.idFromName("a")}`, id.toString() === `${id}`]; }),
  idEquals: caller(async ({ T, O, attempt }) => { const id = T.idFromName("a"); return [id.equals(T.idFromName("a")), id.equals(T.idFromString(`${id}`)), id.equals(T.idFromName("b")), id.equals(O.idFromName("a")), await attempt(() => id.equals("x")), await attempt(() => id.equals())]; }),
  idShape: caller(({ T }) => { const id = T.idFromName("a"); return [Object.prototype.toString.call(id), id.constructor.name, Object.keys(id), Object.getOwnPropertyNames(Object.getPrototypeOf(id)).sort()]; }),
  idFromString: caller(async ({ T, O, attempt }) => { const text = `${T.idFromName("a")}`; return [await attempt(() => T.idFromString("abc")), await attempt(() => T.idFromString("g".repeat(64))), await attempt(() => `${T.idFromString(text.toUpperCase())}` === text), await attempt(() => T.idFromString(`${O.idFromName("a")}`)), await attempt(() => T.idFromString("0".repeat(64))), await attempt(() => T.idFromString()), await attempt(() => T.idFromString(5))]; }),
  uniqueIds: caller(async ({ T, attempt }) => { const a = T.newUniqueId(), b = T.newUniqueId(); return [a.equals(b), a.equals(T.idFromString(`${a}`)), await attempt(() => T.newUniqueId({})), await attempt(() => T.newUniqueId(null)), await attempt(() => T.newUniqueId(5))].map((x) => (x?.gave ? "an id" : x)); }),
  get: caller(async ({ T, O, attempt }) => [await attempt(() => T.get()), await attempt(() => T.get("a")), await attempt(() => T.get(null)), await attempt(() => T.get({})), (await attempt(() => T.get(O.idFromName("a")))).gave ? "a stub" : await attempt(() => T.get(O.idFromName("a")))]),
  getByName: caller(async ({ T, attempt }) => [await attempt(() => T.getByName()), T.getByName("a").id.equals(T.idFromName("a"))]),
  getOptions: caller(async ({ T, attempt }) => { const id = T.idFromName("identity/getOptions"); const seen = []; for (const options of [{ locationHint: "weur" }, { locationHint: "apac-ne" }, { locationHint: "nowhere" }, { locationHint: 5 }, { locationHint: null }, {}, undefined, null, 5, "x", { unknown: 1 }]) { const given = await attempt(() => { T.get(id, options); return "a stub"; }); seen.push(given); } return seen; }),
  getByNameOptions: caller(async ({ T, attempt }) => { const seen = []; for (const options of [{ locationHint: "weur" }, { locationHint: "nowhere" }, null, 5]) seen.push(await attempt(() => { T.getByName("a", options); return "a stub"; })); return seen; }),
  jurisdictionNone: caller(async ({ T, attempt }) => [await attempt(() => T.jurisdiction(null) === T), await attempt(() => T.jurisdiction(undefined) === T), await attempt(() => T.jurisdiction() === T), await attempt(() => T.jurisdiction(null).idFromName("a").equals(T.idFromName("a"))), T.jurisdiction(null)?.constructor.name]),
  jurisdictions: caller(async ({ T, attempt }) => { const seen = []; for (const name of ["eu", "fedramp", "fedramp-high", "us", "mars", "", 5]) seen.push([await attempt(() => T.jurisdiction(name)), await attempt(() => T.newUniqueId({ jurisdiction: name }))]); return seen; }),
  jurisdictionOfId: caller(({ T }) => [T.idFromName("a").jurisdiction, T.newUniqueId().jurisdiction, "jurisdiction" in T.idFromName("a")]),
  stubShape: caller(({ T }) => { const stub = T.getByName("a"); return [Object.prototype.toString.call(stub), stub.constructor.name, typeof stub, typeof stub.anything, stub.id.name, stub.name]; }),
  stubNew: caller(async ({ T, attempt }) => [await attempt(() => new (T.getByName("a").constructor)()), await attempt(() => new (T.constructor)()), await attempt(() => new (T.idFromName("a").constructor)())]),
  namespaceShape: caller(({ T }) => [Object.prototype.toString.call(T), T.constructor.name, Object.keys(T), Object.getOwnPropertyNames(Object.getPrototypeOf(T)).sort()]),
  namespaceDetached: caller(async ({ T, attempt }) => { const { idFromName, get } = T; return [await attempt(() => idFromName("a")), await attempt(() => get(T.idFromName("a")))]; }),
  ctxShape: ({ ctx }) => [Object.prototype.toString.call(ctx), ctx.constructor.name, Object.getOwnPropertyNames(ctx).sort()],
  ctxMethods: ({ ctx }) => ["waitUntil", "blockConcurrencyWhile", "abort", "acceptWebSocket", "getWebSockets", "setWebSocketAutoResponse", "getWebSocketAutoResponse", "getWebSocketAutoResponseTimestamp", "setHibernatableWebSocketEventTimeout", "getHibernatableWebSocketEventTimeout", "getTags"].map((name) => [name, typeof ctx[name]]),
  ctxDetached: async ({ ctx, attempt }) => { const { waitUntil, abort } = ctx; return [await attempt(() => waitUntil(null)), await attempt(() => abort("mine"))]; },
  ctxId: ({ ctx }) => [ctx.id === ctx.id, ctx.id.name, ctx.storage === ctx.storage, ctx.id.constructor.name],
  ctxProps: ({ ctx }) => [typeof ctx.props, Object.keys(ctx.props ?? {})],
  objectShape: ({ object, ctx, env }) => [object instanceof DurableObject, Object.keys(object), object.ctx === ctx, object.env === env],
};
