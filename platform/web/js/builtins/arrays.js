// ES2023 and ES2024 methods of arrays and typed arrays: toSorted, toReversed, toSpliced, with, fromAsync.
import {
  ArraySort, SymbolAsyncIterator, SymbolIterator, TypedArray, TypedArrayLength, apply, defineProperty, max, min, trunc,
  typedArrayName, uncurryThis,
} from "../primordials.js";
import { addMissing } from "./define.js";

const { MAX_SAFE_INTEGER } = Number;
const TypedArraySort = uncurryThis(TypedArray.prototype.sort);
const TypedArrayReverse = uncurryThis(TypedArray.prototype.reverse);

const toInteger = (value) => trunc(+value) || 0;
const lengthOf = (object) => max(0, min(toInteger(object.length), MAX_SAFE_INTEGER));

function newArray(length) {
  if (length > 0xffffffff) throw new RangeError("Invalid array length");
  return new Array(length);
}

function objectOf(value) {
  if (value === null || value === undefined) {
    throw new TypeError("Array method called on null or undefined");
  }
  return Object(value);
}

function checkComparator(compare) {
  if (compare !== undefined && typeof compare !== "function") {
    throw new TypeError("The comparison function must be either a function or undefined");
  }
}

const arrayMethods = {
  toReversed() {
    const object = objectOf(this);
    const length = lengthOf(object);
    const result = newArray(length);
    for (let i = 0; i < length; i++) result[i] = object[length - 1 - i];
    return result;
  },
  toSorted(compare) {
    checkComparator(compare);
    const object = objectOf(this);
    const length = lengthOf(object);
    const result = newArray(length);
    for (let i = 0; i < length; i++) result[i] = object[i];
    return ArraySort(result, compare);
  },
  toSpliced(start, skip, ...items) {
    const object = objectOf(this);
    const length = lengthOf(object);
    const relative = toInteger(start);
    const from = relative < 0 ? max(length + relative, 0) : min(relative, length);
    const dropped = arguments.length === 0 ? 0
      : arguments.length === 1 ? length - from : min(max(toInteger(skip), 0), length - from);
    const total = length + items.length - dropped;
    if (total > MAX_SAFE_INTEGER) throw new TypeError("Invalid array length");
    const result = newArray(total);
    let at = 0;
    for (let i = 0; i < from; i++) result[at++] = object[i];
    for (let i = 0; i < items.length; i++) result[at++] = items[i];
    for (let i = from + dropped; i < length; i++) result[at++] = object[i];
    return result;
  },
  with(index, value) {
    const object = objectOf(this);
    const length = lengthOf(object);
    const relative = toInteger(index);
    const at = relative < 0 ? length + relative : relative;
    if (at < 0 || at >= length) throw new RangeError("Invalid index");
    const result = newArray(length);
    for (let i = 0; i < length; i++) result[i] = i === at ? value : object[i];
    return result;
  },
};

function typed(value) {
  if (typedArrayName(value) === undefined) throw new TypeError("this is not a typed array.");
  return value;
}

// A copy of the same element type, whatever the object's constructor says.
const copyTyped = (array) => {
  const Type = TYPES[typedArrayName(typed(array))];
  return new Type(array);
};
const TYPES = {
  __proto__: null,
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array,
};

const typedMethods = {
  toReversed() { return TypedArrayReverse(copyTyped(this)); },
  toSorted(compare) {
    checkComparator(compare);
    return TypedArraySort(copyTyped(this), compare);
  },
  with(index, value) {
    const length = TypedArrayLength(typed(this));
    const relative = toInteger(index);
    const at = relative < 0 ? length + relative : relative;
    const isBig = typedArrayName(this) === "BigInt64Array" || typedArrayName(this) === "BigUint64Array";
    const item = isBig ? BigInt.asIntN(64, toBigInt(value)) : +value;
    if (at < 0 || at >= TypedArrayLength(this)) throw new RangeError("Invalid typed array index");
    const result = copyTyped(this);
    result[at] = item;
    return result;
  },
};
function toBigInt(value) {
  if (typeof value === "number") throw new TypeError(`Cannot convert ${value} to a BigInt`);
  return BigInt(value);
}

const arrayStatics = {
  async fromAsync(items, mapper = undefined, thisArgument = undefined) {
    if (mapper !== undefined && typeof mapper !== "function") {
      throw new TypeError("The mapping function is not a function");
    }
    const Target = typeof this === "function" && this !== Array ? this : Array;
    const asyncMethod = items[SymbolAsyncIterator];
    const syncMethod = asyncMethod ?? items[SymbolIterator];
    let index = 0;
    if (syncMethod === undefined || syncMethod === null) {
      const source = Object(items);
      const length = lengthOf(source);
      const result = new Target(length);
      for (; index < length; index++) {
        let value = await source[index];
        if (mapper !== undefined) value = await apply(mapper, thisArgument, [value, index]);
        put(result, index, value);
      }
      result.length = length;
      return result;
    }
    const result = new Target();
    const iterable = asyncMethod === undefined || asyncMethod === null
      ? { [SymbolIterator]: () => apply(syncMethod, items, []) }
      : { [SymbolAsyncIterator]: () => apply(asyncMethod, items, []) };
    for await (const item of iterable) {
      const value = mapper === undefined ? item : await apply(mapper, thisArgument, [item, index]);
      put(result, index++, value);
    }
    result.length = index;
    return result;
  },
};
defineProperty(arrayStatics.fromAsync, "length", { value: 1 });

function put(target, index, value) {
  defineProperty(target, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

export function installArrays() {
  addMissing(Array.prototype, arrayMethods);
  addMissing(TypedArray.prototype, typedMethods);
  addMissing(Array, arrayStatics);
}
