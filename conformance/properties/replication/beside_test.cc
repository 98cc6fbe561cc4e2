// Goal: the real replication does what the model may do, and nothing else. Method: drawn commands to five followers and
// three hosts that own in turn, carried out in both; after each the real one settles, and what owners call durable and
// followers have must be what one of the possible states of the model says.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/properties/replication/beside.h"
#include "sim/core/tests/property.h"

namespace orrery::protocol {
namespace {

using Kind = Command::Kind;

rc::Gen<Command> command() {
  const auto kind = rc::gen::weightedElement<Kind>({{3, Kind::kClaim},
                                                    {8, Kind::kAppend},
                                                    {2, Kind::kCrash},
                                                    {3, Kind::kRestart},
                                                    {1, Kind::kWipe},
                                                    {3, Kind::kCut},
                                                    {3, Kind::kMend},
                                                    {1, Kind::kEndOwner},
                                                    {2, Kind::kPowerCut}});
  return rc::gen::build<Command>(rc::gen::set(&Command::kind, kind),
                                 rc::gen::set(&Command::slot, number(0, 3)),
                                 rc::gen::set(&Command::follower, number(0, 5)),
                                 rc::gen::set(&Command::mask, number(0, 32)),
                                 rc::gen::set(&Command::after_us, number(0, 60'000)),
                                 rc::gen::set(&Command::slow, rc::gen::arbitrary<bool>()));
}

void check(const durable::Weaken& weaken) {
  const auto commands = *rc::gen::resize(24, rc::gen::container<std::vector<Command>>(command()));
  BesideOptions options;
  options.seed = *number<uint64_t>(1, 1000);
  options.weaken = weaken;
  Beside both(options);
  std::string story;
  std::vector<Command> all = {{Kind::kClaim}, {Kind::kAppend}};
  all.insert(all.end(), commands.begin(), commands.end());
  for (const Command& one : all) {
    story += "  " + text(one) + "\n";
    const std::string wrong = both.run(one);
    if (!wrong.empty()) RC_FAIL(story + wrong);
  }
}

TEST(RealReplication, DoesWhatTheModelMayDo) {
  expect_holds(1500, [] { check({}); });
}

TEST(RealReplication, WithAQuorumOfTwoDoesNot) {
  durable::Weaken weaken;
  weaken.quorum_of_two = true;
  expect_found(1000, [&] { check(weaken); });
}
TEST(RealReplication, WhoseFollowersForgetTheirPromisesDoesNot) {
  durable::Weaken weaken;
  weaken.epoch_unchecked = true;
  expect_found(1000, [&] { check(weaken); });
}
TEST(RealReplication, ThatAcknowledgesBeforeTheSyncDoesNot) {
  durable::Weaken weaken;
  weaken.ack_before_sync = true;
  expect_found(1000, [&] { check(weaken); });
}
TEST(RealReplication, ThatComparesLogsByIndexAloneDoesNot) {
  durable::Weaken weaken;
  weaken.stale_epoch_read = true;
  expect_found(3000, [&] { check(weaken); });
}

}  // namespace
}  // namespace orrery::protocol
