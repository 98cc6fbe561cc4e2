// Goal: the SQL of an object gives what SQLite gives, rows, columns and errors, and keeps it (durable-objects.md 4).
// Method: drawn programs of statements, cursors read halfway and transactionSync, through ctx.storage.sql and through a
// plain SQLite in memory of the same library (plain_sqlite.h). After each request the object may be evicted or its host
// crash; then all tables and the schema are compared, and SQLite checks what was recovered.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/properties/plain_sqlite.h"
#include "conformance/properties/rig.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kThing = R"js(
const bits = new DataView(new ArrayBuffer(8));
const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
function cell(value) {
  if (value === null) return "null";
  if (typeof value === "string") return `t:${value}`;
  if (typeof value === "number") { bits.setFloat64(0, value); return `n:${bits.getBigUint64(0).toString(16)}`; }
  return `b:${hex(new Uint8Array(value))}`;
}
const binding = (b) => b?.blob === undefined ? b : Uint8Array.from(b.blob.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export class Thing extends DurableObject {
  cursors = [];

  run({ look, steps }) {
    if (look) return this.look(look);
    const out = [];
    this.steps(steps, out);
    for (const place of [0, 1]) {
      const seen = [];
      this.take(place, -1, seen);
      this.cursors[place] = undefined;
      out.push(seen);
    }
    return out;
  }

  steps(steps, out) {
    for (const step of steps) {
      (meter[0] -= 20) < 0 && trip();
      let seen = [];
      if (step.steps) {
        try {
          this.ctx.storage.transactionSync(() => {
            this.steps(step.steps, out);
            if (step.fails) throw "as planned";
          });
        } catch (error) {
          if (error !== "as planned") throw error;
        }
      } else if (step.rows) {
        this.take(step.place, step.rows, seen);
      } else if (step.place === undefined) {
        seen = this.exec(step.sql, step.bindings);
      } else if (!this.cursors[step.place]) {
        try { this.cursors[step.place] = this.open(step.sql, step.bindings).raw(); } catch (error) { seen = error.message; }
      }
      out.push(seen);
    }
  }

  open(sql, bindings = []) { return this.ctx.storage.sql.exec(sql, ...bindings.map(binding)); }
  exec(sql, bindings) {
    let cursor;
    try { cursor = this.open(sql, bindings); } catch (error) { return error.message; }
    const out = [cursor.columnNames];
    try { for (const row of cursor.raw()) out.push(row.map(cell)); } catch (error) { out.push(error.message); }
    return out;
  }
  take(place, rows, out) {
    for (; this.cursors[place] && rows !== 0; rows--) {
      (meter[0] -= 20) < 0 && trip();
      try {
        const { done, value } = this.cursors[place].next();
        if (!done) { out.push(value.map(cell)); continue; }
      } catch (error) { out.push(error.message); }
      this.cursors[place] = undefined;
    }
  }
  look(schema) {
    const out = [this.exec(schema)];
    for (const [type, name] of out[0].slice(1))
      if (type === "t:table") for (const what of ["SELECT * FROM #", "PRAGMA foreign_key_check(#)"])
        out.push(this.exec(what.replace("#", `"${name.slice(2)}"`)));
    return [...out, this.exec("PRAGMA quick_check")];
  }
}
)js";

Json json_of(const std::vector<SqlStep>& steps) {
  Json out = Json::array();
  for (const SqlStep& s : steps) {
    Json step = Json::object();
    if (s.kind == SqlStep::kOpen || s.kind == SqlStep::kTake) step["place"] = s.place;
    if (s.kind == SqlStep::kTake) step["rows"] = s.rows;
    if (s.kind == SqlStep::kWithin) step["steps"] = json_of(s.steps);
    if (s.fails) step["fails"] = true;
    step["sql"] = s.sql;
    step["bindings"] = Json::array();
    for (const Binding& b : s.bindings) {
      if (auto* n = std::get_if<double>(&b)) step["bindings"].push_back(*n);
      else if (auto* text = std::get_if<std::string>(&b)) step["bindings"].push_back(*text);
      else if (auto* blob = std::get_if<Blob>(&b)) step["bindings"].push_back({{"blob", hex_of(blob->bytes)}});
      else step["bindings"].push_back(nullptr);
    }
    out.push_back(std::move(step));
  }
  return out;
}

std::string text_of(Json seen) {
  for (Json& one : seen)
    if (one.is_string() && one.get<std::string>().starts_with("To execute a transaction")) one = "To execute a transaction";
  return seen.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Counts {
  uint64_t rows = 0, errors = 0;
  void add(const Json& seen) {
    for (const Json& one : seen)
      if (one.is_string()) ++errors;
      else if (one.size() > 1) rows += one.size() - 1;
  }
};

void sql_is_what_sqlite_gives(durable::Weaken weaken, Counts* counts = nullptr) {
  const auto program = *sql_programs();
  static const App app(kThing);
  Rig rig(app, {.seed = *number<uint64_t>(0, 1000), .weaken = weaken});
  client::Client& client = rig.add_client("FRA");
  PlainSqlite plain;
  for (const SqlRequest& request : program) {
    const Json expected = plain.run(request.steps);
    const Reply reply = rig.call(client, "a", {{"steps", json_of(request.steps)}});
    RC_ASSERT(reply.error == "");
    RC_ASSERT(text_of(reply.body) == text_of(expected));
    if (counts) counts->add(expected);
    if (request.after == SqlRequest::kEvict) rig.evict("a");
    if (request.after == SqlRequest::kCrash) RC_ASSERT(rig.crash_owner("a"));
    const Reply after = rig.insist(client, "a", {{"look", kSchemaQuery}});
    RC_ASSERT(after.error == "");
    RC_ASSERT(text_of(after.body) == text_of(plain.look()));
  }
}

TEST(Sql, GivesTheRowsColumnsAndErrorsOfAPlainSqlite) {
  Counts counts;
  expect_holds(120, [&] { sql_is_what_sqlite_gives({}, &counts); });
  std::printf("  %llu rows, %llu errors\n", static_cast<unsigned long long>(counts.rows),
              static_cast<unsigned long long>(counts.errors));
}

TEST(Sql, ATransactionThatCannotBeRolledBackIsFound) {
  expect_found(100, [] { sql_is_what_sqlite_gives({.rollback_kept = true}); });
}

}  // namespace
}  // namespace orrery::properties
