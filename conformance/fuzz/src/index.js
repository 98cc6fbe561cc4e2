// The Worker that runs generated programs, the same in Orrery and in workerd. POST /NAME with a program (generate.js
// says what one is) answers with what its calls gave, and what was in storage afterwards.
import { DurableObject } from "cloudflare:workers";
import { Counter, FAR, Run } from "./run.js";
import { shown } from "./show.js";

export class FuzzObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v INTEGER)");
  }

  alarm() {}

  // The name without the number that one who asks gives a program: it is another one each time.
  get property() { return `of ${this.name?.replace(/^\d+/, "the program")}`; }

  /** Runs operations; gives their marks. `back` is what the caller answers "back" with. */
  async run(name, operations, back) {
    this.name = name;
    const run = new Run(this);
    run.back = back;
    return run.whole(operations);
  }

  counter(count) { return new Counter(this.ctx.storage, count); }
  /** Uses a counter of somebody else's. */
  async borrow(counter) { return [await counter.add(1), await counter.add(2), await counter.count]; }
  /** Functions that go on with what they were made with. */
  tools(count) {
    return { add: (n) => (count += n), each: async (list, f) => { for (const n of list) count += await f(n); return count; } };
  }

  async fetch(request) {
    this.name = new URL(request.url).pathname.slice(1);
    const run = new Run(this);
    await run.list(await request.json());
    while (run.pending.length > 0) await run.pending.shift();
    return Response.json(run.log);
  }

  /** All that is stored. */
  async state() {
    const { storage } = this.ctx;
    const alarm = await storage.getAlarm();
    return [[...await storage.list()], storage.sql.exec("SELECT k, v FROM t ORDER BY k").toArray(),
            alarm === null ? null : alarm - FAR];
  }
}

async function outcome(promise) {
  try {
    return await promise;
  } catch (error) {
    return `caller: ${JSON.stringify(shown(error))}`;
  }
}

export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    const stub = (of) => env.OBJECTS.get(env.OBJECTS.idFromName(of));
    const answers = [];
    const begin = (of, operations) => outcome(of.run(name, operations));
    for (const call of await request.json()) {
      if (Array.isArray(call)) {
        answers.push(await begin(stub(name), call));
      } else if (call.stubs === 1) {
        const one = stub(name);
        answers.push(await Promise.all(call.together.map((operations) => begin(one, operations))));
      } else {
        // Which of two stubs is heard first nobody says: the calls are the same, and their answers in no order.
        const all = await Promise.all(call.together.map((operations) => begin(stub(name), operations)));
        answers.push(all.map((one) => JSON.stringify(one)).sort().map((one) => JSON.parse(one)));
      }
    }
    for (const of of [name, `${name}/x`, `${name}/y`]) answers.push(await outcome(stub(of).state()));
    return Response.json(answers);
  },
};
