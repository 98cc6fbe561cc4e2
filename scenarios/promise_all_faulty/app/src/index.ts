import { DurableObject } from "cloudflare:workers";

interface Env {
  SALES: DurableObjectNamespace<Sales>;
  MISTAKE: string;
}

interface Line {
  article: string;
  pieces: number;
}

/** How many pieces of each article a shop has sold. */
export class Sales extends DurableObject<Env> {
  async order(lines: Line[]): Promise<void> {
    if (this.env.MISTAKE === "promise_all") {
      // The bug: the input gate keeps other requests out, not the strands of this one. When an order names an
      // article twice, both lines read the figure before either has written it.
      await Promise.all(lines.map((line) => this.add(line)));
      return;
    }
    await this.ctx.storage.transaction(async () => {
      for (const line of lines) await this.add(line);
    });
  }

  async sold(article: string): Promise<number> {
    return (await this.ctx.storage.get<number>(article)) ?? 0;
  }

  private async add(line: Line): Promise<void> {
    const sold = await this.sold(line.article);
    await this.ctx.storage.put(line.article, sold + line.pieces);
  }
}

// POST /shops/:shop                 {"lines": [{"article": "lamp", "pieces": 1}, ...]}: an order
// GET  /shops/:shop/sold/:article   how many are sold
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, root, shop, what, article] = new URL(request.url).pathname.split("/");
    if (root !== "shops" || !shop) return new Response("no such page\n", { status: 404 });
    const sales = env.SALES.get(env.SALES.idFromName(shop));
    if (request.method === "GET" && what === "sold" && article) {
      return Response.json({ sold: await sales.sold(article) });
    }
    if (request.method !== "POST") return new Response("GET or POST only\n", { status: 405 });
    const { lines } = await request.json<{ lines: Line[] }>();
    await sales.order(lines);
    return Response.json({ lines: lines.length });
  },
} satisfies ExportedHandler<Env>;
