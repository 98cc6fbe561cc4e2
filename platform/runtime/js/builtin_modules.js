// The modules that the platform supplies: `cloudflare:workers` and its like. Called once per specifier;
// null: no such module.
import { DurableObject, RpcTarget, WorkerEntrypoint, WorkflowEntrypoint } from "./entrypoints.js";
import { waitUntilCurrent } from "./execution_context.js";
import { currentEnv } from "./dispatch.js";

export function builtinModule(specifier) {
  switch (specifier) {
    case "cloudflare:workers":
      return {
        __proto__: null,
        DurableObject,
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
