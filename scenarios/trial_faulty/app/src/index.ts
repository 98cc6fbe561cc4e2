import { DurableObject } from "cloudflare:workers";

interface Env {
  TRIAL: DurableObjectNamespace<Trial>;
}

/** A trial as somebody wrote it who took an alarm for something that runs once. */
export class Trial extends DurableObject<Env> {
  async start(seconds: number): Promise<number> {
    const known = await this.ctx.storage.get<number>("endsAt");
    if (known !== undefined) return known;
    const endsAt = Date.now() + seconds * 1000;
    await this.ctx.storage.put("endsAt", endsAt);
    await this.ctx.storage.setAlarm(endsAt);
    return endsAt;
  }

  async ended(): Promise<boolean> {
    return (await this.ctx.storage.get<boolean>("ended")) ?? false;
  }

  async alarm(): Promise<void> {
    if (await this.ended()) return;
    // The bug: when this host dies between the charge and the durable note of it, the alarm runs again and the
    // bank is asked under another name.
    const charge = await fetch("https://bank.example/charges", {
      method: "POST",
      headers: { "idempotency-key": crypto.randomUUID() },
      body: JSON.stringify({ user: this.ctx.id.name }),
    });
    if (!charge.ok) throw new Error(`the bank answered ${charge.status}`);
    await this.ctx.storage.put("ended", true);
  }
}

// POST /trials/:user   {"seconds": 20}: begins a trial
// GET  /trials/:user   whether it has ended
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const user = new URL(request.url).pathname.match(/^\/trials\/([\w-]+)$/)?.[1];
    if (!user) return new Response("no such page\n", { status: 404 });
    const trial = env.TRIAL.get(env.TRIAL.idFromName(user));
    if (request.method === "GET") return Response.json({ ended: await trial.ended() });
    const { seconds } = await request.json<{ seconds: number }>();
    return Response.json({ endsAt: await trial.start(seconds) });
  },
} satisfies ExportedHandler<Env>;
