import { DurableObject } from "cloudflare:workers";

interface Env {
  CART: DurableObjectNamespace<Cart>;
  MOST: string;
  MISTAKE: string;
}

/** A cart of at most MOST pieces. Reads come from memory. */
export class Cart extends DurableObject<Env> {
  private pieces = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      this.pieces = await ctx.storage.list<number>();
    });
  }

  look(article: string): number | null {
    return this.pieces.get(article) ?? null;
  }

  /** Puts this many pieces of an article into the cart; false if it would be too full. */
  async set(article: string, pieces: number): Promise<boolean> {
    try {
      await this.ctx.storage.transaction(async (txn) => {
        await txn.put(article, pieces);
        // The bug: a transaction that fails takes back what was stored, but not what was put into memory.
        if (this.env.MISTAKE === "cache_first") this.pieces.set(article, pieces);
        const all = [...new Map(this.pieces).set(article, pieces).values()].reduce((sum, some) => sum + some, 0);
        if (all > Number(this.env.MOST)) throw new RangeError("too full");
      });
      this.pieces.set(article, pieces);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }
}

// GET /carts/:cart/:article   {"pieces": 2}, or null where there are none
// PUT /carts/:cart/:article   {"pieces": 2}: 200, or 409 if the cart would be too full
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, root, name, article] = new URL(request.url).pathname.split("/");
    if (root !== "carts" || !name || !article) return new Response("no such page\n", { status: 404 });
    const cart = env.CART.get(env.CART.idFromName(name));
    if (request.method === "GET") return Response.json({ pieces: await cart.look(article) });
    if (request.method !== "PUT") return new Response("GET or PUT only\n", { status: 405 });
    const { pieces } = await request.json<{ pieces: number }>();
    return Response.json({ pieces }, { status: (await cart.set(article, pieces)) ? 200 : 409 });
  },
} satisfies ExportedHandler<Env>;
