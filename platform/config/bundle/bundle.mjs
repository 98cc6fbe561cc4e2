#!/usr/bin/env node
// Bundles a wrangler project: `node bundle.mjs < project.json`.
//
// Input: the document of config::to_json plus "out", the app folder to write. Output: one JSON
// line, {"orrery":1,"ok":true,"dir":...,"content_hash":...,"cached":bool} with exit code 0, or
// {"orrery":1,"ok":false,"error":{kind,message,file,line,column,hint}} with exit code 2. README.md
// describes the app folder.

import fs from "node:fs";
import path from "node:path";
import { BuildFailure } from "./lib/failure.mjs";
import { content_hash, inputs_record, is_current, write_folder } from "./lib/app_folder.mjs";

const kCopied = [
  "name", "compatibility_date", "bindings", "durable_objects", "migrations", "crons",
  "queue_consumers", "limits", "routes", "assets", "placement",
];

function read_project(text) {
  let project;
  try {
    project = JSON.parse(text);
  } catch (error) {
    throw new BuildFailure("bad_input",
      `the project on standard input is not JSON: ${error.message}`);
  }
  for (const key of ["folder", "main", "out"]) {
    if (typeof project?.[key] !== "string" || project[key] === "") {
      throw new BuildFailure("bad_input", `the project on standard input has no "${key}"`);
    }
  }
  try {
    project.folder = fs.realpathSync(project.folder);
  } catch {
    throw new BuildFailure("bad_input", `the project folder ${project.folder} does not exist`);
  }
  project.out = path.resolve(project.out);
  return project;
}

// What can only be said once the exports are known: a Worker must export something, and every class
// that a Durable Object binding of this Worker names must be among it.
function check_exports(project, built) {
  if (built.exports.length === 0 && !built.open_exports) {
    throw new BuildFailure("no_export", "the main module exports nothing", {
      file: built.main,
      hint: "export a handler: export default { fetch(request, env, ctx) { ... } } " +
        "(addEventListener is not supported)",
    });
  }
  if (built.open_exports) return;
  for (const { class: name } of project.durable_objects ?? []) {
    if (built.exports.includes(name)) continue;
    const { line, column } = project.class_places?.[name] ?? {};
    throw new BuildFailure("missing_class",
      `the main module "${built.main}" does not export the Durable Object class "${name}"`, {
        file: project.config_file ?? "", line: line ?? 0, column: column ?? 0,
        hint: `write "export class ${name} extends DurableObject { ... }" in ${built.main}, ` +
          "or correct class_name",
      });
  }
}

async function bundle(project) {
  if (is_current(project)) {
    const text = fs.readFileSync(path.join(project.out, "inputs.json"), "utf8");
    return { content_hash: JSON.parse(text).content_hash, cached: true };
  }
  let tools;
  try {
    tools = {
      ...(await import("./lib/build.mjs")), ...(await import("./lib/meter.mjs")),
      ...(await import("./lib/positions.mjs")),
    };
  } catch (error) {
    throw new BuildFailure("not_installed", `the bundler is not installed: ${error.message}`, {
      hint: 'run "npm ci" in platform/config/bundle',
    });
  }
  const built = await tools.build_project(project);
  check_exports(project, built);
  const metered = tools.add_meter(built.code);
  const map = tools.composed_map(built.code, built.map, metered.insertions);

  const app = { orrery: 1, main: "worker.js" };
  for (const key of kCopied) if (project[key] !== undefined) app[key] = project[key];
  app.compatibility_flags = project.enabled_flags ?? [];
  app.modules = [{ name: "worker.js", type: "esm", file: "worker.js" }];
  for (const { name, type } of built.modules) app.modules.push({ name, type, file: name });
  app.exports = built.exports;
  app.source_map = map;
  app.blocks = tools.source_lines(built.code, built.map, metered.blocks);
  app.content_hash = content_hash(project, built.inputs);

  const files = { "worker.js": metered.code };
  for (const { name, bytes } of built.modules) files[name] = bytes;
  files["app.json"] = JSON.stringify(app) + "\n";
  const record = inputs_record(project, built.inputs, files);
  record.content_hash = app.content_hash;
  files["inputs.json"] = JSON.stringify(record) + "\n";
  write_folder(project.out, files);
  return { content_hash: app.content_hash, cached: false };
}

async function main() {
  try {
    const project = read_project(fs.readFileSync(0, "utf8"));
    const result = await bundle(project);
    return [{ orrery: 1, ok: true, dir: project.out, ...result }, 0];
  } catch (error) {
    const failure = error instanceof BuildFailure
      ? error : new BuildFailure("internal", `the bundler failed: ${error?.stack ?? error}`);
    return [{ orrery: 1, ok: false, error: failure.to_json() }, 2];
  }
}

const [answer, code] = await main();
process.exitCode = code;
process.stdout.write(JSON.stringify(answer) + "\n");
