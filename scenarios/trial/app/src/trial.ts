import { DurableObject } from "cloudflare:workers";

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Status {
  state: "none" | "running" | "charging" | "ended" | "cancelled";
  startedAt: number | null;
  endsAt: number | null;
  endedAt: number | null;
  alarm: number | null;
}

/** One user's trial. When it ends the user is charged: once, however often the alarm has to run. */
export class Trial extends DurableObject<Env> {
  async start(): Promise<Status> {
    if ((await this.state()) === "none") {
      const now = Date.now();
      const endsAt = now + Number(this.env.TRIAL_DAYS) * DAY_MS;
      // The record and the alarm become durable together.
      await this.ctx.storage.put({ state: "running", startedAt: now, endsAt });
      await this.ctx.storage.setAlarm(endsAt);
    }
    return this.status();
  }

  /** The trial lasts this many days in all. */
  async extendTo(days: number): Promise<Status> {
    await this.ctx.storage.transaction(async (txn) => {
      const startedAt = await txn.get<number>("startedAt");
      if ((await txn.get("state")) !== "running" || startedAt === undefined) return;
      const endsAt = startedAt + days * DAY_MS;
      await txn.put("endsAt", endsAt);
      await txn.setAlarm(endsAt);
    });
    return this.status();
  }

  async cancel(): Promise<Status> {
    if ((await this.state()) === "running") {
      await this.ctx.storage.put("state", "cancelled");
      await this.ctx.storage.deleteAlarm();
    }
    return this.status();
  }

  async status(): Promise<Status> {
    const known = await this.ctx.storage.get<number>(["startedAt", "endsAt", "endedAt"]);
    return {
      state: await this.state(),
      startedAt: known.get("startedAt") ?? null,
      endsAt: known.get("endsAt") ?? null,
      endedAt: known.get("endedAt") ?? null,
      alarm: await this.ctx.storage.getAlarm(),
    };
  }

  async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const state = await this.state();
    if (state !== "running" && state !== "charging") return;
    // Said before the charge is asked for: from here on nobody can cancel.
    await this.ctx.storage.put("state", "charging");
    // The key is the same in every run, so the bank knows a charge that it has made already.
    const charge = await fetch("https://bank.example/charges", {
      method: "POST",
      headers: { "idempotency-key": `trial-${this.ctx.id}` },
      body: JSON.stringify({ user: this.ctx.id.name, attempt: info?.retryCount ?? 0 }),
    });
    if (!charge.ok) throw new Error(`the bank answered ${charge.status}`);
    await this.ctx.storage.put({ state: "ended", endedAt: Date.now() });
  }

  private async state(): Promise<Status["state"]> {
    return (await this.ctx.storage.get<Status["state"]>("state")) ?? "none";
  }
}
