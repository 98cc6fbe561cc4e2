import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** Rings at https://bell.example/NAME when a reminder is due. */
export class Reminders extends DurableObject<Env> {
  async set(name: string, ms: number): Promise<void> {
    const due = Date.now() + ms;
    if (this.env.MISTAKE === "timer") {
      // The mistake: a timer is gone with the object's memory.
      setTimeout(() => this.ring(name), ms);
      return;
    }
    if (this.env.MISTAKE === "one_alarm") {
      // The mistake: an object has one alarm, and setting it again takes the place of the one before.
      await this.ctx.storage.put("name", name);
      await this.ctx.storage.setAlarm(due);
      return;
    }
    await this.ctx.storage.put(`due:${name}`, due);
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || due < alarm) await this.ctx.storage.setAlarm(due);
  }

  async alarm(): Promise<void> {
    if (this.env.MISTAKE === "one_alarm") return this.ring((await this.ctx.storage.get<string>("name"))!);
    const all = await this.ctx.storage.list<number>({ prefix: "due:" });
    let next: number | undefined;
    for (const [key, due] of all) {
      if (due > Date.now()) {
        if (next === undefined || due < next) next = due;
        continue;
      }
      await this.ring(key.slice("due:".length));
      await this.ctx.storage.delete(key);
    }
    if (next !== undefined) await this.ctx.storage.setAlarm(next);
  }

  private async ring(name: string): Promise<void> {
    const answer = await fetch(`https://bell.example/${name}`, { method: "POST" });
    if (!answer.ok) throw new Error("the bell did not ring");
  }
}

// POST /reminders/:owner/:name?ms=N
export async function reminders(request: Request, env: Env, [owner, name]: string[]): Promise<Response> {
  await env.REMINDERS.getByName(owner).set(name, Number(new URL(request.url).searchParams.get("ms")));
  return new Response(null, { status: 204 });
}
