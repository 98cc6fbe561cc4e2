import { DurableObject } from "cloudflare:workers";

interface Env {
  GAUGE: DurableObjectNamespace<Gauge>;
}

/** Keeps the highest level it was told. */
export class Gauge extends DurableObject<Env> {
  async tell(level: number): Promise<void> {
    const highest = (await this.ctx.storage.get<number>("highest")) ?? 0;
    await this.ctx.storage.put("highest", Math.max(highest, level));
  }

  // The flaw: what is told last is taken for the highest, as it is when levels come in the order of their rise.
  async tellRising(level: number): Promise<void> {
    await this.ctx.storage.put("highest", level);
  }

  async add(): Promise<number> {
    const count = ((await this.ctx.storage.get<number>("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }

  async count(): Promise<number> {
    return (await this.ctx.storage.get<number>("count")) ?? 0;
  }

  async highest(): Promise<number> {
    return (await this.ctx.storage.get<number>("highest")) ?? 0;
  }
}

// POST /tell/:level, POST /rising/:level, GET /; POST /add, GET /count
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, what, level] = new URL(request.url).pathname.split("/");
    const gauge = env.GAUGE.get(env.GAUGE.idFromName("boiler"));
    if (what === "tell") await gauge.tell(Number(level));
    if (what === "rising") await gauge.tellRising(Number(level));
    if (what === "add") return Response.json({ n: await gauge.add() });
    if (what === "count") return Response.json({ n: await gauge.count() });
    return Response.json({ highest: await gauge.highest() });
  },
} satisfies ExportedHandler<Env>;
