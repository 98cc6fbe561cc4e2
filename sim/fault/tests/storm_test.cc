// Goal: whole runs under drawn faults end in peace, give the same hash twice and leak nothing.
// Method: hosts that call each other all the time, a drawn plan, the quiet time at the end.
#include <gtest/gtest.h>
#include <malloc.h>

#include <set>

#include "sim/fault/injector.h"
#include "sim/fault/swarm.h"
#include "sim/net/tests/fixture.h"

namespace orrery::fault {
namespace {

constexpr Site kPace{"test.pace"};
const Duration kHorizon = seconds(60);

struct Storm : net::Fixture {
  Injector injector{world, hosts, *network, nullptr};
  Terrain terrain;
  std::set<std::string> dead;  // for good: what is asked of them is not counted
  uint64_t answered = 0, failed = 0;

  Storm(uint64_t seed, Preset preset) : net::Fixture(seed, DecisionBase::kSeed) {
    terrain.pops = {"FRA", "SIN", "IAD"};
    for (const std::string& pop : terrain.pops)
      for (int i = 1; i <= 2; ++i) terrain.hosts.push_back("host:" + pop + "/" + std::to_string(i));
    for (const std::string& name : terrain.hosts) hosts.by_name(name);
    for (Fault& f : draw_swarm(world, preset, terrain, kHorizon)) {
      if (kills_for_good(f)) dead.insert(f.target);
      EXPECT_EQ(injector.add(f), "");
    }
    host::Host& client = hosts.outside(*geography().by_city("Hanoi").pop, "client/1");
    for (const std::string& name : terrain.hosts)
      client.process()->tasks().spawn(ask(*client.process(), hosts.by_name(name)->id()));
  }
  Task<void> ask(host::Process& self, host::HostId to) {
    for (int64_t n = 0;; ++n) {
      net::Reply r = co_await network->call(self, to, net::kEcho, net::number(n), seconds(3));
      if (!dead.count(hosts.by_id(to).name())) ++(r.ok() ? answered : failed);
      co_await sleep(world.loop(), kPace, millis(200));
    }
  }
};

// All that lives is up and connected at the end; what was killed for good stays dead.
TEST(Storm, EndsInPeaceForAHealthyCore) {
  uint64_t failed = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Storm s(seed, Preset::kStorm);
    s.world.loop().run_until(Instant{} + quiet_from(kHorizon));
    failed += s.failed;
    EXPECT_LE(s.dead.size(), 2u) << seed;
    EXPECT_GE(s.injector.in_force(), s.dead.size()) << seed;
    EXPECT_LE(s.injector.in_force(), s.dead.empty() ? 0u : 2u) << seed;
    for (const std::string& name : s.terrain.hosts) {
      EXPECT_EQ(s.hosts.by_name(name)->up(), !s.dead.count(name)) << name << " seed " << seed;
      EXPECT_FALSE(s.hosts.by_name(name)->paused()) << name << " seed " << seed;
    }
    s.run_for(seconds(4));
    uint64_t still = s.failed, before = s.answered;
    s.run_for(seconds(5));
    EXPECT_EQ(s.failed, still) << seed;
    EXPECT_GT(s.answered, before + 30) << seed;
  }
  EXPECT_GT(failed, 100u) << "a storm is felt";
}

TEST(Storm, TheSameSeedGivesTheSameHashAndAnotherAnother) {
  auto hash = [](uint64_t seed) {
    Storm s(seed, Preset::kSwarm);
    s.world.loop().run_until(Instant{} + kHorizon);
    return s.world.trace().hash();
  };
  EXPECT_EQ(hash(5), hash(5));
  EXPECT_NE(hash(5), hash(6));
}

TEST(Storm, TenThousandCrashesGrowMemoryByLessThanAKilobyteEach) {
  Storm s(1, Preset::kNone);
  host::Host& victim = s.host("host:FRA/1");
  auto cycles = [&](int n) {
    for (int i = 0; i < n; ++i) {
      s.run_for(millis(20));
      s.hosts.crash(victim);
      s.run_for(millis(20));
      s.hosts.restart(victim);
    }
  };
  cycles(1'000);
  size_t before = mallinfo2().uordblks;
  cycles(9'000);
  size_t after = mallinfo2().uordblks;
  EXPECT_LT(after, before + 9'000 * 1'024);
  EXPECT_EQ(victim.process()->incarnation(), 10'001u);
  auto grown = static_cast<int64_t>(after) - static_cast<int64_t>(before);
  RecordProperty("bytes_per_cycle", std::to_string(grown / 9'000));
}

}  // namespace
}  // namespace orrery::fault
