// `ctx.storage.sql`: statements and cursors (durable-objects.md section 4).
import { natives } from "../../runtime/js/natives.js";

export class SqlStorageCursor {
  #actor;
  #cursor;
  #names;
  constructor(actor, cursor) {
    this.#actor = actor;
    this.#cursor = cursor;
    this.#names = natives.sqlColumns(actor, cursor);
  }

  #object(values) {
    const row = {};
    for (let i = 0; i < values.length; i++) row[this.#names[i]] = values[i];
    return row;
  }
  #step() {
    return natives.sqlNext(this.#actor, this.#cursor);
  }

  next() {
    const values = this.#step();
    return values === undefined ? { done: true } : { done: false, value: this.#object(values) };
  }
  toArray() {
    const rows = [];
    for (let values = this.#step(); values !== undefined; values = this.#step()) {
      rows[rows.length] = this.#object(values);
    }
    return rows;
  }
  one() {
    const values = this.#step();
    if (values === undefined) {
      throw new Error("Expected exactly one result from SQL query, but got no results.");
    }
    if (this.#step() !== undefined) {
      throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    }
    return this.#object(values);
  }
  raw() {
    const step = () => this.#step();
    return {
      next() {
        const values = step();
        return values === undefined ? { done: true } : { done: false, value: values };
      },
      toArray() {
        const rows = [];
        for (let values = step(); values !== undefined; values = step()) rows[rows.length] = values;
        return rows;
      },
      [Symbol.iterator]() { return this; },
    };
  }
  [Symbol.iterator]() { return this; }

  get columnNames() { return [...this.#names]; }
  get rowsRead() { return natives.sqlStatistics(this.#actor, this.#cursor, 0); }
  get rowsWritten() { return natives.sqlStatistics(this.#actor, this.#cursor, 1); }
}

export class SqlStorage {
  #actor;
  constructor(actor) {
    this.#actor = actor;
  }
  exec(query, ...bindings) {
    return new SqlStorageCursor(this.#actor, natives.sqlExec(this.#actor, `${query}`, bindings));
  }
  get databaseSize() { return natives.sqlDatabaseSize(this.#actor); }
}
