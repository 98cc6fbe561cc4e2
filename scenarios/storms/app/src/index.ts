import { DurableObject } from "cloudflare:workers";

interface Env {
  DESK: DurableObjectNamespace<Desk>;
  EAGER: boolean;
}

const WORK_MS = 5;
const PATIENCE_MS = 1000;
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Serves one after the other, and everybody who listens. */
export class Desk extends DurableObject<Env> {
  private served = 0;

  async serve(): Promise<number> {
    await this.ctx.blockConcurrencyWhile(() => wait(WORK_MS));
    return ++this.served;
  }

  async fetch(): Promise<Response> {
    const [ours, theirs] = Object.values(new WebSocketPair());
    theirs.accept();
    theirs.addEventListener("message", ({ data }) => theirs.send(data));
    return new Response(null, { status: 101, webSocket: ours });
  }
}

/** What may still be spent on asking again: a tenth of what was asked, as far as this isolate knows. */
let budget = 10;

/** The answer of the desk, or null when it takes too long. */
async function ask(desk: DurableObjectStub<Desk>): Promise<number | null> {
  return Promise.race([desk.serve(), wait(PATIENCE_MS).then(() => null)]).catch(() => null);
}

// POST /serve    200 when the desk served, 503 when it took too long
// GET /listen    a WebSocket that echoes
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const desk = env.DESK.get(env.DESK.idFromName("main"));
    if (request.headers.get("Upgrade")) return desk.fetch(request);
    budget = Math.min(budget + 0.1, 10);
    for (let attempt = 0; ; attempt++) {
      const served = await ask(desk);
      if (served !== null) return Response.json({ served });
      if (env.EAGER ? attempt === 8 : attempt === 2 || budget < 1) break;
      if (env.EAGER) continue;
      budget--;
      await wait(100 * 2 ** attempt * (1 + Math.random()));
    }
    return new Response("The desk is busy.\n", { status: 503 });
  },
} satisfies ExportedHandler<Env>;
