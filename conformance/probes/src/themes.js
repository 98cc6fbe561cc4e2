// The themes by name; those that begin with "legacy" run in a class not backed by SQLite.
import { bodies } from "./themes/bodies.js";
import { kvArguments } from "./themes/kv_arguments.js";
import { kvList } from "./themes/kv_list.js";
import { kvSync } from "./themes/kv_sync.js";
import { kvValues } from "./themes/kv_values.js";
import { legacy } from "./themes/legacy.js";
import { sqlCounts } from "./themes/sql_counts.js";
import { sqlCursors } from "./themes/sql_cursors.js";
import { sqlErrors } from "./themes/sql_errors.js";
import { sqlFunctions } from "./themes/sql_functions.js";
import { sqlValues } from "./themes/sql_values.js";
import { streams } from "./themes/streams.js";
import { transactions } from "./themes/transactions.js";
import { turns } from "./themes/turns.js";

export const themes = {
  bodies,
  "kv-arguments": kvArguments,
  "kv-list": kvList,
  "kv-sync": kvSync,
  "kv-values": kvValues,
  legacy,
  "sql-counts": sqlCounts,
  "sql-cursors": sqlCursors,
  "sql-errors": sqlErrors,
  "sql-functions": sqlFunctions,
  "sql-values": sqlValues,
  streams,
  transactions,
  turns,
};
