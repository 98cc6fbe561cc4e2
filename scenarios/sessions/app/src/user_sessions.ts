import { DurableObject } from "cloudflare:workers";

export interface Answer<T> {
  value: T;
  revision: number;
}

export interface Listed {
  id: string;
  device: string;
  seenAt: number;
}

type Live = { device: string; seenAt: number };

class TooManySessions extends Error {}

// A session seen a moment ago need not be written again.
const SEEN_EVERY_MS = 2000;

/**
 * The sessions of one user. Rows are in SQL; `revision` and `generation` in key-value storage; whether a session is
 * live is answered from memory, where every live one is. Logging out everywhere begins a new generation.
 */
export class UserSessions extends DurableObject<Env> {
  private readonly sql: SqlStorage;
  private readonly live = new Map<string, Live>();
  private revision = 0;
  private generation = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    ctx.blockConcurrencyWhile(async () => {
      this.sql.exec(`CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY,
        generation INTEGER NOT NULL,
        device TEXT NOT NULL,
        seen_at INTEGER NOT NULL
      )`);
      const stored = await ctx.storage.get<number>(["revision", "generation"]);
      this.revision = stored.get("revision") ?? 0;
      this.generation = stored.get("generation") ?? 0;
      for (const { id, ...session } of this.stored()) this.live.set(id, session);
    });
  }

  async login(device: string): Promise<Answer<{ id: string } | null>> {
    const id = crypto.randomUUID();
    const now = Date.now();
    try {
      await this.ctx.storage.transaction(async (txn) => {
        await txn.put("revision", this.revision + 1);
        this.sql.exec(
          `INSERT INTO session (id, generation, device, seen_at) VALUES (?, ?, ?, ?)`,
          id, this.generation, device, now,
        );
        if (this.stored().length > Number(this.env.MOST_SESSIONS)) throw new TooManySessions();
      });
    } catch (error) {
      if (error instanceof TooManySessions) return this.answer(null);
      throw error;
    }
    // Only now: had the transaction failed, memory would know a session that was never stored.
    this.revision++;
    this.live.set(id, { device, seenAt: now });
    return this.answer({ id });
  }

  touch(id: string): Answer<Live | null> {
    const session = this.live.get(id);
    if (!session) return this.answer(null);
    const now = Date.now();
    if (now - session.seenAt >= SEEN_EVERY_MS) {
      this.sql.exec(`UPDATE session SET seen_at = ? WHERE id = ?`, now, id);
      session.seenAt = now;
    }
    return this.answer(session);
  }

  revoke(id: string): Answer<{ device: string } | null> {
    const session = this.live.get(id);
    if (!session) return this.answer(null);
    // No await in between, so both are stored or neither.
    this.sql.exec(`DELETE FROM session WHERE id = ?`, id);
    this.ctx.storage.put("revision", ++this.revision);
    this.live.delete(id);
    return this.answer({ device: session.device });
  }

  logoutEverywhere(): Answer<{ ended: number }> {
    const ended = this.live.size;
    this.ctx.storage.put({ revision: ++this.revision, generation: ++this.generation });
    this.sql.exec(`DELETE FROM session WHERE generation < ?`, this.generation);
    this.live.clear();
    return this.answer({ ended });
  }

  /** As it is stored. */
  async list(): Promise<Answer<Listed[]>> {
    const revision = (await this.ctx.storage.get<number>("revision")) ?? 0;
    return { value: this.stored(), revision };
  }

  private stored(): Listed[] {
    return this.sql
      .exec<{ id: string; device: string; seenAt: number }>(
        `SELECT id, device, seen_at AS seenAt FROM session WHERE generation = ? ORDER BY id`,
        this.generation,
      )
      .toArray();
  }

  private answer<T>(value: T): Answer<T> {
    return { value, revision: this.revision };
  }
}
