// Goal: clock conversions are exact and monotone. Method: random drifts and steps against the
// definition.
#include "sim/host/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace orrery::host {
namespace {

TEST(Clock, ShowsTheWorldsTimeUntilAFaultTouchesIt) {
  World world({});
  Clock clock(world);
  world.loop().run_until(Instant{1'234'567});
  EXPECT_EQ(clock.now(), Instant{1'234'567});
  EXPECT_EQ(clock.wall_ms(), kWorldEpochMs + 1234);
  EXPECT_EQ(clock.world_duration(millis(5)), millis(5));
}

TEST(Clock, StepBackShowsTheDayBefore) {
  World world({});
  Clock clock(world);
  clock.step(Duration{-1});
  EXPECT_EQ(clock.now(), Instant{-1});
  EXPECT_EQ(clock.wall_ms(), kWorldEpochMs - 1);
}

TEST(Clock, AFastClockReachesItsDeadlineSooner) {
  World world({});
  Clock clock(world);
  clock.set_drift(100'000);  // 10 per cent fast
  EXPECT_EQ(clock.world_duration(seconds(11)), seconds(10));
  world.loop().run_until(Instant{10'000'000});
  EXPECT_EQ(clock.now(), Instant{11'000'000});
}

RC_GTEST_PROP(Clock, WorldDurationIsTheLeastWaitThatReachesTheLocalDeadline, ()) {
  World world({});
  Clock clock(world);
  int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i) {
    world.loop().run_until(world.now() + micros(*rc::gen::inRange<int64_t>(0, 100'000'000)));
    if (*rc::gen::arbitrary<bool>())
      clock.step(micros(*rc::gen::inRange<int64_t>(-50'000'000, 50'000'000)));
    clock.set_drift(*rc::gen::inRange<int64_t>(-500'000, 500'001));
  }
  world.loop().run_until(world.now() + micros(*rc::gen::inRange<int64_t>(0, 1'000'000'000)));
  Duration local = micros(*rc::gen::inRange<int64_t>(1, 100'000'000));
  Instant target = clock.now() + local;
  Duration wait = clock.world_duration(local);
  RC_ASSERT(wait.us >= 0);
  RC_ASSERT(clock.local_at(world.now() + wait) >= target);
  if (wait.us > 0) RC_ASSERT(clock.local_at(world.now() + wait - micros(1)) < target);
}

RC_GTEST_PROP(Clock, NeverRunsBackwardsBetweenSteps, ()) {
  World world({});
  Clock clock(world);
  Instant last = clock.now();
  for (int i = 0; i < 50; ++i) {
    if (*rc::gen::inRange(0, 4) == 0)
      clock.set_drift(*rc::gen::inRange<int64_t>(-500'000, 500'001));
    world.loop().run_until(world.now() + micros(*rc::gen::inRange<int64_t>(0, 1000)));
    RC_ASSERT(clock.now() >= last);
    last = clock.now();
  }
}

}  // namespace
}  // namespace orrery::host
