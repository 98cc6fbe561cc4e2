// The extension point for Workers KV: the build resolves "orrery:kv" to platform/kv/js/kv.js.
export { makeKvNamespace } from "orrery:kv";
