import { DurableObject } from "cloudflare:workers";

interface Env {
  SALE: DurableObjectNamespace<Sale>;
  PIECES: string;
}

/** One article of a flash sale. The input gate keeps other requests out between `get` and `put`. */
export class Sale extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const sold = (await this.ctx.storage.get<number>("sold")) ?? 0;
    if (request.method === "GET") return Response.json({ sold });

    if (sold >= Number(this.env.PIECES)) return Response.json({ sold }, { status: 410 });
    await this.ctx.storage.put("sold", sold + 1);
    return Response.json({ sold: sold + 1 });
  }
}

// GET /sale/:article   how many are sold
// POST /sale/:article  buys one: 200 with its number, or 410 when all are gone
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const article = new URL(request.url).pathname.match(/^\/sale\/([\w-]+)$/)?.[1];
    if (!article) return new Response("no such page\n", { status: 404 });
    return env.SALE.get(env.SALE.idFromName(article)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
