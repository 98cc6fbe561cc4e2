import { DurableObject } from "cloudflare:workers";

interface Env {
  REGISTER: DurableObjectNamespace<Register>;
}

/** Holds one number. Reads come from memory: nothing but the platform's lease keeps them from being stale. */
export class Register extends DurableObject<Env> {
  private value: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      this.value = (await ctx.storage.get<number>("value")) ?? null;
    });
  }

  read(): number | null {
    return this.value;
  }

  write(value: number): void {
    this.ctx.storage.put("value", value);
    this.value = value;
  }
}

// GET /:name and PUT /:name with {"value": n}
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const name = new URL(request.url).pathname.slice(1);
    if (!name) return new Response("name a register\n", { status: 404 });
    const register = env.REGISTER.get(env.REGISTER.idFromName(name));
    if (request.method === "PUT") {
      const { value } = await request.json<{ value: number }>();
      await register.write(value);
      return Response.json({ value });
    }
    return Response.json({ value: await register.read() });
  },
} satisfies ExportedHandler<Env>;
