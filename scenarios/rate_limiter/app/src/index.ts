import { Limiter } from "./limiter";

export { Limiter };

declare global {
  interface Env {
    LIMITER: DurableObjectNamespace<Limiter>;
    LIMIT: string;
    WINDOW_MS: string;
  }
}

// POST /customers/:customer/hits   {"request": "r1"}: 200 with {"at"}, or 429 with {"retryAfterMs"}
// GET  /customers/:customer/hits   what is stored, and the limiter's time
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const customer = new URL(request.url).pathname.match(/^\/customers\/([\w-]+)\/hits$/)?.[1];
    if (!customer) return new Response("no such page\n", { status: 404 });
    const limiter = env.LIMITER.get(env.LIMITER.idFromName(customer));

    if (request.method === "GET") return Response.json(await limiter.hits());
    if (request.method !== "POST") return new Response("GET or POST only\n", { status: 405 });
    const body = await request.json<{ request?: string }>();
    if (!body.request) return new Response("name the request\n", { status: 400 });
    const answer = await limiter.hit(body.request);
    if (answer.allowed) return Response.json(answer);
    const seconds = Math.ceil(answer.retryAfterMs / 1000);
    return Response.json(answer, { status: 429, headers: { "retry-after": String(seconds) } });
  },
} satisfies ExportedHandler<Env>;
