import { DurableObject } from "cloudflare:workers";

interface Env { ROOM: DurableObjectNamespace<Room>; FLAGS: KVNamespace; }

export class Room extends DurableObject<Env> {
  release = () => {};
  /** Waits for a latch that nobody opens, though somebody could. */
  async never(): Promise<string> {
    await new Promise<void>((done) => (this.release = done));
    return "never";
  }

  // Asks another object from within a critical section.
  async embrace(other: string): Promise<string> {
    await this.ctx.blockConcurrencyWhile(async () => {
      await scheduler.wait(1_000);
      await this.env.ROOM.get(this.env.ROOM.idFromName(other)).hello();
    });
    return "done";
  }

  // Answers late, but answers.
  async slow(): Promise<string> {
    await scheduler.wait(57_000);
    return "slow";
  }

  async put(): Promise<string> {
    const n = ((await this.ctx.storage.get<number>("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return String(n);
  }

  async alarmIn(ms: number): Promise<string> {
    await this.ctx.storage.setAlarm(Date.now() + ms);
    return "set";
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.put("rang", 1);
  }

  hello(): string { return "hello"; }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, what, name, argument] = new URL(request.url).pathname.split("/");
    if (what === "flag") {
      await env.FLAGS.put(name, argument);
      return new Response(await env.FLAGS.get(name));
    }
    const room = env.ROOM.get(env.ROOM.idFromName(name));
    if (what === "never") return new Response(await room.never());
    if (what === "embrace") return new Response(await room.embrace(argument));
    if (what === "slow") return new Response(await room.slow());
    if (what === "alarm") return new Response(await room.alarmIn(Number(argument)));
    return new Response(await room.put());
  },
};
