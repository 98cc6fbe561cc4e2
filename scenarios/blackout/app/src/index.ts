import { DurableObject } from "cloudflare:workers";

interface Env {
  LEDGER: DurableObjectNamespace<Ledger>;
}

/** Entries, each with an id: adding one again changes nothing. */
export class Ledger extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql.exec("CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY)");
  }

  add(id: string): void {
    this.sql.exec("INSERT OR IGNORE INTO entries VALUES (?)", id);
  }

  ids(): string[] {
    return this.sql.exec<{ id: string }>("SELECT id FROM entries ORDER BY id").toArray().map(({ id }) => id);
  }
}

// PUT /entries/<id>   adds an entry: 204
// GET /entries        the ids of all of them
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, collection, id] = new URL(request.url).pathname.split("/");
    if (collection !== "entries") return new Response("There are only /entries here.\n", { status: 404 });
    const ledger = env.LEDGER.get(env.LEDGER.idFromName("main"));
    if (request.method !== "PUT") return Response.json(await ledger.ids());
    if (!id) return new Response("An entry needs an id: PUT /entries/<id>\n", { status: 400 });
    await ledger.add(decodeURIComponent(id));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
