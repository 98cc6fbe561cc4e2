import { DurableObject } from "cloudflare:workers";

const caught = async (f) => {
  try {
    return await f();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

/** Does what a request says; what its alarm does is said beforehand, under "plan". */
export class Probe extends DurableObject {
  storage = this.ctx.storage;
  last;

  async fetch(request) {
    const step = new URL(request.url).pathname.split("/").pop();
    const body = request.method === "POST" ? await request.json() : {};
    return Response.json((await this[step](body)) ?? null);
  }

  async plan({ plan, inMs = 1000 }) {
    await this.storage.put({ plan, log: [], runs: 0 });
    const at = Date.now() + inMs;
    await this.storage.setAlarm(at);
    return at;
  }
  async log() {
    return {
      log: (await this.storage.get("log")) ?? [],
      runs: (await this.storage.get("runs")) ?? 0,
      alarm: await this.storage.getAlarm(),
      now: Date.now(),
    };
  }

  async basics() {
    const s = this.storage;
    const now = Date.now();
    const out = {};
    out.first = await s.getAlarm();
    out.zero = await caught(() => s.setAlarm(0));
    out.negative = await caught(() => s.setAlarm(new Date(-5)));
    out.invalid = await caught(() => s.setAlarm(new Date(NaN)));
    out.undefined = await caught(() => s.setAlarm());
    await s.setAlarm(new Date(now + 90_000));
    out.date = (await s.getAlarm()) - now;
    await s.setAlarm(now + 60_000.9);
    out.fraction = (await s.getAlarm()) - now;
    await s.setAlarm(1);
    out.past = (await s.getAlarm()) - now;
    await s.deleteAlarm();
    await s.deleteAlarm();
    out.deleted = await s.getAlarm();
    return out;
  }

  async transactions() {
    const s = this.storage;
    const now = Date.now();
    const out = {};
    const left = async (ms) => (ms === null ? null : ms - now);
    await s.setAlarm(now + 100_000);
    out.thrown = await caught(() =>
      s.transaction(async (txn) => {
        await txn.setAlarm(now + 50_000);
        throw new Error("no");
      }));
    out.afterThrow = await left(await s.getAlarm());
    await s.transaction(async (txn) => {
      await txn.deleteAlarm();
      out.inside = await txn.getAlarm();
      txn.rollback();
      out.rolledBack = await caught(() => txn.setAlarm(now + 1));
      out.rolledBackGet = await caught(() => txn.getAlarm());
      out.rolledBackDelete = await caught(() => txn.deleteAlarm());
    });
    out.afterRollback = await left(await s.getAlarm());
    let escaped;
    await s.transaction(async (txn) => {
      escaped = txn;
      await s.setAlarm(now + 70_000);
    });
    out.committed = await left(await s.getAlarm());
    out.late = await caught(() => escaped.setAlarm(now + 1));
    out.sync = await caught(() =>
      s.transactionSync(() => {
        void s.setAlarm(now + 10_000);
        throw new TypeError("sync");
      }));
    out.afterSync = await left(await s.getAlarm());
    await s.deleteAll();
    out.deletedAll = await s.getAlarm();
    return out;
  }

  async background() {
    this.ctx.waitUntil(
      new Promise((resolve) => setTimeout(resolve, 25_000)).then(() => this.storage.put("log", ["background"])));
  }

  async alarm(info) {
    const s = this.storage;
    const plan = await s.get("plan");
    const runs = ((await s.get("runs")) ?? 0) + 1;
    const log = (await s.get("log")) ?? [];
    log.push({ ...info, at: Date.now(), seen: await s.getAlarm() });
    await s.put({ runs, log });
    const fail = typeof plan === "object" ? runs <= plan.fail : plan === "always";
    if (fail) throw new Error("not now");
    if (plan === "again" && runs < 4) await s.setAlarm(Date.now() + 1000);
    if (plan === "again and fail" && runs < 2) {
      await s.setAlarm(Date.now() + 60_000);
      throw new Error("but a new one is set");
    }
    if (plan === "delete and fail") {
      await s.deleteAlarm();
      throw new Error("no more");
    }
    if (plan === "rollback" && runs < 3) {
      await caught(() =>
        s.transaction(async (txn) => {
          await txn.setAlarm(Date.now() + 500);
          throw new Error("back");
        }));
      log[log.length - 1].afterRollback = await s.getAlarm();
      await s.put("log", log);
    }
    if (plan === "commit" && runs < 3) {
      await s.transaction(async (txn) => {
        await txn.setAlarm(Date.now() + 500);
        log[log.length - 1].inside = (await txn.getAlarm()) - Date.now();
        await txn.put("log", log);
      });
    }
    if (plan === "abort") this.ctx.abort("enough", { retryAlarm: false });
    if (plan === "abort and retry" && runs < 3) {
      await s.sync();
      this.ctx.abort("again");
    }
    if (plan === "forever") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
    if (plan === "slow") await new Promise((resolve) => setTimeout(resolve, 30_000));
    if (plan === "section" && runs < 2) {
      await s.sync();
      await this.ctx.blockConcurrencyWhile(async () => {
        throw new Error("section");
      });
    }
  }
}

/** Has no alarm(). */
export class Mute extends DurableObject {
  async fetch() {
    const refused = await caught(() => this.ctx.storage.setAlarm(Date.now() + 1000));
    return Response.json({ refused, alarm: await this.ctx.storage.getAlarm() });
  }
}

/** Sets an alarm where nobody can know yet that nobody will handle it. */
export class Early extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      if (await ctx.storage.get("made")) return;
      await ctx.storage.put("made", true);
    });
    if (!ctx.storage.kv.get("set")) {
      ctx.storage.kv.put("set", true);
      void ctx.storage.setAlarm(Date.now() + 2000);
    }
  }
  async fetch() {
    return Response.json({ alarm: await this.ctx.storage.getAlarm() });
  }
}

export default {
  async fetch(request, env) {
    const [, space, name] = new URL(request.url).pathname.split("/");
    const namespace = { probe: env.PROBE, mute: env.MUTE, early: env.EARLY }[space];
    return namespace.get(namespace.idFromName(name)).fetch(request);
  },
};
