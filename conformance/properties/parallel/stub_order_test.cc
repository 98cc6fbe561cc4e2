// Goal: the calls of one stub arrive in the order in which they were made, each at most once; and once a call was told that
// its object is gone, every later call of that stub fails with the same reason and arrives nowhere (durable-objects.md 0.7,
// 7.5, 12). Method: callers at the edge and in objects run drawn programs at once over several stubs of two objects, with
// writes that hold their calls back; what is called waits, stores, closes its gate, throws or aborts. Objects print what they
// hear; callers keep what became of each call. With faults beside, and without them as parallel commands (commands.h).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <sstream>

#include "conformance/properties/faults.h"
#include "conformance/properties/parallel/commands.h"
#include "platform/worker/events.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kThing = R"js(
const objects = ["a", "a", "b"];
async function drive(ops, env, storage) {
  const me = Math.floor(Math.random() * 2 ** 40), seen = [], calls = [];
  let made = 0, number = 0;
  const fresh = (n) => ({ id: made++, object: env.THING.get(env.THING.idFromName(objects[n])), broken: null });
  const stubs = objects.map((_, n) => fresh(n));
  for (const { op, stub: n, work, ms } of ops) {
    (meter[0] -= 20) < 0 && trip();
    if (op === "pause") await wait(ms);
    if (op === "settle") await Promise.all(calls);
    if (op === "write") storage?.put("written", number);
    if (op === "new stub") stubs[n] = fresh(n);
    if (op !== "call") continue;
    const stub = stubs[n], entry = { stub: stub.id, number: ++number, after: stub.broken };
    seen.push(entry);
    calls.push(stub.object.hear({ me, stub: stub.id, number, work, ms }).then(
      () => { entry.became = "ok"; },
      (error) => {
        entry.became = error.message;
        if (error.durableObjectReset || error.retryable) stub.broken ??= error.message;
      }));
  }
  await Promise.all(calls);
  return { me, seen };
}
const atEdge = ({ ops }, env) => drive(ops, env);

export class Thing extends DurableObject {
  run({ ops }) { return ops ? drive(ops, this.env, this.ctx.storage) : null; }
  async hear({ me, stub, number, work, ms }) {
    console.log(["heard", me, stub, number].join(" "));
    if (work === "wait") await wait(ms);
    if (work === "store") await this.ctx.storage.put("heard", number);
    if (work === "section") await this.ctx.blockConcurrencyWhile(() => wait(ms));
    if (work === "throw") throw new Error("as planned");
    if (work === "abort") this.ctx.abort("aborted as planned");
    return number;
  }
}
)js";

const App& app() {
  static const App made(kThing);
  return made;
}

struct Step {
  enum Kind { kCall, kPause, kSettle, kWrite, kNewStub } kind;
  enum Work { kNothing, kWait, kStore, kSection, kThrow, kAbort } work;
  int stub;
  int ms;
};
constexpr const char* kKinds[] = {"call", "pause", "settle", "write", "new stub"};
constexpr const char* kWorks[] = {"nothing", "wait", "store", "section", "throw", "abort"};

void showValue(const Step& s, std::ostream& os) {
  os << kKinds[s.kind];
  if (s.kind == Step::kCall || s.kind == Step::kNewStub) os << " " << s.stub;
  if (s.kind == Step::kCall) os << ", " << kWorks[s.work];
  if (s.ms) os << " " << s.ms << " ms";
}
std::vector<Step> simpler(const Step& s) {
  std::vector<Step> out;
  if (s.stub > 0) out.push_back({s.kind, s.work, 0, s.ms});
  if (s.kind == Step::kCall && s.work != Step::kNothing) out.push_back({s.kind, Step::kNothing, s.stub, 0});
  if (s.ms > 1) out.push_back({s.kind, s.work, s.stub, s.ms / 2});
  return out;
}

Json json_of(const std::vector<Step>& steps) {
  Json ops = Json::array();
  for (const Step& s : steps) ops.push_back({{"op", kKinds[s.kind]}, {"stub", s.stub}, {"work", kWorks[s.work]}, {"ms", s.ms}});
  return {{"ops", ops}};
}

rc::Gen<std::vector<Step>> programs(bool aborts) {
  return rc::gen::resize(14, rc::gen::container<std::vector<Step>>(rc::gen::exec([aborts] {
    Step s{};
    s.kind = *rc::gen::weightedElement<Step::Kind>(
        {{12, Step::kCall}, {2, Step::kPause}, {1, Step::kSettle}, {2, Step::kWrite}, {1, Step::kNewStub}});
    s.work = *rc::gen::weightedElement<Step::Work>({{4, Step::kNothing}, {2, Step::kWait}, {2, Step::kStore}, {2, Step::kSection},
                                                    {1, Step::kThrow}, {aborts ? 1u : 0u, Step::kAbort}});
    s.stub = *number(0, 3);
    if (s.kind == Step::kPause || s.work == Step::kWait || s.work == Step::kSection) s.ms = *number(0, 30);
    return s;
  })));
}

// What was heard, and what callers say became of their calls.
class Listener {
 public:
  explicit Listener(Rig& rig) : rig_(rig) {
    rig.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) { read(std::string(line.line)); });
  }
  // Callers at once, at the edge and in objects by turns.
  void run(const std::vector<std::vector<Step>>& callers) {
    for (size_t i = 0; i < callers.size(); ++i) {
      ++running_;
      rig_.tasks().spawn(ask(rig_.add_client(i % 3 == 2 ? "AMS" : "FRA"), i % 2 ? "c" + std::to_string(i) : "edge", callers[i]));
    }
    while (running_ > 0) rig_.world().loop().step();
  }
  const std::string& contradiction() const { return contradiction_; }
  uint64_t heard() const { return heard_count_; }
  uint64_t refused() const { return refused_; }

 private:
  Task<void> ask(client::Client& client, std::string whom, std::vector<Step> steps) {
    const Reply reply = co_await rig_.ask(client, std::move(whom), json_of(steps), seconds(60));
    if (reply.ok()) judge(reply.body);
    --running_;
  }
  void read(const std::string& line) {
    std::istringstream in(line);
    std::string what;
    uint64_t me = 0;
    int stub = 0, number = 0;
    if (!(in >> what >> me >> stub >> number) || what != "heard") return;
    ++heard_count_;
    int& last = heard_[{me, stub}];
    if (number == last) note("call " + std::to_string(number) + " of a stub arrived twice");
    if (number < last)
      note("call " + std::to_string(number) + " of a stub arrived after its call " + std::to_string(last));
    last = number;
  }
  void judge(const Json& answer) {
    for (const Json& call : answer["seen"]) {
      if (call["after"].is_null()) continue;
      ++refused_;
      const std::string name = "call " + call["number"].dump() + ", made after its stub had broken with " + call["after"].dump();
      if (call["became"] != call["after"]) note(name + ", became " + call["became"].dump());
      if (heard_[{answer["me"].get<uint64_t>(), call["stub"].get<int>()}] >= call["number"]) note(name + ", arrived");
    }
  }
  void note(const std::string& what) {
    if (contradiction_.empty()) contradiction_ = what;
  }

  Rig& rig_;
  std::map<std::pair<uint64_t, int>, int> heard_;  // the last number, by caller and stub
  std::string contradiction_;
  size_t running_ = 0;
  uint64_t heard_count_ = 0, refused_ = 0;
};

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};

void calls_arrive_in_order(durable::Weaken weaken, uint64_t* heard = nullptr, uint64_t* refused = nullptr) {
  const auto callers = *rc::gen::container<std::vector<std::vector<Step>>>(3, programs(true));
  const fault::FaultPlan plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(3)});
  Rig rig(app(), {.seed = *number<uint64_t>(0, 1000), .pops = kPops, .weaken = weaken});
  Listener listener(rig);
  client::Client& client = rig.add_client("FRA");
  for (const char* object : {"a", "b"}) rig.call(client, object, Json::object());
  rig.plan(plan);
  for (int round = 0; round < 3; ++round) listener.run(callers);
  if (heard) *heard += listener.heard();
  if (refused) *refused += listener.refused();
  if (!listener.contradiction().empty()) RC_FAIL(listener.contradiction());
}

TEST(StubOrder, CallsArriveInTheOrderInWhichTheyWereMade) {
  uint64_t heard = 0, refused = 0;
  expect_holds(50, [&] { calls_arrive_in_order({}, &heard, &refused); });
  std::printf("  %llu calls heard, %llu made of broken stubs\n", static_cast<unsigned long long>(heard),
              static_cast<unsigned long long>(refused));
  EXPECT_GT(heard, 500u);
  EXPECT_GT(refused, 0u);
}

TEST(StubOrder, CallsThatDoNotWaitForEachOtherAreFound) {
  expect_found(400, [] { calls_arrive_in_order({.stub_order_lost = true}); });
}

using parallel::Commands;
using parallel::Interleaving;
using parallel::Outcome;

Outcome run(const Commands<Step>& commands, const Interleaving& interleaving, durable::Weaken weaken) {
  Rig rig(app(), interleaving.setup({.pops = kPops, .weaken = weaken}));
  Listener listener(rig);
  if (!commands.prefix.empty()) listener.run({commands.prefix});
  listener.run(commands.branches);
  return {listener.contradiction(), rig.world().decision_records()};
}

// The smallest story of the first failure among drawn programs.
void becomes(durable::Weaken weaken, size_t commands, size_t decisions) {
  const auto drawn = rc::gen::container<std::vector<std::vector<Step>>>(2, programs(false));
  rc::Random random(3);
  auto again = [&](const Commands<Step>& c, const Interleaving& i) { return run(c, i, weaken); };
  for (int draw = 1; draw <= 100; ++draw) {
    const Commands<Step> all{.branches = drawn(random.split(), rc::kNominalSize).value()};
    const Interleaving interleaving{.seed = static_cast<uint64_t>(draw)};
    const Outcome outcome = again(all, interleaving);
    if (!outcome.failed()) continue;
    const auto story = parallel::Shrinker<Step>(again, 3).shrink(all, interleaving, outcome);
    std::printf("  draw %d: %zu commands become these\n%s\n", draw, all.count(), story.text().c_str());
    EXPECT_LE(story.commands.count(), commands);
    EXPECT_LE(story.interleaving.overrides.size(), decisions);
    return;
  }
  ADD_FAILURE() << "the planted flaw shows in none of 100 draws";
}

TEST(StubOrder, AGateThatLetsTheLastInFirstBecomesASectionAndTwoCalls) { becomes({.gate_lifo = true}, 3, 2); }

}  // namespace
}  // namespace orrery::properties
