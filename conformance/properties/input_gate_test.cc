// Goal: the input gate lets in what it should and nothing else (durable-objects.md 0.2, 0.3, 0.8, 1.1 to 1.7).
// Method: programs of several clients, whose handlers mix awaits of storage, timers, fetches, calls, parallel
// strands, work left behind and critical sections, nested too, under drawn faults. The Worker prints a mark
// wherever a turn begins and wherever it asks for, enters, ends or is back from a section; a Journal compares
// the marks of each instance with the rules. It knows nothing else of the platform.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "conformance/properties/faults.h"
#include "conformance/properties/journal.h"
#include "conformance/properties/rig.h"
#include "platform/worker/events.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

// `slip` names the rule that the Worker pretends the platform breaks, to show that the journal would see it.
constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  sections = 0;
  stays = 0;
  away = 0;  // awaits that let others in
  constructor(ctx, env) {
    super(ctx, env);
    this.me = `${Date.now()}.${Math.floor(Math.random() * 1e9)}`;
    this.mark("turn", 0);
    this.section({ body: [{ op: "put", ms: 0 }, { op: "timer", ms: 20 }, { op: "get" }] }, 0);
  }
  mark(...what) {
    console.log(["mark", this.me, Date.now(), ...what].join(" "));
  }

  async run({ body }) {
    (meter[0] -= 20) < 0 && trip();
    this.mark("turn", 0, this.away);
    await this.body(body, 0);
    return null;
  }

  // `scope`: the section in which the work was started.
  async body(steps, scope) {
    for (const step of steps) await this.step(step, scope);
  }

  async step({ op, ms, body, strands, ...how }, scope) {
    (meter[0] -= 20) < 0 && trip();
    const { storage } = this.ctx;
    switch (op) {
      case "get": return this.stay(() => storage.get("key"));
      case "put": return this.stay(() => storage.put("key", ms));
      case "list": return this.stay(() => storage.list());
      case "null": return this.stay(() => null);
      case "timer": return this.leave(() => wait(ms), scope);
      case "fetch": return this.leave(() => fetch(`https://origin.example.net/?after=${ms}`), scope);
      case "call": return this.leave(() => this.other().run({ body }), scope);
      case "sync": return this.leave(() => storage.sync(), scope);
      case "all": return Promise.all(strands.map((strand) => this.body(strand, scope)));
      case "later": setTimeout(() => { this.mark("turn", scope); this.body(body, scope); }, ms); return;
      case "section": return this.section({ body, ...how }, scope);
    }
  }

  other() { return this.env.THING.get(this.env.THING.idFromName("z")); }

  async stay(work) {
    const number = ++this.stays;
    this.mark("stay", number);
    await work();
    if (slip === "storage") await wait(0);
    this.mark("stayed", number);
  }

  async leave(work, scope) {
    this.away++;
    try { await work(); } catch {}
    this.away--;
    this.mark("turn", scope);
  }

  async section({ body, transaction, fails }, scope) {
    const number = ++this.sections;
    this.mark("ask", number, scope);
    if (slip === "ask") await wait(0);
    const inside = async () => {
      this.mark("enter", number);
      await this.body(body, number);
      this.mark(fails && !transaction ? "fail" : "exit", number);
      if (fails) throw new Error("as planned");
    };
    if (transaction) await this.ctx.storage.transaction(inside).catch(() => {});
    else await this.ctx.blockConcurrencyWhile(inside);
    if (slip === "back") await wait(0);
    this.mark("back", number);
  }
}
)js";

struct Step {
  enum Kind { kGet, kPut, kList, kNull, kTimer, kFetch, kCall, kSync, kAll, kLater, kSection };
  Kind kind = kGet;
  int ms = 0;
  bool transaction = false;  // of a section: storage.transaction
  bool fails = false;        // it throws at its end
  std::vector<std::vector<Step>> parts = {};
};
constexpr const char* kOps[] = {"get",  "put",  "list", "null",  "timer",  "fetch",
                                "call", "sync", "all",  "later", "section"};
using Body = std::vector<Step>;

Json json_of(const Body& body) {
  Json list = Json::array();
  for (const Step& s : body) {
    Json one = {{"op", kOps[s.kind]}};
    if (s.kind != Step::kNull && s.kind < Step::kAll) one["ms"] = s.ms;
    if (s.kind == Step::kLater) one["ms"] = s.ms;
    if (s.transaction) one["transaction"] = true;
    if (s.fails) one["fails"] = true;
    if (s.kind == Step::kAll) {
      for (const Body& part : s.parts) one["strands"].push_back(json_of(part));
      if (s.parts.empty()) one["strands"] = Json::array();
    } else if (s.kind > Step::kAll || s.kind == Step::kCall) {
      one["body"] = s.parts.empty() ? Json::array() : json_of(s.parts[0]);
    }
    list.push_back(std::move(one));
  }
  return list;
}

bool any_fails(const Body& body) {
  for (const Step& s : body) {
    if (s.fails && !s.transaction) return true;
    for (const Body& part : s.parts)
      if (any_fails(part)) return true;
  }
  return false;
}

struct Event {
  int after_ms = 0;  // since the answer before
  int object = 0;
  Body body = {};
};
void showValue(const Event& e, std::ostream& os) {
  os << "+" << e.after_ms << "ms " << static_cast<char>('a' + e.object) << " " << json_of(e.body).dump();
}
using Program = std::vector<std::vector<Event>>;  // by client

rc::Gen<Body> bodies(int depth, bool calls) {
  auto step = rc::gen::exec([depth, calls] {
    Step s{};
    const size_t nested = depth > 0 ? 1 : 0;
    s.kind = *rc::gen::weightedElement<Step::Kind>(
        {{2, Step::kGet}, {2, Step::kPut}, {1, Step::kList}, {2, Step::kNull}, {3, Step::kTimer},
         {3, Step::kFetch}, {calls ? 2u : 0u, Step::kCall}, {2, Step::kSync}, {3 * nested, Step::kAll},
         {2 * nested, Step::kLater}, {6 * nested, Step::kSection}});
    s.ms = *rc::gen::weightedOneOf<int>({{2, number(0, 3)}, {2, number(0, 60)}});
    if (s.kind == Step::kSection) {
      s.transaction = *rc::gen::weightedElement<bool>({{2, false}, {1, true}});
      s.fails = *rc::gen::weightedElement<bool>({{15, false}, {1, true}});
    }
    if (s.kind == Step::kAll)
      s.parts = *rc::gen::resize(4, rc::gen::container<std::vector<Body>>(bodies(depth - 1, calls)));
    if (s.kind == Step::kLater || s.kind == Step::kSection) s.parts = {*bodies(depth - 1, calls)};
    if (s.kind == Step::kCall) s.parts = {*bodies(1, false)};
    return s;
  });
  return rc::gen::resize(5, rc::gen::container<Body>(std::move(step)));
}

rc::Gen<Program> programs(int clients, int objects) {
  auto event = rc::gen::exec([objects] {
    Event e{};
    e.after_ms = *rc::gen::weightedOneOf<int>({{4, number(0, 40)}, {1, number(0, 4000)}});
    e.object = std::max(0, *number(-objects, objects));  // mostly the first
    e.body = *bodies(3, true);
    return e;
  });
  return rc::gen::container<Program>(
      static_cast<size_t>(clients),
      rc::gen::resize(6, rc::gen::container<std::vector<Event>>(std::move(event))));
}

const App& app(const std::string& slip = "") {
  static std::map<std::string, App> made;
  return made.try_emplace(slip, "const slip = '" + slip + "';\n" + std::string(kThing)).first->second;
}

constexpr Site kWait{"property.input_gate.wait"};
const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};
constexpr int kClients = 3, kObjects = 2;

class Experiment {
 public:
  explicit Experiment(Rig& rig) : rig_(rig), origin_(rig.cloud().origin("origin.example.net")) {
    rig.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) { journal_.read(line.line); });
  }

  void run(const Program& program) {
    for (size_t i = 0; i < program.size(); ++i) {
      ++running_;
      rig_.tasks().spawn(ask_all(rig_.add_client(kPops[i % kPops.size()]), program[i]));
    }
    while (running_ > 0) {
      rig_.world().loop().step();
      while (origin_.has_requests())
        for (const client::Origin::Request& request : origin_.take())
          rig_.tasks().spawn(answer(request.id, request.request->url));
    }
  }
  const Journal& journal() const { return journal_; }
  const std::string& unanswered() const { return unanswered_; }

 private:
  Task<void> ask_all(client::Client& client, const std::vector<Event>& events) {
    for (const Event& e : events) {
      co_await sleep(rig_.world().loop(), kWait, millis(e.after_ms));
      Json ask;
      ask["body"] = json_of(e.body);
      std::string object(1, static_cast<char>('a' + e.object));
      const Reply reply = co_await rig_.ask(client, std::move(object), std::move(ask), seconds(40));
      if (!reply.ok()) unanswered_ = reply.error.empty() ? "no answer" : reply.error;
    }
    --running_;
  }
  Task<void> answer(uint64_t request, std::string url) {
    co_await sleep(rig_.world().loop(), kWait, millis(std::stoi(url.substr(url.rfind('=') + 1))));
    origin_.reply(request, make_ref<runtime::HttpResponse>());
  }

  Rig& rig_;
  client::Origin& origin_;
  Journal journal_;
  std::string unanswered_;  // why a request failed
  size_t running_ = 0;
};

void the_gate_keeps_its_rules(const std::string& slip, durable::Weaken weaken, Journal::Counts* counts = nullptr) {
  const Program program = *programs(kClients, kObjects);
  const bool calm = *rc::gen::arbitrary<bool>();
  fault::FaultPlan plan;
  if (!calm) plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(10)});
  Rig rig(app(slip), {.seed = *number<uint64_t>(0, 1000), .pops = kPops, .weaken = weaken});
  Experiment experiment(rig);
  client::Client& client = rig.add_client("FRA");
  for (const char* object : {"a", "b", "z"}) rig.call(client, object, {{"body", Json::array()}});
  rig.plan(plan);
  experiment.run(program);
  if (counts) *counts += experiment.journal().counts();
  if (const std::string why = experiment.journal().contradiction(); !why.empty()) RC_FAIL(why);
  // Nor does it shut out for ever.
  bool fails = false;
  for (const auto& events : program)
    for (const Event& e : events) fails |= any_fails(e.body);
  if (calm && !fails) RC_ASSERT(experiment.unanswered() == "");
}

TEST(InputGate, LetsNobodyInWhereItShouldNot) {
  Journal::Counts counts;
  expect_holds(120, [&] { the_gate_keeps_its_rules("", {}, &counts); });
  auto shown = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("  %llu turns, %llu sections (%llu nested), %llu awaits of storage, %llu events let in meanwhile\n",
              shown(counts.turns), shown(counts.sections), shown(counts.nested), shown(counts.stays),
              shown(counts.let_in));
  EXPECT_GT(counts.nested, 0u);
  EXPECT_GT(counts.stays, 0u);
  EXPECT_GT(counts.let_in, 0u);
}

TEST(InputGate, SectionsThatLetOthersInAreFound) {
  expect_found(50, [] { the_gate_keeps_its_rules("", {.sections_open = true}); });
}

TEST(InputGate, OthersDuringAnAwaitOfStorageAreFound) {
  expect_found(50, [] { the_gate_keeps_its_rules("storage", {}); });
}

TEST(InputGate, OthersAheadOfAnAwaitedSectionAreFound) {
  expect_found(50, [] { the_gate_keeps_its_rules("ask", {}); });
}

TEST(InputGate, OthersBetweenASectionAndItsCallerAreFound) {
  expect_found(50, [] { the_gate_keeps_its_rules("back", {}); });
}

}  // namespace
}  // namespace orrery::properties
