import { Stock } from "./stock";

export { Stock };

declare global {
  interface Env {
    STOCK: DurableObjectNamespace<Stock>;
  }
}

// GET  /skus/:sku            the level
// GET  /skus/:sku/orders     every order and its state
// POST /skus/:sku/receive    {"delivery": "d1", "quantity": 10}
// POST /skus/:sku/reserve    {"order": "o1"}   200, or 409 when nothing is left
// POST /skus/:sku/release    {"order": "o1"}   200, or 404
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, root, sku, action] = new URL(request.url).pathname.split("/");
    if (root !== "skus" || !sku) return new Response("no such page\n", { status: 404 });
    const stock = env.STOCK.get(env.STOCK.idFromName(sku));

    if (request.method === "GET") {
      return Response.json(action === "orders" ? await stock.orders() : await stock.level());
    }
    if (request.method !== "POST") return new Response("GET or POST only\n", { status: 405 });

    const body = await request.json<{ order?: string; delivery?: string; quantity?: number }>();
    if (action === "receive" && body.delivery && Number.isInteger(body.quantity)) {
      return Response.json(await stock.receive(body.delivery, body.quantity!));
    }
    if (action === "reserve" && body.order) {
      const answer = await stock.reserve(body.order);
      return Response.json(answer, { status: answer.reserved ? 200 : 409 });
    }
    if (action === "release" && body.order) {
      const sold = await stock.release(body.order);
      return sold === null ? new Response("no such order\n", { status: 404 }) : Response.json({ sold });
    }
    return new Response("bad request\n", { status: 400 });
  },
} satisfies ExportedHandler<Env>;
