// Asks real workerd what programs give. Reads lines {"seed": N} or {"program": [...]} from standard input and answers
// each with a line {"seed", "program", "answer"}, in order; the first line says {"workerd": VERSION}. `answer` is the text
// of the answer's JSON. Ends with its input. Needs the packages of ../probes; `orrery conform --fuzz` drives it.
import { createInterface } from "node:readline";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.js";
import { start, version } from "../probes/workerd.mjs";

const LANES = Number(process.env.FUZZ_LANES ?? 16);  // programs under way at once: most only wait
const PATIENCE_MS = 100_000;

const begin = () => start(dirname(fileURLToPath(import.meta.url)), { UNIT_MS: Number(process.env.FUZZ_UNIT_MS ?? 3) });
let runtime = begin();
let asked = 0;

/** Each question has objects of its own. */
async function ask(workerd, program) {
  const request = { method: "POST", body: JSON.stringify(program), signal: AbortSignal.timeout(PATIENCE_MS) };
  const response = await workerd.dispatchFetch(`http://fuzz.example.com/${++asked}`, request);
  return response.text();
}

// Some programs end workerd itself, and with it what others had asked: these are asked again, each by itself.
let alone = Promise.resolve();
function askAlone(program) {
  alone = alone.then(async () => {
    const workerd = begin();
    try {
      return await ask(workerd, program);
    } catch (error) {
      return JSON.stringify(`no answer: ${error.message}`);
    } finally {
      await workerd.dispose().catch(() => {});
    }
  });
  return alone;
}

async function answer(line) {
  const { seed, program = generate(seed) } = JSON.parse(line);
  const workerd = runtime;
  try {
    return { seed, program, answer: await ask(workerd, program) };
  } catch {
    if (workerd === runtime) {
      runtime = begin();
      workerd.dispose().catch(() => {});
    }
    return { seed, program, answer: await askAlone(program) };
  }
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
await runtime.ready;
say({ workerd: version });
const free = Array.from({ length: LANES }, () => Promise.resolve());
let told = Promise.resolve();
let next = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") continue;
  const lane = next++ % LANES;
  const answered = free[lane].then(() => answer(line));
  free[lane] = answered;
  told = told.then(async () => say(await answered));
}
await told;
await runtime.dispose();
