// The shop as it was. A cart keeps what was put into it, in order.
import { DurableObject } from "cloudflare:workers";

const VERSION = 1;

interface Env {
  CARTS: DurableObjectNamespace<Cart>;
  WISHES: DurableObjectNamespace<Wishes>;
}

interface Seen {
  version: number;
  items: string[];
}

class Things extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS items (name TEXT PRIMARY KEY)");
  }

  add(name: string): Seen {
    this.ctx.storage.sql.exec("INSERT OR IGNORE INTO items VALUES (?)", name);
    return this.seen();
  }

  seen(): Seen {
    const rows = this.ctx.storage.sql.exec<{ name: string }>("SELECT name FROM items ORDER BY rowid");
    return { version: VERSION, items: rows.toArray().map((row) => row.name) };
  }
}

export class Cart extends Things {}
export class Wishes extends Things {}

// POST /carts/ann?item=tea puts something in, GET /carts/ann shows what is there; the same for /wishes.
export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const [, kind, name] = url.pathname.split("/");
    if (!name) return Response.json({ edge: VERSION });
    const things = kind === "carts" ? env.CARTS.getByName(name) : env.WISHES.getByName(name);
    const item = url.searchParams.get("item");
    const seen = request.method === "POST" && item ? await things.add(item) : await things.seen();
    return Response.json({ edge: VERSION, ...seen });
  },
} satisfies ExportedHandler<Env>;
