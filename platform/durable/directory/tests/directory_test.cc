// Goal: registers and sessions keep their rules under crashes, races and lost disks. Method: five
// members and three clients in a small world. Changes of view: views_test.cc.
#include <gtest/gtest.h>

#include "platform/durable/directory/tests/small_world.h"

namespace orrery::durable {
namespace {

TEST(Directory, NobodyOwnsAnObjectUntilItIsClaimed) {
  SmallWorld w;
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
  SmallWorld w;
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
  SmallWorld w;
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
  SmallWorld w;
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
  SmallWorld w;
  auto claim = w.claim(0);
  w.run_for(seconds(1));
  for (host::Host* m : w.members) w.hosts.crash(*m);
  for (host::Host* m : w.members) w.hosts.restart(*m);
  EXPECT_EQ(w.lookup(1)->lookup.placement, claim->claim.placement);
}

TEST(Directory, MembersThatRestartedWaitALeaseBeforeTheyRevoke) {
  SmallWorld w;
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
  SmallWorld w;
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

TEST(Directory, ThreeMembersWithoutTheirDisksAreTooMany) {
  SmallWorld w;
  auto claim = w.claim(0);
  w.run_for(seconds(1));
  for (int i = 0; i < 3; ++i) {
    host::Host& m = *w.members[static_cast<size_t>(i)];
    w.hosts.crash(m);
    m.disk().wipe();
    w.hosts.restart(m);
    EXPECT_TRUE(m.process()->find<DirectoryMember>()->blank());
  }
  EXPECT_EQ(w.lookup(1)->lookup.status, Lookup::Status::kUnreachable) << "not: nobody owns it";
}

TEST(Directory, ASessionThatWasRevokedEndsWithEverythingItOwned) {
  struct Listener : SessionListener {
    void on_session_ended(SessionId s) override { ended.push_back(s); }
    std::vector<SessionId> ended;
  } listener;
  SmallWorld w;
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

}  // namespace
}  // namespace orrery::durable
