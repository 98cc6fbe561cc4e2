// Asks real workerd what each probe gives and writes answers/THEME.json. By hand: `npm ci && npm run record`,
// with names of themes to record those alone. Two runs that differ are an error: such a probe is no probe.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";

const room = dirname(fileURLToPath(import.meta.url));
const config = JSON.parse(readFileSync(join(room, "wrangler.jsonc"), "utf8"));
const workerd = JSON.parse(readFileSync(join(room, "node_modules/workerd/package.json"), "utf8")).version;

function modules() {
  const files = readdirSync(join(room, "src"), { recursive: true }).filter((path) => path.endsWith(".js"));
  files.sort((a, b) => (b === "index.js") - (a === "index.js") || (a < b ? -1 : 1));
  return files.map((path) => ({ type: "ESModule", path: join(room, "src", path) }));
}

function start() {
  const [migration] = config.migrations;
  const objects = config.durable_objects.bindings.map(({ name, class_name }) => [
    name,
    { className: class_name, useSQLite: migration.new_sqlite_classes.includes(class_name) },
  ]);
  return new Miniflare({
    modules: modules(),
    modulesRoot: join(room, "src"),
    compatibilityDate: config.compatibility_date,
    durableObjects: Object.fromEntries(objects),
    handleRuntimeStdio(out, err) { out.resume(); err.resume(); },
  });
}

async function ask(wanted) {
  const runtime = start();
  const get = async (path) => (await runtime.dispatchFetch(`http://probes.example.com/${path}`)).json();
  const answers = {};
  try {
    for (const [theme, names] of Object.entries(await get(""))) {
      if (wanted.length > 0 && !wanted.includes(theme)) continue;
      answers[theme] = {};
      for (const name of names) answers[theme][name] = await get(`${theme}/${name}`);
    }
  } finally {
    await runtime.dispose();
  }
  return answers;
}

const first = await ask(process.argv.slice(2));
const second = await ask(process.argv.slice(2));
let count = 0;
for (const [theme, answers] of Object.entries(first)) {
  for (const [name, answer] of Object.entries(answers)) {
    if (JSON.stringify(answer) !== JSON.stringify(second[theme][name])) {
      console.error(`${theme}/${name} differs from run to run:\n  ${JSON.stringify(answer)}\n  ${JSON.stringify(second[theme][name])}`);
      process.exitCode = 1;
    }
    count++;
  }
  const file = join(room, "answers", `${theme}.json`);
  const lines = Object.entries(answers).map(([name, answer]) => `  ${JSON.stringify(name)}: ${JSON.stringify(answer)}`);
  const head = `"workerd": ${JSON.stringify(workerd)},\n "compatibility_date": ${JSON.stringify(config.compatibility_date)}`;
  writeFileSync(file, `{${head},\n "answers": {\n${lines.join(",\n")}\n }}\n`);
  console.log(relative(room, file), lines.length);
}
console.log(`${count} probes, workerd ${workerd}`);
