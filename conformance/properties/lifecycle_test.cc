// Goal: an object's life keeps to its course (durable-objects.md 0.8, 7.6, 9.1, 9.2): an instance begins with its constructor,
// once, and no event is ahead of it; one instance at a time; nothing of an instance runs after its end; it is put away for
// idleness only when nothing waits, and then after ten seconds; its memory begins anew and its storage goes on.
// Method: drawn programs of requests with timers, waitUntil, sections, alarms, failures and pauses, evictions, crashes and
// faults. Instances print each step of their lives; a state machine goes through what they print and through the
// platform's announcements of beginnings and ends.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <sstream>

#include "conformance/properties/faults.h"
#include "conformance/properties/rig.h"
#include "platform/durable/actor/events.h"
#include "platform/worker/events.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

// Works that keep an object are numbered: `keep N` as one begins, `done N` as it ends.
constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  memory = 0;
  works = 0;
  constructor(ctx, env) {
    super(ctx, env);
    this.me = Math.floor(Math.random() * 2 ** 40);
    this.tell("made", ctx.storage.kv.get("n") ?? 0);
    ctx.blockConcurrencyWhile(async () => { await wait(5); this.tell("ready", 0); });
  }
  tell(...what) { console.log(["life", this.me, ...what].join(" ")); }
  kept(work) {
    const number = ++this.works;
    this.tell("keep", number);
    return work.finally(() => this.tell("done", number));
  }
  async run({ work, ms }) {
    const event = ++this.works;
    this.tell("keep", event);
    this.tell("event", ++this.memory);
    const n = (this.ctx.storage.kv.get("n") ?? 0) + 1;
    this.ctx.storage.kv.put("n", n);
    try {
      if (work === "await") await wait(ms);
      if (work === "waitUntil") this.ctx.waitUntil(this.kept(wait(ms)));
      if (work === "timer") {
        const number = ++this.works;
        this.tell("keep", number);
        setTimeout(() => this.tell("done", number), ms);
      }
      if (work === "section") await this.ctx.blockConcurrencyWhile(() => wait(Math.min(ms, 20000)));
      if (work === "alarm") await this.ctx.storage.setAlarm(Date.now() + ms);
      if (work === "fail") throw new Error("as planned");
      if (work === "abort") this.ctx.abort("aborted as planned");
    } finally {
      this.tell("done", event);
    }
    return n;
  }
  alarm() {
    const event = ++this.works;
    this.tell("keep", event);
    this.tell("event", ++this.memory);
    this.tell("done", event);
  }
}
)js";

const App& app() {
  static const App made(kThing);
  return made;
}

struct Step {
  enum Kind { kAsk, kEvict, kCrash } kind;
  std::string work;
  int ms;
  int after_ms;  // since the step before was answered
  bool twice;    // two requests at once
};
void showValue(const Step& s, std::ostream& os) {
  os << "+" << s.after_ms << "ms ";
  if (s.kind == Step::kAsk) os << s.work << " " << s.ms << "ms" << (s.twice ? " twice" : "");
  else os << (s.kind == Step::kEvict ? "evict" : "crash");
}

rc::Gen<std::vector<Step>> programs(bool ends) {
  return rc::gen::resize(12, rc::gen::container<std::vector<Step>>(rc::gen::exec([ends] {
    Step s{};
    const size_t once = ends ? 1 : 0;
    s.kind = *rc::gen::weightedElement<Step::Kind>({{10, Step::kAsk}, {once, Step::kEvict}, {once, Step::kCrash}});
    s.work = *rc::gen::weightedElement<std::string>({{4, "nothing"}, {2, "await"}, {3, "waitUntil"}, {3, "timer"}, {1, "section"},
                                                     {1, "fail"}, {once, "alarm"}, {once, "abort"}});
    s.ms = *rc::gen::oneOf(number(0, 100), number(0, 30'000));
    s.after_ms = *rc::gen::oneOf(number(0, 50), number(0, 30'000));
    s.twice = *number(0, 3) == 2;
    return s;
  })));
}

constexpr Duration kIdle = seconds(10);
// Between the last step of an object's own and the platform's knowing that it is at rest: commits, answers on their way.
constexpr Duration kSlack = millis(1500);

// The life of one object.
class Life {
 public:
  explicit Life(Rig& rig) : world_(rig.world()) {
    Observers& seen = world_.observers();
    seen.subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) { read(std::string(line.line)); });
    seen.subscribe<durable::ObjectStarted>(
        [this](const durable::ObjectStarted& e, const EventContext&) { starts(e.epoch); });
    seen.subscribe<durable::ObjectEnded>([this](const durable::ObjectEnded& e, const EventContext&) {
      // A host that was about to begin one and did not tells so too.
      if (e.epoch == epoch_) ends(e.why);
    });
  }
  const std::string& contradiction() const { return contradiction_; }
  uint64_t instances() const { return ended_.size() + (me_ ? 1 : 0); }
  uint64_t idle_ends() const { return idle_ends_; }
  // What clients were told was stored; instances that begin later must have it.
  void acknowledged(uint64_t n) { acknowledged_ = std::max(acknowledged_, n); }
  // Nothing but idleness ends an instance from now on: it lives for ten seconds of rest, and no longer.
  void only_idleness_ends() { calm_ = true; }

 private:
  void starts(uint64_t epoch) {
    // That a host crashed nobody tells: what still runs of the instance there tells itself.
    if (begun_ && !over_ && calm_) note("an instance begins before the one before it has ended");
    end();
    begun_ = true;
    epoch_ = epoch;
    over_ = false;
  }
  void ends(std::string_view why) {
    if (why == durable::kIdleEnd) {
      ++idle_ends_;
      if (!works_.empty()) note("an instance is put away while it waits for work " + std::to_string(*works_.begin()));
      if (calm_ && world_.now() - rested_ < kIdle - kSlack) note("an instance is put away early");
    } else if (calm_) {
      note("an instance ends: " + std::string(why));
    }
    over_ = true;
    end();
  }
  void end() {
    if (me_) ended_.insert(me_);
    me_ = 0;
    works_.clear();
    events_ = 0;
    ready_ = false;
  }
  void read(const std::string& line) {
    std::istringstream in(line);
    std::string word, what;
    uint64_t me = 0, n = 0;
    if (!(in >> word >> me >> what >> n) || word != "life") return;
    if (ended_.contains(me)) return note("an instance goes on after its end: " + what);
    if (what == "made") {
      if (me_) note("a constructor runs twice");
      if (n < acknowledged_)
        note("an instance begins with " + std::to_string(n) + " stored, " + std::to_string(acknowledged_) + " were promised");
      me_ = me;
    } else if (me != me_) {
      note("an instance runs beside the one that began last: " + what);
    }
    if (what == "ready") ready_ = true;
    if (what == "event") {
      if (!ready_) note("an event is ahead of the constructor's section");
      if (n != ++events_) note("an instance remembers " + std::to_string(n) + " events, it had " + std::to_string(events_));
      if (calm_ && events_ > 1 && works_.size() == 1 && world_.now() - rested_ > kIdle + kSlack)
        note("an idle instance was not put away");
    }
    if (what == "keep") works_.insert(n);
    if (what == "done") {
      works_.erase(n);
      if (works_.empty()) rested_ = world_.now();
    }
  }
  void note(const std::string& what) {
    if (contradiction_.empty()) contradiction_ = what + " at " + std::to_string(world_.now().us) + " us";
  }

  World& world_;
  std::string contradiction_;
  std::set<uint64_t> ended_;  // instances, by what they call themselves
  std::set<uint64_t> works_;  // that the instance waits for
  uint64_t me_ = 0, epoch_ = 0, events_ = 0, acknowledged_ = 0, idle_ends_ = 0;
  bool begun_ = false, over_ = false, ready_ = false, calm_ = false;
  Instant rested_{0};
};

enum class Weather { kCalm, kEnds, kFaults };
struct Counts {
  uint64_t instances = 0, idle_ends = 0;
};

Task<void> unheard(Rig& rig, client::Client& client, Json ask) { co_await rig.ask(client, "a", std::move(ask)); }

void lives_keep_their_course(Weather weather, durable::Weaken weaken, Counts* counts = nullptr) {
  const auto program = *programs(weather != Weather::kCalm);
  fault::FaultPlan plan;
  if (weather == Weather::kFaults) plan = *faults({.pops = {"FRA", "AMS", "LHR"}, .objects = {"a"}, .until = seconds(60)});
  Rig rig(app(), {.seed = *number<uint64_t>(0, 1000), .weaken = weaken});
  client::Client& client = rig.add_client("FRA");
  client::Client& other = rig.add_client("FRA");
  Life life(rig);
  if (weather == Weather::kCalm) life.only_idleness_ends();
  rig.plan(plan);
  for (const Step& s : program) {
    rig.run_for(millis(s.after_ms));
    if (s.kind == Step::kEvict) rig.evict("a");
    if (s.kind == Step::kCrash) rig.crash_owner("a");
    if (s.kind != Step::kAsk) continue;
    const Json ask = {{"work", s.work}, {"ms", s.ms}};
    if (s.twice) rig.tasks().spawn(unheard(rig, other, ask));
    const Reply reply = rig.call(client, "a", ask);
    if (weather == Weather::kCalm) RC_ASSERT(reply.error == (s.work == "fail" ? "Error: as planned" : ""));
    if (reply.ok()) life.acknowledged(reply.body.get<uint64_t>());
  }
  rig.run_for(seconds(45));
  if (counts) {
    counts->instances += life.instances();
    counts->idle_ends += life.idle_ends();
  }
  if (!life.contradiction().empty()) RC_FAIL(life.contradiction());
}

TEST(Lifecycle, OfAnObjectLeftInPeaceEndsByIdlenessAlone) {
  Counts counts;
  expect_holds(60, [&] { lives_keep_their_course(Weather::kCalm, {}, &counts); });
  std::printf("  %llu instances, %llu put away\n", static_cast<unsigned long long>(counts.instances),
              static_cast<unsigned long long>(counts.idle_ends));
  EXPECT_GT(counts.idle_ends, 50u);
}

TEST(Lifecycle, KeepsItsCourseAcrossEvictionsCrashesAndAborts) {
  expect_holds(50, [] { lives_keep_their_course(Weather::kEnds, {}); });
}

TEST(Lifecycle, KeepsItsCourseUnderFaults) {
  expect_holds(40, [] { lives_keep_their_course(Weather::kFaults, {}); });
}

TEST(Lifecycle, ObjectsPutAwayWhileTheyWaitAreFound) {
  expect_found(50, [] { lives_keep_their_course(Weather::kCalm, {.evicts_waiting = true}); });
}

TEST(Lifecycle, EventsAheadOfTheConstructorAreFound) {
  expect_found(50, [] { lives_keep_their_course(Weather::kCalm, {.constructor_late = true}); });
}

TEST(Lifecycle, StorageThatForgetsWhatItPromisedIsFound) {
  expect_found(400, [] { lives_keep_their_course(Weather::kEnds, {.answers_early = true}); });
}

}  // namespace
}  // namespace orrery::properties
