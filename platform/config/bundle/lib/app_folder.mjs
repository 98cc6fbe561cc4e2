// The app folder: app.json, worker.js and the modules kept apart; and inputs.json, the record that
// says whether the folder is still what the project would give.
//
// Invariant: a folder at its final name is complete. It is made under another name beside it and
// renamed; an older one is first moved aside, so a reader sees the old one, none, or the new one.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const kHere = path.dirname(fileURLToPath(import.meta.url));

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function hash_of_file(file) {
  try {
    return sha256(fs.readFileSync(file));
  } catch {
    return "none";
  }
}

function hash_of_names(folder) {
  try {
    return sha256(fs.readdirSync(folder).sort().join("\n"));
  } catch {
    return "none";
  }
}

/** A hash over this tool's own files and the versions it is locked to. */
export function tool_hash() {
  const root = path.dirname(kHere);
  const files = ["bundle.mjs", "package.json", "package-lock.json"];
  for (const name of fs.readdirSync(kHere).sort()) files.push(path.join("lib", name));
  return sha256(files.map((file) => `${file} ${hash_of_file(path.join(root, file))}`).join("\n"));
}

// Files that steer a build without being in it: package.json and tsconfig files on the way up from
// each input, and the folders of the project's own files (a new file can win over an old one).
function steering_files(project, inputs) {
  const files = new Set();
  const folders = new Set();
  const seen = new Set();
  for (const input of inputs) {
    const own = !input.includes(`${path.sep}node_modules${path.sep}`);
    if (own) folders.add(path.dirname(input));
    for (let at = path.dirname(input); !seen.has(at); at = path.dirname(at)) {
      seen.add(at);
      files.add(path.join(at, "package.json"));
      if (own || at === project.folder) {
        files.add(path.join(at, "tsconfig.json"));
        files.add(path.join(at, "jsconfig.json"));
      }
      if (at === project.folder || path.dirname(at) === at) break;
    }
  }
  if (project.tsconfig) files.add(path.resolve(project.folder, project.tsconfig));
  return { files: [...files].sort(), folders: [...folders].sort() };
}

/**
 * The content hash of the user's app: its configuration and every file that went in, by path
 * relative to the project and content; where the project lies does not matter, nor where in the
 * wrangler file something stands.
 */
export function content_hash(project, inputs) {
  const { folder, out, orrery, config_file, class_places, warnings, ...config } = project;
  const parts = [JSON.stringify(config)];
  for (const input of inputs) {
    const name = path.relative(folder, input).split(path.sep).join("/");
    parts.push(`${name} ${hash_of_file(input)}`);
  }
  return sha256(parts.join("\n"));
}

function project_hash(project) {
  const { out, ...rest } = project;
  return sha256(JSON.stringify(rest));
}

/** The record of what a build depended on and made; `made` is {name: content} of the app folder. */
export function inputs_record(project, inputs, made) {
  const { files, folders } = steering_files(project, inputs);
  const hashed = {};
  for (const file of [...inputs, ...files]) hashed[file] = hash_of_file(file);
  const listed = {};
  for (const folder of folders) listed[folder] = hash_of_names(folder);
  const outputs = {};
  for (const [name, content] of Object.entries(made)) outputs[name] = sha256(content);
  return { orrery: 1, tool: tool_hash(), project: project_hash(project), files: hashed,
    folders: listed, outputs };
}

/** True when the folder is whole and was made from this very project, these files and this tool. */
export function is_current(project) {
  let record;
  try {
    record = JSON.parse(fs.readFileSync(path.join(project.out, "inputs.json"), "utf8"));
  } catch {
    return false;
  }
  return record?.project === project_hash(project) && record.tool === tool_hash() &&
    Object.keys(record.outputs ?? {}).includes("app.json") &&
    Object.entries(record.outputs).every(([name, hash]) =>
      hash_of_file(path.join(project.out, name)) === hash) &&
    Object.entries(record.files ?? {}).every(([file, hash]) => hash_of_file(file) === hash) &&
    Object.entries(record.folders ?? {}).every(([folder, hash]) => hash_of_names(folder) === hash);
}

function move_into_place(from, to) {
  for (let attempt = 0; ; attempt++) {
    const aside = `${to}.old-${process.pid}`;
    try {
      if (fs.existsSync(to)) fs.renameSync(to, aside);
      fs.renameSync(from, to);
      fs.rmSync(aside, { recursive: true, force: true });
      return;
    } catch (error) {
      fs.rmSync(aside, { recursive: true, force: true });
      // Another build put its folder there in between: replace that one in turn.
      if (attempt >= 3 || !["ENOTEMPTY", "EEXIST", "ENOENT"].includes(error.code)) throw error;
    }
  }
}

/** Writes {relative name: text or bytes} as the folder `out`, whole or not at all. */
export function write_folder(out, files) {
  fs.mkdirSync(path.dirname(out), { recursive: true });
  const made = `${out}.new-${process.pid}`;
  fs.rmSync(made, { recursive: true, force: true });
  try {
    fs.mkdirSync(made);
    for (const [name, content] of Object.entries(files)) {
      fs.writeFileSync(path.join(made, name), content);
    }
    move_into_place(made, out);
  } catch (error) {
    fs.rmSync(made, { recursive: true, force: true });
    throw error;
  }
}
