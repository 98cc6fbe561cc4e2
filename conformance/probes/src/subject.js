// The class that probes of lifecycle, gates, alarms and errors run on: what it does is said by the probe whose name
// its own name begins with, "THEME/PROBE" or "THEME/PROBE/MORE".
import { DurableObject } from "cloudflare:workers";
import { encode, encodeError } from "./encode.js";
import { themes } from "./themes.js";

function programOf(id) {
  const [theme, probe] = (id.name ?? "").split("/");
  return themes[theme]?.[probe] ?? {};
}

/** What an attempt gives or throws, encoded, so that one probe can look at several. */
export async function attempt(act) {
  let given;
  try {
    given = act();
  } catch (error) {
    return { ...encodeError(error), at: "once" };
  }
  try {
    return { gave: encode(await given) };
  } catch (error) {
    return encodeError(error);
  }
}

/** What a probe gives or throws in the end, with the marks that it made by way of the `log` it is given. */
export async function answered(probe) {
  const log = [];
  const answer = await attempt(async () => probe((mark) => void log.push(encode(mark))));
  return log.length > 0 ? { ...answer, log } : answer;
}

export const tick = (ms = 1) => new Promise((done) => setTimeout(done, ms));

export class Subject extends DurableObject {
  #marks = [];
  #api;
  #program;
  constructor(ctx, env) {
    super(ctx, env);
    this.#program = programOf(ctx.id);
    this.#api = {
      ctx, env, object: this, storage: ctx.storage, attempt, tick, memory: {},
      log: (mark) => void this.#marks.push(encode(mark)),
    };
    this.#program.construct?.(this.#api);
  }
  fetch(request) { return this.#program.fetch(this.#api, request); }
  alarm(info, ...more) { return this.#program.alarm?.call(this, this.#api, info, ...more); }
  do(what, ...args) { return this.#program.on[what](this.#api, ...args); }
  /** The marks made in this instance. */
  marks() { return this.#marks; }
}

/** Runs the Worker's side of such a probe. */
export function runCall(env, theme, name, program) {
  const at = (more = "") => env.SUBJECTS.getByName(`${theme}/${name}${more}`);
  return answered((log) => program.worker({
    env, at, attempt, tick, log,
    ask: (what, ...args) => at().do(what, ...args),
    marks: () => at().marks(),
  }));
}
