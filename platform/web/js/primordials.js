// The built-ins that the platform's own code relies on, captured before any user code runs.
//
// User code may patch every prototype it can reach; nothing in this room may break or be observed
// through such a patch. Rule: internal code calls these captures (or uses syntax that looks nothing
// up: literals, private fields, async functions), never a method of a built-in prototype. `for...of`
// and spread over arrays are avoided too, because they read Symbol.iterator.

const { bind, call } = Function.prototype;

/** uncurryThis(method)(self, ...args) is method.call(self, ...args), immune to patching. */
export const uncurryThis = bind.bind(call);

const getter = (object, key) => uncurryThis(Reflect.getOwnPropertyDescriptor(object, key).get);

export const { apply, construct, ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
export const {
  create, defineProperty, freeze, setPrototypeOf, keys: objectKeys, prototype: ObjectPrototype,
} = Object;
export const ArrayIsArray = Array.isArray;
export const ArrayFrom = Array.from;

const array = Array.prototype;
export const ArrayPush = uncurryThis(array.push);
export const ArrayPop = uncurryThis(array.pop);
export const ArrayShift = uncurryThis(array.shift);
export const ArraySplice = uncurryThis(array.splice);
export const ArraySlice = uncurryThis(array.slice);
export const ArraySort = uncurryThis(array.sort);
export const ArrayJoin = uncurryThis(array.join);
export const ArrayIncludes = uncurryThis(array.includes);
export const ArrayIndexOf = uncurryThis(array.indexOf);
export const ArrayMap = uncurryThis(array.map);

const string = String.prototype;
export const StringCharCodeAt = uncurryThis(string.charCodeAt);
export const StringCodePointAt = uncurryThis(string.codePointAt);
export const StringSlice = uncurryThis(string.slice);
export const StringIndexOf = uncurryThis(string.indexOf);
export const StringLastIndexOf = uncurryThis(string.lastIndexOf);
export const StringStartsWith = uncurryThis(string.startsWith);
export const StringEndsWith = uncurryThis(string.endsWith);
export const StringIncludes = uncurryThis(string.includes);
export const StringToLowerCase = uncurryThis(string.toLowerCase);
export const StringToUpperCase = uncurryThis(string.toUpperCase);
export const StringPadStart = uncurryThis(string.padStart);
export const StringRepeat = uncurryThis(string.repeat);
export const StringTrim = uncurryThis(string.trim);
export const { fromCharCode, fromCodePoint } = String;

const regexpExec = uncurryThis(RegExp.prototype.exec);
/** exec without any user-visible lookup. The expression must be neither global nor sticky. */
export const RegExpExec = regexpExec;
export const RegExpTest = (expression, text) => regexpExec(expression, text) !== null;

export const MapConstructor = Map;
export const MapGet = uncurryThis(Map.prototype.get);
export const MapSet = uncurryThis(Map.prototype.set);
export const MapHas = uncurryThis(Map.prototype.has);
export const MapDelete = uncurryThis(Map.prototype.delete);
export const MapClear = uncurryThis(Map.prototype.clear);
export const MapForEach = uncurryThis(Map.prototype.forEach);
export const MapSize = getter(Map.prototype, "size");
export const SetConstructor = Set;
export const SetAdd = uncurryThis(Set.prototype.add);
export const SetHas = uncurryThis(Set.prototype.has);
export const SetDelete = uncurryThis(Set.prototype.delete);
export const SetForEach = uncurryThis(Set.prototype.forEach);
export const SetSize = getter(Set.prototype, "size");
export const WeakMapGet = uncurryThis(WeakMap.prototype.get);
export const WeakMapSet = uncurryThis(WeakMap.prototype.set);

export const PromiseConstructor = Promise;
export const PromiseThen = uncurryThis(Promise.prototype.then);
export const promiseResolve = Promise.resolve.bind(Promise);
export const promiseReject = Promise.reject.bind(Promise);

export const jsonParse = JSON.parse;
export const jsonStringify = JSON.stringify;
export const dateNow = Date.now;
export const SymbolIterator = Symbol.iterator;
export const SymbolAsyncIterator = Symbol.asyncIterator;
export const SymbolToStringTag = Symbol.toStringTag;
export const { floor, trunc, min, max, pow, abs } = Math;
export const { isInteger, isFinite: numberIsFinite, isNaN: numberIsNaN } = Number;

export const TypedArray = getPrototypeOf(Uint8Array);
export const TypedArraySet = uncurryThis(TypedArray.prototype.set);
export const TypedArraySlice = uncurryThis(TypedArray.prototype.slice);
export const TypedArraySubarray = uncurryThis(TypedArray.prototype.subarray);
export const TypedArrayBuffer = getter(TypedArray.prototype, "buffer");
export const TypedArrayByteLength = getter(TypedArray.prototype, "byteLength");
export const TypedArrayByteOffset = getter(TypedArray.prototype, "byteOffset");
export const TypedArrayLength = getter(TypedArray.prototype, "length");
/** The name of a typed array's class ("Uint8Array"), or undefined for anything else. */
export const typedArrayName = getter(TypedArray.prototype, Symbol.toStringTag);
export const DataViewBuffer = getter(DataView.prototype, "buffer");
export const DataViewByteLength = getter(DataView.prototype, "byteLength");
export const DataViewByteOffset = getter(DataView.prototype, "byteOffset");
export const ArrayBufferByteLength = getter(ArrayBuffer.prototype, "byteLength");
export const ArrayBufferSlice = uncurryThis(ArrayBuffer.prototype.slice);
export const isView = ArrayBuffer.isView;
export const U8 = Uint8Array;
export const captureStackTrace = Error.captureStackTrace;
