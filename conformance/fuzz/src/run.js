// Runs the operations of a program over an object and keeps their marks: [label, what it gave], in the order of their
// happening. An operation is [label, name, ...arguments]; ../generate.js draws them.
import { RpcTarget } from "cloudflare:workers";
import { shown } from "./show.js";

/** Alarms are set so many milliseconds and a bit after 1970: none of them comes. */
export const FAR = 4_000_000_000_000;

class Rolled extends Error {}

// What the methods of storage are given: nothing may stand for a parameter that is missing.
const STORAGE = new Set(["get", "put", "delete", "list", "deleteAll", "getAlarm", "deleteAlarm"]);

/** What "target" calls: each call counts in the object's storage. */
export class Counter extends RpcTarget {
  #storage;
  #count;
  constructor(storage, count) {
    super();
    this.#storage = storage;
    this.#count = count;
  }
  get count() { return this.#count; }
  async add(n) {
    this.#count += n;
    await this.#storage.put("counted", this.#count);
    return this.#count;
  }
  fail(text) { throw new RangeError(text); }
}

export class Run {
  constructor(object) {
    this.object = object;
    this.storage = object.ctx.storage;
    this.log = [];
    this.pending = [];
    this.cursors = {};
    this.timers = [];
  }

  mark(label, value) { this.log.push([label, shown(value)]); }

  /** Operations to their end, timers and what was not waited for included; gives their marks. */
  async whole(operations) {
    try {
      await this.list(operations);
    } catch (error) {
      this.mark("end", error);
    }
    while (this.pending.length > 0) await this.pending.shift();
    return this.log;
  }

  // `handles`: the storage that operations go to, and those of the transactions around it, the innermost first.
  async list(operations, handles = [this.storage]) {
    for (const operation of operations) await this.one(operation, handles);
  }

  /** Operations that are begun here and waited for at the end of the run. */
  begin(label, operations, handles) {
    const ended = this.list(operations, handles).catch((error) => this.mark(label, error));
    this.pending.push(ended);
    return ended;
  }

  later(units) { return units * this.object.env.UNIT_MS; }

  other(who) {
    const name = who === "self" ? this.object.name : `${this.object.name}/${who}`;
    const { OBJECTS } = this.object.env;
    return { name, stub: OBJECTS.get(OBJECTS.idFromName(name)) };
  }

  // Operations that are not promises, for transactionSync.
  listSync(operations) {
    for (const [label, name, ...rest] of operations) {
      if (name === "throw") throw this.error(rest);
      this.mark(label, name === "transactionSync" ? this.transactionSync(label, rest) : this.now(name, rest));
    }
  }

  transactionSync(label, [operations, end]) {
    try {
      const gave = this.storage.transactionSync(() => {
        this.listSync(operations);
        if (end === "throw") throw new Rolled(label);
        return end;
      });
      return gave;
    } catch (error) {
      if (!(error instanceof Rolled)) throw error;
      return "rolled back";
    }
  }

  error([text, kind]) {
    switch (kind) {
      case "TypeError": return new TypeError(text);
      case "own": return new Rolled(text);
      case "text": return text;
      case "null": return null;
      default: return new Error(text);
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
      case "kvOpen": this.iterator = kv.list(a); return "opened";
      case "kvNext": return this.iterator === undefined ? "none" : this.iterator.next();
      case "insert": return sql.exec("INSERT INTO t (k, v) VALUES (?, ?) RETURNING k, v", a, b).toArray();
      case "upsert": return sql.exec("INSERT OR REPLACE INTO t (k, v) VALUES (?, ?)", a, b).rowsWritten;
      case "update": return sql.exec("UPDATE t SET v = v + ? WHERE k >= ? RETURNING v", b, a).toArray();
      case "remove": return sql.exec("DELETE FROM t WHERE k = ?", a).rowsWritten;
      case "select": return sql.exec("SELECT k, v FROM t ORDER BY k").toArray();
      case "sum": return sql.exec("SELECT count(*) AS n, sum(v) AS s FROM t WHERE k >= ?", a).one();
      case "one": return sql.exec("SELECT v FROM t WHERE k = ?", a).one();
      case "script": return [...sql.exec("DELETE FROM t WHERE v > 90; SELECT max(v) AS m FROM t").raw()];
      case "create": return sql.exec("CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v INTEGER)").columnNames;
      case "drop": return sql.exec("DROP TABLE IF EXISTS t").columnNames;
      case "badSql": return sql.exec("SELECT v FROM nowhere").toArray();
      case "begin": return sql.exec("BEGIN TRANSACTION").toArray();
      case "open": this.cursors[a] = sql.exec("SELECT k, v FROM t ORDER BY k"); return this.cursors[a].columnNames;
      case "next": return this.cursors[a] === undefined ? "none" : this.cursors[a].next();
      case "rest": return this.cursors[a] === undefined ? "none" : [...this.cursors[a].raw()];
      case "read": return this.cursors[a] === undefined ? "none" : this.cursors[a].rowsRead;
      default: throw new TypeError(`no operation ${name}`);
    }
  }

  async one([label, name, ...rest], handles) {
    const [storage] = handles;
    const [a, b, c] = rest;
    const { ctx } = this.object;
    if (STORAGE.has(name)) {
      const gave = await storage[name](...rest);
      return this.mark(label, name === "getAlarm" && gave !== null ? gave - FAR : gave);
    }
    switch (name) {
      case "putUndefined": return this.mark(label, await storage.put(a, undefined));
      case "setAlarm": return this.mark(label, await storage.setAlarm(FAR + a, b));
      case "sync": return this.mark(label, await this.storage.sync());
      case "micro": for (let i = 0; i < a; i++) await null; return this.mark(label, "turned");
      case "throw": throw this.error(rest);
      case "abort": return ctx.abort(a);
      case "plain": return this.one(a, [this.storage]);  // not through the transaction around it
      case "outer": return this.one(a, handles.length > 1 ? handles.slice(1) : handles);
      case "rollback": return this.mark(label, storage === this.storage ? "none" : storage.rollback());
      case "go": this.begin(label, a, handles); return this.mark(label, "begun");
      case "waitUntil": ctx.waitUntil(this.begin(label, a, handles)); return this.mark(label, "begun");
      case "try":
        try {
          await this.list(a, handles);
        } catch (error) {
          this.mark(label, error);
        }
        return;
      case "all": {
        const ended = await Promise.allSettled(a.map((strand) => this.list(strand, handles)));
        return this.mark(label, ended.map((one) => (one.status === "fulfilled" ? "ok" : shown(one.reason))));
      }
      case "race": {
        const strands = a.map((strand, i) => this.begin(label, strand, handles).then(() => i));
        return this.mark(label, await Promise.race(strands));
      }
      case "block":
        return this.mark(label, await ctx.blockConcurrencyWhile(async () => { await this.list(a); return "left"; }));
      case "transaction":
        try {
          const gave = await this.storage.transaction(async (txn) => {
            await this.list(a, [txn, ...handles]);
            if (b === "rollback") txn.rollback();
            if (b === "throw") throw new Rolled(label);
            return b;
          });
          return this.mark(label, gave);
        } catch (error) {
          if (!(error instanceof Rolled)) throw error;
          return this.mark(label, "rolled back");
        }
      case "transactionSync": return this.mark(label, this.transactionSync(label, rest));
      default: return this.timed(label, name, rest) ?? this.remote(label, name, rest, handles)
        ?? this.mark(label, this.now(name, rest));
    }
  }

  timed(label, name, [a, b]) {
    switch (name) {
      case "sleep":
        return new Promise((done) => setTimeout(done, this.later(a))).then(() => this.mark(label, "woke"));
      case "wait": return scheduler.wait(this.later(a)).then(() => this.mark(label, "waited"));
      case "timer":
        this.pending.push(new Promise((done) => {
          const timer = setTimeout(() => {
            this.mark(label, "due");
            this.list(b).catch((error) => this.mark(label, error)).then(done);
          }, this.later(a));
          this.timers.push({ timer, done });
        }));
        return Promise.resolve();
      case "clear": {
        const { timer, done } = this.timers.pop() ?? {};
        clearTimeout(timer);
        done?.();
        return Promise.resolve(this.mark(label, timer === undefined ? "none" : "cleared"));
      }
      default: return undefined;
    }
  }

  remote(label, name, [a, b, c]) {
    switch (name) {
      case "call": return this.call(label, a, b);
      case "callback": return this.callback(label, a, b, c);
      case "fetch": return this.fetch(label, a, b);
      case "target": return this.target(label, a, b, c);
      case "lend": return this.lend(label, a, b, c);
      case "tools": return this.tools(label, a, b);
      case "property": return this.other(a).stub.property.then((gave) => this.mark(label, gave));
      case "back": return this.back?.(a).then((gave) => this.mark(label, gave));
      default: return undefined;
    }
  }

  async call(label, who, operations) {
    const { name, stub } = this.other(who);
    this.mark(label, await stub.run(name, operations));
  }

  // The other object calls back while its run goes on ("back"), and is answered from here.
  async callback(label, who, there, here) {
    const { name, stub } = this.other(who);
    const back = async (said) => {
      this.mark(label, ["called back", said]);
      await this.list(here);
      return said + 1;
    };
    this.mark(label, await stub.run(name, there, back));
  }

  async fetch(label, who, operations) {
    const { name, stub } = this.other(who);
    const request = { method: "POST", body: JSON.stringify(operations) };
    const response = await stub.fetch(`https://object.example.com/${name}`, request);
    this.mark(label, [response.status, await response.json()]);
  }

  // One's own counter for another object, or one of a third's, which is passed on.
  async lend(label, who, first, whose) {
    if (whose === "own") return this.mark(label, await this.other(who).stub.borrow(new Counter(this.storage, first)));
    const counter = await this.other(whose).stub.counter(first);
    try {
      this.mark(label, await this.other(who).stub.borrow(counter));
    } finally {
      counter[Symbol.dispose]();
    }
  }

  async tools(label, who, first) {
    const tools = await this.other(who).stub.tools(first);
    try {
      this.mark(label, [await tools.add(1), await tools.each([1, 2], async (n) => n + (await this.storage.get("counted") ?? 0))]);
    } finally {
      tools[Symbol.dispose]();
    }
  }

  async target(label, who, first, how) {
    const { stub } = this.other(who);
    if (how === "pipelined") return this.mark(label, await stub.counter(first).add(1));
    const counter = await stub.counter(first);
    try {
      this.mark(label, [await counter.add(1), await counter.add(2), await counter.count]);
      if (how === "failing") await counter.fail(`failed ${label}`);
    } finally {
      counter[Symbol.dispose]();
    }
  }
}
