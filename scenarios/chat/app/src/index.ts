import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOMS: DurableObjectNamespace<Room>;
  UNCONFIRMED: boolean;
}

interface Line {
  author: string;
  text: string;
}

const key = (n: number) => `line/${String(n).padStart(8, "0")}`;

export class Room extends DurableObject<Env> {
  /** How many lines there are. */
  private count = 0;
  private readonly sockets = new Set<WebSocket>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      this.count = (await ctx.storage.get<number>("count")) ?? 0;
    });
  }

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") {
      const lines = await this.ctx.storage.list<Line>({ prefix: "line/" });
      return Response.json([...lines.values()]);
    }
    const author = new URL(request.url).searchParams.get("as") ?? "nobody";
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    this.sockets.add(server);
    server.addEventListener("message", (event) => this.say({ author, text: String(event.data) }));
    server.addEventListener("close", () => this.sockets.delete(server));
    server.send(JSON.stringify({ count: this.count }));
    return new Response(null, { status: 101, webSocket: client });
  }

  private say(line: Line): void {
    const n = ++this.count;
    const options = { allowUnconfirmed: this.env.UNCONFIRMED };
    void this.ctx.storage.put({ [key(n)]: line, count: n }, options);
    for (const socket of this.sockets) socket.send(JSON.stringify({ n, ...line }));
  }
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const room = new URL(request.url).pathname.slice("/rooms/".length);
    return env.ROOMS.getByName(room).fetch(request);
  },
};
