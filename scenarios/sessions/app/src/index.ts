import { type Answer, UserSessions } from "./user_sessions";

export { UserSessions };

declare global {
  interface Env {
    USERS: DurableObjectNamespace<UserSessions>;
    MOST_SESSIONS: string;
  }
}

/** Every answer says, as its etag, how many changes the user's sessions have seen. */
function reply<T>(answer: Answer<T>, status = 200): Response {
  return Response.json(answer.value, { status, headers: { etag: `"${answer.revision}"` } });
}

// POST   /users/:user/sessions        {"device": "phone"}: 201 with {"id"}, or 409 when there are too many
// GET    /users/:user/sessions        all that are live
// DELETE /users/:user/sessions        logs out everywhere: {"ended": 3}
// POST   /users/:user/sessions/:id    touches: 200 with {"device", "seenAt"}, or 401
// DELETE /users/:user/sessions/:id    revokes: 200, or 404
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const match = new URL(request.url).pathname.match(/^\/users\/([\w-]+)\/sessions(?:\/([\w-]+))?$/);
    if (!match) return new Response("no such page\n", { status: 404 });
    const [, user, id] = match;
    const sessions = env.USERS.get(env.USERS.idFromName(user));

    switch (`${request.method} ${id ? "one" : "all"}`) {
      case "POST all": {
        const { device } = await request.json<{ device: string }>();
        const answer = await sessions.login(device);
        return reply(answer, answer.value ? 201 : 409);
      }
      case "GET all":
        return reply(await sessions.list());
      case "DELETE all":
        return reply(await sessions.logoutEverywhere());
      case "POST one": {
        const answer = await sessions.touch(id);
        return reply(answer, answer.value ? 200 : 401);
      }
      case "DELETE one": {
        const answer = await sessions.revoke(id);
        return reply(answer, answer.value ? 200 : 404);
      }
    }
    return new Response("GET, POST or DELETE only\n", { status: 405 });
  },
} satisfies ExportedHandler<Env>;
