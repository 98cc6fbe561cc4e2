import { DurableObject } from "cloudflare:workers";

interface Env {
  CATALOGUES: DurableObjectNamespace<Catalogue>;
  CARELESS?: string;
}

/** What a visitor sees of an article; the bookmark is that of the catalogue it was read from. */
interface Page {
  price: number;
  label: string;
  revision: number;
  replica: boolean;
  bookmark: string;
}

export class Catalogue extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (this.replica) return;
    this.sql.exec("CREATE TABLE IF NOT EXISTS articles (id TEXT PRIMARY KEY, price INTEGER, revision INTEGER)");
    this.sql.exec("CREATE TABLE IF NOT EXISTS labels (id TEXT PRIMARY KEY, text TEXT)");
    ctx.blockConcurrencyWhile(() => ctx.configureReadReplication({ mode: "auto" }));
  }

  private get replica(): boolean {
    return this.ctx.storage.primary !== undefined;
  }

  /** A new price, and the label that says it: both or neither are ever seen. */
  async price(id: string, price: number): Promise<{ revision: number; bookmark: string }> {
    if (this.replica) return this.ctx.storage.primary!.price(id, price);
    const revision = (this.sql.exec<{ revision: number }>("SELECT revision FROM articles WHERE id = ?", id).toArray()[0]?.revision ?? 0) + 1;
    this.sql.exec("INSERT OR REPLACE INTO articles VALUES (?, ?, ?)", id, price, revision);
    this.sql.exec("INSERT OR REPLACE INTO labels VALUES (?, ?)", id, `${id}: ${price}`);
    return { revision, bookmark: await this.ctx.storage.getCurrentBookmark() };
  }

  /** The article, at least as new as the bookmark. */
  async show(id: string, bookmark: string | null): Promise<Page> {
    if (bookmark !== null) await this.ctx.storage.waitForBookmark(bookmark);
    const article = this.sql.exec<{ price: number; revision: number }>("SELECT price, revision FROM articles WHERE id = ?", id).toArray()[0];
    const label = this.sql.exec<{ text: string }>("SELECT text FROM labels WHERE id = ?", id).toArray()[0];
    return {
      price: article?.price ?? 0,
      label: label?.text ?? `${id}: 0`,
      revision: article?.revision ?? 0,
      replica: this.replica,
      bookmark: await this.ctx.storage.getCurrentBookmark(),
    };
  }

  /** Read replicas on or off, from the primary. */
  async replicas(mode: "auto" | "disabled"): Promise<void> {
    await this.ctx.configureReadReplication({ mode });
  }

  /** What a replica says to a write. */
  async careless(id: string): Promise<string> {
    try {
      this.sql.exec("INSERT OR REPLACE INTO labels VALUES (?, 'torn')", id);
    } catch (error) {
      return String(error);
    }
    throw new Error("this is the primary");
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, shop, id, action] = url.pathname.split("/");
    const namespace = env.CATALOGUES;
    try {
      if (action === "replicas") {
        await namespace.getByName(shop, { routingMode: "primary-only" }).replicas(await request.json());
        return Response.json(null);
      }
      if (action === "careless") return Response.json(await namespace.getByName(shop).careless(id));
      const fresh = url.searchParams.has("fresh");
      const catalogue = namespace.getByName(shop, fresh ? { routingMode: "primary-only" } : undefined);
      const answer = request.method === "PUT"
        ? await catalogue.price(id, ((await request.json()) as { price: number }).price)
        : await catalogue.show(id, env.CARELESS ? null : request.headers.get("x-bookmark"));
      return Response.json(answer, { headers: { "x-bookmark": answer.bookmark } });
    } catch (error) {
      return Response.json(String(error), { status: 503 });
    }
  },
};
