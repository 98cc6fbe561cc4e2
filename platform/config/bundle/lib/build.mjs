// Runs esbuild over a user's project as wrangler would, and returns what the app folder needs: one
// ES module's text with its map, the modules kept apart (WebAssembly, text, data), what the main
// module exports, and every file that was read.

import { builtinModules } from "node:module";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";
import { BuildFailure } from "./failure.mjs";
import { glob_to_regexp } from "./glob.mjs";

const kNodeNames = new Set(builtinModules.filter((name) => !name.startsWith("_")));

// wrangler's own rules; a project's rules come before them and, unless they say `fallthrough`,
// end the search for their type.
const kDefaultRules = [
  { type: "Text", globs: ["**/*.txt", "**/*.html", "**/*.sql"] },
  { type: "Data", globs: ["**/*.bin"] },
  { type: "CompiledWasm", globs: ["**/*.wasm", "**/*.wasm?module"] },
];
const kModuleTypes = { Text: "text", Data: "data", CompiledWasm: "wasm" };

/** The rules that decide which imports stay modules of their own: [{type, match(path)}]. */
export function module_rules(project) {
  const own = project.rules ?? [];
  const closed = new Set(own.filter((rule) => rule.fallthrough !== true).map((rule) => rule.type));
  return [...own, ...kDefaultRules.filter((rule) => !closed.has(rule.type))]
    .filter((rule) => rule.type in kModuleTypes)
    .map((rule) => {
      const patterns = rule.globs.map(glob_to_regexp);
      return { type: kModuleTypes[rule.type], match: (file) => patterns.some((p) => p.test(file)) };
    });
}

// Resolves the specifiers that are the runtime's: `cloudflare:*`, `workerd:*`, `orrery:*` and
// node's.
function runtime_modules(project, flags) {
  const node = flags.has("nodejs_compat");
  const allowed_without = new Set();
  if (flags.has("nodejs_als")) allowed_without.add("node:async_hooks");
  return {
    name: "orrery-runtime-modules",
    setup(build) {
      const external = (specifier, args) =>
        args.kind === "require-call" || args.kind === "require-resolve"
          ? { path: specifier, namespace: "orrery-require" }
          : { path: specifier, external: true, sideEffects: true };
      build.onResolve({ filter: /^(cloudflare|workerd|orrery):/ }, (args) =>
        external(args.path, args));
      build.onResolve({ filter: /^node:/ }, (args) => {
        if (node || allowed_without.has(args.path) || args.kind === "dynamic-import") {
          return external(args.path, args);
        }
        return { errors: [{ text: `"${args.path}" needs Node.js compatibility`,
          notes: [{ text: kNodeHint }] }] };
      });
      build.onResolve({ filter: /^[a-z_0-9]+(\/[a-z_]+)*$/ }, (args) => {
        if (!node || !kNodeNames.has(args.path)) return undefined;
        return external(`node:${args.path}`, args);
      });
      // CommonJS code `require`s a module that only `import` can reach: a module in between does
      // both.
      build.onLoad({ filter: /.*/, namespace: "orrery-require" }, (args) => ({
        contents: `import * as all from ${JSON.stringify(args.path)};` +
          `module.exports = "default" in all ? all.default : all;`,
        loader: "js",
        resolveDir: project.folder,
      }));
    },
  };
}

const kNodeHint = 'add "nodejs_compat" to compatibility_flags in the wrangler file';

// Keeps files that match a rule as modules of their own, named by their content.
function kept_modules(rules, folder, kept) {
  return {
    name: "orrery-kept-modules",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind === "entry-point" || args.pluginData?.orrery_kept === true) return undefined;
        const specifier = args.path;
        const plain = specifier.replace(/\?module$/, "");
        const by_name = rules.find((rule) => rule.match(specifier) || rule.match(plain));
        if (by_name === undefined) return undefined;
        let file = path.resolve(args.resolveDir, plain);
        if (!plain.startsWith(".") || !fs.existsSync(file)) {
          const found = await build.resolve(plain, {
            kind: args.kind, importer: args.importer, resolveDir: args.resolveDir,
            pluginData: { orrery_kept: true },
          });
          if (found.errors.length > 0) return { errors: found.errors };
          if (found.external) return undefined;
          file = found.path;
        }
        const relative = path.relative(folder, file).split(path.sep).join("/");
        const rule = rules.find((r) => r.match(relative)) ?? by_name;
        const bytes = fs.readFileSync(file);
        const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
        const name = `${hash}-${path.basename(file).replace(/[^A-Za-z0-9._-]/g, "_")}`;
        kept.set(name, { name, type: rule.type, bytes, source: file });
        const target = `./${name}`;
        return args.kind === "require-call"
          ? { path: target, namespace: "orrery-require" }
          : { path: target, external: true, sideEffects: false };
      });
      build.onResolve({ filter: /^\.\/[0-9a-f]{16}-/, namespace: "orrery-require" }, (args) =>
        ({ path: args.path, external: true }));
    },
  };
}

// The first of esbuild's errors as one failure with its place and the source line.
function failure_of(result, node_compat) {
  const error = result.errors[0];
  const place = error.location;
  const more = result.errors.length - 1;
  let kind = "syntax";
  let hint = error.notes?.find((note) => note.text && !note.location)?.text ?? "";
  let message = error.text;
  const unresolved = /^Could not resolve "(.*)"/.exec(message);
  if (unresolved !== null) {
    kind = "unresolved_import";
    const name = unresolved[1];
    const bare = !/^[./]/.test(name) && !name.startsWith("node:");
    message = `cannot find "${name}", which is imported here`;
    if (bare && kNodeNames.has(name) && !node_compat) hint = kNodeHint;
    else if (bare) {
      const parts = name.split("/");
      const package_name = parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
      hint = `install the package in the project ("npm install ${package_name}"), ` +
        "or correct the name";
    } else hint = "correct the path, or add the file";
  } else if (message.includes("needs Node.js compatibility")) {
    kind = "unresolved_import";
  } else if (message.startsWith("No loader is configured")) {
    kind = "bundle";
    message = "this import is of a kind of file that no module rule covers";
    hint = 'add to "rules" in the wrangler file: type Text, Data or CompiledWasm, and globs for it';
  } else if (error.pluginName !== undefined && error.pluginName !== "") {
    kind = "bundle";
  }
  if (place?.lineText) message += `\n    ${place.lineText.trim()}`;
  if (more > 0) message += `\n(and ${more} more error${more > 1 ? "s" : ""})`;
  return new BuildFailure(kind, message, {
    file: place?.file ?? "", line: place?.line ?? 0,
    column: place === null || place === undefined ? 0 : place.column + 1,
    hint,
  });
}

function relative_file(folder, file) {
  return path.relative(folder, file).split(path.sep).join("/");
}

function esbuild_options(project, flags, plugins) {
  const define = { "process.env.NODE_ENV": '"production"' };
  if (flags.has("global_navigator")) define["navigator.userAgent"] = '"Cloudflare-Workers"';
  Object.assign(define, project.define ?? {});
  const alias = {};
  for (const [from, to] of Object.entries(project.alias ?? {})) {
    alias[from] = to.startsWith(".") ? path.resolve(project.folder, to) : to;
  }
  const options = {
    absWorkingDir: project.folder,
    entryPoints: [path.resolve(project.folder, project.main)],
    outfile: path.join(project.folder, "worker.js"),
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" },
    sourcemap: "external",
    sourcesContent: false,
    legalComments: "none",
    keepNames: project.keep_names !== false,
    minify: project.minify === true,
    treeShaking: true,
    logLevel: "silent",
    logLimit: 0,
    define,
    alias,
    plugins,
  };
  if (project.tsconfig) options.tsconfig = path.resolve(project.folder, project.tsconfig);
  return options;
}

// A define that esbuild refuses (not JSON, not a name) is reported without a place; name its key.
function checked_options(options) {
  for (const [name, value] of Object.entries(options.define)) {
    if (typeof value !== "string") {
      throw new BuildFailure("bad_value", `define "${name}" must be a string of JavaScript`);
    }
  }
  return options;
}

/**
 * Bundles the project. Returns {code, map, modules, exports, open_exports, inputs}: the modules
 * kept apart ({name, type, bytes}), the main module's export names, whether more names may come
 * from modules of the runtime (`export * from "cloudflare:..."`), and absolute paths of all files
 * read. Throws BuildFailure.
 */
export async function build_project(project) {
  const flags = new Set(project.enabled_flags ?? []);
  const kept = new Map();
  const plugins = [
    runtime_modules(project, flags),
    kept_modules(module_rules(project), project.folder, kept),
  ];
  const main = path.resolve(project.folder, project.main);
  if (!fs.existsSync(main)) {
    throw new BuildFailure("missing_main", `the main module "${project.main}" does not exist`, {
      file: project.config_file ?? "",
      hint: 'correct "main" in the wrangler file, or build the file it names first',
    });
  }
  let result;
  try {
    result = await esbuild.build(checked_options(esbuild_options(project, flags, plugins)));
  } catch (error) {
    if (error instanceof BuildFailure) throw error;
    if (Array.isArray(error?.errors) && error.errors.length > 0) {
      throw failure_of(error, flags.has("nodejs_compat"));
    }
    throw new BuildFailure("bundle", `esbuild failed: ${error?.message ?? error}`);
  }
  let code = "";
  let map = null;
  for (const file of result.outputFiles) {
    if (file.path.endsWith(".map")) map = JSON.parse(file.text);
    else if (file.path.endsWith(".js")) code = file.text;
  }
  const output = Object.values(result.metafile.outputs).find((o) => o.entryPoint !== undefined);
  const inputs = Object.keys(result.metafile.inputs)
    .filter((name) => !/^[a-z][a-z-]+:/.test(name))
    .map((name) => path.resolve(project.folder, name))
    .filter((file) => fs.existsSync(file));
  for (const module of kept.values()) inputs.push(module.source);
  return {
    code, map,
    modules: [...kept.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    exports: output?.exports ?? [],
    open_exports: /^export \* from/m.test(code),
    inputs: [...new Set(inputs)].sort(),
    main: relative_file(project.folder, main),
  };
}
