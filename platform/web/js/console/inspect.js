// Values as text for the console, in the familiar form of Node's inspect.
//
// Never throws and never runs user code where that can be avoided: getters are shown, not called;
// hostile objects (throwing traps, revoked proxies) become a short note. The size is bounded: depth,
// items an object, and characters over all.
import {
  ArrayBufferByteLength, ArrayIsArray, ArrayJoin, ArrayPop, ArrayPush, MapForEach, MapSize, RegExpTest, SetForEach,
  SetSize, StringIncludes, StringSlice, StringStartsWith, TypedArrayLength, U8, getOwnPropertyDescriptor,
  getPrototypeOf, isView, jsonStringify, ownKeys, typedArrayName, uncurryThis,
} from "../primordials.js";
import { isArrayBuffer, withoutInheritance } from "../webidl.js";
import { isDOMException } from "../dom_exception.js";
import { flatOf } from "../fetch/headers.js";
import { natives } from "../natives.js";

export const DEPTH_MAX = 2;
const ITEMS_MAX = 100;
const STRING_MAX = 10_000;
/** Most characters one call gives. */
export const TEXT_MAX = 65_536;
const LINE_WIDTH = 72;

const DateToISOString = uncurryThis(Date.prototype.toISOString);
const DateGetTime = uncurryThis(Date.prototype.getTime);
const RegExpSource = uncurryThis(getOwnPropertyDescriptor(RegExp.prototype, "source").get);
const RegExpFlags = uncurryThis(getOwnPropertyDescriptor(RegExp.prototype, "flags").get);
const SymbolToString = uncurryThis(Symbol.prototype.toString);
const FunctionToString = uncurryThis(Function.prototype.toString);
const ErrorToString = uncurryThis(Error.prototype.toString);
const NumberValueOf = uncurryThis(Number.prototype.valueOf);
const StringValueOf = uncurryThis(String.prototype.valueOf);
const BooleanValueOf = uncurryThis(Boolean.prototype.valueOf);
const SymbolValueOf = uncurryThis(Symbol.prototype.valueOf);
const BigIntValueOf = uncurryThis(BigInt.prototype.valueOf);
const PromisePrototype = Promise.prototype;
const WeakMapHas = uncurryThis(WeakMap.prototype.has);
const WeakSetHas = uncurryThis(WeakSet.prototype.has);
const HEX = "0123456789abcdef";
const { is } = Object;
const { toStringTag } = Symbol;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Whether a brand-checked method runs on the value: a test of its kind that user code cannot fool. */
function passes(method, value, argument) {
  try {
    method(value, argument);
    return true;
  } catch {
    return false;
  }
}

/** A number as Node shows it. */
const formatNumber = (value) => (is(value, -0) ? "-0" : `${value}`);

/** A string in quotes, preferring those that need no escape. */
export function quote(text) {
  const long = text.length > STRING_MAX;
  const shown = long ? StringSlice(text, 0, STRING_MAX) : text;
  const escaped = StringSlice(jsonStringify(shown), 1, -1);
  const mark = !StringIncludes(shown, "'") ? "'" : !StringIncludes(shown, '"') ? '"'
    : !StringIncludes(shown, "`") && !StringIncludes(shown, "${") ? "`" : "'";
  let body = "";
  for (let i = 0; i < escaped.length; i++) {
    const c = escaped[i];
    if (c === "\\" && escaped[i + 1] === '"') {
      body += '"';
      i++;
    } else if (c === "\\") {
      body += c + escaped[++i];
    } else {
      body += c === mark && mark === "'" ? "\\'" : c;
    }
  }
  const more = long ? `... ${text.length - STRING_MAX} more characters` : "";
  return mark + body + mark + more;
}

/** A primitive as text, or null for objects and functions. */
function formatPrimitive(value) {
  switch (typeof value) {
    case "string": return quote(value);
    case "number": return formatNumber(value);
    case "bigint": return `${value}n`;
    case "symbol": return SymbolToString(value);
    case "undefined": return "undefined";
    case "boolean": return `${value}`;
    default: return value === null ? "null" : null;
  }
}

/** The name of the nearest constructor up the prototype chain; null for a null prototype. */
function className(value) {
  let object = value;
  for (let steps = 0; object !== null && steps < 50; object = getPrototypeOf(object), steps++) {
    const descriptor = getOwnPropertyDescriptor(object, "constructor");
    if (descriptor === undefined || typeof descriptor.value !== "function") continue;
    const name = getOwnPropertyDescriptor(descriptor.value, "name")?.value;
    if (typeof name === "string" && name !== "") return name;
  }
  return null;
}

const formatKey = (key) =>
  typeof key === "symbol" ? `[${SymbolToString(key)}]` : RegExpTest(IDENTIFIER, key) ? key : quote(key);

class Inspector {
  constructor(depth) {
    this.depth = depth;
    this.stack = [];
    this.circular = [];
    this.left = TEXT_MAX;    // characters that may still be made
  }

  spend(text) {
    this.left -= text.length;
    return text;
  }

  format(value, level) {
    const primitive = formatPrimitive(value);
    if (primitive !== null) return this.spend(primitive);
    if (this.left <= 0) return "...";
    for (let i = 0; i < this.stack.length; i++) {
      if (this.stack[i] !== value) continue;
      let index = 0;
      while (index < this.circular.length && this.circular[index] !== value) index++;
      if (index === this.circular.length) ArrayPush(this.circular, value);
      return this.spend(`[Circular *${index + 1}]`);
    }
    if (this.stack.length > 200) return "...";
    ArrayPush(this.stack, value);
    let text;
    try {
      text = this.formatObject(value, level);
    } catch {
      text = this.spend("[object that cannot be shown]");
    }
    ArrayPop(this.stack);
    for (let i = 0; i < this.circular.length; i++) {
      if (this.circular[i] === value) return `<ref *${i + 1}> ${text}`;
    }
    return text;
  }

  formatObject(value, level) {
    const proxied = natives.proxyDetails?.(value);
    if (proxied !== undefined) return `Proxy(${this.format(proxied[0], level + 1)})`;
    if (typeof value === "function") return this.withProperties(value, level, formatFunction(value));
    const name = className(value);
    const label = name ?? "[Object: null prototype]";
    if (ArrayIsArray(value)) {
      const prefix = name === "Array" ? "" : `${label}(${value.length}) `;
      return this.formatArray(value, value.length, level, prefix);
    }
    if (isView(value) && typedArrayName(value) !== undefined) {
      const length = TypedArrayLength(value);
      return this.formatArray(value, length, level, `${typedArrayName(value)}(${length}) `);
    }
    if (isArrayBuffer(value)) return this.formatArrayBuffer(value);
    if (passes(MapSize, value)) return this.formatMap(value, level, label);
    if (passes(SetSize, value)) return this.formatSet(value, level, label);
    if (passes(DateGetTime, value)) {
      const valid = DateGetTime(value) === DateGetTime(value);
      return this.withProperties(value, level, valid ? DateToISOString(value) : "Invalid Date");
    }
    if (value !== RegExp.prototype && passes(RegExpSource, value)) {
      return this.withProperties(value, level, `/${RegExpSource(value)}/${RegExpFlags(value)}`);
    }
    if (isErrorLike(value)) return this.formatError(value, level);
    const boxed = formatBoxed(value);
    if (boxed !== null) return boxed;
    if (getPrototypeOf(value) === PromisePrototype && value !== PromisePrototype) {
      return this.formatPromise(value, level);
    }
    if (passes(WeakMapHas, value, value)) return "WeakMap { <items unknown> }";
    if (passes(WeakSetHas, value, value)) return "WeakSet { <items unknown> }";
    if (flatOf(value) !== null) return this.formatHeaders(value);
    return this.formatPlain(value, level, label);
  }

  // Own properties as "key: value" parts, and how many were left out.
  properties(value, level, skip) {
    const parts = [];
    const keys = ownKeys(value);
    let more = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (skip !== null && skip(key)) continue;
      const descriptor = getOwnPropertyDescriptor(value, key);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      if (parts.length >= ITEMS_MAX || this.left <= 0) {
        more++;
        continue;
      }
      ArrayPush(parts, `${this.spend(formatKey(key))}: ${this.formatDescriptor(descriptor, level)}`);
    }
    if (more > 0) ArrayPush(parts, `... ${more} more item${more > 1 ? "s" : ""}`);
    return parts;
  }

  formatDescriptor(descriptor, level) {
    if ("value" in descriptor) return this.format(descriptor.value, level + 1);
    return descriptor.get === undefined ? "[Setter]"
      : descriptor.set === undefined ? "[Getter]" : "[Getter/Setter]";
  }

  wrap(prefix, open, parts, close, level) {
    if (parts.length === 0) return `${prefix}${open}${close}`;
    let size = prefix.length + level;
    let multiline = false;
    for (let i = 0; i < parts.length; i++) {
      size += parts[i].length + 2;
      multiline ||= StringIncludes(parts[i], "\n");
    }
    if (!multiline && size <= LINE_WIDTH) {
      return `${prefix}${open} ${ArrayJoin(parts, ", ")} ${close}`;
    }
    const indent = "                                        ";
    const pad = StringSlice(indent, 0, 2 * (level + 1));
    return `${prefix}${open}\n${pad}${ArrayJoin(parts, `,\n${pad}`)}\n${StringSlice(indent, 0, 2 * level)}${close}`;
  }

  withProperties(value, level, base) {
    this.spend(base);
    const parts = level > this.depth ? [] : this.properties(value, level, null);
    return parts.length === 0 ? base : this.wrap(`${base} `, "{", parts, "}", level);
  }

  formatPlain(value, level, label) {
    const tag = getOwnPropertyDescriptor(getPrototypeOf(value) ?? value, toStringTag)?.value;
    let prefix = label === "Object" ? "" : `${label} `;
    if (typeof tag === "string" && tag !== "" && tag !== label) prefix += `[${tag}] `;
    if (level > this.depth) return this.spend(label[0] === "[" ? label : `[${label}]`);
    return this.wrap(this.spend(prefix), "{", this.properties(value, level, null), "}", level);
  }

  formatArray(value, length, level, prefix) {
    if (level > this.depth) return this.spend("[Array]");
    const parts = [];
    const shown = length < ITEMS_MAX ? length : ITEMS_MAX;
    let holes = 0;
    for (let i = 0; i < shown && this.left > 0; i++) {
      const descriptor = getOwnPropertyDescriptor(value, i);
      if (descriptor === undefined) {
        holes++;
        if (i + 1 < shown && getOwnPropertyDescriptor(value, i + 1) === undefined) continue;
        ArrayPush(parts, `<${holes} empty item${holes > 1 ? "s" : ""}>`);
        holes = 0;
        continue;
      }
      ArrayPush(parts, this.formatDescriptor(descriptor, level));
    }
    if (length > shown) ArrayPush(parts, `... ${length - shown} more item${length - shown > 1 ? "s" : ""}`);
    if (length <= 10_000) {
      const isIndex = (key) => typeof key === "string" && `${key >>> 0}` === key;
      const extra = this.properties(value, level, isIndex);
      for (let i = 0; i < extra.length; i++) ArrayPush(parts, extra[i]);
    }
    return this.wrap(prefix, "[", parts, "]", level);
  }

  formatArrayBuffer(value) {
    const size = ArrayBufferByteLength(value);
    const bytes = new U8(value, 0, size < 50 ? size : 50);
    let text = "";
    for (let i = 0; i < bytes.length; i++) {
      text += `${i > 0 ? " " : ""}${HEX[bytes[i] >> 4]}${HEX[bytes[i] & 15]}`;
    }
    const more = size > 50 ? ` ... ${size - 50} more bytes` : "";
    return this.spend(`ArrayBuffer { [Uint8Contents]: <${text}${more}>, byteLength: ${size} }`);
  }

  formatMap(value, level, label) {
    const prefix = `${label}(${MapSize(value)}) `;
    if (level > this.depth) return `[${label}]`;
    const parts = [];
    let count = 0;
    MapForEach(value, (item, key) => {
      if (count++ < ITEMS_MAX && this.left > 0) {
        ArrayPush(parts, `${this.format(key, level + 1)} => ${this.format(item, level + 1)}`);
      }
    });
    if (count > parts.length) ArrayPush(parts, `... ${count - parts.length} more items`);
    return this.wrap(prefix, "{", parts, "}", level);
  }

  formatSet(value, level, label) {
    const prefix = `${label}(${SetSize(value)}) `;
    if (level > this.depth) return `[${label}]`;
    const parts = [];
    let count = 0;
    SetForEach(value, (item) => {
      if (count++ < ITEMS_MAX && this.left > 0) ArrayPush(parts, this.format(item, level + 1));
    });
    if (count > parts.length) ArrayPush(parts, `... ${count - parts.length} more items`);
    return this.wrap(prefix, "{", parts, "}", level);
  }

  formatHeaders(value) {
    const flat = flatOf(value);
    const parts = [];
    for (let i = 0; i < flat.length && parts.length < ITEMS_MAX; i += 2) {
      ArrayPush(parts, this.spend(`${quote(flat[i])} => ${quote(flat[i + 1])}`));
    }
    return this.wrap(`Headers(${flat.length / 2}) `, "{", parts, "}", 0);
  }

  formatPromise(value, level) {
    const details = natives.promiseDetails?.(value);
    if (details === undefined) return "Promise {}";
    if (details[0] === 0) return "Promise { <pending> }";
    const inner = this.format(details[1], level + 1);
    return details[0] === 1 ? `Promise { ${inner} }` : `Promise { <rejected> ${inner} }`;
  }

  formatError(value, level) {
    const stack = ownOrInherited(value, "stack");
    const text = typeof stack === "string" && stack !== "" ? StringSlice(stack, 0, STRING_MAX)
      : `[${ErrorToString(value)}]`;
    this.spend(text);
    const skip = (key) => key === "stack" || key === "message" || key === "name";
    const parts = level > this.depth ? [] : this.properties(value, level, skip);
    const cause = getOwnPropertyDescriptor(value, "cause");
    if (cause !== undefined && !cause.enumerable && "value" in cause && level <= this.depth) {
      ArrayPush(parts, `[cause]: ${this.format(cause.value, level + 1)}`);
    }
    return parts.length === 0 ? text : this.wrap(`${text} `, "{", parts, "}", level);
  }
}
withoutInheritance(Inspector);

function ownOrInherited(value, key) {
  try {
    return value[key];
  } catch {
    return undefined;
  }
}

const ErrorPrototype = Error.prototype;
function isErrorLike(value) {
  if (isDOMException(value)) return true;
  let object = getPrototypeOf(value);
  for (let steps = 0; object !== null && steps < 50; steps++) {
    if (object === ErrorPrototype) return true;
    object = getPrototypeOf(object);
  }
  return false;
}

function formatFunction(value) {
  const name = getOwnPropertyDescriptor(value, "name")?.value;
  const shown = typeof name === "string" && name !== "" ? `: ${StringSlice(name, 0, 200)}` : " (anonymous)";
  const source = FunctionToString(value);
  if (StringStartsWith(source, "class")) {
    const parent = getPrototypeOf(value);
    const parentName = typeof parent === "function" ? getOwnPropertyDescriptor(parent, "name")?.value : "";
    return `[class${shown === " (anonymous)" ? shown : ` ${name}`}${parentName ? ` extends ${parentName}` : ""}]`;
  }
  const kind = StringStartsWith(source, "async") ? "AsyncFunction" : "Function";
  return `[${kind}${shown}]`;
}

function formatBoxed(value) {
  if (passes(NumberValueOf, value)) return `[Number: ${formatNumber(NumberValueOf(value))}]`;
  if (passes(StringValueOf, value)) return `[String: ${quote(StringValueOf(value))}]`;
  if (passes(BooleanValueOf, value)) return `[Boolean: ${BooleanValueOf(value)}]`;
  if (passes(SymbolValueOf, value)) return `[Symbol: ${SymbolToString(SymbolValueOf(value))}]`;
  if (passes(BigIntValueOf, value)) return `[BigInt: ${BigIntValueOf(value)}n]`;
  return null;
}

/** The value as text. Never throws; at most about TEXT_MAX characters. */
export function inspect(value, depth = DEPTH_MAX) {
  let text;
  try {
    text = new Inspector(depth).format(value, 0);
  } catch {
    text = "[value that cannot be shown]";
  }
  return text.length > TEXT_MAX ? `${StringSlice(text, 0, TEXT_MAX)}...` : text;
}
