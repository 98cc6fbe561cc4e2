// The bundle in a fresh context that has nothing but the language: what the startup snapshot sees.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { buildSync } from "esbuild";
import { nodeNatives } from "./node_natives.js";

const here = dirname(fileURLToPath(import.meta.url));

/** The bundle as one script text that leaves the exports in `web`. */
export function bundle(minify) {
  return buildSync({
    entryPoints: [join(here, "..", "index.js")], bundle: true, write: false, format: "iife",
    globalName: "web", target: "es2022", minify,
  }).outputFiles[0].text;
}

const scripts = new Map();

/** A fresh context with the platform installed: { run(code), state, web }. */
export function freshContext({ minified = false } = {}) {
  if (!scripts.has(minified)) scripts.set(minified, new vm.Script(bundle(minified), { filename: "web.js" }));
  const context = vm.createContext({});
  vm.runInContext("delete globalThis.console", context);
  scripts.get(minified).runInContext(context);
  const { natives, state } = nodeNatives();
  // Views must belong to the context, as a real embedder's do.
  const ContextU8 = vm.runInContext("Uint8Array", context);
  const encode = natives.utf8Encode;
  natives.utf8Encode = (text) => ContextU8.from(encode(text));
  const web = vm.runInContext("web", context);
  web.installWeb(vm.runInContext("globalThis", context), natives);
  return { run: (code) => vm.runInContext(code, context), state, web };
}
