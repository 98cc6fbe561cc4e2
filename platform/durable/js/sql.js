// `ctx.storage.sql`: statements and cursors (durable-objects.md section 4).
import { natives } from "../../runtime/js/natives.js";
import { illegalInvocation, named, namedIterator, wrongType } from "./arguments.js";
import { addPlatformClass } from "../../runtime/js/platform_classes.js";

const { defineProperty } = Reflect;
const OURS = Symbol("ours");  // proves that a constructor is called from in here

class Statement {
  constructor() { throw new TypeError("Illegal constructor"); }
}

class Cursor {
  #actor;
  #cursor;
  #names;
  #over = false;
  constructor(ours, actor, cursor) {
    if (ours !== OURS) throw new TypeError("Illegal constructor");
    this.#actor = actor;
    this.#cursor = cursor;
    this.#names = natives.sqlColumns(actor, cursor);
  }
  static #of(cursor) {
    if (typeof cursor !== "object" || cursor === null || !(#cursor in cursor)) throw illegalInvocation();
    return cursor;
  }

  #object(values) {
    const row = {};
    for (let i = 0; i < values.length; i++) row[this.#names[i]] = values[i];
    return row;
  }
  #step() {
    return this.#over ? undefined : natives.sqlNext(this.#actor, this.#cursor);
  }

  next() {
    const self = Cursor.#of(this);
    const values = self.#step();
    return values === undefined ? { done: true, value: undefined } : { done: false, value: self.#object(values) };
  }
  toArray() {
    const self = Cursor.#of(this);
    const rows = [];
    for (let values = self.#step(); values !== undefined; values = self.#step()) {
      rows[rows.length] = self.#object(values);
    }
    return rows;
  }
  one() {
    const self = Cursor.#of(this);
    const values = self.#step();
    if (values === undefined) {
      throw new Error("Expected exactly one result from SQL query, but got no results.");
    }
    if (self.#step() !== undefined) {
      self.#over = true;
      throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    }
    return self.#object(values);
  }
  raw() {
    const self = Cursor.#of(this);
    return new RawIterator(() => self.#step());
  }
  [Symbol.iterator]() {
    const self = Cursor.#of(this);
    return new RowIterator(() => {
      const values = self.#step();
      return values === undefined ? undefined : self.#object(values);
    });
  }

  get columnNames() { return [...Cursor.#of(this).#names]; }
  get rowsRead() {
    const self = Cursor.#of(this);
    return natives.sqlStatistics(self.#actor, self.#cursor, 0);
  }
  get rowsWritten() {
    const self = Cursor.#of(this);
    return natives.sqlStatistics(self.#actor, self.#cursor, 1);
  }

}

class RowIterator {
  #step;
  constructor(step) {
    this.#step = step;
  }
  next() {
    const value = this.#step();
    return { done: value === undefined, value };
  }
}

class RawIterator {
  #step;
  constructor(step) {
    this.#step = step;
  }
  next() {
    const value = this.#step();
    return { done: value === undefined, value };
  }
  toArray() {
    const rows = [];
    for (let values = this.#step(); values !== undefined; values = this.#step()) rows[rows.length] = values;
    return rows;
  }
}

export class SqlStorage {
  #actor;
  constructor(actor) {
    this.#actor = actor;
  }
  static #of(sql) {
    if (typeof sql !== "object" || sql === null || !(#actor in sql)) throw illegalInvocation();
    return sql.#actor;
  }

  exec(query, ...bindings) {
    const actor = SqlStorage.#of(this);
    if (arguments.length === 0) throw wrongType("exec", "SqlStorage", 1, "String");
    const text = `${query}`;
    if (!natives.storageHasSql(actor)) {
      throw new Error(
        "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to " +
        "`new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using " +
        "workerd directly,set `enableSql = true` in your workerd config for the class. Note that this change cannot " +
        "be made after the class is already deployed to production.");
    }
    return new Cursor(OURS, actor, natives.sqlExec(actor, text, bindings));
  }
  get databaseSize() { return natives.sqlDatabaseSize(SqlStorage.#of(this)); }
  set databaseSize(_) {
    throw new TypeError("Cannot assign to read only property 'databaseSize' of object '#<SqlStorage>'");
  }

}

defineProperty(SqlStorage.prototype, "Cursor", { value: Cursor, writable: true, configurable: true });
defineProperty(SqlStorage.prototype, "Statement", { value: Statement, writable: true, configurable: true });
named(SqlStorage, "SqlStorage");
named(Cursor, "Cursor");
namedIterator(RowIterator, "RowIterator");
namedIterator(RawIterator, "RawIterator");
addPlatformClass(SqlStorage);
