// Draws programs for an object. A program is a list of calls, made one after another; a call is a list of operations
// [label, name, ...arguments], run in order. src/run.js says what each operation does. In the place of a call may stand
// { together: [call, ...], stubs }: calls made at once, on one stub or each on its own.
//
// Only what is certain is drawn: delays differ by enough to have one order; what takes its time by itself (a call of another
// object, sync) stands in no strand beside others but one; nothing is dropped where a cursor may be open, which
// nobody knows before garbage is collected; nothing that may end the object stands beside a call of another one, which
// may have been heard by then or not; and no error text holds an id. No timer is begun in a critical section: in workerd a due timer outside that
// waits for the section's end holds the section's own up until both time out (see ../probes/differences.json).

/** A small generator of 32-bit numbers (mulberry32). */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

// Whatever subset of these a strand sleeps through, sums are at least 15 units apart.
const DELAYS = [15, 30, 60, 120];
const KEYS = ["a", "b", "c", "ab"];
const DEEPEST = 5;

// What may be drawn where. `timers`, `calls`: such operations may stand here; `alone`: no strand beside it takes time;
// `calm`: nothing here may end the object. `section`, `transaction`: inside of one. `elsewhere`: on another object, called
// from the first.
const TOP = { depth: 0, timers: false, calls: false, alone: true, calm: false, section: false, transaction: false, elsewhere: false };

class Draw {
  constructor(seed) {
    this.next = numbers(seed);
    this.delays = [...DELAYS];
    this.labels = 0;
    this.drops = this.chance(3);  // tables and all that is stored, and opens no cursors
  }

  below(n) { return this.next() % n; }
  of(list) { return list[this.below(list.length)]; }
  chance(n) { return this.below(n) === 0; }
  label() { return ++this.labels; }
  key() { return this.of(KEYS); }
  delay() { return this.delays.splice(this.below(this.delays.length), 1)[0]; }

  value() {
    if (!this.chance(5)) return this.below(100);
    return this.of([null, "text", { n: this.below(10) }, [1, [2]], "", true]);
  }

  listOptions() {
    return this.of([undefined, { prefix: "a" }, { start: "b" }, { limit: 2 }, { reverse: true }, { end: "b" },
                    { reverse: true, limit: 1 }, { startAfter: "a" }, { start: "a", end: "b", prefix: "a" },
                    { start: "c", end: "a" }]);
  }

  // Operations of storage that are promises.
  asynchronous() {
    if (this.chance(25)) {
      return this.of([["putUndefined", "a"], ["list", { limit: 0 }], ["list", { start: "a", startAfter: "b" }], ["get"],
                      ["put", { a: 1 }, 2], ["delete"]]);
    }
    return this.of([
      () => ["get", this.key()],
      () => ["get", this.key(), { allowConcurrency: true }],
      () => ["get", [this.key(), this.key()]],
      () => ["put", this.key(), this.value()],
      () => ["put", this.key(), this.value()],
      () => ["put", this.key(), this.below(100), { allowUnconfirmed: true }],
      () => ["put", { a: this.value(), c: this.below(100) }, { allowUnconfirmed: this.chance(2), allowConcurrency: true }],
      () => ["delete", this.key()],
      () => ["delete", [this.key(), this.key()], { allowUnconfirmed: true }],
      () => ["list", this.listOptions()],
      () => ["getAlarm"],
      () => ["setAlarm", this.below(3)],
      () => ["setAlarm", this.below(3), { allowUnconfirmed: true }],
      () => ["deleteAlarm"],
    ])();
  }

  synchronous() {
    return this.of([
      () => ["kvGet", this.key()],
      () => ["kvPut", this.key(), this.value()],
      () => ["kvDelete", this.key()],
      () => ["kvList", this.listOptions()],
      () => (this.drops ? ["kvList"] : this.of([["kvOpen", { prefix: "a" }], ["kvOpen"], ["kvNext"], ["kvNext"]])),
      () => ["insert", this.key(), this.below(100)],
      () => ["upsert", this.key(), this.below(100)],
      () => ["update", this.key(), this.below(9)],
      () => this.of([["remove", this.key()], ["select"], ["script"], ["create"]]),
      () => this.of([["sum", this.key()], ["one", this.key()], ["badSql"], ["begin"]]),
      () => (this.drops ? this.of([["drop"], ["create"], ["create"], ["select"]])
        : this.of([["open", "c"], ["next", "c"], ["rest", "c"], ["read", "c"], ["open", "d"], ["next", "d"]])),
    ])();
  }

  thrown(label) { return [label, "throw", `thrown ${label}`, this.of(["Error", "Error", "TypeError", "own", "text", "null"])]; }

  /** One operation that may stand at `where`. */
  operation(where) {
    const inner = (changes = {}) => ({ ...where, depth: where.depth + 1, ...changes });
    const few = (w) => this.operations(w, 1 + this.below(3));
    const label = this.label();
    const plain = () => [label, ...(this.below(3) ? this.asynchronous() : this.synchronous())];
    const choice = this.below(30);
    if (choice < 10 || where.depth >= DEEPEST) return plain();
    switch (choice) {
      case 10: return [label, "micro", 1 + this.below(4)];
      case 11:
      case 12: return [label, "try", few(inner())];
      case 13: return [label, "transactionSync", this.synchronousList(2), this.of(["commit", "throw"])];
      case 14:
      case 15: return [label, "all", this.strands(inner())];
      case 16:
      case 17:
      case 18: {
        const within = inner({ timers: false, section: true, transaction: true });
        return [label, "transaction", few(within), this.of(["commit", "commit", "throw", "rollback"])];
      }
      case 19:
      case 20:
        if (where.calm) return plain();
        return [label, "block", few(inner({ timers: false, section: true }))];
      case 21: return this.aside(label, where, inner());
      case 22:
        if (!where.transaction) return plain();
        return this.of([
          () => [label, "plain", [this.label(), ...this.asynchronous()]],
          () => [label, "outer", [this.label(), ...this.asynchronous()]],
          () => [label, "rollback"],
          () => [label, "outer", [this.label(), "rollback"]],
        ])();
      case 23:
      case 24: return this.timed(label, where, inner) ?? plain();
      case 25:
      case 26: return this.remote(label, where) ?? plain();
      case 27: return where.alone ? [label, "sync"] : plain();
      case 28:
        if (this.drops && this.chance(2)) return [label, "deleteAll"];
        if (!where.calm && this.chance(8)) return [label, "abort", `aborted ${label}`];
        return plain();
      default: return this.below(2) ? plain() : this.thrown(label);
    }
  }

  // Strands side by side. Of those that others answer there is one at most: who is first is not certain.
  strands(where) {
    const calling = this.below(3);
    return Array.from({ length: 2 + this.below(2) }, (_, i) => {
      const calls = where.calls && i === calling;
      const calm = where.calm || (where.calls && i !== calling);
      return this.operations({ ...where, calls, calm, alone: where.alone && i === calling }, 1 + this.below(3));
    });
  }

  // What is begun and not waited for.
  aside(label, where, inner) {
    const calm = where.calm || this.calling;
    const operations = this.operations({ ...inner, timers: false, calls: false, alone: false, calm }, 1 + this.below(2));
    if (this.chance(2)) operations.unshift([this.label(), "micro", 1 + this.below(6)]);
    return [label, this.of(["go", "waitUntil"]), operations];
  }

  timed(label, where, inner) {
    if (!where.timers || this.delays.length === 0) return undefined;
    switch (this.below(6)) {
      case 0:
      case 1: return [label, "sleep", this.delay()];
      case 2: return [label, "wait", this.delay()];
      case 3: return [label, "clear"];
      case 4: return [label, "race", this.strands(inner())];
      default: return [label, "timer", this.delay(), this.operations(inner(), 1 + this.below(3))];
    }
  }

  remote(label, where) {
    if (!where.calls) return undefined;
    const who = this.of(where.section ? ["x", "y"] : ["x", "y", "self"]);
    const there = { ...TOP, depth: where.depth + 2, elsewhere: true };
    const few = () => this.operations(there, 1 + this.below(3));
    switch (this.below(9)) {
      case 0:
      case 1:
      case 2: return [label, "call", who, few()];
      case 3: return [label, "fetch", who, few()];
      case 4: return [label, "property", who];
      case 5: return [label, "target", who, this.below(5), this.of(["pipelined", "held", "failing"])];
      // What a section gives out can be called within it once (../probes, gates).
      case 6: return [label, "lend", who, this.below(5), this.of(where.section ? ["x", "y"] : ["own", "x", "y"])];
      case 7: return where.section ? undefined : [label, "tools", who, this.below(5)];
      default: {
        there.calm = true;
        const operations = few();
        operations.splice(this.below(operations.length + 1), 0, [this.label(), "back", this.below(9)]);
        const here = this.operations({ ...where, timers: false, calls: false, transaction: false, depth: where.depth + 2 }, 1);
        return [label, "callback", who, operations, here];
      }
    }
  }

  synchronousList(deeper) {
    return Array.from({ length: 1 + this.below(3) }, () => {
      const label = this.label();
      if (this.chance(12)) return this.thrown(label);
      if (deeper > 0 && this.chance(6)) {
        return [label, "transactionSync", this.synchronousList(deeper - 1), this.of(["commit", "throw"])];
      }
      return [label, ...this.synchronous()];
    });
  }

  operations(where, count) { return Array.from({ length: count }, () => this.operation(where)); }

  call(timers) {
    const where = { ...TOP, timers, calls: !timers };
    if (!this.chance(4)) return this.operations(where, 2 + this.below(5));
    // What one of them says must not depend on whether it was said before another ended the object, or waited for nothing.
    Object.assign(where, { calm: true, alone: false });
    if (!this.chance(3)) return { together: this.strands(where), stubs: 1 };
    const same = this.operations({ ...where, calls: false, alone: false }, 1 + this.below(4));
    return { together: Array.from({ length: 2 + this.below(2) }, () => same), stubs: 2 };
  }

  program() {
    // A program has timers or calls of others, never both.
    const timers = this.chance(2);
    this.calling = !timers;
    return Array.from({ length: 1 + this.below(3) }, () => this.call(timers));
  }
}

/** Program number `seed`. */
export function generate(seed) { return new Draw(seed).program(); }
