// Goal: registers and sessions keep their rules under crashes, races and lost disks. Method: five
// members and three clients in a small world.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "platform/durable/directory/directory_member.h"
#include "platform/durable/directory/events.h"
#include "sim/disk/disk.h"
#include "sim/net/geography.h"

namespace orrery::durable {
namespace {

constexpr Site kDraw{"test.directory"};

struct World5 {
  explicit World5(uint64_t seed = 1, DecisionBase base = DecisionBase::kDefault)
      : world(World::Options{{seed, base, {}}, false}),
        hosts(world, geography(),
              [this](host::Process& p) {
                if (p.host_id() < kDirectoryMembers) p.add<DirectoryMember>(p, options);
                p.add<DirectoryClient>(p, options);
              }),
        network(net::make_network(world, hosts, geography())) {
    for (uint32_t i = 0; i < kDirectoryMembers; ++i) options.members[i] = i;
    world.observers().subscribe<Granted>([this](const Granted& g, const EventContext&) {
      twice += !epochs.emplace(std::pair(g.lane, g.epoch), g.owner).second;
    });
    for (const char* name : {"host:FRA/1", "host:AMS/1", "host:LHR/1", "host:CDG/1", "host:MAD/1"})
      members.push_back(hosts.by_name(name));
    for (const char* name : {"host:ARN/1", "host:HEL/1", "host:DUB/1"})
      clients.push_back(hosts.by_name(name));
    object = make_ref<const ObjectInfo>(world, "do:Cart/42");
  }
  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }
  struct Outcome {
    bool done = false;
    Claim claim;
    Lookup lookup;
    bool released = false;
  };
  DirectoryClient& client(size_t i) { return *clients[i]->process()->find<DirectoryClient>(); }
  std::shared_ptr<Outcome> claim(size_t i, Duration patience = seconds(20)) {
    auto out = std::make_shared<Outcome>();
    ClaimOptions o;
    o.patience = patience;
    if (clients[i]->up())
      clients[i]->process()->tasks().spawn(run_claim(client(i), object, o, out));
    return out;
  }
  std::shared_ptr<Outcome> lookup(size_t i) {
    auto out = std::make_shared<Outcome>();
    clients[i]->process()->tasks().spawn(run_lookup(client(i), object, out));
    run_for(seconds(3));
    return out;
  }
  std::shared_ptr<Outcome> release(size_t i, uint64_t epoch) {
    auto out = std::make_shared<Outcome>();
    clients[i]->process()->tasks().spawn(run_release(client(i), object, epoch, out));
    run_for(seconds(3));
    return out;
  }
  static Task<void> run_claim(DirectoryClient& d, Ref<const ObjectInfo> o, ClaimOptions options,
                              std::shared_ptr<Outcome> out) {
    out->claim = co_await d.claim(o, options);
    out->done = true;
  }
  static Task<void> run_lookup(DirectoryClient& d, Ref<const ObjectInfo> o,
                               std::shared_ptr<Outcome> out) {
    out->lookup = co_await d.lookup(o);
    out->done = true;
  }
  static Task<void> run_release(DirectoryClient& d, Ref<const ObjectInfo> o, uint64_t epoch,
                                std::shared_ptr<Outcome> out) {
    out->released = co_await d.release(o, epoch);
    out->done = true;
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }

  DirectoryOptions options;
  World world;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  std::vector<host::Host*> members, clients;
  Ref<const ObjectInfo> object;
  std::map<std::pair<LaneId, uint64_t>, host::HostId> epochs;
  uint64_t twice = 0;
};

TEST(Directory, NobodyOwnsAnObjectUntilItIsClaimed) {
  World5 w;
  EXPECT_EQ(w.lookup(0)->lookup.status, Lookup::Status::kNone);
  auto claim = w.claim(1);
  w.run_for(seconds(1));
  ASSERT_EQ(claim->claim.status, Claim::Status::kGranted);
  auto found = w.lookup(2)->lookup;
  ASSERT_EQ(found.status, Lookup::Status::kFound);
  EXPECT_EQ(found.placement.owner, w.clients[1]->id());
  EXPECT_EQ(found.placement, claim->claim.placement);
}

TEST(Directory, OfThreeThatClaimAtOnceOneIsGranted) {
  World5 w;
  auto a = w.claim(0), b = w.claim(1), c = w.claim(2);
  w.run_for(seconds(30));
  int granted = 0, held = 0;
  for (auto& o : {a, b, c}) {
    granted += o->claim.status == Claim::Status::kGranted;
    held += o->claim.status == Claim::Status::kHeld;
  }
  EXPECT_EQ(granted, 1);
  EXPECT_EQ(held, 2);
}

TEST(Directory, AReleasedObjectIsClaimedWithoutWaitingAndUnderANewEpoch) {
  World5 w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  EXPECT_TRUE(w.release(0, first->claim.placement.epoch)->released);
  EXPECT_EQ(w.client(0).owned(), 0u);
  auto second = w.claim(1);
  w.run_for(seconds(1));
  ASSERT_EQ(second->claim.status, Claim::Status::kGranted);
  EXPECT_EQ(second->claim.placement.epoch, 2u);
}

TEST(Directory, TwoMembersDownChangeNothingThreeStopIt) {
  World5 w;
  w.hosts.crash(*w.members[0]);
  w.hosts.crash(*w.members[1]);
  auto granted = w.claim(0);
  w.run_for(seconds(10));
  EXPECT_EQ(granted->claim.status, Claim::Status::kGranted);
  w.hosts.crash(*w.members[2]);
  EXPECT_EQ(w.lookup(1)->lookup.status, Lookup::Status::kUnreachable);
  w.run_for(seconds(15));
  EXPECT_FALSE(w.client(0).lease_valid()) << "two members cannot renew";
  w.hosts.restart(*w.members[2]);
  w.run_for(seconds(5));
  EXPECT_TRUE(w.client(0).lease_valid()) << "nobody revoked it meanwhile";
}

TEST(Directory, MembersRememberAcrossACrashOfAll) {
  World5 w;
  auto claim = w.claim(0);
  w.run_for(seconds(1));
  for (host::Host* m : w.members) w.hosts.crash(*m);
  for (host::Host* m : w.members) w.hosts.restart(*m);
  EXPECT_EQ(w.lookup(1)->lookup.placement, claim->claim.placement);
}

TEST(Directory, MembersThatRestartedWaitALeaseBeforeTheyRevoke) {
  World5 w;
  auto first = w.claim(0);
  w.run_for(seconds(8));
  w.hosts.crash(*w.clients[0]);
  w.run_for(seconds(8));  // two seconds of the lease are left at most
  for (host::Host* m : w.members) w.hosts.crash(*m);
  for (host::Host* m : w.members) w.hosts.restart(*m);
  auto next = w.claim(1);
  w.run_for(seconds(9));
  EXPECT_FALSE(next->done);
  w.run_for(seconds(3));
  EXPECT_EQ(next->claim.status, Claim::Status::kGranted);
}

// A session given up long ago is forgotten by the members, and its object is claimed all the same.
TEST(Directory, AHostThatRestartsWithoutEndIsForgottenButForItsNewestSessions) {
  World5 w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  ASSERT_EQ(first->claim.status, Claim::Status::kGranted);
  for (size_t boot = 0; boot < 3 * kDirectoryGivenUpKept; ++boot) {
    w.hosts.crash(*w.clients[0]);
    w.hosts.restart(*w.clients[0]);
    w.run_for(seconds(1));
  }
  for (host::Host* m : w.members) {
    w.hosts.crash(*m);
    w.hosts.restart(*m);
    EXPECT_LE(m->process()->find<DirectoryMember>()->sessions_remembered(), kDirectoryGivenUpKept);
  }
  w.run_for(seconds(11));
  auto next = w.claim(1);
  w.run_for(seconds(1));
  EXPECT_EQ(next->claim.status, Claim::Status::kGranted);
  EXPECT_EQ(next->claim.placement.epoch, first->claim.placement.epoch + 1);
}

TEST(Directory, AMemberWithoutItsDiskStaysSilent) {
  World5 w;
  auto claim = w.claim(0);
  w.run_for(seconds(1));
  for (int i = 0; i < 3; ++i) {
    host::Host& m = *w.members[static_cast<size_t>(i)];
    w.hosts.crash(m);
    m.disk().wipe();
    w.hosts.restart(m);
    EXPECT_TRUE(m.process()->find<DirectoryMember>()->lost());
  }
  EXPECT_EQ(w.lookup(1)->lookup.status, Lookup::Status::kUnreachable) << "not: nobody owns it";
}

TEST(Directory, ASessionThatWasRevokedEndsWithEverythingItOwned) {
  struct Listener : SessionListener {
    void on_session_ended(SessionId s) override { ended.push_back(s); }
    std::vector<SessionId> ended;
  } listener;
  World5 w;
  w.client(0).add_listener(&listener);
  const SessionId session = w.client(0).session();
  auto first = w.claim(0);
  w.run_for(seconds(1));
  net::Endpoints alone;
  alone.names = {w.clients[0]->name()};
  w.network->partition("cut", alone, {});
  auto second = w.claim(1);
  w.run_for(seconds(15));
  EXPECT_EQ(second->claim.status, Claim::Status::kGranted);
  EXPECT_FALSE(w.client(0).lease_valid());
  w.network->heal_all();
  w.run_for(seconds(10));
  EXPECT_EQ(listener.ended, std::vector<SessionId>{session});
  EXPECT_NE(w.client(0).session(), session);
  EXPECT_EQ(w.client(0).owned(), 0u);
  w.client(0).remove_listener(&listener);
}

RC_GTEST_PROP(Directory, NoEpochIsGrantedTwiceUnderDrawnCrashesAndCuts, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 1'000'000);
  World5 w(seed, DecisionBase::kSeed);
  CauseScope cause(w.world.cause(), seed);
  auto draw = [&](int64_t n) { return w.world.decide().between(kDraw, 0, n - 1, 0); };
  for (int step = 0; step < 30; ++step) {
    const auto who = static_cast<size_t>(draw(3));
    switch (draw(6)) {
      case 0: case 1: w.claim(who); break;
      case 2: w.hosts.crash(*w.members[static_cast<size_t>(draw(5))]); break;
      case 3:
        for (host::Host* m : w.members) w.hosts.restart(*m);
        for (host::Host* c : w.clients) w.hosts.restart(*c);
        w.network->heal_all();
        break;
      case 4: w.hosts.crash(*w.clients[who]); break;
      default: {
        net::Endpoints side;
        side.names = {w.members[static_cast<size_t>(draw(5))]->name(), w.clients[who]->name()};
        w.network->partition("p" + std::to_string(step), side, {}, draw(2) == 0);
      }
    }
    w.run_for(millis(draw(5000)));
  }
  w.network->heal_all();
  for (host::Host* m : w.members) w.hosts.restart(*m);
  for (host::Host* c : w.clients) w.hosts.restart(*c);
  w.run_for(seconds(30));
  uint64_t latest = 0;
  for (const auto& [key, owner] : w.epochs) latest = std::max(latest, key.second);
  RC_ASSERT(w.twice == 0u);
  const Lookup found = w.lookup(0)->lookup;
  RC_ASSERT(found.status != Lookup::Status::kUnreachable);
  RC_ASSERT(found.placement.epoch >= latest);
}

}  // namespace
}  // namespace orrery::durable
