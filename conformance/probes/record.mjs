// Asks real workerd what each probe gives and writes answers/THEME.json. By hand: `npm ci && npm run record`,
// with names of themes to record those alone. Two runs that differ are an error: such a probe is no probe.
import { writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { configuration, start, version as workerd } from "./workerd.mjs";

const room = dirname(fileURLToPath(import.meta.url));
const config = configuration(room);

async function ask(wanted) {
  const runtime = start(room);
  const others = { older: start(join(room, "older")), flagged: start(join(room, "flagged")) };
  const get = async (path) => {
    const of = others[path.split(/[-/]/)[0]] ?? runtime;
    return (await of.dispatchFetch(`http://probes.example.com/${path}`)).json();
  };
  const answers = {};
  try {
    for (const [theme, names] of Object.entries(await get(""))) {
      if (wanted.length > 0 && !wanted.includes(theme)) continue;
      answers[theme] = {};
      for (const name of names) answers[theme][name] = await get(`${theme}/${name}`);
    }
  } finally {
    await runtime.dispose();
    for (const other of Object.values(others)) await other.dispose();
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
