// Goal: each kind that has ways of its own strikes as its mode says, and no further. Method: two hosts that echo, by hand.
#include "sim/fault/kinds.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/disk/disk.h"
#include "sim/disk/faults.h"
#include "sim/fault/injector.h"
#include "sim/net/tests/fixture.h"

namespace orrery::fault {
namespace {

struct Stage : net::Fixture {
  Injector injector{world, hosts, *network, nullptr};
  host::Host& fra = host("host:FRA/1");
  host::Host& fra2 = host("host:FRA/2");
  host::Host& sin = host("host:SIN/1");
  std::string add(const std::string& text) {
    Fault f;
    std::string error;
    if (!parse_fault(nlohmann::json::parse(text), &f, &error)) return error;
    return injector.add(std::move(f));
  }
  // How long a call takes, in milliseconds; -1: no answer.
  int64_t took(host::Host& from, host::Host& to) {
    const Instant before = world.now();
    net::Outcome& o = call(from, to, 1, seconds(5));
    run_for(seconds(6));
    return o.reply.ok() ? (o.at - before).us / 1000 : -1;
  }
};

TEST(Flapping, APartitionOpensAndShutsUntilItIsOver) {
  Stage s;
  ASSERT_EQ(s.add(R"({"kind":"partition","a":["FRA"],"b":["SIN"],"every_us":1000000,"open_us":300000,"for_us":3500000})"), "");
  std::string seen;
  for (int i = 0; i < 45; ++i) {
    s.run_for(i == 0 ? millis(50) : millis(100));
    seen += s.network->connected(s.fra.id(), s.sin.id()) ? 'o' : '-';
  }
  EXPECT_EQ(seen, "-------ooo-------ooo-------ooo-----oooooooooo");
  EXPECT_EQ(s.injector.begun_by_mode().at("partition.flapping"), 1u);
}

TEST(Flapping, HealingEndsItForGood) {
  Stage s;
  s.add(R"({"kind":"partition","name":"p","a":["FRA"],"b":["SIN"],"every_us":1000000})");
  s.run_for(millis(100));
  EXPECT_FALSE(s.network->connected(s.fra.id(), s.sin.id()));
  s.add(R"({"kind":"heal","name":"p"})");
  for (int i = 0; i < 30; ++i) {
    s.run_for(millis(100));
    EXPECT_TRUE(s.network->connected(s.fra.id(), s.sin.id()));
  }
}

TEST(Clog, InOneDirectionDelaysOnce) {
  int64_t usual = 0;
  {
    Stage s;
    usual = s.took(s.fra, s.sin);
  }
  const std::string clog = R"({"kind":"clog","a":["FRA"],"b":["SIN"],"delay_us":300000)";
  for (auto [direction, extra] : {std::pair{"both", 600}, {"send", 300}, {"receive", 300}}) {
    Stage s;
    ASSERT_EQ(s.add(clog + R"(,"direction":")" + direction + "\"}"), "");
    s.run_for(millis(1));
    EXPECT_EQ(s.took(s.fra, s.sin), usual + extra) << direction;
    EXPECT_EQ(s.injector.begun_by_mode().at(std::string("clog.") + direction), 1u);
  }
}

// The way of each message shows in a partition of one direction: the request arrives or it does not.
TEST(Clog, SendIsFromAAndReceiveIsToA) {
  for (const char* direction : {"send", "receive"}) {
    Stage s;
    s.add(std::string(R"({"kind":"clog","a":["FRA"],"b":[],"delay_us":3000000,"direction":")") + direction + "\"}");
    s.run_for(millis(1));
    s.call(s.fra, s.sin, 1);
    s.run_for(seconds(2));
    EXPECT_EQ(s.echo(s.sin).heard.empty(), std::string(direction) == "send");
  }
}

TEST(Backbone, OnlyWhatCrossesItIsHit) {
  Stage s;
  ASSERT_EQ(s.add(R"({"kind":"partition","name":"b","backbone":true})"), "");
  s.run_for(millis(1));
  EXPECT_FALSE(s.network->connected(s.fra.id(), s.sin.id()));
  EXPECT_TRUE(s.network->connected(s.fra.id(), s.fra2.id()));
  host::Host& client = s.hosts.outside(s.sin.pop(), "client/1");
  EXPECT_TRUE(s.network->connected(client.id(), s.fra.id()));
  s.add(R"({"kind":"heal","name":"b"})");
  ASSERT_EQ(s.add(R"({"kind":"partition","a":["FRA"],"b":["NRT"],"backbone":true})"), "");
  s.run_for(millis(1));
  EXPECT_TRUE(s.network->connected(s.fra.id(), s.sin.id()));
  EXPECT_FALSE(s.network->connected(s.fra.id(), s.host("host:NRT/1").id()));
  EXPECT_EQ(s.injector.begun_by_mode().at("partition.backbone"), 2u);
}

TEST(SlowHost, RunsForOneSliceInSoMany) {
  Stage s;
  const int64_t usual = s.took(s.fra, s.sin);
  ASSERT_EQ(s.add(R"({"kind":"slow_host","target":"host:SIN/1","factor":50,"for_us":60000000})"), "");
  s.run_for(millis(1));
  int64_t longest = 0;
  for (int i = 0; i < 5; ++i) {
    const int64_t took = s.took(s.fra, s.sin);
    EXPECT_GE(took, usual);
    EXPECT_LE(took, usual + 490);
    longest = std::max(longest, took);
  }
  EXPECT_GT(longest, usual + 10);
  s.run_for(seconds(60));
  EXPECT_EQ(s.took(s.fra, s.sin), usual);
}

TEST(SlowHost, StaysSlowOverARestartAndAPause) {
  Stage s;
  s.add(R"({"kind":"slow_host","target":"host:SIN/1","factor":100,"for_us":20000000})");
  s.add(R"({"kind":"crash","target":"host:SIN/1","at_us":1000000,"restart_after_us":1000000})");
  s.run_for(micros(2'005'000));
  EXPECT_TRUE(s.world.loop().paused(s.sin.process()->owner())) << "as good as stopped from its boot on";
  s.run_for(millis(988));
  EXPECT_FALSE(s.world.loop().paused(s.sin.process()->owner()));
  s.add(R"({"kind":"pause","target":"host:SIN/1","for_us":3000000})");
  for (int i = 0; i < 29; ++i) {
    s.run_for(millis(100));
    EXPECT_TRUE(s.world.loop().paused(s.sin.process()->owner()));
  }
  s.run_for(seconds(20));
  EXPECT_FALSE(s.world.loop().paused(s.sin.process()->owner()));
}

TEST(DiskCall, TheNthFailsAndThoseAfterItAsAsked) {
  Stage s;
  ASSERT_EQ(s.add(R"({"kind":"disk","disk":"io_error","target":"host:FRA/1","from_call":2,"calls":2,"for_us":1000})"), "");
  s.run_for(micros(10));
  EXPECT_EQ(s.fra.disk().faults().fail_from_call, 2u);
  EXPECT_EQ(s.fra.disk().faults().fail_calls, 2u);
  EXPECT_EQ(s.fra.disk().faults().io_error.numerator, 0);
  disk::DiskError error;
  auto file = s.fra.disk().open("a", true, &error);
  EXPECT_EQ(file->sync(), disk::DiskError::kNone);
  EXPECT_EQ(file->sync(), disk::DiskError::kIo);
  EXPECT_EQ(file->sync(), disk::DiskError::kIo);
  EXPECT_EQ(file->sync(), disk::DiskError::kNone);
  EXPECT_EQ(s.injector.begun_by_mode().at("disk.nth_call"), 1u);
}

TEST(Reset, BreaksTheConnectionsOfAHostAndNoOthers) {
  Stage s;
  EXPECT_GE(s.took(s.fra, s.sin), 0);
  EXPECT_GE(s.took(s.fra2, s.sin), 0);
  s.echo(s.sin).mute = true;
  net::Outcome& cut = s.call(s.fra, s.sin, 2);
  net::Outcome& whole = s.call(s.fra2, s.sin, 3);
  s.run_for(seconds(1));
  s.network->reset(s.fra.id());
  s.run_for(seconds(1));
  EXPECT_TRUE(cut.done);
  EXPECT_EQ(cut.reply.error, net::CallError::kDisconnected);
  EXPECT_FALSE(whole.done);
  EXPECT_EQ(s.echo(s.sin).lost, std::vector{s.fra.id()});
  s.echo(s.sin).mute = false;
  EXPECT_GE(s.took(s.fra, s.sin), 0) << "a new connection is whole";
}

TEST(Kinds, EachHasANameOfItsOwnAndModesThatItMayHave) {
  std::set<std::string> names;
  for (uint32_t k = 0; k < kFaultKinds; ++k) {
    const auto kind = static_cast<FaultKind>(k);
    EXPECT_TRUE(names.insert(to_string(kind)).second);
    EXPECT_EQ(find_kind(to_string(kind)), kind);
    for (const char* mode : modes_of(kind)) EXPECT_TRUE(names.insert(std::string(to_string(kind)) + "." + mode).second);
  }
  for (uint32_t k = 0; k < kDiskFaultKinds; ++k) {
    Fault f;
    f.kind = FaultKind::kDisk;
    f.disk = static_cast<DiskFaultKind>(k);
    EXPECT_TRUE(names.count("disk." + std::string(mode_of(f))));
  }
}

}  // namespace
}  // namespace orrery::fault
