// Goal: each fault of the platform strikes where it says, and what the platform promised holds all the same. Method: one
// object that counts and has an alarm; a process is ended at every numbered step of a commit and of an alarm in turn.
#include "platform/durable/steps.h"
#include "platform/tests/object_rig.h"
#include "sim/host/steps.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
let memory = 0;
export class Thing extends DurableObject {
  put(n) { this.ctx.storage.kv.put("n", n); return "put"; }
  bump() { this.ctx.storage.kv.put("bumps", (this.ctx.storage.kv.get("bumps") ?? 0) + 1); return "put"; }
  ring(ms) { return this.ctx.storage.setAlarm(Date.now() + ms).then(() => "set"); }
  alarm() { this.ctx.storage.kv.put("rang", (this.ctx.storage.kv.get("rang") ?? 0) + 1); }
  async busy() { await wait(2000); return this.held(); }
  memory() { return String(++memory); }
  held() { return `${this.ctx.storage.kv.get("n") ?? 0} ${this.ctx.storage.kv.get("rang") ?? 0}`; }
}
export class Other extends DurableObject {}
const at = (T, o) => T.get(T.idFromName(o));
const cases = {
  put: (env, T, o) => at(T, o).put(7),
  bump: (env, T, o) => at(T, o).bump(),
  late: (env, T, o) => at(T, o).ring(9000),
  soon: (env, T, o) => at(T, o).ring(3000),
  later: (env, T, o) => at(T, o).ring(6000),
  held: (env, T, o) => at(T, o).held(),
  busy: (env, T, o) => at(T, o).busy(),
  memory: (env, T, o) => at(T, o).memory(),
  slow: async (env, T, o) => { await wait(3000); return at(T, o).held(); },
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

// Asks until there is an answer that is none of an error, for a minute.
std::string ask_again(Rig& rig, const std::string& what) {
  std::string answer;
  for (int i = 0; i < 60; ++i) {
    answer = rig.ask(what);
    if (answer.find("rror") == std::string::npos && !answer.starts_with("lost")) return answer;
    rig.run_for(seconds(1));
  }
  return answer;
}

struct Ends {
  explicit Ends(Rig& rig) {
    rig.world().observers().subscribe<host::EndedAtStep>(
        [this](const host::EndedAtStep& e, const EventContext&) { steps.push_back(e.step.name); });
  }
  std::vector<std::string> steps;
};

TEST(CrashAtStep, AtEveryStepNothingThatWasConfirmedIsLostAndNoAlarm) {
  for (const host::Step* step : durable::steps::kAll) {
    SCOPED_TRACE(step->name);
    Rig rig(app());
    Ends ends(rig);
    rig.ask("held");
    rig.fault((R"({"kind":"crash_at_step","name":"x","target":"do:Thing/o","step":")" + std::string(step->name) +
               R"(","restart_after_us":1000000})").c_str());
    bool put = false, set = false;
    for (const char* what : {"put", "late", "soon", "later"}) {
      const std::string answer = rig.ask(what);
      put |= answer == "put";
      set |= answer == "set";
    }
    rig.run_for(seconds(120));
    EXPECT_EQ(ends.steps, std::vector<std::string>{step->name});
    const std::string held = ask_again(rig, "held");
    ASSERT_NE(held.find(' '), held.npos) << held;
    if (put) { EXPECT_EQ(held.substr(0, 2), "7 "); }
    if (set) { EXPECT_GE(std::stoi(held.substr(held.find(" "))), 1) << held; }
  }
}

TEST(CrashAtStep, StrikesTheNthTimeAndOnlyWhileItIsInForce) {
  Rig rig(app());
  Ends ends(rig);
  rig.fault(R"({"kind":"crash_at_step","name":"x","target":"*","step":"3.2.7","nth":3,"restart_after_us":1000000})");
  EXPECT_EQ(rig.ask("bump"), "put");
  EXPECT_EQ(rig.ask("bump"), "put");
  EXPECT_TRUE(ends.steps.empty());
  EXPECT_NE(rig.ask("bump"), "put");
  EXPECT_EQ(ends.steps.size(), 1u);
  rig.run_for(seconds(60));
  EXPECT_EQ(ask_again(rig, "bump"), "put");
  fault::Fault fault;
  std::string error;
  const char* text = R"({"kind":"crash_at_step","name":"y","target":"*","step":"3.2.7","restart_after_us":1})";
  ASSERT_TRUE(fault::parse_fault(nlohmann::json::parse(text), &fault, &error)) << error;
  ASSERT_EQ(rig.faults().begin(fault), "");
  rig.faults().end(fault);
  EXPECT_EQ(rig.ask("bump"), "put");
  EXPECT_EQ(ends.steps.size(), 1u);
}

TEST(KillIsolate, ResetsItsObjectsAndKeepsWhatWasConfirmed) {
  for (const char* reason : {"memory", "cpu"}) {
    for (const char* target : {"do:Thing/o", "the owner's host"}) {
      Rig rig(app());
      EXPECT_EQ(rig.ask("put"), "put");
      const std::string host = rig.object("o")->object_host().process().host().name();
      rig.fault((R"({"kind":"kill_isolate","reason":")" + std::string(reason) + R"(","target":")" +
                 (target[0] == 'd' ? std::string(target) : host) + R"("})").c_str());
      rig.run_for(millis(1));
      EXPECT_EQ(rig.object("o"), nullptr) << target;
      EXPECT_NE(rig.ends().find(reason[0] == 'm' ? "memory limit" : "CPU time"), std::string::npos) << rig.ends();
      EXPECT_EQ(ask_again(rig, "held"), "7 0");
    }
  }
}

TEST(KillIsolate, OneThatRestsIsEvictedWithItsMemoryAndOneAtWorkIsNot) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("put"), "put");
  EXPECT_EQ(rig.ask("memory"), "1");
  EXPECT_EQ(rig.ask("memory"), "2");
  const std::string host = rig.object("o")->object_host().process().host().name();
  const std::string evicted = R"({"kind":"kill_isolate","reason":"evicted","target":")" + host + R"("})";
  rig.send("busy");
  rig.run_for(millis(500));
  rig.fault(evicted.c_str());
  rig.run_for(millis(5));
  EXPECT_NE(rig.object("o"), nullptr);
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.answers().back(), "7 0") << "what is under way goes on";
  rig.fault(evicted.c_str());
  rig.run_for(millis(5));
  EXPECT_EQ(rig.object("o"), nullptr);
  EXPECT_EQ(rig.ask("memory"), "1");
  EXPECT_EQ(rig.ask("held"), "7 0");
}

TEST(RepeatAlarm, TheSecondDeliveryJoinsTheFirstOrComesTooLate) {
  for (const char* after : {"0", "2000", "5000000"}) {
    Rig rig(app());
    rig.fault((R"({"kind":"repeat_alarm","target":"do:Thing/o","after_us":)" + std::string(after) + "}").c_str());
    EXPECT_EQ(rig.ask("soon"), "set");
    rig.run_for(seconds(30));
    EXPECT_EQ(rig.ask("held"), "0 1") << after;
    const auto seen = rig.world().sometimes().seen();
    EXPECT_EQ(std::count(seen.begin(), seen.end(), "an alarm is delivered once more"), 1);
  }
}

TEST(Reroute, BreaksWhatIsUnderWayAndLeadsElsewhereUntilItEnds) {
  CloudOptions options;
  options.pops = {"FRA", "SIN"};
  Rig rig(app(), options);
  client::Client& client = *rig.cloud().clients().front();
  auto place = [&] { return rig.cloud().hosts().by_id(rig.cloud().anycast().route(client.pop(), client.flow())).pop(); };
  const uint32_t fra = *rig.cloud().geography().find("FRA"), sin = *rig.cloud().geography().find("SIN");
  EXPECT_EQ(place(), fra);
  rig.send("slow");
  rig.run_for(seconds(1));
  fault::Fault fault;
  std::string error;
  ASSERT_TRUE(fault::parse_fault(nlohmann::json::parse(R"({"kind":"reroute","target":"FRA","for_us":1000000})"), &fault, &error));
  ASSERT_EQ(rig.faults().begin(fault), "");
  EXPECT_EQ(place(), sin);
  rig.run_for(millis(1));
  ASSERT_EQ(rig.answers().size(), 1u);
  EXPECT_TRUE(rig.answers()[0].starts_with("lost")) << rig.answers()[0];
  EXPECT_EQ(rig.ask("held"), "0 0");
  rig.faults().end(fault);
  EXPECT_EQ(place(), fra);
  EXPECT_EQ(rig.ask("held"), "0 0");
}

TEST(Targets, StandForWhoeverServesTheEntityNow) {
  Rig rig(app());
  rig.ask("soon");
  const std::string owner = rig.object("o")->object_host().process().host().name();
  CloudFaults& faults = rig.faults();
  EXPECT_EQ(faults.hosts_of("do:Thing/o"), std::vector{owner});
  EXPECT_EQ(faults.hosts_of("followers:do:Thing/o").size(), 5u);
  EXPECT_EQ(faults.hosts_of("followers:2:do:Thing/o").size(), 2u);
  EXPECT_EQ(faults.hosts_of("followers:do:Thing/other").size(), 0u);
  EXPECT_EQ(faults.hosts_of("scheduler:do:Thing/o").size(), 1u);
  EXPECT_EQ(faults.hosts_of("scheduler:do:Thing/other").size(), 0u);
  EXPECT_EQ(faults.hosts_of("directory"), rig.cloud().directory_hosts());
  EXPECT_EQ(faults.hosts_of("directory/2"), std::vector{rig.cloud().directory_hosts()[1]});
  EXPECT_EQ(faults.hosts_of("kv/2"), std::vector{rig.cloud().kv_hosts()[1]});
  EXPECT_TRUE(faults.knows("directory/2"));
  EXPECT_FALSE(faults.knows("FRA"));
  EXPECT_EQ(faults.explain("directory/6"), "\"directory/6\": directory has members 1 to 5");
  EXPECT_EQ(faults.explain("kv/x"), "\"kv/x\": kv has members 1 to 2");
  EXPECT_EQ(faults.explain("followers:7:do:Thing/o"),
            "\"followers:7:do:Thing/o\" names no object: write followers:do:Cart/42 or followers:2:do:Cart/42");
  EXPECT_EQ(faults.explain("followers:3:do:Thing/o"), "");
}

std::string mistake(Rig& rig, const char* json) {
  fault::Fault fault;
  std::string error;
  if (!fault::parse_fault(nlohmann::json::parse(json), &fault, &error)) return error;
  return rig.faults().check(fault);
}

TEST(FaultKinds, EachMistakeHasOneClearMessage) {
  Rig rig(app());
  EXPECT_TRUE(mistake(rig, R"({"kind":"crash_at_step","target":"*","step":"3.9","restart_after_us":1})")
                  .starts_with("crash_at_step: there is no step \"3.9\"; there are 3.2.1, "));
  EXPECT_EQ(mistake(rig, R"({"kind":"crash_at_step","target":"FRA","step":"3.2.7","restart_after_us":1})"),
            "crash_at_step: the target is an object like do:Cart/42, a host like host:FRA/2 or \"*\", not \"FRA\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"crash_at_step","target":"*","step":"3.2.7","nth":0,"restart_after_us":1})"),
            "crash_at_step: nth must be a whole number above 0");
  EXPECT_EQ(mistake(rig, R"({"kind":"crash_at_step","target":"*","step":"3.2.7"})"),
            "fault: crash_at_step needs \"restart_after_us\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"kill_isolate","target":"do:Thing/o","reason":"whim"})"),
            "kill_isolate: the reason is memory, cpu or evicted, not \"whim\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"kill_isolate","target":"FRA","reason":"cpu"})"),
            "kill_isolate: the target is an object like do:Cart/42 or a host like host:FRA/2, not \"FRA\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"origin","target":"a.b","mode":"timeout","for_us":1})"),
            "origin: there is no origin \"a.b\" (a scenario makes one with world.origin)");
  rig.cloud().origin("a.b");
  EXPECT_EQ(mistake(rig, R"({"kind":"origin","target":"a.b","mode":"timeout","for_us":1})"), "");
  EXPECT_EQ(mistake(rig, R"({"kind":"origin","target":"a.b","mode":"angry","for_us":1})"),
            "origin: the mode is status, timeout or slow, not \"angry\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"origin","target":"a.b","mode":"slow","for_us":1})"),
            "origin: mode status takes a status, mode slow a delay, mode timeout neither");
  EXPECT_EQ(mistake(rig, R"({"kind":"origin","target":"a.b","mode":"status","status":99,"for_us":1})"),
            "origin: status must be a whole number within 200 .. 599");
  EXPECT_EQ(mistake(rig, R"({"kind":"reroute","target":"Atlantis"})"),
            "reroute: the target is a client like client/1 or a point of presence like HAN, not \"Atlantis\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"cut_socket","target":"do:Thing/o"})"),
            "cut_socket: the target is a client like client/1 or a host like host:FRA/2, not \"do:Thing/o\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"repeat_alarm","target":"Thing","after_us":1})"),
            "repeat_alarm: the target is an object like do:Cart/42, not \"Thing\"");
  EXPECT_EQ(mistake(rig, R"({"kind":"repeat_alarm","target":"do:Thing/o","after_us":-1})"),
            "repeat_alarm: after_us must be a whole number within 0 .. 86400000000");
}

}  // namespace
}  // namespace orrery::objects
