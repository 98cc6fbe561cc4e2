import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** Work that only one may do at a time, at https://work.example. */
export class Job extends DurableObject<Env> {
  private busy = false;

  async run(): Promise<boolean> {
    if (this.env.MISTAKE === "stored_lock") {
      // The mistake: who dies with the work takes the key along.
      if (await this.ctx.storage.get<boolean>("busy")) return false;
      await this.ctx.storage.put("busy", true);
      await this.work();
      await this.ctx.storage.put("busy", false);
      return true;
    }
    if (this.busy) return false;
    this.busy = true;
    try {
      await this.work();
      await this.ctx.storage.put("done", Date.now());
    } finally {
      this.busy = false;
    }
    return true;
  }

  private async work(): Promise<void> {
    await fetch("https://work.example/", { method: "POST" });
  }
}

// POST /job/:name: 200 when it was done, 409 when another does it
export async function job(_: Request, env: Env, [name]: string[]): Promise<Response> {
  return new Response(null, { status: (await env.JOB.getByName(name).run()) ? 200 : 409 });
}
