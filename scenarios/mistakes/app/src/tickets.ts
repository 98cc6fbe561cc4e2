import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** Numbers, each given out once. */
export class Tickets extends DurableObject<Env> {
  async next(): Promise<number> {
    const number = ((await this.ctx.storage.get<number>("last")) ?? 0) + 1;
    await this.ctx.storage.put("last", number);
    return number;
  }
}

let last = 0;

// POST /tickets: the next number
export async function tickets(_: Request, env: Env): Promise<Response> {
  // The mistake: a global belongs to one isolate, of which there is one in every place and a new one now and then.
  const number = env.MISTAKE === "global_counter" ? ++last : await env.TICKETS.getByName("desk").next();
  return Response.json({ number });
}
