// Goal: what a reader may see, and for how long. Method: readers in several cities of a small world; then a
// storm with a rule that every read is held against.
#include "platform/kv/events.h"
#include "platform/kv/tests/kv_rig.h"

namespace orrery::kv {
namespace {

TEST(Caches, AnOldValueIsServedForItsCacheTtlAndNoLonger) {
  Rig rig;
  rig.put("CDG", "beta", "old");
  EXPECT_EQ(rig.get("SIN", "beta"), "old");
  Instant cached = rig.world.now();
  rig.put("CDG", "beta", "new");
  EXPECT_EQ(rig.get("CDG", "beta"), "new");  // the writer's own city
  EXPECT_EQ(rig.get("SIN", "beta"), "old");
  rig.world.loop().run_until(cached + seconds(59));
  EXPECT_EQ(rig.get("SIN", "beta"), "old");
  rig.world.loop().run_until(cached + seconds(60));
  EXPECT_EQ(rig.get("SIN", "beta"), "new");
}

TEST(Caches, NotFoundIsCachedToo) {
  Rig rig;
  EXPECT_EQ(rig.get("SIN", "beta"), "null");
  rig.put("CDG", "beta", "on");
  rig.run_for(seconds(30));
  EXPECT_EQ(rig.get("SIN", "beta"), "null");
  rig.run_for(seconds(30));
  EXPECT_EQ(rig.get("SIN", "beta"), "on");
}

TEST(Caches, ADeletedKeyIsStillServedElsewhereForAWhile) {
  Rig rig;
  rig.put("CDG", "beta", "on");
  EXPECT_EQ(rig.get("SIN", "beta"), "on");
  EXPECT_EQ(rig.remove("CDG", "beta").status, 200);
  EXPECT_EQ(rig.get("CDG", "beta"), "null");
  EXPECT_EQ(rig.get("SIN", "beta"), "on");
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.get("SIN", "beta"), "null");
}

TEST(Caches, ALaterReadWithASmallerCacheTtlLooksAgain) {
  Rig rig;
  rig.put("CDG", "beta", "old");
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "old");
  rig.put("CDG", "beta", "new");
  rig.run_for(seconds(120));
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "old");
  EXPECT_EQ(rig.get("SIN", "beta", seconds(60)), "new");
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "new");
}

TEST(Caches, AgesOfTheTiersDoNotAddUp) {
  Rig rig;
  rig.put("CDG", "beta", "old");
  EXPECT_EQ(rig.get("KUL", "beta"), "old");  // fills the region's tier in Singapore
  rig.put("CDG", "beta", "new");
  rig.run_for(seconds(50));
  EXPECT_EQ(rig.get("BKK", "beta"), "old");  // from the region, 50 s old already
  rig.run_for(seconds(15));
  EXPECT_EQ(rig.get("BKK", "beta"), "new");
}

TEST(Caches, AnExpiredValueIsNotServedThoughItIsFresh) {
  Rig rig;
  int64_t expires = rig.hosts.by_name("host:SIN/1")->clock().wall_ms() / 1000 + 70;
  rig.start_write("CDG", "beta", "on", false, expires);
  rig.run_for(seconds(2));
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "on");
  rig.run_for(seconds(67));
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "on");
  rig.run_for(seconds(2));
  EXPECT_EQ(rig.get("SIN", "beta", seconds(3600)), "null");
}

TEST(Caches, AnEmptyCacheAfterACrashIsFilledAnew) {
  Rig rig;
  rig.put("CDG", "beta", "old");
  EXPECT_EQ(rig.get("SIN", "beta"), "old");
  rig.put("CDG", "beta", "new");
  host::Host& sin = *rig.hosts.by_name("host:SIN/1");
  rig.hosts.crash(sin);
  rig.hosts.restart(sin);
  EXPECT_EQ(rig.get("SIN", "beta"), "new");
}

TEST(Caches, AReadGoesAroundTiersThatAreDown) {
  Rig rig;
  rig.put("CDG", "beta", "on");
  rig.hosts.crash(*rig.hosts.by_name("host:SIN/1"));
  EXPECT_EQ(rig.get("KUL", "beta"), "on");
}

TEST(Lists, AreSortedByBytesAndPagesMayComeShort) {
  Rig rig;
  for (const char* name : {"b", "a", "\xc3\xa9", "B", "ab"}) rig.put("CDG", name, "1");
  EXPECT_EQ(rig.list("CDG", {}), "B a ab b \xc3\xa9 ");
  EXPECT_EQ(rig.list("CDG", {.prefix = "a"}), "a ab ");
  rig.remove("CDG", "a");
  rig.remove("CDG", "ab");
  rig.run_for(seconds(60));
  std::string after;
  EXPECT_EQ(rig.list("CDG", {.limit = 2}, &after), "B ...");
  EXPECT_EQ(rig.list("CDG", {.after = after, .limit = 1}, &after), "...");
  EXPECT_EQ(rig.list("CDG", {.after = after, .limit = 3}, &after), "b \xc3\xa9 ");
}

TEST(Lists, AreStaleLikeValues) {
  Rig rig;
  rig.put("CDG", "a", "1");
  EXPECT_EQ(rig.list("SIN", {}), "a ");
  rig.put("CDG", "b", "1");
  EXPECT_EQ(rig.list("SIN", {}), "a ");
  EXPECT_EQ(rig.get("SIN", "b"), "1");  // value and list disagree
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.list("SIN", {}), "a b ");
}

// Holds every read against what the back end that it came from had made visible when it was asked.
struct Rule {
  explicit Rule(World& w) : world(w) {
    world.observers().subscribe<Stored>([this](const Stored& e, const EventContext& c) {
      stored[{e.lane, e.back_end}].push_back({c.at + e.visible_in, e.version});
    });
    world.observers().subscribe<ReadServed>([this](const ReadServed& e, const EventContext&) {
      ++reads;
      if (e.asked - e.fetched > e.cache_ttl) ++broken;
      Version expected;
      for (const auto& [at, version] : stored[{e.lane, e.back_end}])
        if (at < e.fetched) expected = std::max(expected, version);
      if (e.version < expected) ++broken;
    });
  }
  World& world;
  std::map<std::pair<LaneId, uint32_t>, std::vector<std::pair<Instant, Version>>> stored;
  int reads = 0;
  int broken = 0;
};

// Writers and readers in six cities while back ends crash, cities are cut off and delays come and go.
int run_storm(uint64_t seed, const Weaken& weaken, int* reads) {
  constexpr Site kDraw{"test.kv_storm"};
  const char* cities[] = {"CDG", "SIN", "IAD", "GRU", "SYD", "NRT"};
  Rig rig(seed, DecisionBase::kSeed);
  rig.layout.weaken = weaken;
  Rule rule(rig.world);
  auto draw = [&](int64_t high) { return rig.world.decide().between(kDraw, 0, high, 0); };
  for (int step = 0; step < 400; ++step) {
    CauseScope cause(rig.world.cause(), mix64(seed, static_cast<uint64_t>(step) + 1));
    const char* city = cities[draw(5)];
    const std::string key(1, static_cast<char>('a' + draw(2)));
    const int64_t what = draw(99);
    if (what < 25) {
      rig.start_write(city, key, std::to_string(step), draw(9) == 0);
    } else if (what < 90) {
      rig.start_read(city, rig.key(key), seconds(30 + 30 * draw(2)));
    } else if (what < 93) {
      host::Host& h = *rig.back_ends[static_cast<size_t>(draw(1))];
      h.up() ? rig.hosts.crash(h) : rig.hosts.restart(h);
    } else if (what < 96) {
      rig.network->partition("cut", {.names = {city}}, {.names = {draw(1) ? "FRA" : "ORD"}});
    } else if (what < 98) {
      rig.network->heal("cut");
    } else {
      rig.layout.delays["slow"] = {"", seconds(draw(20))};
    }
    rig.run_for(millis(draw(1'500)));
  }
  *reads += rule.reads;
  return rule.broken;
}

TEST(Caches, StalenessIsBoundedByTheCacheTtlAndDeclaredDelaysInAnyStorm) {
  int reads = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) EXPECT_EQ(run_storm(seed, {}, &reads), 0) << seed;
  EXPECT_GT(reads, 5'000);
}

TEST(Caches, ANegativeEntryThatIsKeptForEverIsCaughtByThatRule) {
  int reads = 0, broken = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed)
    broken += run_storm(seed, {.negative_kept = true}, &reads);
  EXPECT_GT(broken, 0);
}

}  // namespace
}  // namespace orrery::kv
