// The bootstrap script: runs once, while the startup snapshot is made. It builds the global object of a
// Worker and leaves the table of hooks that C++ calls.
import { removeTemporaries } from "./prelude.js";
import { natives } from "./natives.js";
import { dataCloneError, installWeb } from "./web.js";
import { closeContext, enter, ioTurn, leaveGlobalScope, requireContext } from "./io_context.js";
import * as dispatch from "./dispatch.js";
import * as settle from "./settle.js";
import { makeError } from "./errors.js";
import { buildEnv } from "./env.js";
import { builtinModule } from "./builtin_modules.js";
import { fetch, upgrade } from "./outgoing.js";
import { DurableObjectId, DurableObjectNamespace, DurableObjectStub } from "./durable_object.js";
import { installRandom, seedRandom } from "./random.js";
import { installStorageHooks } from "./storage.js";
import { runSection } from "./execution_context.js";
import { holdWeakly, settleLost } from "./awaited.js";
import { apply, SafeMap } from "./safe.js";
import { rpcReleased } from "./rpc_serve.js";
import { socketFrame, socketNatives } from "./sockets.js";
import { packClone, unpackClone } from "./rpc_pack.js";
import { showFunctions } from "./function_text.js";
import { notePlatformClasses } from "./platform_classes.js";

installWeb(globalThis, { ...natives, ioTurn, ...socketNatives(upgrade) });
installRandom();

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}
define("fetch", fetch);
define("DurableObjectId", DurableObjectId);
define("DurableObjectNamespace", DurableObjectNamespace);
define("DurableObjectStub", DurableObjectStub);
notePlatformClasses();
showFunctions();

const hooks = {
  __proto__: null,
  installEnv(bindings) { dispatch.installWorker(null, buildEnv(bindings)); },
  installWorker(namespace) { dispatch.installWorker(namespace, dispatch.currentEnv()); },
  seedRandom,
  builtinModule,
  dataCloneError: (message) => dataCloneError(natives.withoutMeter(message)),
  holdWeakly,
  settleLost,
  packClone,
  unpackClone,
  makeError,
  closeContext,
  dropTimer: globalThis.clearTimeout,
  leaveGlobalScope,
  dispatchFetch: dispatch.dispatchFetch,
  dispatchScheduled: dispatch.dispatchScheduled,
  dispatchRpc: dispatch.dispatchRpc,
  dispatchRpcMessage: dispatch.dispatchRpcMessage,
  constructActor: dispatch.constructActor,
  dispatchActorFetch: dispatch.dispatchActorFetch,
  dispatchActorRpc: dispatch.dispatchActorRpc,
  dispatchAlarm: dispatch.dispatchAlarm,
  settleFetch: settle.settleFetch,
  settleValue: settle.settleValue,
  settleRpc: settle.settleRpc,
  rpcReleased,
  socketFrame,
  failOperation: settle.failOperation,
  timerFired: settle.timerFired,
  sectionEntered: settle.sectionEntered,
  sectionLeft: settle.sectionLeft,
};

// Hooks of other rooms are called with the context made current and their own arguments.
function registerHook(name, callback) {
  hooks[`extra:${name}`] = (slot, ...args) => {
    enter(slot);
    apply(callback, undefined, args);
  };
}
installStorageHooks(registerHook, { makeError, requireContext, runSection, SafeMap });

removeTemporaries();
globalThis.__orreryHooks = hooks;
