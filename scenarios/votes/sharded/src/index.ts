import { DurableObject } from "cloudflare:workers";

interface Env {
  SHARDS: DurableObjectNamespace<Shard>;
}

/** A part of the votes. */
export class Shard extends DurableObject<Env> {
  async add(): Promise<number> {
    const count = (await this.count()) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }

  async count(): Promise<number> {
    return (await this.ctx.storage.get<number>("count")) ?? 0;
  }
}

const SHARDS = 16;

// POST /votes   counts one, in a shard picked at random
// GET /votes    how many there are in all shards
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const shard = (number: number) => env.SHARDS.get(env.SHARDS.idFromName(`shard-${number}`));
    try {
      if (request.method === "POST") {
        await shard(Math.floor(Math.random() * SHARDS)).add();
        return Response.json({});
      }
      const counts = await Promise.all(Array.from({ length: SHARDS }, (_, number) => shard(number).count()));
      return Response.json({ count: counts.reduce((sum, count) => sum + count, 0) });
    } catch (error) {
      // Asking again at once would make it worse: the caller is told to go away.
      if ((error as { overloaded?: boolean }).overloaded) return new Response(`${error}\n`, { status: 429 });
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;
