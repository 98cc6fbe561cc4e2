import { account, Account } from "./account";
import type { Env } from "./env";
import { job, Job } from "./job";
import { reminders, Reminders } from "./reminders";
import { tally, Tally } from "./tally";
import { tickets, Tickets } from "./tickets";

export { Account, Job, Reminders, Tally, Tickets };

const ROOMS: Record<string, (request: Request, env: Env, rest: string[]) => Promise<Response>> = {
  account, job, reminders, tally, tickets,
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, room, ...rest] = new URL(request.url).pathname.split("/");
    const answer = ROOMS[room];
    if (!answer) return new Response("no such page\n", { status: 404 });
    try {
      return await answer(request, env, rest);
    } catch (error) {
      return new Response(`${error}\n`, { status: 503 });
    }
  },
} satisfies ExportedHandler<Env>;
