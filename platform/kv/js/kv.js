// The binding object of Workers KV (platform.md 10.1). Values and options are converted here; what is allowed, and
// every text of an error that the service gives, is decided in C++ (kv/call.cc).
//
// put, delete and bulk get wait for the output gate of a Durable Object; single get and list do not
// (durable-objects.md 2.4).
import { startBinding } from "../../runtime/js/outgoing.js";
import { Response } from "../../web/js/fetch/response.js";
import { stateOf, streamOfBytes } from "../../web/js/streams/readable.js";
import { addPlatformClass } from "../../runtime/js/platform_classes.js";
import { ArrayIsArray, ArrayPush, MapConstructor, MapSet, uncurryThis } from "../../web/js/primordials.js";

const { parse, stringify } = JSON;
const { isView } = ArrayBuffer;
const { trunc } = Math;
const toNumber = Number;
const arrayBufferOf = uncurryThis(Response.prototype.arrayBuffer);
const byteLength = uncurryThis(Reflect.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get);
const Bytes = Uint8Array;
const internal = Symbol("internal");

const WRONG_VALUE = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.";
const WRONG_TYPE =
  'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".';

function checkKey(key) {
  const name = `${key}`;
  if (name === "") throw new TypeError("Key name cannot be empty.");
  if (name === "." || name === "..") throw new TypeError(`"${name}" is not allowed as a key name.`);
  return name;
}

const whole = (value) => (value === undefined || value === null ? undefined : trunc(toNumber(value)));

function readOptions(options) {
  if (typeof options === "string") return { type: options, cacheTtl: undefined };
  return { type: options?.type ?? "text", cacheTtl: whole(options?.cacheTtl) };
}

function isArrayBuffer(value) {
  try {
    byteLength(value);
    return true;
  } catch {
    return false;
  }
}

function valueOf(type, value) {
  switch (type) {
    case "text": case "arrayBuffer": return value;
    case "json": return parse(value);
    case "stream": return streamOfBytes(new Bytes(value));
    default: throw new TypeError(WRONG_TYPE);
  }
}

const metadataOf = (text) => (text === undefined ? null : parse(text));

export class KvNamespace {
  #binding;
  constructor(key, binding) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#binding = binding;
  }

  async #read(key, options) {
    const name = checkKey(key);
    const { type, cacheTtl } = readOptions(options);
    const asText = type === "text" || type === "json";
    const answer = await startBinding(this.#binding, "get", [name, asText, cacheTtl], false);
    const cacheStatus = answer[3];
    if (!answer[0]) return { value: null, metadata: null, cacheStatus };
    return { value: valueOf(type, answer[1]), metadata: metadataOf(answer[2]), cacheStatus };
  }

  async #readMany(keys, options, withMetadata) {
    const { type, cacheTtl } = readOptions(options);
    const args = [type, cacheTtl];
    for (let i = 0; i < keys.length; i++) ArrayPush(args, checkKey(keys[i]));
    const flat = await startBinding(this.#binding, "getBulk", args, true);
    const map = new MapConstructor();
    for (let i = 0; i < flat.length; i += 4) {
      let value = flat[i + 1] ? flat[i + 2] : null;
      if (value !== null && type === "json") {
        try {
          value = parse(value);
        } catch {
          throw new Error("KV GET_BULK failed: 400 At least one of the requested keys corresponds to a " +
            "non-json value");
        }
      }
      MapSet(map, flat[i], withMetadata ? { value, metadata: metadataOf(flat[i + 3]) } : value);
    }
    return map;
  }

  async get(key, options = undefined) {
    if (ArrayIsArray(key)) return this.#readMany(key, options, false);
    return (await this.#read(key, options)).value;
  }

  async getWithMetadata(key, options = undefined) {
    if (ArrayIsArray(key)) return this.#readMany(key, options, true);
    return this.#read(key, options);
  }

  async put(key, value, options = undefined) {
    const name = checkKey(key);
    let sent = value;
    if (typeof value === "object" && value !== null && stateOf(value) !== null) {
      sent = await arrayBufferOf(new Response(value));
    } else if (typeof value !== "string" && !isView(value) && !isArrayBuffer(value)) {
      throw new TypeError(WRONG_VALUE);
    }
    const metadata = options?.metadata;
    await startBinding(this.#binding, "put", [
      name, sent, whole(options?.expiration), whole(options?.expirationTtl),
      metadata === undefined || metadata === null ? undefined : stringify(metadata),
    ], true);
  }

  async delete(key) {
    await startBinding(this.#binding, "delete", [checkKey(key)], true);
  }

  async list(options = undefined) {
    const prefix = options?.prefix ?? undefined;
    const cursor = options?.cursor ?? undefined;
    const flat = await startBinding(this.#binding, "list", [
      prefix === undefined ? undefined : `${prefix}`, whole(options?.limit),
      cursor === undefined ? undefined : `${cursor}`,
    ], false);
    const keys = [];
    for (let i = 3; i < flat.length; i += 3) {
      const entry = { name: flat[i] };
      if (flat[i + 1] !== undefined) entry.expiration = flat[i + 1];
      if (flat[i + 2] !== undefined) entry.metadata = parse(flat[i + 2]);
      ArrayPush(keys, entry);
    }
    if (flat[0]) return { keys, list_complete: true, cacheStatus: flat[2] };
    return { keys, list_complete: false, cursor: flat[1], cacheStatus: flat[2] };
  }

  get [Symbol.toStringTag]() { return "KvNamespace"; }
}
addPlatformClass(KvNamespace);

export function makeKvNamespace(binding) {
  return new KvNamespace(internal, binding);
}
