import { Trial } from "./trial";

export { Trial };

declare global {
  interface Env {
    TRIAL: DurableObjectNamespace<Trial>;
    TRIAL_DAYS: string;
  }
}

// GET  /trials/:user          what is known of the trial
// POST /trials/:user/start    begins it; asked again, answers as the first time
// POST /trials/:user/extend   {"days": 7}
// POST /trials/:user/cancel   no charge will be made
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, root, user, action] = new URL(request.url).pathname.split("/");
    if (root !== "trials" || !user) return new Response("no such page\n", { status: 404 });
    const trial = env.TRIAL.get(env.TRIAL.idFromName(user));

    if (request.method === "GET" && !action) return Response.json(await trial.status());
    if (request.method !== "POST") return new Response("GET or POST only\n", { status: 405 });
    if (action === "start") return Response.json(await trial.start());
    if (action === "cancel") return Response.json(await trial.cancel());
    if (action === "extend") {
      const { days } = await request.json<{ days: number }>();
      if (!(days > 0)) return new Response("days must be above 0\n", { status: 400 });
      return Response.json(await trial.extendTo(days));
    }
    return new Response("no such action\n", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
