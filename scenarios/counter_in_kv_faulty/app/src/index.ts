interface Env {
  VIEWS: KVNamespace;
}

// POST /views/:page   counts a view: the number after it
// GET  /views/:page   how many there are
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const page = new URL(request.url).pathname.match(/^\/views\/([\w-]+)$/)?.[1];
    if (!page) return new Response("no such page\n", { status: 404 });
    const views = Number((await env.VIEWS.get(page)) ?? "0");
    if (request.method === "GET") return Response.json({ views });
    // The bug: what was read may be a minute old, and somebody else may have counted meanwhile.
    await env.VIEWS.put(page, String(views + 1));
    return Response.json({ views: views + 1 });
  },
} satisfies ExportedHandler<Env>;
