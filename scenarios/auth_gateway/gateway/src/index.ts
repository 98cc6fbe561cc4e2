// The gateway: every request but a login carries a token, and whose it is only the Worker "auth" knows. It has no
// memory of its own: what it lets through is what "auth" said while this very request was served.
import { DurableObject } from "cloudflare:workers";
import type { Admin, default as Auth } from "../../auth/src/index";

interface Env {
  AUTH: Service<Auth>;
  AUTH_ADMIN: Service<Admin>;
  NOTES: DurableObjectNamespace<Notes>;
}

/** One person's notes. */
export class Notes extends DurableObject<Env> {
  add(text: string, session: string): number {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT, session TEXT)");
    return sql.exec<{ id: number }>("INSERT INTO note (text, session) VALUES (?, ?) RETURNING id", text, session)
      .one().id;
  }

  all(): { text: string; session: string }[] {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT, session TEXT)");
    return sql.exec<{ text: string; session: string }>("SELECT text, session FROM note ORDER BY id").toArray();
  }
}

function unsure(error: unknown): Response {
  // Whether it happened is not known: the client sees a 503 and asks again or gives up.
  return new Response(error instanceof Error ? error.message : String(error), { status: 503 });
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { pathname } = new URL(request.url);
    // Logins and logouts are HTTP of the other Worker, handed through as they are.
    if (pathname === "/login" || pathname === "/logout") {
      try {
        return await env.AUTH.fetch(request);
      } catch (error) {
        return unsure(error);
      }
    }
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "");
    if (token === undefined) return new Response("log in first", { status: 401 });
    try {
      const who = await env.AUTH.verify(token);
      if (who === null) return new Response("no such session", { status: 401 });
      ctx.waitUntil(env.AUTH_ADMIN.seen(who.user));
      const notes = env.NOTES.getByName(who.user);
      if (request.method === "POST") {
        return Response.json({ user: who.user, id: await notes.add(await request.text(), who.session) });
      }
      return Response.json({ user: who.user, notes: await notes.all() });
    } catch (error) {
      return unsure(error);
    }
  },
} satisfies ExportedHandler<Env>;
