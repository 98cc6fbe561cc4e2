import { Trip } from "./trip";

export { Trip };

declare global {
  interface Env {
    TRIP: DurableObjectNamespace<Trip>;
  }
}

// POST /trips/:id   books hotel and flight: 200 booked, 409 could not be, 202 not known yet
// GET  /trips/:id   where it stands
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = new URL(request.url).pathname.match(/^\/trips\/([\w-]+)$/)?.[1];
    if (!id) return new Response("no such page\n", { status: 404 });
    const trip = env.TRIP.get(env.TRIP.idFromName(id));
    const answer = request.method === "POST" ? await trip.book() : await trip.look();
    const status = answer.state === "booked" || request.method === "GET" ? 200 : answer.state === "cancelled" ? 409 : 202;
    return Response.json(answer, { status });
  },
} satisfies ExportedHandler<Env>;
