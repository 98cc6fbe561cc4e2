import { DurableObject } from "cloudflare:workers";

export type Answer = { allowed: true; at: number } | { allowed: false; retryAfterMs: number };

export interface Hits {
  now: number;
  hits: { request: string; at: number }[];
}

/** At most LIMIT hits in any WINDOW_MS. A request that was let in may be asked about again within the window. */
export class Limiter extends DurableObject<Env> {
  private readonly sql: SqlStorage;
  private readonly limit: number;
  private readonly windowMs: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.limit = Number(env.LIMIT);
    this.windowMs = Number(env.WINDOW_MS);
    this.sql = ctx.storage.sql;
    this.sql.exec(`CREATE TABLE IF NOT EXISTS hit (request TEXT PRIMARY KEY, at INTEGER NOT NULL)`);
    this.sql.exec(`CREATE INDEX IF NOT EXISTS hit_at ON hit (at)`);
    this.sql.exec(`CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), latest INTEGER NOT NULL)`);
  }

  async hit(request: string): Promise<Answer> {
    const known = this.sql.exec<{ at: number }>(`SELECT at FROM hit WHERE request = ?`, request).toArray()[0];
    if (known) return { allowed: true, at: known.at };

    const now = this.now();
    const counted = this.sql
      .exec<{ at: number }>(`SELECT at FROM hit WHERE at > ? ORDER BY at`, now - this.windowMs)
      .toArray();
    if (counted.length >= this.limit) {
      // Free again when so many have left the window that one place is empty.
      const first = counted[counted.length - this.limit];
      return { allowed: false, retryAfterMs: first.at + this.windowMs - now };
    }
    this.forget(now);
    this.sql.exec(`INSERT INTO hit (request, at) VALUES (?, ?)`, request, now);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + this.windowMs);
    return { allowed: true, at: now };
  }

  hits(): Hits {
    const hits = this.sql.exec<{ request: string; at: number }>(`SELECT request, at FROM hit ORDER BY at`).toArray();
    return { now: this.now(), hits };
  }

  /** Nothing is kept of a customer who stays away. */
  async alarm(): Promise<void> {
    const now = this.now();
    this.forget(now);
    const newest = this.sql.exec<{ at: number | null }>(`SELECT MAX(at) AS at FROM hit`).one().at;
    if (newest !== null) await this.ctx.storage.setAlarm(newest + this.windowMs);
  }

  private forget(now: number): void {
    this.sql.exec(`DELETE FROM hit WHERE at <= ?`, now - this.windowMs);
    this.sql.exec(`INSERT INTO clock (id, latest) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET latest = excluded.latest`, now);
  }

  /** The clock of this host, but never before a time by which rows were deleted: another host's may be behind. */
  private now(): number {
    const stored = this.sql.exec<{ latest: number }>(`SELECT latest FROM clock`).toArray()[0];
    return Math.max(Date.now(), stored?.latest ?? 0);
  }
}
