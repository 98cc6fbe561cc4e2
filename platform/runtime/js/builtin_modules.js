// The modules that the platform supplies: `cloudflare:workers` and its like. Called once per specifier;
// null: no such module.
import { DurableObject, RpcTarget, WorkerEntrypoint, WorkflowEntrypoint } from "./entrypoints.js";
import { waitUntilCurrent } from "./execution_context.js";
import { RpcStub } from "./rpc_calls.js";
import { RpcPromise, RpcProperty } from "./rpc_properties.js";
import { currentEnv } from "./dispatch.js";

export function builtinModule(specifier) {
  switch (specifier) {
    case "cloudflare:workers":
      return {
        __proto__: null,
        DurableObject,
        RpcPromise,
        RpcProperty,
        RpcStub,
        RpcTarget,
        WorkerEntrypoint,
        WorkflowEntrypoint,
        env: currentEnv(),
        waitUntil: waitUntilCurrent,
      };
    default:
      return null;
  }
}
