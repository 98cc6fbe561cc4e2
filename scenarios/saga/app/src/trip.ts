import { DurableObject } from "cloudflare:workers";

type State = "new" | "booking" | "booked" | "cancelling" | "cancelled";

export interface Progress {
  state: State;
  version: number;
}

const DEADLINE_MS = 20_000;

/**
 * A saga: hotel, then flight. Each change of state checks the version that it was decided on, in a
 * transaction that also sets the alarm, so that of two strands (a booking that was slow, and the
 * compensation that took it for dead) only one goes on.
 */
export class Trip extends DurableObject<Env> {
  async look(): Promise<Progress> {
    const stored = await this.ctx.storage.get<Progress>("progress");
    return stored ?? { state: "new", version: 0 };
  }

  /** Books the trip; asked again, answers where it stands. */
  async book(): Promise<Progress> {
    const before = await this.look();
    if (before.state !== "new") return before;
    // Whatever becomes of us, the alarm will look after the trip.
    let now = await this.advance(before, "booking", Date.now() + DEADLINE_MS);
    if (!now) return this.look();
    const hotel = await this.ask("hotel", "book");
    const flight = hotel && (await this.ask("flight", "book"));
    // Not booked: the alarm takes back what was. It runs at once.
    now = await this.advance(now, flight ? "booked" : "cancelling", flight ? null : Date.now());
    return now ?? this.look();
  }

  async alarm(): Promise<void> {
    let now: Progress | null = await this.look();
    if (now.state === "booking") now = await this.advance(now, "cancelling", Date.now());
    if (!now || now.state !== "cancelling") return;
    for (const service of ["flight", "hotel"]) {
      if (!(await this.ask(service, "cancel"))) throw new Error(`${service} cannot be cancelled now`);
    }
    await this.advance(now, "cancelled", null);
  }

  /** The next state, if nobody was faster; null otherwise. State and alarm change together or not at all. */
  private advance(from: Progress, state: State, alarm: number | null): Promise<Progress | null> {
    return this.ctx.storage.transaction(async (txn) => {
      const stored = (await txn.get<Progress>("progress")) ?? { state: "new", version: 0 };
      const next = { state, version: from.version + 1 };
      await txn.put("progress", next);
      if (alarm === null) await txn.deleteAlarm();
      else await txn.setAlarm(alarm);
      if (stored.version !== from.version) {
        txn.rollback();
        return null;
      }
      return next;
    });
  }

  /** Services know a trip by its id and may be asked twice; cancelling what is not booked is fine, and final. */
  private async ask(service: string, action: string): Promise<boolean> {
    const answer = await fetch(`https://${service}.example/${action}/${this.ctx.id.name}`, { method: "POST" });
    return answer.ok;
  }
}
