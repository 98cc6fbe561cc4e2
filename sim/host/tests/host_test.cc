// Goal: a crash takes exactly the process, a pause loses nothing. Method: services and tasks that
// write down what happens to them.
#include "sim/host/host.h"

#include <gtest/gtest.h>

#include "sim/disk/disk.h"
#include "sim/host/events.h"

namespace orrery::host {
namespace {

constexpr Site kSite{"test.host"};

class TwoPlaces : public Places {
 public:
  uint32_t pop_count() const override { return 2; }
  std::string_view pop_code(uint32_t pop) const override { return pop == 0 ? "FRA" : "SIN"; }
  std::optional<uint32_t> find_pop(std::string_view code) const override {
    if (code == "FRA") return 0;
    if (code == "SIN") return 1;
    return std::nullopt;
  }
};

struct Saying : Service {
  Saying(std::vector<std::string>& said, std::string name) : said(said), name(std::move(name)) {}
  ~Saying() override { said.push_back(name + " gone"); }
  std::vector<std::string>& said;
  std::string name;
};
struct First : Saying {
  using Saying::Saying;
};
struct Second : Saying {
  using Saying::Saying;
};

struct Frame {
  std::vector<std::string>& said;
  ~Frame() { said.push_back("task gone"); }
};

Task<void> sleep_for_ever(World& world, std::vector<std::string>& said) {
  Frame frame{said};
  for (;;) {
    co_await sleep(world.loop(), kSite, seconds(1));
    said.push_back("tick");
  }
}

struct Fixture {
  World world{World::Options{}};
  TwoPlaces places;
  std::vector<std::string> said;
  Hosts hosts{world, places, [this](Process& p) {
                p.add<First>(said, "first");
                p.add<Second>(said, "second");
              }};
};

TEST(Hosts, AreMadeAndBootedAtFirstUse) {
  Fixture f;
  EXPECT_EQ(f.hosts.count(), 0u);
  Host& a = f.hosts.at(1, 2);
  EXPECT_EQ(a.name(), "host:SIN/2");
  EXPECT_TRUE(a.up());
  EXPECT_EQ(a.process()->incarnation(), 1u);
  EXPECT_EQ(f.hosts.by_name("host:SIN/2"), &a);
  EXPECT_EQ(f.hosts.by_name("host:FRA/1")->pop(), 0u);
  EXPECT_EQ(f.hosts.by_name("host:XXX/1"), nullptr);
  EXPECT_EQ(f.hosts.by_name("host:FRA/01"), nullptr);
  EXPECT_EQ(f.hosts.by_name("host:FRA/"), nullptr);
  EXPECT_EQ(f.hosts.by_name("client/1"), nullptr);
}

TEST(Hosts, OutsideHostsRunNoPlatform) {
  Fixture f;
  Host& client = f.hosts.outside(0, "client/1");
  EXPECT_TRUE(client.outside());
  EXPECT_EQ(client.process()->find<First>(), nullptr);
  EXPECT_EQ(&f.hosts.outside(1, "client/1"), &client);
}

TEST(Hosts, ACrashDestroysTasksThenServicesInReverseOrder) {
  Fixture f;
  Host& a = f.hosts.at(0, 1);
  a.process()->tasks().spawn(sleep_for_ever(f.world, f.said));
  int later = 0;
  f.world.loop().schedule(Instant{10}, kSite, a.process()->owner(), [&] { ++later; });
  f.hosts.crash(a);
  EXPECT_EQ(f.said, (std::vector<std::string>{"task gone", "second gone", "first gone"}));
  EXPECT_FALSE(a.up());
  f.world.loop().run_until(Instant{5'000'000});
  EXPECT_EQ(later, 0);
  EXPECT_EQ(f.said.size(), 3u);
  f.hosts.restart(a);
  EXPECT_EQ(a.process()->incarnation(), 2u);
  EXPECT_NE(a.process()->find<First>(), nullptr);
}

TEST(Hosts, APausedHostSleepsThroughAndThenCatchesUp) {
  Fixture f;
  Host& a = f.hosts.at(0, 1);
  a.process()->tasks().spawn(sleep_for_ever(f.world, f.said));
  f.hosts.pause(a, millis(2500));
  f.hosts.pause(a, millis(100));  // a shorter pause does not end a longer one
  f.world.loop().run_until(Instant{2'499'999});
  EXPECT_TRUE(f.said.empty());
  EXPECT_TRUE(a.paused());
  f.world.loop().run_until(Instant{2'500'000});
  EXPECT_EQ(f.said.size(), 1u);
  f.world.loop().run_until(Instant{3'500'000});
  EXPECT_EQ(f.said.size(), 2u);
}

TEST(Hosts, ACrashedPauseDoesNotWakeTheNextIncarnation) {
  Fixture f;
  Host& a = f.hosts.at(0, 1);
  f.hosts.pause(a, seconds(5));
  f.hosts.crash(a);
  f.hosts.restart(a);
  EXPECT_FALSE(a.paused());
  f.world.loop().run_until(Instant{6'000'000});
  EXPECT_TRUE(a.up());
}

TEST(Hosts, ABootDoesNotDependOnWhoUsedTheHostFirst) {
  uint64_t ids[2];
  for (int round = 0; round < 2; ++round) {
    World world{World::Options{}};
    TwoPlaces places;
    uint64_t id = 0;
    Hosts hosts(world, places, [&](Process& p) { id = p.world().cause().derive(kSite); });
    if (round == 1) world.loop().schedule(Instant{7}, kSite, kWorldOwner, [&] { hosts.at(0, 1); });
    else hosts.at(0, 1);
    world.loop().run_until(Instant{10});
    ids[round] = id;
  }
  EXPECT_EQ(ids[0], ids[1]);
}

TEST(Hosts, NothingBootsInALostPointOfPresence) {
  Fixture f;
  Host &a = f.hosts.at(0, 1), &other = f.hosts.at(1, 1);
  Host& client = f.hosts.outside(0, "client/1");
  f.hosts.lose_pop(0);
  f.hosts.restart(a);
  EXPECT_FALSE(a.up());
  EXPECT_FALSE(f.hosts.at(0, 2).up());
  EXPECT_TRUE(other.up() && client.up());
  EXPECT_TRUE(f.hosts.pop_lost(0));
  f.hosts.return_pop(0);
  EXPECT_TRUE(a.up() && f.hosts.at(0, 2).up());
}

TEST(Hosts, FaultsAreAnnouncedOnTheHostsLane) {
  Fixture f;
  int crashes = 0, boots = 0;
  f.world.observers().subscribe<Crashed>([&](const Crashed&, const EventContext&) { ++crashes; });
  f.world.observers().subscribe<Booted>([&](const Booted&, const EventContext&) { ++boots; });
  Host& a = f.hosts.at(0, 1);
  f.hosts.crash(a);
  f.hosts.crash(a);
  f.hosts.restart(a);
  f.hosts.restart(a);
  EXPECT_EQ(crashes, 1);
  EXPECT_EQ(boots, 2);
  EXPECT_GE(f.world.trace().lane_at(a.lane()).events, 3u);  // the disk may add its own
}

}  // namespace
}  // namespace orrery::host
