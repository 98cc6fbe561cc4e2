// The themes by name; those that begin with "legacy" run in a class not backed by SQLite, those that begin with
// "older" or "flagged" in the Worker of that folder.
import { alarms } from "./themes/alarms.js";
import { bodies } from "./themes/bodies.js";
import { clones } from "./themes/clones.js";
import { errors } from "./themes/errors.js";
import { gates } from "./themes/gates.js";
import { identity } from "./themes/identity.js";
import { kvArguments } from "./themes/kv_arguments.js";
import { kvList } from "./themes/kv_list.js";
import { kvSync } from "./themes/kv_sync.js";
import { kvValues } from "./themes/kv_values.js";
import { legacy } from "./themes/legacy.js";
import { lifecycle } from "./themes/lifecycle.js";
import { replicas } from "./themes/replicas.js";
import { rpc } from "./themes/rpc.js";
import { sockets } from "./themes/sockets.js";
import { sqlCounts } from "./themes/sql_counts.js";
import { sqlCursors } from "./themes/sql_cursors.js";
import { sqlErrors } from "./themes/sql_errors.js";
import { sqlFunctions } from "./themes/sql_functions.js";
import { sqlValues } from "./themes/sql_values.js";
import { streams } from "./themes/streams.js";
import { timersOf } from "./themes/timers.js";
import { transactions } from "./themes/transactions.js";
import { turns } from "./themes/turns.js";

export const themes = {
  alarms,
  bodies,
  clones,
  errors,
  gates,
  identity,
  "kv-arguments": kvArguments,
  "kv-list": kvList,
  "kv-sync": kvSync,
  "kv-values": kvValues,
  legacy,
  lifecycle,
  "older-clones": clones,
  "older-errors": errors,
  "flagged-replicas": replicas,
  replicas,
  rpc,
  sockets,
  "sql-counts": sqlCounts,
  "sql-cursors": sqlCursors,
  "sql-errors": sqlErrors,
  "sql-functions": sqlFunctions,
  "sql-values": sqlValues,
  streams,
  timers: timersOf,
  transactions,
  turns,
};
