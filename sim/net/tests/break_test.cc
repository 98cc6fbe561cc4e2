// Goal: partitions hold, heal and break streams as declared, and say no more than a caller can
// know. Method: interleavings by hand.
#include <gtest/gtest.h>

#include <set>

#include "sim/net/events.h"
#include "sim/net/tests/fixture.h"

namespace orrery::net {
namespace {

const Endpoints kFra{{"FRA"}, {}};
const Endpoints kSin{{"pop:SIN"}, {}};

TEST(Partition, HeldMessagesArriveInOrderAfterItHeals) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->post(*fra.process(), sin.id(), kEcho, number(0));
  f.run_for(millis(10));
  f.network->partition("cut", kFra, kSin);  // catches the first on the wire
  for (int i = 1; i < 5; ++i) f.network->post(*fra.process(), sin.id(), kEcho, number(i));
  f.run_for(seconds(10));
  EXPECT_TRUE(f.echo(sin).heard.empty());
  EXPECT_TRUE(f.network->heal("cut"));
  EXPECT_FALSE(f.network->heal("cut"));
  f.run_for(seconds(1));
  ASSERT_EQ(f.echo(sin).heard.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(f.echo(sin).heard[i].second, i);
  EXPECT_TRUE(f.echo(sin).lost.empty());
}

TEST(Partition, AMessageThatIsHeldTwiceHasADecisionForEachTimeItIsSentAgain) {
  Fixture f(World::Options{{1, DecisionBase::kSeed, {}}, false});
  std::vector<DecisionRecord> decisions;
  const uint64_t sequence = 0;
  f.world.decide().record_into(&decisions, &sequence);
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->post(*fra.process(), sin.id(), kEcho, number(0));
  for (int i = 0; i < 3; ++i) {
    f.network->partition("cut", kFra, kSin);
    f.network->heal("cut");
  }
  f.run_for(seconds(1));
  EXPECT_EQ(f.echo(sin).heard.size(), 1u);
  std::set<std::string> keys;
  for (const DecisionRecord& d : decisions) EXPECT_TRUE(keys.insert(d.key).second) << d.key << " twice";
  EXPECT_GE(keys.size(), 4u);
}

TEST(Partition, WithoutAConnectionACallIsSurelyUnhandled) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->partition("cut", kFra, kSin);
  Outcome& quick = f.call(fra, sin, 1, seconds(5));
  Outcome& slow = f.call(fra, sin, 2, seconds(60));
  f.run_for(seconds(16));
  EXPECT_EQ(quick.reply.error, CallError::kUnreachable);
  EXPECT_EQ(quick.at, Instant{5'000'000});
  EXPECT_EQ(slow.reply.error, CallError::kUnreachable);
  EXPECT_EQ(slow.at, Instant{} + kStreamTimeout);
  f.network->heal_all();
  f.run_for(seconds(5));
  EXPECT_TRUE(f.echo(sin).heard.empty());
}

TEST(Partition, ACallThatIsSurelyUnhandledStaysSo) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->partition("cut", kFra, kSin);
  Outcome& o = f.call(fra, sin, 1, seconds(5));
  f.run_for(seconds(6));
  EXPECT_EQ(o.reply.error, CallError::kUnreachable);
  f.network->heal_all();
  f.run_for(seconds(5));
  EXPECT_TRUE(f.echo(sin).heard.empty());
}

// A restarted host that has only a reset to send must not leave the connection's epoch behind its
// peer's back when that reset is stuck for long: the peer's next call would be dropped without news.
TEST(Partition, ACallEndsAfterTheResetOfARestartedHostWasStuckForLong) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->partition("deaf", {{fra.name()}, {}}, {}, true);
  Outcome& first = f.call(sin, fra, 1, Duration{0});
  f.run_for(seconds(6));
  f.hosts.crash(fra);
  f.hosts.restart(fra);
  f.network->partition("dumb", {{sin.name()}, {}}, {}, true);
  f.run_for(seconds(16));
  EXPECT_TRUE(first.done);
  Outcome& second = f.call(sin, fra, 2, Duration{0});
  f.network->heal_all();
  f.run_for(seconds(5));
  ASSERT_TRUE(second.done);
  EXPECT_TRUE(second.reply.ok());
}

// Once the survivor of a timeout is ahead of its peer, a crash of the peer must still reach it: its
// reset has to beat the connection that the peer never heard of.
TEST(Partition, ACrashIsHeardOfByASideThatHasBegunAgain) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.call(fra, sin, 1);
  f.run_for(seconds(1));
  f.network->partition("cut", kFra, kSin);
  f.network->post(*fra.process(), sin.id(), kEcho, number(2));
  f.run_for(seconds(16));
  f.network->heal_all();
  Outcome& o = f.call(fra, sin, 3, Duration{0});
  f.run_for(millis(10));
  f.hosts.crash(sin);
  f.hosts.restart(sin);
  f.run_for(seconds(5));
  EXPECT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kDisconnected);
}

TEST(Partition, OnAnEstablishedStreamATimedOutCallMayStillBeHandled) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.call(fra, sin, 1);
  f.run_for(seconds(1));
  f.network->partition("cut", kFra, kSin);
  Outcome& o = f.call(fra, sin, 2, seconds(5));
  f.run_for(seconds(6));
  EXPECT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kTimeout);
  f.network->heal_all();
  f.run_for(seconds(1));
  EXPECT_EQ(f.echo(sin).heard.size(), 2u);
}

TEST(Partition, AStreamWithoutProgressBreaksAndBothSidesHear) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.call(fra, sin, 1);
  f.run_for(seconds(1));
  f.network->partition("cut", kFra, kSin);
  Outcome& o = f.call(fra, sin, 2);
  f.run_for(seconds(14));
  EXPECT_FALSE(o.done);
  f.run_for(seconds(2));
  EXPECT_EQ(o.reply.error, CallError::kDisconnected);
  EXPECT_TRUE(o.done);
  EXPECT_EQ(f.echo(fra).lost.size(), 1u);
  EXPECT_TRUE(f.echo(sin).lost.empty()) << "it cannot know yet";
  f.network->heal_all();
  f.run_for(seconds(1));
  EXPECT_EQ(f.echo(sin).lost.size(), 1u);
  EXPECT_EQ(f.echo(sin).heard.size(), 1u) << "what was held is gone with its stream";
  Outcome& again = f.call(fra, sin, 3);
  f.run_for(seconds(1));
  EXPECT_TRUE(again.reply.ok());
  EXPECT_EQ(f.echo(fra).lost.size(), 1u);
}

TEST(Partition, OneWayTheRequestArrivesAndTheReplyIsHeld) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->partition("cut", kSin, kFra, true);
  Outcome& o = f.call(fra, sin, 1);
  f.run_for(seconds(5));
  EXPECT_EQ(f.echo(sin).heard.size(), 1u);
  EXPECT_FALSE(o.done);
  f.network->heal_all();
  f.run_for(seconds(1));
  EXPECT_TRUE(o.reply.ok());
}

TEST(Partition, OneWayTheSenderWithoutAcknowledgementBreaksAndSaysSo) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.network->partition("cut", kSin, kFra, true);
  Outcome& o = f.call(fra, sin, 1);
  f.run_for(seconds(20));
  EXPECT_EQ(o.reply.error, CallError::kDisconnected) << "it may have been handled, and was";
  EXPECT_EQ(f.echo(sin).lost.size(), 1u) << "the reset has a way";
  f.network->heal_all();
  f.run_for(seconds(5));
  Outcome& again = f.call(fra, sin, 3);
  f.run_for(seconds(1));
  EXPECT_TRUE(again.reply.ok());
}

TEST(Partition, ACrashBehindItIsHeardOfAfterItHeals) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.echo(sin).mute = true;
  Outcome& o = f.call(fra, sin, 1);
  f.run_for(seconds(1));
  f.network->partition("cut", kFra, kSin);
  f.hosts.crash(sin);
  f.hosts.restart(sin);
  f.run_for(seconds(10));
  EXPECT_FALSE(o.done);
  f.network->heal_all();
  f.run_for(seconds(1));
  EXPECT_EQ(o.reply.error, CallError::kDisconnected);
  EXPECT_TRUE(o.done);
}

TEST(Partition, CutsPlacesNotTheirClients) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &two = f.host("host:FRA/2"), &sin = f.host("host:SIN/1");
  host::Host& client = f.hosts.outside(fra.pop(), "client/1");
  f.network->partition("cut", kFra, {});
  EXPECT_TRUE(f.network->connected(fra.id(), two.id()));
  EXPECT_FALSE(f.network->connected(fra.id(), sin.id()));
  EXPECT_FALSE(f.network->connected(client.id(), fra.id())) << "everyone else";
  f.network->heal_all();
  f.network->partition("cut", kFra, kSin);
  EXPECT_TRUE(f.network->connected(client.id(), fra.id()));
  EXPECT_TRUE(f.network->connected(client.id(), sin.id()));
  f.network->partition("cut", {{"client/*"}, {}}, {{"host:FRA/1"}, {}}, true);
  EXPECT_FALSE(f.network->connected(client.id(), fra.id()));
  EXPECT_TRUE(f.network->connected(fra.id(), client.id()));
  EXPECT_TRUE(f.network->connected(fra.id(), sin.id())) << "replaced";
}

TEST(LinkFault, AClogDelaysAndLeavesNoTrace) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  Outcome& before = f.call(fra, sin, 1);
  f.run_for(seconds(1));
  LinkFault clog;
  clog.extra_delay = millis(300);
  f.network->degrade("slow", kFra, {}, false, clog);
  Outcome& during = f.call(fra, sin, 2);
  f.run_for(seconds(9));
  f.network->heal("slow");
  Outcome& after = f.call(fra, sin, 3);
  f.run_for(seconds(1));
  EXPECT_EQ(during.at.us - 1'000'000, before.at.us + 600'000);
  EXPECT_EQ(after.at.us - 10'000'000, before.at.us);
}

TEST(LinkFault, BandwidthQueuesTheMessagesOfASender) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  LinkFault narrow;
  narrow.bytes_per_second = 640;
  f.network->degrade("narrow", kFra, {}, true, narrow);
  for (int i = 0; i < 10; ++i) f.network->post(*fra.process(), sin.id(), kEcho, number(i));
  f.run_for(millis(550));
  EXPECT_EQ(f.echo(sin).heard.size(), 4u);
  f.run_for(seconds(2));
  EXPECT_EQ(f.echo(sin).heard.size(), 10u);
}

TEST(LinkFault, LossShowsAsDelayOnly) {
  Fixture f(3, DecisionBase::kSeed);
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  LinkFault lossy;
  lossy.loss = Ratio{1, 2};
  f.network->degrade("lossy", kFra, {}, false, lossy);
  for (int i = 0; i < 200; ++i) f.network->post(*fra.process(), sin.id(), kEcho, number(i));
  f.run_for(millis(200));
  EXPECT_LT(f.echo(sin).heard.size(), 100u);
  f.run_for(seconds(60));
  ASSERT_EQ(f.echo(sin).heard.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(f.echo(sin).heard[i].second, i);
}

TEST(LinkFault, EndpointNamesAreExplained) {
  Fixture f;
  for (const char* good : {"FRA", "pop:SIN", "host:FRA/2", "client/1", "client/*", "*"})
    EXPECT_EQ(f.network->explain_endpoint(good), "") << good;
  for (const char* bad : {"", "XXX", "host:FRA", "host:FRA/x", "host:XXX/1", "Frankfurt"})
    EXPECT_NE(f.network->explain_endpoint(bad), "") << bad;
}

}  // namespace
}  // namespace orrery::net
