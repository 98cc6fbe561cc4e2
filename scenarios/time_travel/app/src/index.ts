import { DurableObject } from "cloudflare:workers";

interface Env {
  LEDGERS: DurableObjectNamespace<Ledger>;
}

export class Ledger extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql.exec("CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, at INTEGER, padding TEXT)");
  }

  /** Adds an entry, and gives the bookmark of the ledger with it. */
  async add(id: string): Promise<string> {
    this.sql.exec("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", id, Date.now(), "x".repeat(500));
    return this.ctx.storage.getCurrentBookmark();
  }

  entries(): string[] {
    return this.sql.exec<{ id: string }>("SELECT id FROM entries ORDER BY rowid").toArray().map((row) => row.id);
  }

  at(time: number): Promise<string> {
    return this.ctx.storage.getBookmarkForTime(time);
  }

  /** Takes the ledger back; gives the bookmark that undoes it. */
  async restore(bookmark: string): Promise<string> {
    const undo = await this.ctx.storage.onNextSessionRestoreBookmark(bookmark);
    // After the answer has left.
    this.ctx.waitUntil(this.ctx.storage.sync().then(() => setTimeout(() => this.ctx.abort("restored"), 10)));
    return undo;
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, name, action] = url.pathname.split("/");
    const ledger = env.LEDGERS.getByName(name);
    const argument = url.searchParams.get("of") ?? "";
    try {
      switch (action) {
        case "add": return Response.json(await ledger.add(argument));
        case "entries": return Response.json(await ledger.entries());
        case "at": return Response.json(await ledger.at(Number(argument)));
        case "restore": return Response.json(await ledger.restore(argument));
        default: return new Response("not found", { status: 404 });
      }
    } catch (error) {
      return Response.json(String(error), { status: 503 });
    }
  },
};
