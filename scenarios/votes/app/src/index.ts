import { DurableObject } from "cloudflare:workers";

interface Env {
  VOTES: DurableObjectNamespace<Votes>;
  SHARDS: number;
}

/** Counts the votes of its shard: more than about a thousand a second are refused by the platform. */
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

// POST /votes   counts one, in a shard picked at random: 200, or 429 when its object has too much to do
// GET /votes    how many there are in all shards
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const shard = (number: number) => env.VOTES.get(env.VOTES.idFromName(`shard-${number}`));
    try {
      if (request.method === "POST") {
        await shard(Math.floor(Math.random() * env.SHARDS)).add();
        return Response.json({});
      }
      const counts = await Promise.all(Array.from({ length: env.SHARDS }, (_, number) => shard(number).count()));
      return Response.json({ count: counts.reduce((sum, count) => sum + count, 0) });
    } catch (error) {
      // Asking again at once would make it worse: the caller is told to go away.
      if ((error as { overloaded?: boolean }).overloaded) return new Response(`${error}\n`, { status: 429 });
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;
