// Prints answers.txt: every case of cases.js asked of workerd. Usage: node record.mjs > answers.txt
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
const require = createRequire(`${process.cwd()}/`);
const { Miniflare } = require("miniflare");
const DATE = "2026-04-26";
const script = readFileSync(new URL("cases.js", import.meta.url), "utf8");
const start = () => new Miniflare({
  cf: false,
  workers: [{
    name: "main", modules: true, script, compatibilityDate: DATE,
    durableObjects: { OBJ: { className: "Obj", useSQLite: true }, NOBASE: { className: "NoBase", useSQLite: true } },
    serviceBindings: { SVC: { name: "main", entrypoint: "Svc" }, PLAIN: { name: "main", entrypoint: "plain" } },
  }],
  handleRuntimeStdio(out, err) { out.resume(); err.resume(); },
});

let real = start();
const { version } = require("workerd/package.json");
console.log(`# case, way, answer of workerd ${version} through miniflare, compatibility date ${DATE} (README.md)`);
for (const name of await (await real.dispatchFetch("http://x/?t=list")).json()) {
  for (const way of ["obj", "svc"]) {
    const answer = await Promise.race([
      real.dispatchFetch(`http://x/?t=${name}&on=${way}`).then((response) => response.text()),
      new Promise((resolve) => setTimeout(() => resolve(null), 4000)),
    ]);
    if (answer === null) real = start();
    else console.log(`${name}\t${way}\t${answer}`);
  }
}
process.exit(0);
