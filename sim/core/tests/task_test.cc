// Goal: tasks run only from the loop and vanish without running when their scope goes.
// Method: small coroutines with counters and destructors.
#include "sim/core/task.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

constexpr Site kSleep{"test.sleep"};

Task<int> add_later(Loop& loop, int a, int b) {
  co_await sleep(loop, kSleep, micros(10));
  co_return a + b;
}
Task<int> at_once(int v) { co_return v; }

TEST(Task, ResultsComeBackThroughNestedTasks) {
  Loop loop;
  TaskScope scope(loop);
  int sum = 0;
  auto root = [](Loop& l, int& out) -> Task<void> {
    out += co_await at_once(1);
    out += co_await add_later(l, 2, 3);
    out += co_await add_later(l, 10, 20);
  };
  scope.spawn(root(loop, sum));
  EXPECT_EQ(sum, 1);
  loop.run_until(Instant{100});
  EXPECT_EQ(sum, 36);
  EXPECT_TRUE(scope.empty());
}

struct Witness {
  explicit Witness(int& n) : n_(n) { ++n_; }
  ~Witness() { --n_; }
  int& n_;
};

Task<void> forever(Loop& loop, int& alive, int& ran) {
  Witness w(alive);
  co_await sleep(loop, kSleep, seconds(1));
  ++ran;
}
Task<void> outer(Loop& loop, int& alive, int& ran) {
  Witness w(alive);
  co_await forever(loop, alive, ran);
  ++ran;
}

TEST(Task, DestroyingAScopeDestroysSuspendedFramesAndRunsNothing) {
  Loop loop;
  int alive = 0, ran = 0;
  {
    TaskScope scope(loop);
    for (int i = 0; i < 5; ++i) scope.spawn(outer(loop, alive, ran));
    EXPECT_EQ(alive, 10);
  }
  EXPECT_EQ(alive, 0);
  loop.run_until(Instant{10'000'000});
  EXPECT_EQ(ran, 0);
}

Task<void> wait_for(OneShot<int>& shot, int& out) { out = co_await shot; }

TEST(Task, AOneShotSetBeforeItsWaiterIsDestroyedDoesNotResumeIt) {
  Loop loop;
  OneShot<int> shot(loop);
  int out = 0;
  {
    TaskScope scope(loop);
    scope.spawn(wait_for(shot, out));
    shot.set(7);  // ready, not yet run
    EXPECT_EQ(out, 0);
    loop.step();
    EXPECT_EQ(out, 7);
  }
}

Task<void> many(Loop& loop, int n, int& done) {
  for (int i = 0; i < n; ++i) co_await at_once(i);
  co_await sleep(loop, kSleep, micros(1));
  ++done;
}

TEST(Task, AMillionImmediateAwaitsDoNotGrowTheStack) {
  Loop loop;
  TaskScope scope(loop);
  int done = 0;
  scope.spawn(many(loop, 1'000'000, done));
  loop.run_until(Instant{10});
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace orrery
