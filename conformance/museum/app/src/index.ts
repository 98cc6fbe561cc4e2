import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOM: DurableObjectNamespace<Room>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Room extends DurableObject<Env> {
  private letters: string[] = [];

  /** Adds one, awaiting between reading and writing, in a section that keeps everybody else out. */
  async add(): Promise<number> {
    return this.ctx.blockConcurrencyWhile(async () => {
      const n = (await this.ctx.storage.get<number>("n")) ?? 0;
      await pause(3);
      await this.ctx.storage.put("n", n + 1);
      return n + 1;
    });
  }

  /** Adds one in a transaction that fails: nothing of it may stay. */
  addInVain(): void {
    try {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put("n", (this.ctx.storage.kv.get<number>("n") ?? 0) + 1);
        throw new Error("in vain");
      });
    } catch {
      // As meant.
    }
  }

  read(): number {
    return this.ctx.storage.kv.get<number>("n") ?? 0;
  }

  /** Two keys of one turn: nobody may ever see one without the other. */
  pair(value: string): void {
    this.ctx.storage.kv.put("left", value);
    this.ctx.storage.kv.put("right", value);
  }

  pairs(): [string | undefined, string | undefined] {
    return [this.ctx.storage.kv.get<string>("left"), this.ctx.storage.kv.get<string>("right")];
  }

  /** Takes letters of a word; gives what has come of the word so far. */
  letter(word: string, letter: string): string {
    this.letters.push(`${word}:${letter}`);
    return this.letters.filter((l) => l.startsWith(`${word}:`)).map((l) => l.slice(word.length + 1)).join("");
  }

  /** Writes, then tells the world outside. */
  async tell(id: string): Promise<void> {
    await this.ctx.storage.put(`told:${id}`, true);
    await fetch(`https://witness.example/${id}`, { method: "POST" });
  }

  mark(id: string): void {
    this.ctx.storage.kv.put(`told:${id}`, true);
  }

  knows(id: string): boolean {
    return this.ctx.storage.kv.get(`told:${id}`) === true;
  }

  /** Sets the alarm, which rings a bell outside until the bell is content. */
  async wake(ms: number): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + ms);
  }

  /** Sets the alarm in a transaction that fails: there is none afterwards. */
  async wakeInVain(ms: number): Promise<number | null> {
    try {
      await this.ctx.storage.transaction(async (txn) => {
        await txn.setAlarm(Date.now() + ms);
        throw new Error("in vain");
      });
    } catch {
      // As meant.
    }
    return this.ctx.storage.getAlarm();
  }

  async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const bell = `https://bell.example/${this.ctx.id.name}/${info?.retryCount}`;
    const answer = await fetch(bell, { method: "POST" });
    if (!answer.ok) throw new Error(`the bell answered ${answer.status}`);
  }

  /** Works for some milliseconds; gives the time that passed meanwhile, as this turn saw it. */
  spin(): number {
    const began = Date.now();
    let work = 0;
    for (let i = 0; i < 100_000; i++) work += i;
    return work > 0 ? Date.now() - began : -1;
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [room, what] = url.pathname.slice(1).split("/");
    const id = url.searchParams.get("id") ?? "";
    if (!room || !what) return new Response("GET or POST /room/what\n", { status: 404 });
    const stub = env.ROOM.get(env.ROOM.idFromName(room));
    switch (what) {
      case "add":
        return Response.json({ n: await stub.add() });
      case "vain":
        await stub.addInVain();
        return Response.json({});
      case "n":
        return Response.json({ n: await stub.read() });
      case "pair":
        await stub.pair(id);
        return Response.json({});
      case "pairs":
        return Response.json({ pair: await stub.pairs() });
      case "spell": {
        // Three calls of one caller, none answered before the next: they arrive in this order.
        const calls: Promise<string>[] = [];
        for (const letter of "abc") {
          calls.push(stub.letter(id, letter));
          await pause(30);
        }
        const answers = await Promise.all(calls);
        return Response.json({ word: answers[2], answers });
      }
      case "tell":
        await stub.tell(id);
        return Response.json({});
      case "mark":
        await stub.mark(id);
        return Response.json({});
      case "wake":
        await stub.wake(Number(url.searchParams.get("ms")));
        return Response.json({});
      case "wake-in-vain":
        return Response.json({ alarm: await stub.wakeInVain(Number(url.searchParams.get("ms"))) });
      case "spin":
        return Response.json({ passed: await stub.spin() });
      case "knows":
        return Response.json({ knows: await stub.knows(id) });
    }
    return new Response("no such thing\n", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
