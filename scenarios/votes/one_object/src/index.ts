import { DurableObject } from "cloudflare:workers";

interface Env {
  VOTES: DurableObjectNamespace<Votes>;
}

/** Counts every vote there is: more than about a thousand a second are refused by the platform. */
export class Votes extends DurableObject<Env> {
  async add(): Promise<number> {
    const count = (await this.count()) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }

  async count(): Promise<number> {
    return (await this.ctx.storage.get<number>("count")) ?? 0;
  }
}

// POST /votes   counts one: 200, or 429 when the object has too much to do
// GET /votes    how many there are
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const votes = env.VOTES.get(env.VOTES.idFromName("all"));
    try {
      return Response.json({ count: await (request.method === "POST" ? votes.add() : votes.count()) });
    } catch (error) {
      // Asking again at once would make it worse: the caller is told to go away.
      if ((error as { overloaded?: boolean }).overloaded) return new Response(`${error}\n`, { status: 429 });
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;
