interface Env {
  FLAGS: KVNamespace;
  ADMIN_TOKEN: string;
}

/** A flag as it is stored. `revision` counts its changes. */
interface Flag {
  enabled: boolean;
  revision: number;
}

interface FlagMetadata {
  changedBy: string;
}

const OFF: Flag = { enabled: false, revision: 0 };
// A flag nobody reads often may be a little older; one that guards a payment may not.
const CACHE_TTL = { relaxed: 120, usual: 60, strict: 30 } as const;

function refuse(status: number, reason: string): Response {
  return Response.json({ error: reason }, { status });
}

async function readFlag(name: string, url: URL, env: Env): Promise<Response> {
  const freshness = (url.searchParams.get("freshness") ?? "usual") as keyof typeof CACHE_TTL;
  const cacheTtl = CACHE_TTL[freshness] ?? CACHE_TTL.usual;
  const { value, metadata } = await env.FLAGS.getWithMetadata<Flag, FlagMetadata>(name, { type: "json", cacheTtl });
  // A flag that is not there is off.
  return Response.json({ ...(value ?? OFF), changedBy: metadata?.changedBy ?? null });
}

async function writeFlag(name: string, request: Request, env: Env): Promise<Response> {
  const flag = await request.json<Flag>();
  try {
    await env.FLAGS.put(name, JSON.stringify(flag), { metadata: { changedBy: "admin" } satisfies FlagMetadata });
  } catch (error) {
    const text = (error as Error).message;
    // Surely not written: the administrator may ask again. Anything else may have been.
    if (text.includes(" 429 ") || text.includes(" 503 ")) return refuse(429, text);
    return refuse(500, text);
  }
  return Response.json(flag);
}

// GET    /flags              the names of all flags
// GET    /flags/:name        the flag, {enabled: false} where there is none
// PUT    /flags/:name        sets it (administrators)
// DELETE /flags/:name        removes it (administrators)
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const match = url.pathname.match(/^\/flags(?:\/([\w-]+))?$/);
    if (!match) return refuse(404, "no such page");
    const name = match[1];
    if (name === undefined) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page: KVNamespaceListResult<FlagMetadata, string> = await env.FLAGS.list<FlagMetadata>({ cursor });
        names.push(...page.keys.map((key) => key.name));
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor !== undefined);
      return Response.json(names);
    }
    if (request.method === "GET") return readFlag(name, url, env);
    if (request.headers.get("authorization") !== `Bearer ${env.ADMIN_TOKEN}`) return refuse(403, "administrators only");
    if (request.method === "PUT") return writeFlag(name, request, env);
    if (request.method === "DELETE") {
      await env.FLAGS.delete(name);
      return Response.json(OFF);
    }
    return refuse(405, "GET, PUT or DELETE");
  },
} satisfies ExportedHandler<Env>;
