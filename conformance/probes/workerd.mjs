// Real workerd, by way of Miniflare, with the Worker of a folder as its wrangler.jsonc describes it: its modules, its
// objects, its variables. What asks workerd for answers (record.mjs, ../fuzz) starts it here.
import { accessSync, constants, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";

const here = dirname(fileURLToPath(import.meta.url));

/** The version of workerd that answers. */
export const version = JSON.parse(readFileSync(join(here, "node_modules/workerd/package.json"), "utf8")).version;

/** What `room`/wrangler.jsonc says. */
export function configuration(room) {
  return JSON.parse(readFileSync(join(room, "wrangler.jsonc"), "utf8"));
}

function modules(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".js"));
  files.sort((a, b) => (b === "index.js") - (a === "index.js") || (a < b ? -1 : 1));
  return files.map((path) => ({ type: "ESModule", path: join(folder, path) }));
}

// Objects are files in the folder for temporary ones, synced at every commit: kept in memory that costs nothing.
function inMemory() {
  try {
    accessSync("/dev/shm", constants.W_OK);
    process.env.TMPDIR = "/dev/shm";
  } catch {
    // Slower, and the same.
  }
}

/** Starts the Worker of `room`; `vars` go before those of its configuration. Call dispose() in the end. */
export function start(room, vars = {}) {
  inMemory();
  const config = configuration(room);
  const sources = dirname(join(room, config.main));
  const [migration] = config.migrations;
  const objects = config.durable_objects.bindings.map(({ name, class_name }) => [
    name,
    { className: class_name, useSQLite: migration.new_sqlite_classes.includes(class_name) },
  ]);
  return new Miniflare({
    modules: modules(sources),
    modulesRoot: sources,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: { ...config.vars, ...vars },
    durableObjects: Object.fromEntries(objects),
    handleRuntimeStdio(out, err) { out.resume(); err.resume(); },
  });
}
