// Math.random for one isolate: xorshift128 over 32-bit words, seeded once from the world's entropy. V8's
// own generator is seeded for the whole process and would give every isolate the same numbers.

let a = 1, b = 2, c = 3, d = 4;

export function seedRandom(w0, w1, w2, w3) {
  a = w0 | 0;
  b = w1 | 0;
  c = w2 | 0;
  d = w3 | 1;
}

function next() {
  const t = a ^ (a << 11);
  a = b;
  b = c;
  c = d;
  d = d ^ (d >>> 19) ^ (t ^ (t >>> 8));
  return d >>> 0;
}

/** 53 bits, evenly spaced in [0, 1). */
function random() {
  return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
}

export function installRandom() {
  Object.defineProperty(Math, "random",
    { value: random, writable: true, enumerable: false, configurable: true });
}
