// Which objects are instances of the platform's own classes (or of classes that extend them): what cloning must not take
// for plain objects.
import { getPrototypeOf, SafeMap } from "./safe.js";

const { getOwnPropertyNames } = Object;
// The names that the engine gives a global object, before anything of the platform is there.
const engines = new SafeMap();
const names = getOwnPropertyNames(globalThis);
for (let i = 0; i < names.length; i++) engines.set(names[i], true);

const prototypes = new SafeMap();

export function addPlatformClass(Class) {
  prototypes.set(Class.prototype, true);
}

/** Notes every class that the platform has put on the global object. Call while the snapshot is made. */
export function notePlatformClasses() {
  const all = getOwnPropertyNames(globalThis);
  for (let i = 0; i < all.length; i++) {
    const value = engines.has(all[i]) ? undefined : globalThis[all[i]];
    if (typeof value === "function" && typeof value.prototype === "object") addPlatformClass(value);
  }
}

export function isOfPlatform(value) {
  for (let at = getPrototypeOf(value); at !== null; at = getPrototypeOf(at)) {
    if (prototypes.has(at)) return true;
  }
  return false;
}
