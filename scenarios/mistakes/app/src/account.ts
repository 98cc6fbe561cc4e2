import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

interface Transfer {
  to: string;
  amount: number;
}

/** An account that begins with 100. What it sends waits in its own storage until the other has it. */
export class Account extends DurableObject<Env> {
  private async change(amount: number): Promise<void> {
    await this.ctx.storage.put("balance", (await this.balance()) + amount);
  }

  async balance(): Promise<number> {
    return (await this.ctx.storage.get<number>("balance")) ?? 100;
  }

  async withdraw(amount: number): Promise<void> {
    await this.change(-amount);
  }

  async send(id: string, transfer: Transfer): Promise<void> {
    if (await this.ctx.storage.get(`sent:${id}`)) return;
    await this.ctx.storage.transaction(async () => {
      await this.change(-transfer.amount);
      await this.ctx.storage.put(`sent:${id}`, true);
      await this.ctx.storage.put(`out:${id}`, transfer);
      await this.ctx.storage.setAlarm(Date.now());
    });
  }

  async receive(id: string, amount: number): Promise<void> {
    if (await this.ctx.storage.get(`got:${id}`)) return;
    await this.ctx.storage.transaction(async () => {
      await this.change(amount);
      await this.ctx.storage.put(`got:${id}`, true);
    });
  }

  async alarm(): Promise<void> {
    const out = await this.ctx.storage.list<Transfer>({ prefix: "out:" });
    for (const [key, { to, amount }] of out) {
      await this.env.ACCOUNT.getByName(to).receive(key.slice("out:".length), amount);
      await this.ctx.storage.delete(key);
    }
  }

  async waiting(): Promise<number> {
    return (await this.ctx.storage.list({ prefix: "out:" })).size;
  }
}

// GET /account/:name; POST /account/:name/:to?id=...&amount=N
export async function account(request: Request, env: Env, [from, to]: string[]): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const stub = env.ACCOUNT.getByName(from);
  if (request.method === "GET") return Response.json({ balance: await stub.balance(), waiting: await stub.waiting() });
  const id = query.get("id")!, amount = Number(query.get("amount"));
  if (env.MISTAKE === "two_steps") {
    // The mistake: between the two steps anything may end, and then the money is nowhere.
    await stub.withdraw(amount);
    await env.ACCOUNT.getByName(to).receive(id, amount);
  } else {
    await stub.send(id, { to, amount });
  }
  return new Response(null, { status: 204 });
}
