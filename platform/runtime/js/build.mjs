// Bundles the bootstrap script into one classic script and writes it as a C++ source.
// Usage: node build.mjs OUTPUT.cc DEPENDENCIES.d
// esbuild comes from platform/web/js/node_modules (npm ci there), whose lock file pins it.
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const platform = join(here, "..", "..");
const { build } = createRequire(join(platform, "web", "js", "package.json"))("esbuild");

// A module of another room, or what stands in for it in a build without that room.
const firstThatExists = (...paths) => paths.find((path) => existsSync(path));
const aliases = {
  "orrery:web": join(platform, "web", "js", "index.js"),
  "orrery:storage": firstThatExists(
    join(platform, "durable", "js", "storage.js"), join(here, "storage_absent.js")),
  "orrery:kv": join(platform, "kv", "js", "kv.js"),
};

const [output, dependencies] = process.argv.slice(2);
const result = await build({
  entryPoints: [join(here, "main.js")],
  bundle: true, write: false, metafile: true, format: "iife", target: "es2022", platform: "neutral",
  legalComments: "none", charset: "ascii", logLevel: "warning",
  // Another room's module may leave an optional export out.
  logOverride: { "import-is-undefined": "silent" }, absWorkingDir: platform,
  plugins: [{
    name: "rooms",
    setup(hooks) {
      hooks.onResolve({ filter: /^orrery:/ }, ({ path }) => ({ path: aliases[path] }));
    },
  }],
});

const bytes = result.outputFiles[0].contents;
const lines = [];
for (let at = 0; at < bytes.length; at += 32) lines.push(`${bytes.subarray(at, at + 32).join(",")},`);
writeFileSync(output, `// Made by build.mjs; do not edit.
namespace orrery::runtime {
extern const char kBootstrapScript[];
extern const unsigned long kBootstrapScriptSize;
const char kBootstrapScript[] = {
${lines.join("\n")}
0};
const unsigned long kBootstrapScriptSize = ${bytes.length};
}  // namespace orrery::runtime
`);
const inputs = Object.keys(result.metafile.inputs).map((path) => join(platform, path));
writeFileSync(dependencies, `${output}: ${inputs.join(" ")}\n`);
