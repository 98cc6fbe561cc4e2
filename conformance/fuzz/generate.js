// Draws programs for an object. A program is a list of calls, made one after another; a call is a list of
// operations [label, name, ...arguments], run in order; src/index.js says what each does.
//
// Only what is certain is drawn: delays differ by enough to have one order, calls of other objects do not run beside
// timers, and no error text holds an id. No timer is begun in a critical section: in workerd a due timer outside that
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

// Whatever subset of these a strand sleeps through, sums are at least 15 ms apart.
const DELAYS = [15, 30, 60, 120];
const KEYS = ["a", "b", "c", "ab"];

class Draw {
  constructor(seed) {
    this.next = numbers(seed);
    this.delays = [...DELAYS];
    this.labels = 0;
  }

  below(n) { return this.next() % n; }
  of(list) { return list[this.below(list.length)]; }
  label() { return ++this.labels; }

  listOptions() {
    return this.of([undefined, { prefix: "a" }, { start: "b" }, { limit: 2 }, { reverse: true }, { end: "b" },
                    { reverse: true, limit: 1 }, { startAfter: "a" }]);
  }

  // Operations of storage that are promises.
  asynchronous() {
    const key = () => this.of(KEYS);
    return this.of([
      () => ["get", key()],
      () => ["get", [key(), key()]],
      () => ["put", key(), this.below(100)],
      () => ["put", key(), this.below(100), { allowUnconfirmed: true }],
      () => ["put", { a: this.below(100), c: this.below(100) }],
      () => ["delete", key()],
      () => ["delete", [key(), key()]],
      () => ["list", this.listOptions()],
      () => ["getAlarm"],
      () => ["setAlarm", 3_600_000],
      () => ["deleteAlarm"],
    ])();
  }

  synchronous() {
    const key = () => this.of(KEYS);
    return this.of([
      () => ["kvGet", key()],
      () => ["kvPut", key(), this.below(100)],
      () => ["kvDelete", key()],
      () => ["kvList", this.listOptions()],
      () => ["insert", key(), this.below(100)],
      () => ["upsert", key(), this.below(100)],
      () => ["select"],
      () => ["sum", key()],
      () => ["badSql"],
    ])();
  }

  /** `where`: depth, and what may not stand here: timers, calls, sections, top-level operations. */
  operation(where) {
    const inner = (changes = {}) => ({ ...where, depth: where.depth + 1, ...changes });
    const few = (w) => this.operations(w, 1 + this.below(3));
    const choice = this.below(20);
    const label = this.label();
    if (choice < 7 || where.depth >= 4) return [label, ...this.asynchronous()];
    if (choice < 10) return [label, ...this.synchronous()];
    switch (choice) {
      case 10: return [label, "micro", 1 + this.below(4)];
      case 11: return [label, "try", few(inner())];
      case 12:
        if (where.transaction) return [label, "throw", `thrown ${label}`];
        return [label, "transactionSync", this.synchronousList(), this.of(["commit", "throw"])];
      case 13: {
        const strands = Array.from({ length: 2 + this.below(2) }, () => few(inner()));
        return [label, "all", strands];
      }
      case 14:
        if (where.transaction) return [label, ...this.asynchronous()];
        return [label, "transaction", few(inner({ transaction: true, noTimers: true })), this.of(["commit", "commit", "throw", "rollback"])];
      case 15:
        if (where.transaction) return [label, ...this.asynchronous()];
        return [label, "block", few(inner({ noTimers: true }))];
      case 16:
        if (where.noTimers || this.delays.length === 0) return [label, "go", [this.label(), ...this.asynchronous()]];
        return [label, "sleep", this.delays.splice(this.below(this.delays.length), 1)[0]];
      case 17:
        if (where.noTimers || where.transaction || this.delays.length === 0) return [label, ...this.synchronous()];
        return [label, "timer", this.delays.splice(this.below(this.delays.length), 1)[0], few(inner())];
      case 18:
        if (where.noCalls || where.transaction) return [label, "sync"];
        return [label, "call", this.of(["x", "y"]), few({ depth: where.depth + 2, noTimers: true, noCalls: true })];
      default:
        return this.below(3) ? [label, "sync"] : [label, "throw", `thrown ${label}`];
    }
  }

  synchronousList() {
    const list = Array.from({ length: 1 + this.below(3) }, () => [this.label(), ...this.synchronous()]);
    if (this.below(6) === 0) list.push([this.label(), "throw", "thrown within"]);
    return list;
  }

  operations(where, count) { return Array.from({ length: count }, () => this.operation(where)); }

  program() {
    // A program has timers or calls of others, never both.
    const timers = this.below(2) === 0;
    const calls = 1 + this.below(2);
    return Array.from({ length: calls }, () =>
      this.operations({ depth: 0, noTimers: !timers, noCalls: timers }, 2 + this.below(5)));
  }
}

/** Program number `seed`. */
export function generate(seed) { return new Draw(seed).program(); }
