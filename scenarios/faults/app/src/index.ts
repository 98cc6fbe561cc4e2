import { DurableObject } from "cloudflare:workers";

interface Env {
  COUNTERS: DurableObjectNamespace<Counter>;
  NOTES: KVNamespace;
}

export class Counter extends DurableObject<Env> {
  count(): number {
    return this.ctx.storage.kv.get<number>("count") ?? 0;
  }

  add(): number {
    const count = this.count() + 1;
    this.ctx.storage.kv.put("count", count);
    return count;
  }

  /** The bell rings in so many milliseconds; asked again, at the new time. */
  async ringIn(ms: number): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + ms);
  }

  rung(): number {
    return this.ctx.storage.kv.get<number>("rung") ?? 0;
  }

  alarm(): void {
    this.ctx.storage.kv.put("rung", this.rung() + 1);
  }

  /** A WebSocket that counts: each message adds one and is answered with the count. */
  async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", () => server.send(String(this.add())));
    return new Response(null, { status: 101, webSocket: client });
  }
}

// GET, POST /counters/:name      what it counts; one more
// GET, POST /bells/:name?in=ms   how often it rang; when it rings
// GET /sockets/:name             a WebSocket to the counter
// GET, PUT /notes/:name          in KV
// GET /rate                      as an outside service says, within two seconds, or "unknown"
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, what, name = ""] = url.pathname.split("/");
    if (what === "rate") return new Response(await rate());
    if (what === "notes" && request.method === "PUT") {
      await env.NOTES.put(name, await request.text());
      return new Response("kept");
    }
    if (what === "notes") return new Response((await env.NOTES.get(name, { cacheTtl: 30 })) ?? "none");
    const counter = env.COUNTERS.getByName(name);
    if (what === "sockets") return counter.fetch(request);
    const change = request.method === "POST";
    if (what === "bells" && change) await counter.ringIn(Number(url.searchParams.get("in")));
    if (what === "bells") return Response.json(await counter.rung());
    return Response.json(await (change ? counter.add() : counter.count()));
  },
} satisfies ExportedHandler<Env>;

async function rate(): Promise<string> {
  try {
    const response = await fetch("https://rates.example/today", { signal: AbortSignal.timeout(2000) });
    return response.ok ? await response.text() : "unknown";
  } catch {
    return "unknown";
  }
}
