// The Worker "auth": logins and logouts over HTTP, `verify` for other Workers. A token is "USER.SECRET"; the
// object of the user holds the secrets of open sessions. A closed session stays closed: a logout that was
// answered is never undone, and no token is good twice.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  SESSIONS: DurableObjectNamespace<Sessions>;
}

export class Sessions extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, open INTEGER NOT NULL)");
  }

  /** Opens the session; false when it was closed before (a login that arrives after its logout). */
  open(id: string): boolean {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT OR IGNORE INTO session (id, open) VALUES (?, 1)", id);
    return this.isOpen(id);
  }

  close(id: string): void {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO session (id, open) VALUES (?, 0)", id);
  }

  isOpen(id: string): boolean {
    return this.ctx.storage.sql.exec("SELECT 1 FROM session WHERE id = ? AND open = 1", id).toArray().length > 0;
  }

  async seen(): Promise<void> {
    await this.ctx.storage.put("seen", Date.now());
  }

  async lastSeen(): Promise<number | null> {
    return (await this.ctx.storage.get<number>("seen")) ?? null;
  }
}

function parse(token: string): { user: string; session: string } | null {
  const parts = token.split(".");
  return parts.length === 2 && parts[0] !== "" && parts[1] !== "" ? { user: parts[0], session: parts[1] } : null;
}

export default class Auth extends WorkerEntrypoint<Env> {
  /** Whose token it is, or null when its session is not open. */
  async verify(token: string): Promise<{ user: string; session: string } | null> {
    const who = parse(token);
    if (who === null) throw new TypeError("that is not a token");
    return (await this.env.SESSIONS.getByName(who.user).isOpen(who.session)) ? who : null;
  }

  override async fetch(request: Request): Promise<Response> {
    // The client chooses the session's name, so that asking again opens no second one.
    const who = parse(await request.text());
    if (who === null) return new Response("that is not a token", { status: 400 });
    const sessions = this.env.SESSIONS.getByName(who.user);
    if (new URL(request.url).pathname === "/logout") {
      await sessions.close(who.session);
      return Response.json({ closed: who.session });
    }
    if (!(await sessions.open(who.session))) return new Response("was closed", { status: 409 });
    return Response.json({ token: `${who.user}.${who.session}` });
  }
}

/** For other Workers only: what a binding's props say who calls. */
export class Admin extends WorkerEntrypoint<Env, { caller: string }> {
  async seen(user: string): Promise<void> {
    if (this.ctx.props.caller !== "gateway") throw new Error(`${this.ctx.props.caller} may not do that`);
    await this.env.SESSIONS.getByName(user).seen();
  }
}
