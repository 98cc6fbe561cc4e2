// Crashes leave nothing behind. Goal: a host that owns an object may crash and come back as often as a storm
// likes without the world growing, and nothing of a crashed isolate's JavaScript is ever seen again. Method:
// a whole cloud in a few cities, crashed by hand; memory is what malloc and the system say.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "platform/tests/deploy.h"


namespace orrery {
namespace {

constexpr const char* kWorker = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Leaves behind everything that could still run some day.
async function leaveThingsUnderWay(who, context, pending) {
  setTimeout(() => console.log(`${who}: timer`), 50);
  setInterval(() => console.log(`${who}: interval`), 70);
  context.waitUntil((async () => {
    try { await wait(90); } finally { console.log(`${who}: finally of waitUntil`); }
  })());
  new FinalizationRegistry(() => console.log(`${who}: finalizer`)).register({}, 1);
  console.log(`${who}: under way`);
  try {
    await pending;
    console.log(`${who}: answered`);
  } catch (error) {
    console.log(`${who}: failed`);
  } finally {
    console.log(`${who}: finally`);
  }
}

export class Counter extends DurableObject {
  async fetch(request) {
    (meter[0] -= 20) < 0 && trip();
    if (request.url.endsWith("/linger")) {
      await this.ctx.storage.put("lingered", 1);
      await leaveThingsUnderWay("object", this.ctx, fetch("https://nobody.example.net/"));
      return new Response("lingered");
    }
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return new Response(`${n}`);
  }
}

export default {
  async fetch(request, env, context) {
    (meter[0] -= 20) < 0 && trip();
    const answer = env.COUNTER.get(env.COUNTER.idFromName("one")).fetch(request);
    if (request.url.endsWith("/linger")) await leaveThingsUnderWay("edge", context, answer);
    return answer;
  },
};
)";

const worker::Deployment& deployment() {
  static const auto made = rig::deploy("crashing", kWorker, {rig::object("COUNTER", "Counter")}, {"Counter"});
  return made;
}

CloudOptions six_cities() {
  CloudOptions options;
  options.pops = {"FRA", "AMS", "CDG", "LHR", "MAD", "VIE"};
  return options;
}

class Rig {
 public:
  Rig()
      : cloud_(rig::geography(), deployment(), six_cities()),
        client_(cloud_.add_client(*rig::geography().find("FRA"), "client/1")),
        tasks_(cloud_.world().loop()) {
    cloud_.origin("nobody.example.net");  // takes requests and never answers
    cloud_.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) {
          ++lines_[std::string(line.line)];
          last_line_ = line.line;
          ++line_count_;
        });
  }

  Cloud& cloud() { return cloud_; }
  void run_for(Duration time) { cloud_.world().loop().run_until(cloud_.world().now() + time); }
  // Sends a request and does not wait.
  void send(const char* url) { tasks_.spawn(fetch(url)); }
  // Sends until an answer of 200 comes; its body, or "" after too many tries.
  std::string ask(const char* url) {
    for (int i = 0; i < 100; ++i) {
      const uint64_t ended = ended_;
      last_.clear();
      send(url);
      while (ended_ == ended) cloud_.world().loop().step();
      if (!last_.empty()) return last_;
      run_for(millis(500));
    }
    return {};
  }
  // The host of the newest live instance; the last one known when none lives.
  host::Host& owner() {
    if (durable::Actor* actor = cloud_.find_object("do:Counter/one"))
      owner_ = actor->object_host().process().host().name();
    return *cloud_.hosts().by_name(owner_);
  }
  void crash(host::Host& host) { cloud_.hosts().crash(host); }
  // Console lines so far: how often one was seen, all of them, the last.
  int seen(const std::string& line) { return lines_[line]; }
  uint64_t line_count() const { return line_count_; }
  const std::string& last_line() const { return last_line_; }

 private:
  Task<void> fetch(const char* url) {
    auto request = make_ref<runtime::HttpRequest>();
    request->method = "POST";
    request->url = url;
    client::Exchange exchange = co_await client_.fetch(std::move(request));
    if (exchange.response && exchange.response->status == 200)
      last_ = std::string(exchange.response->body.text());
    ++ended_;
  }

  Cloud cloud_;
  client::Client& client_;
  std::string owner_ = "host:FRA/1";
  std::string last_;
  uint64_t ended_ = 0;
  std::map<std::string, int> lines_;
  uint64_t line_count_ = 0;
  std::string last_line_;
  TaskScope tasks_;
};

int64_t malloc_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

int64_t resident_bytes() {
  malloc_trim(0);
  long pages = 0;
  if (FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(f);
  }
  return pages * sysconf(_SC_PAGESIZE);
}

TEST(Crash, TenThousandCrashesOfAnOwnerLeaveNothingBehind) {
  constexpr int kCycles = 10'000, kWarm = 1'000;
  Rig rig;
  int64_t count = 0;
  ASSERT_EQ(rig.ask("/inc"), std::to_string(++count));
  int64_t malloc_before = 0, resident_before = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    if (cycle == kWarm) {
      malloc_before = malloc_bytes();
      resident_before = resident_bytes();
    }
    // Now and then the crash falls into a request, at any stage of it.
    if (cycle % 10 == 3) {
      rig.send("/linger");
      rig.run_for(micros(cycle * 37 % 9'000));
    }
    host::Host& owner = rig.owner();
    rig.crash(owner);
    rig.run_for(millis(cycle % 7));
    rig.cloud().hosts().restart(owner);
    rig.run_for(millis(cycle % 5));
    if (cycle % 20 == 19) {
      const int64_t got = std::atoll(rig.ask("/inc").c_str());
      // An unanswered try may have counted; an answered one must have.
      ASSERT_GT(got, count) << "in cycle " << cycle;
      count = got;
    }
  }
  const int64_t grown = malloc_bytes() - malloc_before;
  const int64_t resident = resident_bytes() - resident_before;
  RecordProperty("malloc_bytes_per_cycle", std::to_string(grown / (kCycles - kWarm)));
  std::printf("grown per cycle: malloc %lld bytes, resident %lld bytes\n",
              static_cast<long long>(grown / (kCycles - kWarm)),
              static_cast<long long>(resident / (kCycles - kWarm)));
  EXPECT_LT(grown, 1024 * (kCycles - kWarm));
  EXPECT_LT(resident, 1024 * (kCycles - kWarm));
}

TEST(Crash, WithoutACrashWhatWasUnderWayGoesOn) {
  Rig rig;
  ASSERT_EQ(rig.ask("/inc"), "1");
  rig.send("/linger");
  rig.run_for(seconds(1));
  for (const char* line : {"edge: under way", "object: under way", "object: timer",
                           "object: interval", "object: finally of waitUntil", "edge: timer"})
    EXPECT_GT(rig.seen(line), 0) << line;
}

TEST(Crash, NoJavaScriptOfACrashedIsolateRunsAgain) {
  Rig rig;
  ASSERT_EQ(rig.ask("/inc"), "1");
  // At many stages: before the object is reached, in its turns, between its timers.
  for (int stage = 0; stage < 40; ++stage) {
    rig.send("/linger");
    rig.run_for(micros(100 + stage * stage * 100));
    for (host::HostId id = 0; id < rig.cloud().hosts().count(); ++id) {
      host::Host& host = rig.cloud().hosts().by_id(id);
      if (!host.outside() && host.number() <= rig.cloud().options().hosts_per_pop) rig.crash(host);
    }
    const uint64_t lines = rig.line_count();
    rig.run_for(minutes(2));
    for (host::HostId id = 0; id < rig.cloud().hosts().count(); ++id)
      rig.cloud().hosts().restart(rig.cloud().hosts().by_id(id));
    rig.run_for(minutes(2));
    ASSERT_EQ(rig.line_count(), lines) << "stage " << stage << ": " << rig.last_line();
    ASSERT_FALSE(rig.ask("/inc").empty());
  }
  EXPECT_GT(rig.seen("object: under way"), 10);
}

}  // namespace
}  // namespace orrery
