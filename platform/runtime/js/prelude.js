// Must be the first module of the bootstrap script.
//
// V8 installs some shipped features only when a context leaves the snapshot, so that flags can still turn
// them off: while the snapshot is made, Object.hasOwn, at and findLast are missing. The scripts of the
// bootstrap capture such built-ins when they load. They get these equivalents, which are taken away again
// at the end (removeTemporaries), before V8 installs its own.

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const hasOwnProperty = Function.prototype.call.bind(Object.prototype.hasOwnProperty);
const added = [];

function add(object, name, method) {
  if (name in object) return;
  Object.defineProperty(object, name, { value: method, writable: true, enumerable: false, configurable: true });
  added.push([object, name]);
}

function at(index) {
  const i = Math.trunc(index) || 0;
  return this[i < 0 ? this.length + i : i];
}
function findLastIndex(test, self) {
  for (let i = this.length - 1; i >= 0; i--) {
    if (test.call(self, this[i], i, this)) return i;
  }
  return -1;
}
function findLast(test, self) {
  const i = findLastIndex.call(this, test, self);
  return i < 0 ? undefined : this[i];
}

add(Object, "hasOwn", (object, key) => hasOwnProperty(Object(object), key));
for (const object of [Array.prototype, typedArray]) {
  add(object, "at", at);
  add(object, "findLast", findLast);
  add(object, "findLastIndex", findLastIndex);
}
add(String.prototype, "at", at);

// Newer than this V8; `using` is compiled into uses of them.
for (const name of ["dispose", "asyncDispose"]) {
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
}

export function removeTemporaries() {
  for (const [object, name] of added) delete object[name];
}
