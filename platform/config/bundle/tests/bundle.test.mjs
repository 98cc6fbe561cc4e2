// The program as a whole, on small projects in a folder of their own: what it writes, where
// positions lead, which errors it gives, and when it builds again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const kTool = fileURLToPath(new URL("../bundle.mjs", import.meta.url));
const kRoot = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "orrery-bundle-"));
after(() => fs.rmSync(kRoot, { recursive: true, force: true }));

let count = 0;
function project(files, more = {}) {
  const folder = path.join(kRoot, `p${++count}`);
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  }
  return { orrery: 1, folder, config_file: "wrangler.toml", name: "app", main: "src/index.ts",
    compatibility_date: "2026-01-01", enabled_flags: ["rpc"], bindings: [], durable_objects: [],
    out: path.join(kRoot, `out${count}`), ...more };
}

function bundle(input) {
  const text = typeof input === "string" ? input : JSON.stringify(input);
  const done = spawnSync(process.execPath, [kTool], { input: text, encoding: "utf8" });
  assert.equal(done.stderr, "");
  assert.equal(done.stdout.split("\n").length, 2, "one line");
  const answer = JSON.parse(done.stdout);
  assert.equal(done.status, answer.ok ? 0 : 2);
  return answer;
}

function built(input) {
  const answer = bundle(input);
  assert.ok(answer.ok, JSON.stringify(answer));
  const read = (name) => fs.readFileSync(path.join(input.out, name), "utf8");
  return { ...answer, app: JSON.parse(read("app.json")), code: read("worker.js"), read };
}

function failure(files, more) {
  const input = project(files, more);
  const answer = bundle(input);
  assert.equal(answer.ok, false, "should fail");
  assert.ok(!fs.existsSync(input.out), "no half-written folder");
  assert.deepEqual(fs.readdirSync(kRoot).filter((name) => /\.(new|old)-/.test(name)), []);
  return answer.error;
}

// The source position of the place where `text` stands in the bundle.
function position_of({ app, code }, text) {
  const offset = code.indexOf(text);
  assert.ok(offset >= 0, `${text} is in the bundle`);
  const line = code.slice(0, offset).split("\n").length - 1;
  const column = offset - (code.lastIndexOf("\n", offset - 1) + 1);
  const flat = app.source_map.lines[line];
  let found = null;
  for (let i = 0; i < flat.length; i += 4) if (flat[i] <= column) found = flat.slice(i, i + 4);
  return found && [app.source_map.sources[found[1]], found[2], found[3]];
}

const kWorker = `import { DurableObject } from "cloudflare:workers";
import { twice } from "./lib/twice";
interface Env { CART: DurableObjectNamespace }
export class Cart extends DurableObject<Env> {
  async add(n: number): Promise<number> {
    for (let i = 0; i < n; i++) twice(marker_in_loop(i));
    if (n > 3) throw new RangeError("too many");
    return twice(n);
  }
}
const marker_in_loop = (x: number) => x;
export default { fetch: () => new Response("hello") };
`;
const kTwice = `export function twice(n: number): number {

  return n * marker_factor; }
declare const marker_factor: number;
`;

test("a TypeScript project becomes one module whose positions lead to the sources", () => {
  const result = built(project({ "src/index.ts": kWorker, "src/lib/twice.ts": kTwice }));
  assert.equal(result.app.orrery, 1);
  assert.equal(result.app.main, "worker.js");
  assert.deepEqual(result.app.exports, ["Cart", "default"]);
  assert.deepEqual(result.app.compatibility_flags, ["rpc"]);
  assert.deepEqual(result.app.modules, [{ name: "worker.js", type: "esm", file: "worker.js" }]);
  assert.match(result.code.split("\n")[0], /from"orrery:meter"/);
  assert.deepEqual([...result.app.source_map.sources].sort(), ["src/index.ts", "src/lib/twice.ts"]);
  assert.deepEqual(position_of(result, "marker_in_loop(i)"), ["src/index.ts", 6, 38]);
  assert.deepEqual(position_of(result, "new RangeError"), ["src/index.ts", 7, 21]);
  assert.deepEqual(position_of(result, "marker_factor"), ["src/lib/twice.ts", 3, 13]);
  assert.deepEqual(position_of(result, "new Response"), ["src/index.ts", 12, 30]);
  assert.equal(position_of(result, "var __name"), null);
});

test("minified code leads back too", () => {
  const files = { "src/index.ts": kWorker, "src/lib/twice.ts": kTwice };
  const result = built(project(files, { minify: true }));
  assert.ok(result.code.split("\n").length < 5);
  assert.deepEqual(position_of(result, "new RangeError"), ["src/index.ts", 7, 21]);
  assert.deepEqual(position_of(result, "marker_factor"), ["src/lib/twice.ts", 3, 13]);
});

test("WebAssembly, text and data stay modules; JSON goes in; own rules count", () => {
  const input = project({
    "src/index.ts": `import add from "./add.wasm"; import again from "./add.wasm?module";
import page from "./page.html"; import raw from "./raw.bin"; import doc from "./doc.md";
import json from "./data.json"; import sql from "./q.sql";
export default { all: [add, again, page, raw, doc, json.deep.value, sql] };`,
    "src/add.wasm": "\0asm", "src/page.html": "<b>", "src/raw.bin": "\x01\x02", "src/doc.md": "# d",
    "src/data.json": '{"deep":{"value":42}}', "src/q.sql": "SELECT 1",
  }, { rules: [{ type: "Text", globs: ["**/*.md"], fallthrough: true }] });
  const { app, code, read } = built(input);
  const types = Object.fromEntries(app.modules.slice(1).map((m) => [m.name.slice(17), m.type]));
  assert.deepEqual(types, { "add.wasm": "wasm", "page.html": "text", "raw.bin": "data",
    "doc.md": "text", "q.sql": "text" });
  for (const { name } of app.modules.slice(1)) assert.ok(code.includes(`"./${name}"`), name);
  assert.equal(read(app.modules.find((m) => m.name.endsWith("q.sql")).file), "SELECT 1");
  assert.match(code, /value: 42/);
});

test("without fallthrough an own rule replaces the default of its type", () => {
  const error = failure({ "src/index.ts": 'import a from "./a.html"; export default a;',
    "src/a.html": "x" }, { rules: [{ type: "Text", globs: ["**/*.md"] }] });
  assert.deepEqual([error.kind, error.file, error.line], ["bundle", "src/index.ts", 1]);
  assert.match(error.hint, /rules/);
});

test("npm packages come from the project, by the worker's conditions and fields", () => {
  const { code } = built(project({
    "src/index.ts": 'import a from "a"; import b from "b"; import c from "c/sub"; export default {a,b,c};',
    "node_modules/a/package.json": '{"exports":{"workerd":"./w.js","default":"./d.js"}}',
    "node_modules/a/w.js": "export default 'a-workerd'", "node_modules/a/d.js": "export default 'a-no'",
    "node_modules/b/package.json": '{"main":"./m.js","module":"./e.js"}',
    "node_modules/b/m.js": "module.exports = 'b-no'", "node_modules/b/e.js": "export default 'b-module'",
    "node_modules/c/package.json": "{}",
    "node_modules/c/sub.js": "const fs = require('cloudflare:sockets'); module.exports = ['c-cjs', fs];",
  }));
  assert.match(code, /a-workerd/);
  assert.match(code, /b-module/);
  assert.match(code, /c-cjs/);
  assert.match(code, /import \* as all from "cloudflare:sockets"/);
  assert.doesNotMatch(code, /-no'/);
});

test("node's modules are node: ones, and need their flag", () => {
  const files = { "src/index.ts": 'import { Buffer } from "buffer";\nimport fs from "node:fs/promises";\n' +
    "export default { Buffer, fs };" };
  const { code } = built(project(files, { enabled_flags: ["nodejs_compat"] }));
  assert.match(code, /from "node:buffer"/);
  assert.match(code, /from "node:fs\/promises"/);
  const error = failure(files);
  assert.equal(error.kind, "unresolved_import");
  assert.match(error.hint, /nodejs_compat/);
  assert.equal(error.line, 1);
});

test("decorators follow the project's tsconfig", () => {
  const { code } = built(project({
    "tsconfig.json": '{"compilerOptions":{"experimentalDecorators":true}}',
    "src/index.ts": "const d = (t: any, k: string) => {}; class A { @d m() {} } export default A;",
  }));
  assert.match(code, /__decorateClass/);
});

test("alias and define are applied", () => {
  const { code } = built(project({
    "src/index.ts": 'import x from "far"; declare const V: string; export default { x, V };',
    "near.js": "export default 'near'",
  }, { alias: { far: "./near.js" }, define: { V: '"one"' } }));
  assert.match(code, /near/);
  assert.match(code, /"one"/);
});

test("what does not compile is one error with file, line, column and the line itself", () => {
  const error = failure({ "src/index.ts": 'import "./b";\nexport default {};',
    "src/b.ts": "export const a = 1;\nconst x: number = = 2;\n" });
  assert.equal(error.kind, "syntax");
  assert.deepEqual([error.file, error.line, error.column], ["src/b.ts", 2, 19]);
  assert.match(error.message, /const x: number = = 2;/);
});

test("an import that leads nowhere says what to do", () => {
  const missing = failure({ "src/index.ts": 'export default 1;\nimport "./gone";' });
  assert.equal(missing.kind, "unresolved_import");
  assert.deepEqual([missing.file, missing.line, missing.column], ["src/index.ts", 2, 8]);
  const packaged = failure({ "src/index.ts": 'import "@scope/pkg/deep"; export default 1;' });
  assert.match(packaged.hint, /npm install @scope\/pkg"/);
  const kept = failure({ "src/index.ts": 'import w from "./none.wasm"; export default w;' });
  assert.equal(kept.kind, "unresolved_import");
});

test("a class that is bound but not exported is named with its place in the wrangler file", () => {
  const error = failure({ "src/index.ts": "export default {};" }, {
    durable_objects: [{ class: "Cart", storage: "sqlite" }],
    class_places: { Cart: { line: 7, column: 3 } },
  });
  assert.equal(error.kind, "missing_class");
  assert.deepEqual([error.file, error.line, error.column], ["wrangler.toml", 7, 3]);
  assert.match(error.message, /"Cart"/);
});

test("a main module without exports, or none at all, is refused", () => {
  assert.equal(failure({ "src/index.ts": 'addEventListener("fetch", () => {});' }).kind, "no_export");
  assert.equal(failure({ "src/other.ts": "" }).kind, "missing_main");
});

test("bad input on standard input is an error, not a stack trace", () => {
  for (const input of ["", "nonsense", "[]", "null", "{}", '{"folder":"/nowhere","main":"a","out":"b"}']) {
    assert.equal(bundle(input).error.kind, "bad_input", input);
  }
});

test("an unchanged app is not built again; any change of what it is made of is seen", () => {
  const input = project({ "src/index.ts": 'import p from "./p.txt"; import a from "a"; export default {p,a};',
    "src/p.txt": "one", "node_modules/a/package.json": '{"main":"x.js"}',
    "node_modules/a/x.js": "module.exports = 1", "node_modules/a/y.js": "module.exports = 2" });
  const first = built(input);
  assert.equal(first.cached, false);
  const again = built(input);
  assert.equal(again.cached, true);
  assert.equal(again.content_hash, first.content_hash);

  const expect_rebuilt = (what) => {
    const next = built(input);
    assert.equal(next.cached, false, what);
    return next;
  };
  const write = (name, text) => {
    const file = path.join(input.folder, name);
    const { atime, mtime } = fs.existsSync(file) ? fs.statSync(file) : {};
    fs.writeFileSync(file, text);
    if (mtime) fs.utimesSync(file, atime, mtime);  // same time, same size: still seen
  };
  write("src/p.txt", "two");
  assert.notEqual(expect_rebuilt("text").content_hash, first.content_hash);
  write("node_modules/a/package.json", '{"main":"y.js"}');
  expect_rebuilt("package.json");
  write("src/unused.ts", "");
  expect_rebuilt("a new file beside the sources");
  write("tsconfig.json", "{}");
  expect_rebuilt("tsconfig");
  input.bindings = [{ type: "var", name: "A", value: "x" }];
  expect_rebuilt("configuration");
  fs.rmSync(path.join(input.out, "worker.js"));
  expect_rebuilt("a file of the app folder lost");
  fs.writeFileSync(path.join(input.out, "inputs.json"), "{");
  expect_rebuilt("a garbled record");
});

test("the content hash does not depend on where the project lies", () => {
  const files = { "src/index.ts": "export default 1;" };
  assert.equal(built(project(files)).content_hash, built(project(files)).content_hash);
});

test("a failed build leaves the last good folder as it was", () => {
  const input = project({ "src/index.ts": "export default 1;" });
  const { app } = built(input);
  fs.writeFileSync(path.join(input.folder, "src/index.ts"), "export default (;");
  assert.equal(bundle(input).ok, false);
  const kept = JSON.parse(fs.readFileSync(path.join(input.out, "app.json"), "utf8"));
  assert.equal(kept.content_hash, app.content_hash);
});
