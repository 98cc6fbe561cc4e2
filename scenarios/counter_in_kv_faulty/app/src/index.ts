import { DurableObject } from "cloudflare:workers";

interface Env {
  VIEWS: KVNamespace;
  COUNTER: DurableObjectNamespace<Counter>;
  MISTAKE: string;
}

/** The views of one page. */
export class Counter extends DurableObject<Env> {
  async views(): Promise<number> {
    return (await this.ctx.storage.get<number>("views")) ?? 0;
  }

  async count(): Promise<number> {
    const views = (await this.views()) + 1;
    await this.ctx.storage.put("views", views);
    return views;
  }
}

async function countInKv(kv: KVNamespace, page: string, counts: boolean): Promise<number> {
  const views = Number((await kv.get(page)) ?? "0");
  if (!counts) return views;
  // The bug: what was read may be a minute old, and somebody else may have counted meanwhile.
  await kv.put(page, String(views + 1));
  return views + 1;
}

// POST /views/:page   counts a view: the number after it
// GET  /views/:page   how many there are
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const page = new URL(request.url).pathname.match(/^\/views\/([\w-]+)$/)?.[1];
    if (!page) return new Response("no such page\n", { status: 404 });
    const counts = request.method === "POST";
    if (env.MISTAKE === "counter_in_kv") return Response.json({ views: await countInKv(env.VIEWS, page, counts) });
    const counter = env.COUNTER.getByName(page);
    return Response.json({ views: await (counts ? counter.count() : counter.views()) });
  },
} satisfies ExportedHandler<Env>;
