// Stands in for platform/config/bundle/bundle.mjs: "bundles" any project but those whose index.js is wrong.
import fs from "node:fs";
import path from "node:path";

const project = JSON.parse(fs.readFileSync(0, "utf8"));
const source = fs.readFileSync(path.join(project.folder, project.main), "utf8");
if (source.includes("syntax error")) {
  const error = { kind: "syntax", message: "Unexpected end of file", file: "index.js", line: 3, column: 7, hint: "close the brace" };
  process.stdout.write(JSON.stringify({ orrery: 1, ok: false, error }) + "\n");
  process.exitCode = 2;
} else {
  fs.mkdirSync(project.out, { recursive: true });
  fs.writeFileSync(path.join(project.out, "app.json"), "{}");
  process.stdout.write(JSON.stringify({ orrery: 1, ok: true, dir: project.out, content_hash: "a".repeat(64) }) + "\n");
}
