// Goal: what anybody outside has seen of an object stays true: nothing leaves it before the confirmed writes
// ahead of it are durable (durable-objects.md 2.4, 3.3, 3.8). Method: each write appends a row with a name of
// its own to the object's history. Clients (answers of methods and of fetch handlers, errors of those too),
// an origin (outgoing fetches) and another object (calls) note the rows they see; the object itself notes
// what sync() said is safe. Under drawn faults, hosts that crash as soon as something is seen, and slow
// followers, every later answer has what was seen when it was asked for, and the history in the end has it all.
// Writes with allowUnconfirmed are exempt, unless a confirmed write or sync() comes after them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "conformance/properties/faults.h"
#include "conformance/properties/rig.h"
#include "platform/worker/events.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS history(n INTEGER PRIMARY KEY, id INTEGER, loose INTEGER)");
  }

  // The last row, as whoever sees it keeps it; `loose` counts unconfirmed writes.
  top() {
    const rows = this.sql.exec("SELECT n, id, loose FROM history ORDER BY n DESC LIMIT 1").toArray();
    const { n, id, loose } = rows[0] ?? { n: 0, id: 0, loose: 0 };
    const { kv } = this.ctx.storage;
    return { n, id, kv: kv.get("n") ?? 0, held: loose, loose: kv.get("loose") ?? 0 };
  }
  append(id) {
    const { n, loose } = this.top();
    this.sql.exec("INSERT INTO history VALUES(?, ?, ?)", n + 1, id, loose);
    this.ctx.storage.kv.put("n", n + 1);
  }

  async run({ op, way, id, object, seen }) {
    (meter[0] -= 20) < 0 && trip();
    const { storage } = this.ctx;
    switch (op) {
      case "saw":
        console.log(`seen ${seen.object} ${seen.n} ${seen.id}`);
        return this.top();
      case "history":
        return this.sql.exec("SELECT n, id, loose FROM history ORDER BY n").toArray();
      case "loose":
        await storage.put("loose", (this.top().loose) + 1, { allowUnconfirmed: true });
        if (way === 1) {
          const top = this.top();
          await storage.sync();
          console.log(`seen ${object} ${top.n} ${top.id} ${top.loose}`);
        }
        return null;
      case "add":
        if (way === 1) await storage.transaction(async () => { this.append(id); await wait(2); });
        else if (way === 2) await this.ctx.blockConcurrencyWhile(async () => { await wait(2); this.append(id); });
        else if (way === 3) { this.append(id); await wait(1); }
        else this.append(id);
        return this.top();
      case "add and fetch": {
        this.append(id);
        const { n } = this.top();
        const sent = fetch(`https://origin.example.net/?${object}&${n}&${id}`);
        if (way === 0) await sent;
        else sent.catch(() => {});
        return this.top();
      }
      case "add and call": {
        this.append(id);
        const { n } = this.top();
        const other = this.env.THING.get(this.env.THING.idFromName("z"));
        const sent = other.run({ op: "saw", seen: { object, n, id } });
        if (way === 0) await sent;
        else sent.catch(() => {});
        return this.top();
      }
      case "add and sync": {
        this.append(id);
        const { n, loose } = this.top();
        await storage.sync();
        console.log(`seen ${object} ${n} ${id} ${loose}`);
        return this.top();
      }
    }
    return this.top();  // read
  }

  // Errors of fetch handlers wait like answers (2.4).
  async fetch(request) {
    const { id, way } = await request.json();
    this.append(id);
    if (way === 0) throw new Error(JSON.stringify(this.top()));
    return Response.json(this.top());
  }
}

async function atEdge(program, env) {
  const stub = env.THING.get(env.THING.idFromName(program.object));
  try {
    const body = JSON.stringify(program);
    return await (await stub.fetch("https://thing/", { method: "POST", body })).json();
  } catch (error) {
    if (!error.message.startsWith("{")) throw error;
    return JSON.parse(error.message);
  }
}
)js";

struct Operation {
  enum Kind { kRead, kAdd, kFetch, kCall, kSync, kLoose, kHandler };
  Kind kind = kRead;
  int object = 0;
  int way = 0;
  int after_ms = 0;
  bool crash = false;  // the object's host crashes as soon as somebody sees this
};
constexpr const char* kOps[] = {"read",         "add",   "add and fetch", "add and call",
                                "add and sync", "loose", "handler"};
void showValue(const Operation& o, std::ostream& os) {
  os << "+" << o.after_ms << "ms " << kOps[o.kind] << " " << static_cast<char>('a' + o.object) << " (way "
     << o.way << (o.crash ? ", then a crash)" : ")");
}
using Program = std::vector<std::vector<Operation>>;  // by client

// `calls`: how often an operation calls or fetches (2: as often as others).
rc::Gen<Program> programs(int clients, int objects, size_t calls) {
  auto operation = rc::gen::exec([objects, calls] {
    Operation o{};
    o.kind = *rc::gen::weightedElement<Operation::Kind>(
        {{3, Operation::kRead}, {3, Operation::kAdd}, {calls, Operation::kFetch}, {calls, Operation::kCall},
         {1, Operation::kSync}, {2, Operation::kLoose}, {2, Operation::kHandler}});
    o.object = std::max(0, *number(-objects, objects));  // mostly the first
    o.way = *number(0, o.kind == Operation::kAdd ? 4 : 2);
    o.after_ms = *rc::gen::weightedOneOf<int>({{3, number(0, 20)}, {2, number(0, 5000)}});
    o.crash = *rc::gen::weightedElement<bool>({{3, false}, {1, true}});
    return o;
  });
  return rc::gen::container<Program>(
      static_cast<size_t>(clients),
      rc::gen::resize(10, rc::gen::container<std::vector<Operation>>(std::move(operation))));
}

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};
constexpr int kClients = 3, kObjects = 2;

// Disks whose syncs take long, and clogged links: durability comes well after the commit.
rc::Gen<fault::FaultPlan> slow_replication() {
  auto one = rc::gen::exec([] {
    fault::Fault f;
    f.at = millis(*number<int64_t>(0, 15'000));
    f.for_ = millis(*number<int64_t>(1'000, 10'000));
    if (*rc::gen::arbitrary<bool>()) {
      f.kind = fault::FaultKind::kClog;
      f.a = {*rc::gen::elementOf(kPops)};
      f.b = {*rc::gen::elementOf(kPops)};
      f.delay = millis(*number<int64_t>(5, 500));
    } else {
      f.kind = fault::FaultKind::kPartition;
      f.a = {"do:Thing/" + std::string(1, *rc::gen::element('a', 'b'))};
      f.b = {*rc::gen::elementOf(kPops)};
    }
    return f;
  });
  return rc::gen::map(rc::gen::resize(5, rc::gen::container<fault::FaultPlan>(std::move(one))),
                      [](fault::FaultPlan plan) {
                        for (size_t i = 0; i < plan.size(); ++i) plan[i].name = "slow-" + std::to_string(i + 1);
                        return plan;
                      });
}

const App& app() {
  static const App made(kThing);
  return made;
}

constexpr Site kWait{"property.output_gate.wait"};

std::string name_of(int object) { return std::string(1, static_cast<char>('a' + object)); }

class Experiment {
 public:
  Experiment(Rig& rig, int objects)
      : rig_(rig), origin_(rig.cloud().origin("origin.example.net")), objects_(static_cast<size_t>(objects)) {
    rig.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) { hear(std::string(line.line)); });
  }

  void run(const Program& program) {
    for (size_t i = 0; i < program.size(); ++i) {
      ++running_;
      rig_.tasks().spawn(ask_all(rig_.add_client(kPops[i % kPops.size()]), program[i]));
    }
    while (running_ > 0) {
      rig_.world().loop().step();
      while (origin_.has_requests()) {
        for (const client::Origin::Request& request : origin_.take()) {
          hear_fetch(request.request->url);
          origin_.reply(request.id, make_ref<runtime::HttpResponse>());
        }
      }
      while (!crashes_.empty()) {
        rig_.crash_owner(name_of(crashes_.back()));
        crashes_.pop_back();
      }
    }
  }

  // The histories in the end have what was seen.
  void look_back(client::Client& client) {
    for (size_t i = 0; i < objects_.size() && contradiction_.empty(); ++i) {
      const std::string name = name_of(static_cast<int>(i));
      const Reply reply = rig_.insist(client, name, {{"op", "history"}});
      RC_ASSERT(reply.error == "");
      const Object& object = objects_[i];
      for (const auto& [n, id] : object.seen) {
        const size_t row = static_cast<size_t>(n - 1);
        const bool there = row < reply.body.size() && reply.body[row]["id"] == id;
        if (!there)
          contradiction_ = "row " + std::to_string(n) + " of " + name + " was seen as " + std::to_string(id) +
                           ", and is not in its history: " + reply.body.dump();
      }
    }
  }
  const std::string& contradiction() const { return contradiction_; }
  uint64_t sights() const { return sights_; }

 private:
  struct Object {
    std::map<int64_t, int64_t> seen;  // row: its id
    int64_t loose = 0;                // unconfirmed writes that sync() or a confirmed write made safe
    int64_t rows() const { return seen.empty() ? 0 : seen.rbegin()->first; }
  };

  void see(int object, int64_t n, int64_t id, const char* where) {
    ++sights_;
    if (n == 0) return;
    const auto [it, is_new] = objects_[static_cast<size_t>(object)].seen.emplace(n, id);
    if (!is_new && it->second != id && contradiction_.empty())
      contradiction_ = "row " + std::to_string(n) + " of " + name_of(object) + " was " +
                       std::to_string(it->second) + " and is " + std::to_string(id) + " " + where;
    if (doomed_.erase(id)) crashes_.push_back(object);
  }

  void hear(const std::string& line) {
    if (!line.starts_with("seen ")) return;
    std::istringstream in(line.substr(5));
    char object = 0;
    int64_t n = 0, id = 0, loose = 0;
    in >> object >> n >> id >> loose;
    see(object - 'a', n, id, "at another object or after sync()");
    int64_t& safe = objects_[static_cast<size_t>(object - 'a')].loose;
    safe = std::max(safe, loose);
  }
  void hear_fetch(std::string url) {
    std::replace(url.begin(), url.end(), '&', ' ');
    std::istringstream in(url.substr(url.find('?') + 1));
    char object = 0;
    int64_t n = 0, id = 0;
    in >> object >> n >> id;
    see(object - 'a', n, id, "at the origin");
  }

  Task<void> ask_all(client::Client& client, const std::vector<Operation>& operations) {
    for (const Operation& o : operations) {
      co_await sleep(rig_.world().loop(), kWait, millis(o.after_ms));
      Json ask;
      ask["op"] = kOps[o.kind];
      ask["way"] = o.way;
      ask["object"] = name_of(o.object);
      const int64_t id = ++last_id_;
      ask["id"] = id;
      if (o.crash) doomed_.insert(id);
      std::string path = o.kind == Operation::kHandler ? "edge" : name_of(o.object);
      const Object& object = objects_[static_cast<size_t>(o.object)];
      const int64_t rows = object.rows(), loose = object.loose;
      const Reply reply = co_await rig_.ask(client, std::move(path), std::move(ask), seconds(20));
      if (!reply.ok() || reply.body.is_null()) continue;
      const Json& top = reply.body;
      const int64_t n = top["n"].get<int64_t>();
      see(o.object, n, top["id"].get<int64_t>(), "in an answer");
      if (!contradiction_.empty()) continue;
      const std::string what = std::string(kOps[o.kind]) + " of " + name_of(o.object) + " answered " + top.dump();
      if (n < rows) contradiction_ = what + " after row " + std::to_string(rows) + " had been seen";
      if (top["kv"] != n) contradiction_ = what + ": half a turn";
      if (top["loose"].get<int64_t>() < std::max(loose, top["held"].get<int64_t>()))
        contradiction_ = what + " after " + std::to_string(loose) + " unconfirmed writes were made safe";
    }
    --running_;
  }

  Rig& rig_;
  client::Origin& origin_;
  std::vector<Object> objects_;
  std::set<int64_t> doomed_;  // ids at whose first sight the host crashes
  std::vector<int> crashes_;  // objects whose hosts do, now
  std::string contradiction_;
  int64_t last_id_ = 0;
  size_t running_ = 0;
  uint64_t sights_ = 0;
};

void what_was_seen_stays(durable::Weaken weaken, uint64_t* sights = nullptr, size_t calls = 2) {
  const Program program = *programs(kClients, kObjects, calls);
  const fault::FaultPlan slow = *slow_replication();
  const fault::FaultPlan plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(15)});
  Rig rig(app(), {.seed = *number<uint64_t>(0, 1000), .pops = kPops, .weaken = weaken});
  Experiment experiment(rig, kObjects);
  client::Client& client = rig.add_client("FRA");
  for (const char* object : {"a", "b", "z"}) rig.call(client, object, {{"op", "read"}});
  rig.plan(slow);
  rig.plan(plan);
  experiment.run(program);
  rig.heal();
  experiment.look_back(client);
  if (sights) *sights += experiment.sights();
  if (!experiment.contradiction().empty()) RC_FAIL(experiment.contradiction());
}

TEST(OutputGate, NothingIsSeenThatTheObjectLosesLater) {
  uint64_t sights = 0;
  expect_holds(60, [&] { what_was_seen_stays({}, &sights); });
  std::printf("  %llu sights of objects\n", static_cast<unsigned long long>(sights));
}

TEST(OutputGate, AnswersAheadOfTheirWritesAreFound) {
  expect_found(300, [] { what_was_seen_stays({.answers_early = true}); });
}

TEST(OutputGate, CallsAndFetchesAheadOfTheWritesBeforeThemAreFound) {
  expect_found(300, [] { what_was_seen_stays({.calls_early = true}, nullptr, 20); });
}

constexpr std::string_view kLoose = R"js(
export class Thing extends DurableObject {
  async run() {
    await this.ctx.storage.put("loose", 1, { allowUnconfirmed: true });
    await wait(0);
    const before = Date.now();
    await this.ctx.storage.sync();
    return Date.now() - before;
  }
}
)js";

// An unconfirmed write whose transaction was formed already was on its way to the followers, and sync() did
// not wait for it (3.8).
TEST(OutputGate, SyncWaitsForUnconfirmedWritesOfEarlierTurns) {
  static const App loose(kLoose);
  Rig rig(loose, {});
  const Reply reply = rig.call(rig.add_client("FRA"), "a", {});
  ASSERT_EQ(reply.error, "");
  EXPECT_GT(reply.body.get<int>(), 0);
}

}  // namespace
}  // namespace orrery::properties
