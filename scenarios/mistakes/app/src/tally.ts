import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** A sum kept in memory and in storage. */
export class Tally extends DurableObject<Env> {
  private sum = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // The mistake: nothing waits for what a constructor began, so that whoever comes first finds a sum of 0.
    if (env.MISTAKE === "eager") void this.load();
    else void ctx.blockConcurrencyWhile(() => this.load());
  }

  private async load(): Promise<void> {
    await fetch("https://settings.example/tally");
    this.sum = (await this.ctx.storage.get<number>("sum")) ?? 0;
  }

  /** Adds 1 for an order; with an id, once however often it is asked. */
  async add(id: string | null): Promise<number> {
    if (id !== null && (await this.ctx.storage.get(`seen:${id}`))) return this.sum;
    this.sum += 1;
    if (id !== null) this.ctx.storage.put(`seen:${id}`, true);
    this.ctx.storage.put("sum", this.sum);
    return this.sum;
  }

  value(): number {
    return this.sum;
  }
}

// POST /tally/:name?id=...: add; GET: the sum
export async function tally(request: Request, env: Env, [name]: string[]): Promise<Response> {
  const stub = () => env.TALLY.getByName(name);
  if (request.method === "GET") return Response.json({ sum: await stub().value() });
  // The mistake: asked again without an id, an order that was heard the first time is counted twice.
  const id = env.MISTAKE === "no_id" ? null : new URL(request.url).searchParams.get("id");
  for (let tries = 1; ; ++tries) {
    try {
      return Response.json({ sum: await stub().add(id) });
    } catch (error) {
      if (tries === 8) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
