// ES2025 iterator helpers: Iterator, its from(), and map, filter, take, drop, flatMap, reduce and others.
import { SymbolIterator, SymbolToStringTag, apply, defineProperty, getPrototypeOf, setPrototypeOf, trunc }
  from "../primordials.js";
import { addMissing } from "./define.js";

const IteratorPrototype = getPrototypeOf(getPrototypeOf([][SymbolIterator]()));
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

function direct(iterator) {
  if (!isObject(iterator)) throw new TypeError("Iterator helper called on a value that is not an object");
  return { iterator, next: iterator.next };
}

function step(record) {
  const result = apply(record.next, record.iterator, []);
  if (!isObject(result)) throw new TypeError(`Iterator result ${typeof result} is not an object`);
  return result;
}

function close(record) {
  const end = record.iterator.return;
  if (end !== undefined && end !== null) apply(end, record.iterator, []);
}

/** Closes after a throw inside a helper; the first error wins. */
function closeQuietly(record) {
  try {
    close(record);
  } catch {}
}

function requireFunction(record, callback) {
  if (typeof callback === "function") return;
  closeQuietly(record);
  throw new TypeError(`${typeof callback} is not a function`);
}

function requireCount(record, limit) {
  let number;
  try {
    number = +limit;
  } catch (error) {
    closeQuietly(record);
    throw error;
  }
  const count = trunc(number);
  if (number !== number || count < 0) {
    closeQuietly(record);
    throw new RangeError(`${number} must be positive`);
  }
  return count;
}

function guarded(record, work) {
  try {
    return work();
  } catch (error) {
    closeQuietly(record);
    throw error;
  }
}

// A helper object drives a generator, so that return() before the first next() closes the source.
class Helper {
  #generator;
  #record;
  #state = 0;   // 0 not started, 1 started, 2 finished
  constructor(record, generator) {
    this.#record = record;
    this.#generator = generator;
  }
  next() {
    if (this.#state === 2) return { value: undefined, done: true };
    this.#state = 1;
    return apply(generatorNext, this.#generator, []);
  }
  return() {
    const before = this.#state;
    this.#state = 2;
    if (before === 0) {
      close(this.#record);
      return { value: undefined, done: true };
    }
    return apply(generatorReturn, this.#generator, []);
  }
}
const GeneratorPrototype = getPrototypeOf((function* () {}).prototype);
const generatorNext = GeneratorPrototype.next;
const generatorReturn = GeneratorPrototype.return;
setPrototypeOf(Helper.prototype, IteratorPrototype);
delete Helper.prototype.constructor;
defineProperty(Helper.prototype, SymbolToStringTag, { __proto__: null, value: "Iterator Helper", configurable: true });

/** A generator over the source's steps; leaving it early closes the source. */
function* values(record) {
  let finished = false;
  try {
    for (;;) {
      finished = true;          // an error of next() does not close the source
      const result = step(record);
      if (result.done) return;
      const value = result.value;
      finished = false;
      yield value;
    }
  } finally {
    if (!finished) close(record);
  }
}

function iteratorOf(value, strings) {
  if (!isObject(value) && !(strings && typeof value === "string")) {
    throw new TypeError(`${typeof value} is not an object`);
  }
  const method = value[SymbolIterator];
  if (method === undefined || method === null) return direct(value);
  return direct(apply(method, value, []));
}

function drive(source, body) {
  return new Helper(source, body(source));
}

const methods = {
  map(callback) {
    const source = direct(this);
    requireFunction(source, callback);
    return drive(source, function* (record) {
      let index = 0;
      for (const value of bare(values(record))) yield callback(value, index++);
    });
  },
  filter(callback) {
    const source = direct(this);
    requireFunction(source, callback);
    return drive(source, function* (record) {
      let index = 0;
      for (const value of bare(values(record))) {
        if (callback(value, index++)) yield value;
      }
    });
  },
  take(limit) {
    const source = direct(this);
    let left = requireCount(source, limit);
    return drive(source, function* (record) {
      if (left === 0) {
        close(record);
        return;
      }
      for (const value of bare(values(record))) {
        yield value;
        if (--left === 0) return;
      }
    });
  },
  drop(limit) {
    const source = direct(this);
    let left = requireCount(source, limit);
    return drive(source, function* (record) {
      for (const value of bare(values(record))) {
        if (left > 0) {
          left--;
        } else {
          yield value;
        }
      }
    });
  },
  flatMap(callback) {
    const source = direct(this);
    requireFunction(source, callback);
    return drive(source, function* (record) {
      let index = 0;
      for (const value of bare(values(record))) {
        for (const inner of bare(values(iteratorOf(callback(value, index++), false)))) yield inner;
      }
    });
  },
  reduce(callback, ...initial) {
    const record = direct(this);
    requireFunction(record, callback);
    let result = initial[0];
    let index = 0;
    if (initial.length === 0) {
      const first = step(record);
      if (first.done) throw new TypeError("Reduce of a done iterator with no initial value");
      result = first.value;
      index = 1;
    }
    for (let next = step(record); !next.done; next = step(record)) {
      const { value } = next;
      result = guarded(record, () => callback(result, value, index++));
    }
    return result;
  },
  toArray() {
    const record = direct(this);
    const result = [];
    for (let next = step(record); !next.done; next = step(record)) result[result.length] = next.value;
    return result;
  },
  forEach(callback) {
    const record = direct(this);
    requireFunction(record, callback);
    let index = 0;
    for (let next = step(record); !next.done; next = step(record)) {
      const { value } = next;
      guarded(record, () => callback(value, index++));
    }
  },
  some(callback) { return search(this, callback, (hit) => hit, () => true, false); },
  every(callback) { return search(this, callback, (hit) => !hit, () => false, true); },
  find(callback) { return search(this, callback, (hit) => hit, (value) => value, undefined); },
};

function search(self, callback, stops, found, otherwise) {
  const record = direct(self);
  requireFunction(record, callback);
  let index = 0;
  for (let next = step(record); !next.done; next = step(record)) {
    const { value } = next;
    if (stops(Boolean(guarded(record, () => callback(value, index++))))) {
      close(record);
      return found(value);
    }
  }
  return otherwise;
}

/** A generator as an iterable of its own steps, whatever became of the prototypes' Symbol.iterator. */
function bare(generator) {
  return {
    [SymbolIterator]: () => ({
      next: () => apply(generatorNext, generator, []),
      return: () => apply(generatorReturn, generator, []),
    }),
  };
}

class WrappedIterator {
  #record;
  constructor(record) { this.#record = record; }
  next() { return apply(this.#record.next, this.#record.iterator, []); }
  return() {
    const { iterator } = this.#record;
    const end = iterator.return;
    return end === undefined || end === null ? { value: undefined, done: true } : apply(end, iterator, []);
  }
}
setPrototypeOf(WrappedIterator.prototype, IteratorPrototype);
delete WrappedIterator.prototype.constructor;

/** Adds the methods, and the global Iterator with its from(). */
export function installIterators(global) {
  addMissing(IteratorPrototype, methods);
  if (typeof global.Iterator === "function") return;
  // A function, for a class could not be given the existing prototype.
  function Iterator() {
    if (new.target === Iterator || new.target === undefined) {
      throw new TypeError("Abstract class Iterator not directly constructable");
    }
  }
  defineProperty(Iterator, "name", { __proto__: null, value: "Iterator", configurable: true });
  Iterator.prototype = IteratorPrototype;
  defineProperty(Iterator, "prototype", { __proto__: null, writable: false, enumerable: false });
  addMissing(Iterator, {
    from(value) {
      const record = iteratorOf(value, true);
      return record.iterator instanceof Iterator ? record.iterator : new WrappedIterator(record);
    },
  });
  defineProperty(IteratorPrototype, "constructor",
    { __proto__: null, value: Iterator, writable: true, configurable: true });
  if (!(SymbolToStringTag in IteratorPrototype)) {
    defineProperty(IteratorPrototype, SymbolToStringTag,
      { __proto__: null, value: "Iterator", writable: true, configurable: true });
  }
  defineProperty(global, "Iterator", { __proto__: null, value: Iterator, writable: true, configurable: true });
}
