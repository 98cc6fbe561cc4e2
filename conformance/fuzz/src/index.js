// The Worker that runs generated programs, the same in Orrery and in workerd. POST /NAME with a program (generate.js
// says what one is) answers with what its calls gave: the marks of every operation in the order of their happening.
import { DurableObject } from "cloudflare:workers";

function shown(value) {
  if (value === undefined) return "undefined";
  if (value instanceof Map) return { map: [...value] };
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value;
}

class Rolled extends Error {}

/** One call's run: the operations of a program over the storage of an object. */
class Run {
  constructor(object) {
    this.object = object;
    this.storage = object.ctx.storage;
    this.log = [];
    this.pending = [];
  }

  mark(label, value) { this.log.push([label, shown(value)]); }

  async list(operations, storage = this.storage) {
    for (const operation of operations) await this.one(operation, storage);
  }

  // Operations that are not promises, for transactionSync.
  listSync(operations) {
    for (const [label, name, ...rest] of operations) {
      if (name === "throw") throw new Error(rest[0]);
      this.mark(label, this.now(name, rest));
    }
  }

  // A synchronous operation's result.
  now(name, [a, b]) {
    const { sql, kv } = this.storage;
    switch (name) {
      case "kvGet": return kv.get(a);
      case "kvPut": return kv.put(a, b);
      case "kvDelete": return kv.delete(a);
      case "kvList": return [...kv.list(a)];
      case "insert": return sql.exec("INSERT INTO t (k, v) VALUES (?, ?) RETURNING k, v", a, b).toArray();
      case "upsert": return sql.exec("INSERT OR REPLACE INTO t (k, v) VALUES (?, ?)", a, b).toArray();
      case "select": return sql.exec("SELECT k, v FROM t ORDER BY k").toArray();
      case "sum": return sql.exec("SELECT count(*) AS n, sum(v) AS s FROM t WHERE k >= ?", a).one();
      case "badSql": return sql.exec("SELECT v FROM nowhere").toArray();
      default: throw new TypeError(`no operation ${name}`);
    }
  }

  async one([label, name, ...rest], storage) {
    const [a, b, c] = rest;
    const { ctx, env } = this.object;
    switch (name) {
      case "get": return this.mark(label, await storage.get(a, b));
      case "put": return this.mark(label, await storage.put(a, b, c));
      case "delete": return this.mark(label, await storage.delete(a));
      case "list": return this.mark(label, await storage.list(a));
      case "deleteAll": return this.mark(label, await storage.deleteAll());
      case "sync": return this.mark(label, await this.storage.sync());
      case "setAlarm": return this.mark(label, await storage.setAlarm(Date.now() + a));
      case "getAlarm": return this.mark(label, (await storage.getAlarm()) !== null);
      case "deleteAlarm": return this.mark(label, await storage.deleteAlarm());
      case "micro": for (let i = 0; i < a; i++) await null; return this.mark(label, "turned");
      case "sleep": await new Promise((done) => setTimeout(done, a)); return this.mark(label, "woke");
      case "throw": throw new Error(a);
      case "go": {  // without waiting for it
        const started = this.one(a, storage).catch((error) => this.mark(label, error));
        this.pending.push(started);
        return this.mark(label, "begun");
      }
      case "timer":
        this.pending.push(new Promise((done) => setTimeout(() => {
          this.mark(label, "due");
          this.list(b).catch((error) => this.mark(label, error)).then(done);
        }, a)));
        return;
      case "try":
        try {
          await this.list(a, storage);
        } catch (error) {
          this.mark(label, error);
        }
        return;
      case "all": {
        const ended = await Promise.allSettled(a.map((strand) => this.list(strand, storage)));
        return this.mark(label, ended.map((one) => (one.status === "fulfilled" ? "ok" : shown(one.reason))));
      }
      case "block":
        return this.mark(label, await ctx.blockConcurrencyWhile(async () => { await this.list(a); return "left"; }));
      case "transaction":
        await this.storage.transaction(async (txn) => {
          await this.list(a, txn);
          if (b === "rollback") txn.rollback();
          if (b === "throw") throw new Rolled(label);
        }).catch((error) => { if (!(error instanceof Rolled)) throw error; });
        return this.mark(label, b);
      case "transactionSync":
        try {
          this.storage.transactionSync(() => {
            this.listSync(a);
            if (b === "throw") throw new Rolled(label);
          });
        } catch (error) {
          if (!(error instanceof Rolled)) throw error;
        }
        return this.mark(label, b);
      case "call": {
        const other = env.OBJECTS.get(env.OBJECTS.idFromName(`${this.object.name}/${a}`));
        return this.mark(label, await other.run(`${this.object.name}/${a}`, b));
      }
      default: return this.mark(label, this.now(name, rest));
    }
  }
}

export class FuzzObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v INTEGER)");
  }

  alarm() {}

  /** Runs operations to their end, timers and what was not waited for included; gives their marks. */
  async run(name, operations) {
    this.name = name;
    const run = new Run(this);
    try {
      await run.list(operations);
    } catch (error) {
      run.mark("end", error);
    }
    while (run.pending.length > 0) await run.pending.shift();
    return run.log;
  }
}

export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    const answers = [];
    for (const operations of await request.json()) {
      try {
        answers.push(await env.OBJECTS.get(env.OBJECTS.idFromName(name)).run(name, operations));
      } catch (error) {
        answers.push(`caller: ${error.name}: ${error.message}`);
      }
    }
    return Response.json(answers);
  },
};
