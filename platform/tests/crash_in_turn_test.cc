// A process that ends in the middle of a turn, at its k-th host call (durable-objects.md, "Turns"): nothing the turn wrote
// is kept, no `finally` runs, what it sent before may have left. Every k is tried until none is left.
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {
  note(n) { this.ctx.storage.kv.put("seen", [...(this.ctx.storage.kv.get("seen") ?? []), n]); }
  seen() { return (this.ctx.storage.kv.get("seen") ?? []).join(""); }
}
export class Thing extends DurableObject {
  async work() {
    const kv = this.ctx.storage.kv;
    let within = true;
    try {
      this.ctx.storage.transactionSync(() => { kv.put("a", 1); kv.put("b", 2); });
      this.ctx.storage.sql.exec(`CREATE TABLE IF NOT EXISTS t (n)`);
      this.ctx.storage.sql.exec(`INSERT INTO t VALUES (1)`);
      setTimeout(() => {}, 10000);
      kv.put("c", 3);
      within = false;
    } finally {
      if (within) console.log("finally");
      kv.put("finally", 1);
    }
    return "done";
  }
  calls(...numbers) {
    const other = this.env.OTHER.get(this.env.OTHER.idFromName("o"));
    for (const n of numbers) this.ctx.waitUntil(other.note(n).catch(() => {}));
    return "done";
  }
  held() { return [...this.ctx.storage.kv.list()].map(([key]) => key).join(" "); }
}
const at = (T, o) => T.get(T.idFromName(o));
const cases = {
  work: (env, T, o) => at(T, o).work(),
  first: (env, T, o) => at(T, o).calls(0),
  calls: (env, T, o) => at(T, o).calls(1, 2, 3, 4),
  held: (env, T, o) => at(T, o).held(),
  seen: (env) => at(env.OTHER, "o").seen(),
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

// Crashes the process of the object at its host call number `call` from now.
void crash_at(Rig& rig, int call) {
  rig.fault((R"({"kind":"crash_in_turn","target":"do:Thing/o","host_call":)" + std::to_string(call) +
             R"(,"restart_after_us":1000000})")
                .c_str());
}

TEST(CrashInTurn, KeepsAllThatTheTurnWroteOrNothing) {
  int call = 1;
  for (;; ++call) {
    Rig rig(app());
    rig.ask("held");
    crash_at(rig, call);
    const std::string answer = rig.ask("work");
    rig.run_for(seconds(20));
    const std::string held = rig.ask("held");
    if (answer == "done") {
      EXPECT_EQ(held, "a b c finally");
      break;
    }
    EXPECT_EQ(held, "") << "crash at host call " << call;
    EXPECT_EQ(rig.lines().find("finally"), std::string::npos) << "crash at host call " << call;
  }
  // Savepoints, puts, statements, a timer.
  EXPECT_GE(call, 8);
}

TEST(CrashInTurn, SendsNothingOfWhatComesAfter) {
  for (int call = 1; call <= 4; ++call) {
    Rig rig(app());
    rig.ask("first");
    crash_at(rig, call);
    EXPECT_NE(rig.ask("calls"), "done");
    rig.run_for(seconds(20));
    const std::string seen = rig.ask("seen");
    // What had left may be lost on its way, from its end.
    EXPECT_TRUE(("0" + std::string("1234").substr(0, static_cast<size_t>(call - 1))).starts_with(seen)) << seen;
  }
}

TEST(CrashInTurn, SaysWhatItNeeds) {
  Rig rig(app());
  rig.ask("held");
  fault::Fault fault;
  std::string error;
  ASSERT_TRUE(fault::parse_fault(nlohmann::json::parse(R"({"kind":"crash_in_turn","target":"do:Thing/o"})"), &fault, &error));
  EXPECT_EQ(rig.faults().begin(fault), "crash_in_turn: host_call must be a whole number above 0");
}

}  // namespace
}  // namespace orrery::objects
