// crypto: randomness from the isolate's seeded source. crypto.subtle gives a clear error.
import { U8, typedArrayName } from "../primordials.js";
import { brand, bytesOf } from "../webidl.js";
import { DOMException } from "../dom_exception.js";
import { natives } from "../natives.js";

let making = true;

/** Most bytes one getRandomValues may ask for (source: Web Crypto, section 10.1). */
const QUOTA_BYTES = 65_536;
const INTEGER_ARRAYS = {
  __proto__: null,
  Int8Array: 1, Uint8Array: 1, Uint8ClampedArray: 1, Int16Array: 1, Uint16Array: 1, Int32Array: 1,
  Uint32Array: 1, BigInt64Array: 1, BigUint64Array: 1,
};
const HEX = "0123456789abcdef";

export class SubtleCrypto {
  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
  }
}
const METHODS = ["encrypt", "decrypt", "sign", "verify", "digest", "generateKey", "deriveKey", "deriveBits",
  "importKey", "exportKey", "wrapKey", "unwrapKey", "timingSafeEqual"];
for (const name of METHODS) {
  const holder = {
    async [name]() {
      throw new DOMException(`crypto.subtle.${name} is not supported yet.`, "NotSupportedError");
    },
  };
  SubtleCrypto.prototype[name] = holder[name];
}
brand(SubtleCrypto, "SubtleCrypto");


const subtle = new SubtleCrypto();

export class Crypto {
  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
  }

  get subtle() { return subtle; }

  getRandomValues(array) {
    const name = typedArrayName(array);
    if (INTEGER_ARRAYS[name] !== 1) {
      throw new DOMException("The data argument must be an integer-typed TypedArray.", "TypeMismatchError");
    }
    const bytes = bytesOf(array);
    if (bytes.length > QUOTA_BYTES) {
      throw new DOMException(
        `getRandomValues() only accepts buffers of size <= 64K but provided ${bytes.length} bytes.`,
        "QuotaExceededError");
    }
    natives.randomBytes(bytes);
    return array;
  }

  randomUUID() {
    const bytes = new U8(16);
    natives.randomBytes(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = "";
    for (let i = 0; i < 16; i++) {
      text += HEX[bytes[i] >> 4] + HEX[bytes[i] & 15];
      if (i === 3 || i === 5 || i === 7 || i === 9) text += "-";
    }
    return text;
  }
}
brand(Crypto, "Crypto");

export const crypto = new Crypto();
making = false;
