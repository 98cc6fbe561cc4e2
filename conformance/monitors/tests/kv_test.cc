// Goal: KV-1 and KV-2 are broken by exactly what they forbid. Method: events by hand on two lanes.
#include <gtest/gtest.h>

#include "conformance/monitors/monitors.h"
#include "platform/kv/events.h"
#include "sim/host/host.h"
#include "sim/net/geography.h"
#include "sim/net/network.h"

namespace orrery::monitors {
namespace {

struct KvMonitors : testing::Test {
  void at(Duration t) { world.loop().run_until(Instant{t.us}); }
  void stored(uint32_t back_end, int64_t version, Duration visible_in = {0},
              bool reconciled = false) {
    world.announce(kv::Stored{lane, {version, 1, 1, 1}, false, back_end, reconciled, true,
                              visible_in, world.now()});
  }
  void read(int64_t version, Duration ttl = seconds(60), uint32_t pop = 7) {
    kv::Version v;
    if (version) v = {version, 1, 1, 1};
    world.announce(kv::ReadServed{lane, v, version != 0, false, pop, 1, kv::Tier::kPop, 1, ttl,
                                  world.now(), world.now()});
  }
  uint64_t broken() { return monitors.breaches().size(); }

  World world{World::Options{}};
  net::Geography geography;
  host::Hosts hosts{world, geography, [](host::Process&) {}};
  std::unique_ptr<net::Network> network = net::make_network(world, hosts, geography);
  Monitors monitors{world, hosts};
  LaneId lane = world.trace().lane("kv:FLAGS/beta", "kv");
};

TEST_F(KvMonitors, AnOldVersionIsFineUntilBothBackEndsHadTheNewOneForTheLargestCacheTtl) {
  stored(1, 10);
  stored(2, 10);
  at(seconds(61));
  read(10);
  stored(1, 20);
  at(seconds(150));
  read(10);  // only one back end has it
  stored(2, 20, {0}, true);
  at(seconds(209));
  read(10);
  EXPECT_EQ(broken(), 0u);
  at(seconds(211));
  read(10);
  EXPECT_EQ(broken(), 1u);
  EXPECT_GE(monitors.exercised(RuleId::kKvStale), 3u);
}

TEST_F(KvMonitors, ADeclaredDelayAndALargerCacheTtlMoveTheBound) {
  stored(1, 10, seconds(30));
  stored(2, 10, seconds(30));
  at(seconds(89));
  read(0);
  read(0, seconds(600), 8);
  EXPECT_EQ(broken(), 0u);
  at(seconds(91));
  read(0, seconds(60), 8);  // that city once used ten minutes
  EXPECT_EQ(broken(), 0u);
  read(0);
  EXPECT_EQ(broken(), 1u);
}

TEST_F(KvMonitors, TwoWritesWithinASecondAtOneBackEndBreakTheRateRule) {
  stored(1, 10);
  at(millis(500));
  stored(2, 20);
  stored(1, 30, {0}, true);
  EXPECT_EQ(broken(), 0u);
  stored(1, 40);
  EXPECT_EQ(broken(), 1u);
}

}  // namespace
}  // namespace orrery::monitors
