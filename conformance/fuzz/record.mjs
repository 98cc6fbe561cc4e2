// Asks real workerd what the first programs give and writes answers.json. By hand, with the packages of the probes:
// `cd ../probes && npm ci && cd - && node record.mjs [COUNT]`. Programs whose answer varies are an error.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.js";

const room = dirname(fileURLToPath(import.meta.url));
const probes = createRequire(join(room, "../probes/package.json"));
const { Miniflare } = await import(probes.resolve("miniflare"));
const workerd = JSON.parse(readFileSync(join(room, "../probes/node_modules/workerd/package.json"), "utf8")).version;
const config = JSON.parse(readFileSync(join(room, "wrangler.jsonc"), "utf8"));
const count = Number(process.argv[2] ?? 120);

async function ask() {
  const runtime = new Miniflare({
    modules: [{ type: "ESModule", path: join(room, config.main) }],
    modulesRoot: join(room, "src"),
    compatibilityDate: config.compatibility_date,
    durableObjects: { OBJECTS: { className: "FuzzObject", useSQLite: true } },
    handleRuntimeStdio(out, err) { out.resume(); err.resume(); },
  });
  const answers = [];
  try {
    for (let seed = 1; seed <= count; seed++) {
      const request = { method: "POST", body: JSON.stringify(generate(seed)) };
      answers.push(await (await runtime.dispatchFetch(`http://fuzz.example.com/${seed}`, request)).json());
    }
  } finally {
    await runtime.dispose();
  }
  return answers;
}

const first = await ask();
const second = await ask();
const lines = first.map((answer, i) => {
  if (JSON.stringify(answer) !== JSON.stringify(second[i])) {
    console.error(`program ${i + 1} differs from run to run`);
    process.exitCode = 1;
  }
  return `  ${JSON.stringify({ seed: i + 1, program: generate(i + 1), answer })}`;
});
writeFileSync(join(room, "answers.json"), `{"workerd": ${JSON.stringify(workerd)},\n "programs": [\n${lines.join(",\n")}\n ]}\n`);
console.log(`${count} programs, workerd ${workerd}`);
