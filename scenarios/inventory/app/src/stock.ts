import { DurableObject } from "cloudflare:workers";

export interface Level {
  received: number;
  reserved: number;
  left: number;
}

export type Reservation = { reserved: true; sold: number } | { reserved: false; sold: number };

type OrderRow = { state: "reserved" | "released"; sold_after_reserve: number; sold_after_release: number | null };

/** The stock of one article. Every change carries an id, so that a client may ask again. */
export class Stock extends DurableObject<Env> {
  private readonly sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, quantity INTEGER NOT NULL)`);
    this.sql.exec(`CREATE TABLE IF NOT EXISTS orders (
      id TEXT PRIMARY KEY,
      state TEXT NOT NULL,
      sold_after_reserve INTEGER NOT NULL,
      sold_after_release INTEGER
    )`);
  }

  receive(delivery: string, quantity: number): Level {
    this.sql.exec(`INSERT INTO delivery (id, quantity) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, delivery, quantity);
    return this.level();
  }

  /** Takes one piece for an order. Asked again, answers as the first time. */
  reserve(order: string): Reservation {
    const known = this.find(order);
    if (known) return { reserved: true, sold: known.sold_after_reserve };
    const { left, reserved } = this.level();
    if (left < 1) return { reserved: false, sold: reserved };
    const sold = reserved + 1;
    this.sql.exec(`INSERT INTO orders (id, state, sold_after_reserve) VALUES (?, 'reserved', ?)`, order, sold);
    return { reserved: true, sold };
  }

  /** Puts an order's piece back; null if there is no such order. Asked again, answers as the first time. */
  release(order: string): number | null {
    const known = this.find(order);
    if (!known) return null;
    if (known.state === "released") return known.sold_after_release;
    const sold = this.level().reserved - 1;
    this.sql.exec(`UPDATE orders SET state = 'released', sold_after_release = ? WHERE id = ?`, sold, order);
    return sold;
  }

  level(): Level {
    const received = this.sql
      .exec<{ sum: number }>(`SELECT COALESCE(SUM(quantity), 0) AS sum FROM delivery`)
      .one().sum;
    const reserved = this.sql
      .exec<{ count: number }>(`SELECT COUNT(*) AS count FROM orders WHERE state = 'reserved'`)
      .one().count;
    return { received, reserved, left: received - reserved };
  }

  orders(): { id: string; state: string }[] {
    return this.sql.exec<{ id: string; state: string }>(`SELECT id, state FROM orders ORDER BY id`).toArray();
  }

  private find(order: string): OrderRow | undefined {
    return this.sql
      .exec<OrderRow>(`SELECT state, sold_after_reserve, sold_after_release FROM orders WHERE id = ?`, order)
      .toArray()[0];
  }
}
