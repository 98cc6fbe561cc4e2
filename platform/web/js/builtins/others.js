// The rest of what V8 10.2 lacks: Promise.withResolvers, Promise.try, groupBy, well-formed strings.
import {
  ArrayPush, MapConstructor, MapGet, MapHas, MapSet, SymbolIterator, apply, create,
} from "../primordials.js";
import { wellFormed } from "../webidl.js";
import { addMissing } from "./define.js";

const promiseStatics = {
  withResolvers() {
    let resolve;
    let reject;
    const promise = new this((first, second) => {
      resolve = first;
      reject = second;
    });
    return { promise, resolve, reject };
  },
  try(callback, ...args) {
    return new this((resolve) => resolve(apply(callback, undefined, args)));
  },
};

/** Calls visit(key, item) for each item of an iterable; leaving by an error closes the iterator. */
function group(items, callback, visit) {
  if (items === null || items === undefined) throw new TypeError(`${items} is not iterable`);
  if (typeof callback !== "function") throw new TypeError("The grouping callback is not a function");
  const method = items[SymbolIterator];
  let index = 0;
  for (const item of { [SymbolIterator]: () => apply(method, items, []) }) {
    visit(callback(item, index++), item);
  }
}

const objectStatics = {
  groupBy(items, callback) {
    const groups = create(null);
    group(items, callback, (value, item) => {
      const key = typeof value === "symbol" ? value : `${value}`;
      if (key in groups) {
        ArrayPush(groups[key], item);
      } else {
        groups[key] = [item];
      }
    });
    return groups;
  },
};

const mapStatics = {
  groupBy(items, callback) {
    const groups = new MapConstructor();
    group(items, callback, (key, item) => {
      if (MapHas(groups, key)) {
        ArrayPush(MapGet(groups, key), item);
      } else {
        MapSet(groups, key, [item]);
      }
    });
    return groups;
  },
};

function text(value) {
  if (value === null || value === undefined) throw new TypeError("String method called on null or undefined");
  return `${value}`;
}

const stringMethods = {
  isWellFormed() {
    const string = text(this);
    return wellFormed(string) === string;
  },
  toWellFormed() { return wellFormed(text(this)); },
};

export function installOthers() {
  addMissing(Promise, promiseStatics);
  addMissing(Object, objectStatics);
  addMissing(Map, mapStatics);
  addMissing(String.prototype, stringMethods);
}
