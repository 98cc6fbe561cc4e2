// Goal: messages, calls and their failures have exactly the declared meaning. Method: hosts that
// echo, by hand, all decisions at their defaults.
#include <gtest/gtest.h>

#include "sim/net/events.h"
#include "sim/net/tests/fixture.h"

namespace orrery::net {
namespace {

TEST(Network, AReplyTakesTwoDelaysOfTheTable) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  Outcome& o = f.call(fra, sin, 7);
  f.run_for(seconds(1));
  ASSERT_TRUE(o.done && o.reply.ok());
  EXPECT_EQ(o.reply.message->as<Number>().value, 7);
  Duration table = f.geography().delay(fra.pop(), sin.pop()) * 2;
  EXPECT_GE(o.at.us, table.us);
  EXPECT_LE(o.at.us, table.us + table.us / 10);
}

TEST(Network, AHostReachesItself) {
  Fixture f;
  host::Host& fra = f.host("host:FRA/1");
  f.network->partition("all", {{"*"}, {}}, {{"*"}, {}});
  Outcome& o = f.call(fra, fra, 1);
  f.run_for(millis(1));
  ASSERT_TRUE(o.reply.ok());
  EXPECT_EQ(o.at, Instant{} + kLoopbackDelay * 2);
}

TEST(Network, ACallToAHostThatIsDownIsUnreachableAfterTheWayThereAndBack) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.hosts.crash(sin);
  Outcome& o = f.call(fra, sin, 7);
  f.run_for(seconds(1));
  ASSERT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kUnreachable);
  EXPECT_GE(o.at.us, f.geography().delay(fra.pop(), sin.pop()).us * 2);
}

TEST(Network, ACallToAServiceThatIsNotThereIsUnreachable) {
  Fixture f;
  Outcome& o = f.call(f.host("host:FRA/1"), f.host("host:SIN/1"), 7, seconds(60), kUnserved);
  f.run_for(seconds(1));
  ASSERT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kUnreachable);
}

TEST(Network, ATimeoutIsExactAndTheLateReplyIsDropped) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  Outcome& o = f.call(fra, sin, 7, millis(100));
  f.run_for(seconds(1));
  ASSERT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kTimeout);
  EXPECT_EQ(o.at, Instant{100'000});
  EXPECT_EQ(f.echo(sin).heard.size(), 1u);
}

TEST(Network, LongTimeoutsAreExactToo) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.echo(sin).mute = true;
  Outcome& a = f.call(fra, sin, 1, micros(12'345'678));
  Outcome& b = f.call(fra, sin, 2, seconds(100));
  Outcome& c = f.call(fra, sin, 3, Duration{0});
  f.run_for(seconds(200));
  EXPECT_EQ(a.at, Instant{12'345'678});
  EXPECT_EQ(b.at, Instant{100'000'000});
  EXPECT_FALSE(c.done);
}

TEST(Network, ACrashEndsTheCallsInWaitingAfterOneDelay) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.echo(sin).mute = true;
  Outcome& o = f.call(fra, sin, 7);
  f.run_for(seconds(1));
  f.hosts.crash(sin);
  f.run_for(millis(10));
  EXPECT_FALSE(o.done);
  f.run_for(seconds(1));
  ASSERT_TRUE(o.done);
  EXPECT_EQ(o.reply.error, CallError::kDisconnected);
  EXPECT_GE(o.at.us, 1'000'000 + f.geography().delay(fra.pop(), sin.pop()).us);
  EXPECT_EQ(f.echo(fra).lost, (std::vector<host::HostId>{sin.id()}));
}

TEST(Network, ACrashedCallersTasksAreGoneAndItsPeerHears) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.echo(sin).mute = true;
  Outcome& o = f.call(fra, sin, 7);
  f.run_for(seconds(1));
  f.hosts.crash(fra);
  f.hosts.restart(fra);
  f.run_for(seconds(1));
  EXPECT_EQ(f.echo(sin).lost, (std::vector<host::HostId>{fra.id()}));
  f.echo(sin).unanswered.at(0).reply(number(7));  // harmless
  f.run_for(seconds(1));
  EXPECT_FALSE(o.done);
  EXPECT_EQ(f.network->statistics().calls_open, 0u);
  EXPECT_EQ(f.network->statistics().in_flight, 0u);
}

TEST(Network, NothingPassesFromOneIncarnationToTheNext) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  Outcome& first = f.call(fra, sin, 1);
  f.run_for(seconds(1));
  Outcome& second = f.call(fra, sin, 2);
  f.run_for(millis(10));
  f.hosts.crash(sin);
  f.hosts.restart(sin);
  Outcome& third = f.call(fra, sin, 3);  // still on the old connection
  f.run_for(seconds(1));
  Outcome& fourth = f.call(fra, sin, 4);
  f.run_for(seconds(1));
  EXPECT_TRUE(first.reply.ok());
  EXPECT_EQ(second.reply.error, CallError::kDisconnected);
  EXPECT_EQ(third.reply.error, CallError::kDisconnected);
  EXPECT_TRUE(third.done && second.done);
  EXPECT_TRUE(fourth.reply.ok());
  ASSERT_EQ(f.echo(sin).heard.size(), 1u);
  EXPECT_EQ(f.echo(sin).heard[0].second, 4);
}

TEST(Network, AnAwaitingTaskMayBeDestroyed) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  Outcome& o = f.call(fra, sin, 7);
  fra.process()->tasks().cancel_all();
  f.run_for(seconds(1));
  EXPECT_FALSE(o.done);
  EXPECT_EQ(f.echo(sin).heard.size(), 1u);
}

TEST(Network, APausedHostAnswersWhenItGoesOn) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  f.hosts.pause(sin, seconds(3));
  Outcome& o = f.call(fra, sin, 7);
  f.run_for(seconds(2));
  EXPECT_TRUE(f.echo(sin).heard.empty());
  f.run_for(seconds(2));
  EXPECT_TRUE(o.reply.ok());
  EXPECT_GE(o.at.us, 3'000'000);
}

// The first message was sent when nobody was there to wait for it; it must not fall behind.
TEST(Network, APausedHostHearsInOrderWhatWasSentBeforeAndAfterItsStart) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  LinkFault slow;
  slow.tail = Ratio{1, 1};
  slow.tail_delay = millis(400);
  f.network->degrade("slow", {{fra.name()}, {}}, {}, false, slow);
  f.hosts.crash(sin);
  f.run_for(millis(500));
  for (int i = 0; i < 5; ++i) f.network->post(*fra.process(), sin.id(), kEcho, number(i));
  f.hosts.restart(sin);
  for (int i = 5; i < 10; ++i) f.network->post(*fra.process(), sin.id(), kEcho, number(i));
  f.hosts.pause(sin, seconds(3));
  f.run_for(seconds(5));
  ASSERT_EQ(f.echo(sin).heard.size(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(f.echo(sin).heard[i].second, i);
}

TEST(Network, DeliveriesAreAnnouncedOnTheReceiversLane) {
  Fixture f;
  host::Host &fra = f.host("host:FRA/1"), &sin = f.host("host:SIN/1");
  std::vector<std::string> said;
  f.world.observers().subscribe<Delivered>(
      [&](const Delivered& d, const EventContext&) { said.push_back(d.text()); });
  f.call(fra, sin, 7);
  f.run_for(seconds(1));
  EXPECT_EQ(said, (std::vector<std::string>{"host:FRA/1 -> host:SIN/1  test.number",
                                            "host:SIN/1 => host:FRA/1  test.number"}));
}

TEST(Network, OutsideHostsCallLikeAnyOther) {
  Fixture f;
  host::Host& client = f.hosts.outside(*f.geography().by_city("Hanoi").pop, "client/1");
  Outcome& o = f.call(client, f.host("host:SIN/1"), 7);
  f.run_for(seconds(1));
  EXPECT_TRUE(o.reply.ok());
}

struct Sink : ReplySink {
  void on_reply(uint64_t token, Reply reply) override { got.push_back({token, reply.ok()}); }
  std::vector<std::pair<uint64_t, bool>> got;
};

TEST(Network, AFanOutTellsItsCallsApartByToken) {
  Fixture f;
  host::Host& fra = f.host("host:FRA/1");
  Sink sink;
  PendingCall calls[3];
  const char* names[] = {"host:SIN/1", "host:AMS/1", "host:IAD/1"};
  for (uint64_t i = 0; i < 3; ++i)
    calls[i] = f.network->request(*fra.process(), f.host(names[i]).id(), kEcho, number(1),
                                  seconds(5), sink, i);
  f.network->forget(calls[2]);
  f.run_for(seconds(10));
  EXPECT_EQ(sink.got, (std::vector<std::pair<uint64_t, bool>>{{1, true}, {0, true}}));
}

}  // namespace
}  // namespace orrery::net
