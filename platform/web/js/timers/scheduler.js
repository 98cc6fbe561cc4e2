// scheduler.wait(ms, {signal}).
import { abortState } from "../events/abort.js";
import { brand } from "../webidl.js";
import { waitFor } from "./timers.js";

export class Scheduler {
  async wait(delay, options = undefined) {
    return waitFor(delay, options?.signal, abortState);
  }
}
brand(Scheduler, "Scheduler");
