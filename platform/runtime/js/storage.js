// The extension point for the storage of Durable Objects. The build resolves "orrery:storage" to
// platform/durable/js/storage.js where it exists, else to storage_absent.js. The module exports
// makeStorage(actor, natives, context) and may export installStorageHooks(registerHook, support).
import * as storage from "orrery:storage";

export const makeStorage = storage.makeStorage;
export const installStorageHooks = storage.installStorageHooks ?? (() => {});
