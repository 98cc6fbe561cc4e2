// Used when the build has no storage room: an object's `storage` says so.
export function makeStorage() {
  throw new Error("Durable Object storage is not supported yet: this build has no storage room");
}
export function installStorageHooks() {}
