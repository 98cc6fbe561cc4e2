// Goal: every rule of durable-objects.md section 1 that the gate itself decides.
// Method: waiters that write their name into a log when granted; locks are dropped by hand.
#include "platform/durable/gates/input_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace orrery::durable {
namespace {

struct Log : InputGate::Observer {
  void on_input_gate_broken(const runtime::ErrorInfo& e) override {
    lines.push_back("reset: " + e.message);
  }
  std::vector<std::string> lines;
};

struct Turn : GateWaiter {
  Turn(Log& l, std::string n) : log(l), name(std::move(n)) {}
  void granted(GateLock l) override {
    log.lines.push_back(name);
    lock = std::move(l);
  }
  void broken(const runtime::ErrorInfo& e) override { log.lines.push_back(name + ": " + e.message); }
  Log& log;
  std::string name;
  GateLock lock;
};

using Lines = std::vector<std::string>;

class InputGateTest : public ::testing::Test {
 protected:
  Log log;
  Ref<InputGate> gate = make_ref<InputGate>(log);
};

TEST_F(InputGateTest, AFreeGateGrantsAtOnceAndWaitersFollowInOrder) {
  Turn a(log, "a"), b(log, "b"), c(log, "c");
  gate->wait(a);
  gate->wait(b);
  gate->wait(c);
  EXPECT_EQ(log.lines, (Lines{"a"}));
  a.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a", "b"}));
  b.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a", "b", "c"}));
}

TEST_F(InputGateTest, TheLockIsFreeOnlyWhenItsLastReferenceDrops) {
  Turn a(log, "a"), b(log, "b");
  gate->wait(a);
  gate->wait(b);
  GateLock storage_operation = a.lock;
  a.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a"}));
  storage_operation.release();
  EXPECT_EQ(log.lines, (Lines{"a", "b"}));
}

TEST_F(InputGateTest, AWaiterThatGoesAwayIsSkipped) {
  Turn a(log, "a"), c(log, "c");
  auto b = std::make_unique<Turn>(log, "b");
  gate->wait(a);
  gate->wait(*b);
  gate->wait(c);
  b.reset();
  a.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a", "c"}));
}

TEST_F(InputGateTest, ChildSectionsGoBeforeOrdinaryWaiters) {
  Turn a(log, "a"), outside(log, "outside"), inside(log, "section");
  gate->wait(a);
  gate->wait(outside);
  auto section = CriticalSection::make(*gate, a.lock);
  section->start(inside);
  a.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a", "section"}));
}

TEST_F(InputGateTest, WhileASectionRunsOnlyWorkStartedInsideIsDelivered) {
  Turn a(log, "a"), outside(log, "outside"), body(log, "body"), reply(log, "reply inside");
  gate->wait(a);
  auto section = CriticalSection::make(*gate, a.lock);
  section->start(body);
  gate->wait(outside);
  a.lock.release();
  body.lock.release();
  section->wait(reply);
  EXPECT_EQ(log.lines, (Lines{"a", "body", "reply inside"}));
  GateLock caller = section->succeed();
  reply.lock.release();
  EXPECT_EQ(log.lines.back(), "reply inside");
  caller.release();
  EXPECT_EQ(log.lines.back(), "outside");
}

TEST_F(InputGateTest, WhatStillWaitsInASectionMovesToTheParentWhenItEnds) {
  Turn a(log, "a"), body(log, "body"), late(log, "late");
  gate->wait(a);
  auto section = CriticalSection::make(*gate, a.lock);
  section->start(body);
  a.lock.release();
  section->wait(late);
  GateLock caller = section->succeed();
  body.lock.release();  // a lock of the ended section counts for the parent
  EXPECT_EQ(log.lines, (Lines{"a", "body"}));
  caller.release();
  EXPECT_EQ(log.lines, (Lines{"a", "body", "late"}));
  late.lock.release();
  EXPECT_TRUE(gate->free());
}

TEST_F(InputGateTest, SeveralSectionsOfOneTurnRunInTheOrderTheyWereAskedFor) {
  Turn a(log, "a"), one(log, "one"), two(log, "two");
  gate->wait(a);
  auto s1 = CriticalSection::make(*gate, a.lock);
  auto s2 = CriticalSection::make(*gate, a.lock);
  s1->start(one);
  s2->start(two);
  a.lock.release();
  EXPECT_EQ(log.lines, (Lines{"a", "one"}));
  GateLock caller = s1->succeed();
  one.lock.release();
  caller.release();
  EXPECT_EQ(log.lines, (Lines{"a", "one", "two"}));
}

TEST_F(InputGateTest, AFailedSectionBreaksAllItsAncestorsAndResetsTheObject) {
  Turn a(log, "a"), outer(log, "outer"), inner(log, "inner"), waiting(log, "waiting");
  gate->wait(a);
  auto s1 = CriticalSection::make(*gate, a.lock);
  s1->start(outer);
  a.lock.release();
  auto s2 = CriticalSection::make(*gate, outer.lock);
  s2->start(inner);
  gate->wait(waiting);
  outer.lock.release();
  runtime::ErrorInfo error;
  error.message = "boom";
  s2->fail(error);
  EXPECT_EQ(log.lines, (Lines{"a", "outer", "inner", "waiting: boom", "reset: boom"}));
  Turn after(log, "after");
  gate->wait(after);
  EXPECT_EQ(log.lines.back(), "after: boom");
}

TEST_F(InputGateTest, TheSixtyFifthLevelIsRefusedAndDeepChainsAreTakenApartWithoutRecursion) {
  Turn a(log, "a");
  gate->wait(a);
  GateLock lock = a.lock;
  a.lock.release();
  std::vector<std::unique_ptr<Turn>> turns;
  std::vector<Ref<CriticalSection>> sections;
  for (int depth = 1; depth <= kMaxSectionDepth; ++depth) {
    auto s = CriticalSection::make(*gate, lock);
    ASSERT_TRUE(s);
    turns.push_back(std::make_unique<Turn>(log, "t"));
    s->start(*turns.back());
    lock.release();
    lock = std::move(turns.back()->lock);
    sections.push_back(s);
  }
  EXPECT_FALSE(CriticalSection::make(*gate, lock));
  while (!sections.empty()) {
    GateLock parent = sections.back()->succeed();
    lock.release();
    lock = std::move(parent);
    sections.pop_back();
  }
  lock.release();
  EXPECT_TRUE(gate->free());
}

}  // namespace
}  // namespace orrery::durable
