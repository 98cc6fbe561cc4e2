import { DurableObject } from "cloudflare:workers";

interface Env {
  BENCH: DurableObjectNamespace<Bench>;
  DRAWER: DurableObjectNamespace<Drawer>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Of another class: its ids mean nothing to a Bench. */
export class Drawer extends DurableObject<Env> {}

export class Bench extends DurableObject<Env> {
  private inMemory = "";
  private next = 0;

  /** A body whose second part is given after a write. */
  async fetch(request: Request): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const { storage } = this.ctx;
    const encoder = new TextEncoder();
    let parts = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (++parts > 3) return controller.close();
          if (parts === 2) storage.kv.put("streamed", id);
          controller.enqueue(encoder.encode(`${parts}`));
          await pause(1);
        },
      }),
    );
  }

  /** A transaction that writes; its answer must wait for it. */
  transact(id: string): Promise<string> {
    return this.ctx.storage.transaction(async (txn) => {
      await txn.put("transacted", id);
      return id;
    });
  }

  /** A transaction in another fails: what the outer one wrote is as it was. */
  nest(id: string): Promise<string | undefined> {
    return this.ctx.storage.transaction(async (txn) => {
      await txn.put("nested", id);
      try {
        await this.ctx.storage.transaction(async (inner) => {
          await inner.put("nested", `${id} in vain`);
          throw new Error("in vain");
        });
      } catch {
        // As meant.
      }
      return txn.get<string>("nested");
    });
  }

  /** Writes and ends the object within the same turn: the write never was. */
  writeAndAbort(id: string): void {
    this.ctx.storage.kv.put("aborted", id);
    this.ctx.abort("enough");
  }
  aborted(): string | undefined {
    return this.ctx.storage.kv.get<string>("aborted");
  }

  /** A critical section fails: the object begins anew, with nothing in memory. */
  async failInSection(id: string): Promise<void> {
    this.inMemory = id;
    await this.ctx.blockConcurrencyWhile(async () => {
      throw new Error("as meant");
    });
  }
  remembers(): string {
    return this.inMemory;
  }

  /** Hands out numbers, one after another, each in a section that takes a while. */
  draw(): Promise<number> {
    return this.ctx.blockConcurrencyWhile(async () => {
      await pause(2);
      return ++this.next;
    });
  }

  /** What is left after deleteAll(). */
  async clear(id: string): Promise<number> {
    const { storage } = this.ctx;
    storage.sql.exec("CREATE TABLE IF NOT EXISTS tool (id TEXT)");
    storage.sql.exec("INSERT INTO tool VALUES (?)", id);
    storage.kv.put("tool", id);
    await storage.deleteAll();
    const tables = storage.sql.exec("SELECT count(*) AS n FROM sqlite_master WHERE name = 'tool'").one().n as number;
    return tables + (await storage.list()).size;
  }

  /** Writes long after the answer. */
  linger(id: string): void {
    this.ctx.waitUntil(pause(12_000).then(() => this.ctx.storage.kv.put(`lingered:${id}`, true)));
  }
  lingered(id: string): boolean {
    return this.ctx.storage.kv.get(`lingered:${id}`) === true;
  }

  /** A write that the answer does not wait for, and a sync() that does. */
  async sync(id: string): Promise<void> {
    void this.ctx.storage.put(`synced:${id}`, true, { allowUnconfirmed: true });
    await this.ctx.storage.sync();
  }
  synced(id: string): boolean {
    return this.ctx.storage.kv.get(`synced:${id}`) === true;
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [name, what] = url.pathname.slice(1).split("/");
    const id = url.searchParams.get("id") ?? "";
    if (!name || !what) return new Response("GET or POST /bench/what\n", { status: 404 });
    const bench = env.BENCH.get(env.BENCH.idFromName(name));
    const told = async (value: unknown) => Response.json({ value: (await value) ?? null });
    switch (what) {
      case "stream":
        return bench.fetch(request);
      case "transact":
        return told(bench.transact(id));
      case "nest":
        return told(bench.nest(id));
      case "abort":
        return told(bench.writeAndAbort(id));
      case "aborted":
        return told(bench.aborted());
      case "fail":
        return told(bench.failInSection(id));
      case "remembers":
        return told(bench.remembers());
      case "draw":
        return told(Promise.all([bench.draw(), bench.draw(), bench.draw()]));
      case "clear":
        return told(bench.clear(id));
      case "linger":
        return told(bench.linger(id));
      case "lingered":
        return told(bench.lingered(id));
      case "sync":
        return told(bench.sync(id));
      case "synced":
        return told(bench.synced(id));
      case "foreign":
        try {
          env.DRAWER.idFromString(env.BENCH.idFromName(name).toString());
          return told("taken");
        } catch {
          return told("refused");
        }
    }
    return new Response("no such thing\n", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
