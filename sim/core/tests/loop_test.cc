// Goal: time and order come from the loop alone. Method: schedule by hand and against a plain model.
#include "sim/core/loop.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace orrery {
namespace {

constexpr Site kSite{"test.site"};

TEST(Loop, EventsFireByTimeThenByTheOrderTheyWereScheduled) {
  Loop loop;
  std::vector<int> order;
  loop.schedule(Instant{20}, kSite, kWorldOwner, [&] { order.push_back(3); });
  loop.schedule(Instant{10}, kSite, kWorldOwner, [&] { order.push_back(1); });
  loop.schedule(Instant{10}, kSite, kWorldOwner, [&] { order.push_back(2); });
  loop.run_until(Instant{100});
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(loop.now(), Instant{100});
}

// Chooses the last of those due, and notes how many there were.
class LastFirst : public Scheduler {
 public:
  size_t choose(Instant, std::span<const Due> due) override {
    asked.push_back(due.size());
    return due.size() - 1;
  }
  std::vector<size_t> asked;
};

TEST(Loop, ASchedulerOrdersTheOwnersOfOneInstantAndNoOwnersOwnEvents) {
  Loop loop;
  LastFirst scheduler;
  loop.schedule_by(&scheduler);
  OwnerId one = loop.create_owner(), two = loop.create_owner();
  std::vector<int> order;
  loop.schedule(Instant{10}, kSite, one, [&] { order.push_back(11); });
  loop.schedule(Instant{10}, kSite, one, [&] { order.push_back(12); });
  loop.schedule(Instant{10}, kSite, two, [&] { order.push_back(21); });
  loop.schedule(Instant{10}, kSite, two, [&] { order.push_back(22); });
  loop.schedule(Instant{9}, kSite, one, [&] { order.push_back(10); });
  loop.run_until(Instant{100});
  EXPECT_EQ(order, (std::vector<int>{10, 21, 22, 11, 12}));
  EXPECT_EQ(scheduler.asked, (std::vector<size_t>{2, 2}));  // with one owner left there is no choice
}

TEST(Loop, ASchedulerIsNotOfferedTheDeadOrThePaused) {
  Loop loop;
  LastFirst scheduler;
  loop.schedule_by(&scheduler);
  OwnerId one = loop.create_owner(), dead = loop.create_owner(), paused = loop.create_owner();
  std::vector<int> order;
  loop.schedule(Instant{10}, kSite, one, [&] { order.push_back(1); });
  loop.schedule(Instant{10}, kSite, dead, [&] { order.push_back(2); });
  loop.schedule(Instant{10}, kSite, paused, [&] { order.push_back(3); });
  loop.kill_owner(dead);
  loop.pause_owner(paused);
  loop.run_until(Instant{20});
  EXPECT_EQ(order, (std::vector<int>{1}));
  loop.resume_owner(paused);
  loop.run_until(Instant{30});
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
  EXPECT_TRUE(scheduler.asked.empty());
}

TEST(Loop, NothingOfADeadOwnerRuns) {
  Loop loop;
  OwnerId owner = loop.create_owner();
  int ran = 0;
  loop.schedule(Instant{5}, kSite, owner, [&] { ++ran; });
  loop.schedule(Instant{6}, kSite, kWorldOwner, [&] { ran += 10; });
  loop.kill_owner(owner);
  loop.run_until(Instant{10});
  EXPECT_EQ(ran, 10);
}

TEST(Loop, AStrandKeepsItsOrderUnderAScheduler) {
  Loop loop;
  LastFirst scheduler;
  loop.schedule_by(&scheduler);
  OwnerId owner = loop.create_owner();
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) {
    EventHandle handle = loop.schedule(Instant{5}, kSite, owner, [&order, i] { order.push_back(i); });
    loop.on_strand(handle, i % 2);
  }
  loop.run_until(Instant{10});
  EXPECT_EQ(order, (std::vector<int>{1, 3, 0, 2}));
}

TEST(Loop, APausedOwnersEventsRunInOrderWhenItResumes) {
  Loop loop;
  OwnerId owner = loop.create_owner();
  std::vector<int> order;
  loop.schedule(Instant{5}, kSite, owner, [&] { order.push_back(1); });
  EventHandle gone = loop.schedule(Instant{6}, kSite, owner, [&] { order.push_back(2); });
  loop.schedule(Instant{7}, kSite, owner, [&] { order.push_back(3); });
  loop.schedule(Instant{8}, kSite, kWorldOwner, [&] { order.push_back(9); });
  loop.pause_owner(owner);
  loop.run_until(Instant{10});
  EXPECT_EQ(order, (std::vector<int>{9}));
  loop.cancel(gone);
  loop.resume_owner(owner);
  loop.run_until(Instant{10});
  EXPECT_EQ(order, (std::vector<int>{9, 1, 3}));
  EXPECT_EQ(loop.pending(), 0u);
}

TEST(Loop, WhatWasDueDuringAPauseRunsBeforeWhatIsDueAtItsEnd) {
  Loop loop;
  OwnerId owner = loop.create_owner();
  std::vector<int> order;
  loop.pause_owner(owner);
  loop.schedule(Instant{10}, kSite, kWorldOwner, [&] { loop.resume_owner(owner); });
  loop.schedule(Instant{10}, kSite, owner, [&] { order.push_back(2); });
  loop.schedule(Instant{5}, kSite, owner, [&] { order.push_back(1); });
  loop.run_until(Instant{10});
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, AGivenEventKeepsItsPlaceAndWaitsWithItsNewOwner) {
  Loop loop;
  OwnerId owner = loop.create_owner();
  std::vector<int> order;
  EventHandle first = loop.schedule(Instant{5}, kSite, kWorldOwner, [&] { order.push_back(1); });
  loop.schedule(Instant{5}, kSite, owner, [&] { order.push_back(2); });
  loop.give(first, owner);
  loop.pause_owner(owner);
  loop.run_until(Instant{10});
  EXPECT_TRUE(order.empty());
  loop.resume_owner(owner);
  loop.run_until(Instant{10});
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, CancellingTwiceOrAfterTheEventIsHarmless) {
  Loop loop;
  int ran = 0;
  EventHandle a = loop.schedule(Instant{5}, kSite, kWorldOwner, [&] { ++ran; });
  EventHandle copy = a;
  loop.cancel(a);
  loop.cancel(copy);
  EventHandle b = loop.schedule(Instant{5}, kSite, kWorldOwner, [&] { ++ran; });
  loop.run_until(Instant{9});
  loop.cancel(b);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(loop.pending(), 0u);
}

// Goal: wheel and heap together equal one sorted list. Method: random schedules, some from within
// events, against std::stable_sort; times cross bucket and wheel ends.
RC_GTEST_PROP(Loop, AgreesWithASortedList, ()) {
  auto times = *rc::gen::container<std::vector<int64_t>>(rc::gen::oneOf(
      rc::gen::inRange<int64_t>(0, 200), rc::gen::inRange<int64_t>(0, 700'000),
      rc::gen::inRange<int64_t>(0, 90'000'000)));
  auto nested = *rc::gen::container<std::vector<int64_t>>(
      times.size(), rc::gen::inRange<int64_t>(-1, 600'000));
  Loop loop;
  std::vector<int64_t> fired;
  std::vector<int64_t> expected;
  for (size_t i = 0; i < times.size(); ++i) {
    expected.push_back(times[i]);
    if (nested[i] >= 0) expected.push_back(times[i] + nested[i]);
    int64_t extra = nested[i];
    loop.schedule(Instant{times[i]}, kSite, kWorldOwner, [&loop, &fired, extra] {
      fired.push_back(loop.now().us);
      if (extra >= 0)
        loop.schedule_in(micros(extra), kSite, kWorldOwner,
                         [&loop, &fired] { fired.push_back(loop.now().us); });
    });
  }
  std::sort(expected.begin(), expected.end());
  while (loop.step()) {
  }
  RC_ASSERT(fired == expected);
}

TEST(Loop, AnEventsIdDependsOnItsCauseAndSiteOnly) {
  auto ids = [](bool extra) {
    Loop loop;
    std::vector<uint64_t> out;
    static constexpr Site kOther{"test.other"};
    loop.schedule(Instant{1}, kSite, kWorldOwner, [&] {
      if (extra) loop.schedule_in(micros(1), kOther, kWorldOwner, [] {});
      loop.schedule_in(micros(2), kSite, kWorldOwner, [&] { out.push_back(loop.cause().id()); });
    });
    while (loop.step()) {
    }
    return out;
  };
  EXPECT_EQ(ids(false), ids(true));
}

}  // namespace
}  // namespace orrery
