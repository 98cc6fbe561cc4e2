import type { Account } from "./account";
import type { Job } from "./job";
import type { Reminders } from "./reminders";
import type { Tally } from "./tally";
import type { Tickets } from "./tickets";

export interface Env {
  MISTAKE: string;
  TICKETS: DurableObjectNamespace<Tickets>;
  REMINDERS: DurableObjectNamespace<Reminders>;
  TALLY: DurableObjectNamespace<Tally>;
  JOB: DurableObjectNamespace<Job>;
  ACCOUNT: DurableObjectNamespace<Account>;
}
