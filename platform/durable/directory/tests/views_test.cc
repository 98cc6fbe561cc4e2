// Goal: the directory keeps its promises while its members change, and becomes whole again by itself. Method: lost
// disks, crashes of coordinators half-way, cuts and long silence in a small world.
#include "platform/durable/directory/tests/small_world.h"

namespace orrery::durable {
namespace {

TEST(Views, AMemberThatLostItsDiskTakesPartAgainWithANewOne) {
  SmallWorld w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  w.lose_disk(*w.members[1]);
  EXPECT_TRUE(w.member(1).blank()) << "it votes on nothing yet";
  w.run_for(seconds(5));
  EXPECT_TRUE(w.member(1).serving());
  EXPECT_EQ(w.member(1).newest()->number, 2u);
  EXPECT_EQ(w.member(1).newest()->members[1], (ViewMember{w.members[1]->id(), 2}));
  EXPECT_TRUE(w.seen("a directory member that lost its disk takes part again"));
  EXPECT_EQ(w.lookup(2)->lookup.placement, first->claim.placement);
  EXPECT_EQ(w.client(2).view()->number, 2u);
  EXPECT_TRUE(w.seen("a client learns a newer view of the directory"));
}

TEST(Views, OneAfterAnotherAllFiveMayLoseTheirDisks) {
  SmallWorld w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  for (host::Host* m : w.members) {
    w.lose_disk(*m);
    w.run_for(seconds(10));
    EXPECT_TRUE(w.whole());
  }
  EXPECT_EQ(w.member(0).newest()->number, 6u);
  EXPECT_EQ(w.lookup(1)->lookup.placement, first->claim.placement);
  EXPECT_TRUE(w.client(0).lease_valid());
}

TEST(Views, TwoLostDisksAtOnceAreReplaced) {
  SmallWorld w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  w.lose_disk(*w.members[3]);
  w.lose_disk(*w.members[4]);
  w.run_for(seconds(20));
  EXPECT_TRUE(w.whole());
  EXPECT_EQ(w.lookup(1)->lookup.placement, first->claim.placement);
}

TEST(Views, ADamagedFileIsLikeALostDisk) {
  SmallWorld w;
  for (int i = 0; i < 3; ++i) {
    auto claim = w.claim(0);
    w.run_for(seconds(2));
  }
  host::Host& m = *w.members[2];
  w.hosts.crash(m);
  disk::DiskError error;
  auto file = m.disk().open(m.disk().list("directory/log.").front(), false, &error);
  const uint8_t rot[4] = {1, 2, 3, 4};
  ASSERT_EQ(file->write(80, rot), disk::DiskError::kNone);
  ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  w.hosts.restart(m);
  EXPECT_TRUE(w.member(m).blank());
  w.run_for(seconds(5));
  EXPECT_TRUE(w.member(m).serving());
  EXPECT_EQ(w.member(m).newest()->members[2].birth, 2u);
}

// A coordinator that dies at any moment of its change: the members it sealed, or itself when it is back, finish.
TEST(Views, AChangeWhoseCoordinatorDiesIsFinishedByOthers) {
  bool carried_on = false, taken_up = false;
  for (int ms = 1; ms < 200; ms += 3) {
    SmallWorld w;
    auto first = w.claim(0);
    w.run_for(seconds(1));
    w.lose_disk(*w.members[4]);
    w.run_for(millis(ms));
    w.hosts.crash(*w.members[4]);
    w.run_for(seconds(20));
    EXPECT_EQ(w.lookup(1)->lookup.placement, first->claim.placement) << ms;
    w.hosts.restart(*w.members[4]);
    w.run_for(seconds(20));
    EXPECT_TRUE(w.whole()) << ms;
    EXPECT_EQ(w.quarrels, 0u) << ms;
    carried_on |= w.seen("a sealed directory member carries a change of view on");
    taken_up |= w.seen("a change of view takes up what another coordinator proposed");
  }
  EXPECT_TRUE(carried_on);
  EXPECT_TRUE(taken_up);
}

TEST(Views, AMemberThatMissedTheChangeCatchesUpWhenItStarts) {
  SmallWorld w;
  w.hosts.crash(*w.members[0]);
  w.lose_disk(*w.members[1]);
  w.run_for(seconds(60));
  EXPECT_FALSE(w.whole());
  w.hosts.restart(*w.members[0]);
  w.run_for(seconds(20));
  EXPECT_TRUE(w.whole());
  EXPECT_TRUE(w.seen("a directory member takes the state of a view from another"));
}

TEST(Views, AMemberThatIsGoneForAMinuteIsReplacedByASpareAndIsSpareItselfThereafter) {
  SmallWorld w;
  auto first = w.claim(0);
  w.run_for(seconds(1));
  w.hosts.crash(*w.members[0]);
  w.run_for(seconds(40));
  EXPECT_EQ(w.client(0).view()->number, 1u) << "too early";
  w.run_for(seconds(60));
  ASSERT_EQ(w.client(0).view()->number, 2u);
  EXPECT_EQ(w.hosts.by_id(w.client(0).view()->members[0].host).name(), "host:PRG/1");
  EXPECT_TRUE(w.seen("a spare takes part in the directory"));
  EXPECT_TRUE(w.client(0).lease_valid());
  // With the spare there are three again when two more go.
  w.hosts.crash(*w.members[1]);
  w.hosts.crash(*w.members[2]);
  EXPECT_EQ(w.lookup(2)->lookup.placement, first->claim.placement);
  w.hosts.restart(*w.members[0]);
  w.run_for(seconds(5));
  EXPECT_FALSE(w.member(0).serving());
  EXPECT_EQ(w.member(0).newest()->number, 2u);
  EXPECT_TRUE(w.seen("a directory member learns that a spare took its place"));
  // Both that are down are replaced in turn: by the other spare, then by the member that is a spare now.
  w.run_for(seconds(240));
  EXPECT_TRUE(w.whole());
  EXPECT_TRUE(w.client(0).view()->has(w.members[0]->id()));
  EXPECT_TRUE(w.client(0).lease_valid());
}

TEST(Views, AnIdleWorldAsksNobody) {
  SmallWorld w;
  w.hosts.crash(*w.members[0]);
  w.run_for(seconds(5));
  const uint64_t sent = w.network->statistics().sent;
  w.run_for(seconds(3600));
  EXPECT_EQ(w.network->statistics().sent, sent);
  EXPECT_EQ(w.client(0).view()->number, 1u);
}

TEST(Views, AHostRemembersTheNewestViewWhenItStartsAgain) {
  SmallWorld w;
  w.lose_disk(*w.members[0]);
  w.run_for(seconds(5));
  (void)w.lookup(0);
  EXPECT_EQ(w.client(0).view()->number, 2u);
  w.restart(*w.clients[0]);
  EXPECT_EQ(w.client(0).view()->number, 2u);
  EXPECT_TRUE(w.seen("a client begins with a view that it remembered"));
}

TEST(Views, AClaimUnderWayIsOvertakenByAChangeAndGranted) {
  bool overtaken = false;
  for (int ms = 1; ms < 120; ++ms) {
    SmallWorld w;
    auto claim = w.claim(0);
    w.run_for(millis(ms));
    w.lose_disk(*w.members[2]);
    w.run_for(seconds(10));
    EXPECT_EQ(claim->claim.status, Claim::Status::kGranted) << ms;
    EXPECT_EQ(w.twice, 0u);
    overtaken |= w.seen("a change of view overtakes a claim");
  }
  EXPECT_TRUE(overtaken);
}

// The members of the new view know of no renewal in the former, so none of them ends a session for a whole lease.
TEST(Views, ALeaseOfTheFormerViewIsWaitedFor) {
  SmallWorld w;
  auto first = w.claim(0);
  w.run_for(seconds(8));
  w.cut("holder", {w.clients[0]});
  w.lose_disk(*w.members[4]);
  w.run_for(seconds(4));
  ASSERT_EQ(w.member(0).newest()->number, 2u);
  auto next = w.claim(1);
  while (!next->done) {
    w.run_for(millis(20));
    ASSERT_FALSE(w.client(0).lease_valid() && w.epochs.size() > 1u);
  }
  EXPECT_EQ(next->claim.status, Claim::Status::kGranted);
}

// One member, cut off from the holder, has ended its session: that is no reason to grant while three others renew it.
TEST(Views, ASessionThatOneMemberEndedIsNotOverByAChangeOfView) {
  for (int phase = 0; phase < 3000; phase += 250) {  // of the holder's renewals
    SmallWorld w;
    auto first = w.claim(0);
    w.run_for(seconds(1));
    w.cut("deaf", {w.clients[0]}, {w.members[0], w.members[1]});
    w.run_for(seconds(11));
    auto held = w.claim(1);
    w.run_for(seconds(9) + millis(phase));
    EXPECT_EQ(held->claim.status, Claim::Status::kHeld);
    ASSERT_GT(w.member(0).sessions_remembered() + w.member(1).sessions_remembered(), 0u);
    w.lose_disk(*w.members[4]);
    while (!w.member(0).serving() || w.member(0).newest()->number == 1) w.run_for(millis(5));
    auto next = w.claim(1);
    for (int i = 0; i < 400 && !next->done; ++i) {
      w.run_for(millis(20));
      ASSERT_FALSE(w.client(0).lease_valid() && w.client(0).owned() > 0 && w.epochs.size() > 1u);
    }
  }
}

// What rejoining is for: with the weakness, two members that know nothing and one that missed the grant grant again.
TEST(Views, MembersThatVoteWithoutTheirDisksGrantAnEpochTwice) {
  auto run = [](bool weak) {
    Weaken weaken;
    weaken.directory_votes_blank = weak;
    SmallWorld w(1, DecisionBase::kDefault, weaken);
    w.hosts.crash(*w.members[0]);
    auto first = w.claim(0);
    w.run_for(seconds(2));
    EXPECT_EQ(first->claim.status, Claim::Status::kGranted);
    w.cut("far", {w.clients[1]}, {w.members[3], w.members[4]});
    w.hosts.restart(*w.members[0]);
    w.lose_disk(*w.members[1]);
    w.lose_disk(*w.members[2]);
    w.run_for(seconds(1));
    auto second = w.claim(1);
    w.run_for(seconds(20));
    return w.twice;
  };
  EXPECT_EQ(run(false), 0u);
  EXPECT_EQ(run(true), 1u);
}

}  // namespace
}  // namespace orrery::durable
