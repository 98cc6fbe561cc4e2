// The Worker that runs the probes, the same in Orrery and in workerd. GET / lists the themes with their probes;
// GET /THEME/NAME runs one and answers with what it saw.
import { DurableObject } from "cloudflare:workers";
import { encodeError } from "./encode.js";
import { answered, attempt, runCall, tick } from "./subject.js";
import { themes } from "./themes.js";
import { streamMethods, streamServers } from "./themes/streams.js";

export { Remote } from "./remote.js";
export { Subject } from "./subject.js";

const stepsOf = (probe) => (Array.isArray(probe) ? probe : [probe]);

/** Runs one step of a probe in its own instance and gives what it did as JSON text. */
async function runStep(object, theme, name, step) {
  return JSON.stringify(await answered((log) => stepsOf(themes[theme][name])[step]({
    ctx: object.ctx,
    env: object.env,
    storage: object.ctx.storage,
    get sql() { return object.ctx.storage.sql; },
    get kv() { return object.ctx.storage.kv; },
    object,
    log,
    attempt,
    tick,
  })));
}

export class ProbeObject extends DurableObject {
  alarm() {}
  echo(value) { return value; }
  stream(name, ...args) { return streamMethods[name](this, ...args); }
  fetch(request) { return streamServers[new URL(request.url).pathname.slice(1)](this, request); }
  run(theme, name, step) { return runStep(this, theme, name, step); }
}
export class LegacyObject extends DurableObject {
  alarm() {}
  run(theme, name, step) { return runStep(this, theme, name, step); }
}

async function runProbe(env, theme, name) {
  if (themes[theme][name].worker) return runCall(env, theme, name, themes[theme][name]);
  const namespace = theme.startsWith("legacy") ? env.LEGACY : env.OBJECTS;
  const answers = [];
  for (let step = 0; step < stepsOf(themes[theme][name]).length; step++) {
    try {
      // A stub for each step: one that saw its object end stays broken.
      const stub = namespace.get(namespace.idFromName(`${theme}/${name}`));
      answers.push(JSON.parse(await stub.run(theme, name, step)));
    } catch (error) {
      answers.push({ caller: encodeError(error) });
    }
  }
  return answers.length === 1 ? answers[0] : answers;
}

export default {
  async fetch(request, env) {
    const [, theme, name] = new URL(request.url).pathname.split("/");
    if (!theme) {
      return Response.json(Object.fromEntries(Object.entries(themes).map(([t, probes]) => [t, Object.keys(probes)])));
    }
    return Response.json(await runProbe(env, theme, name));
  },
};
