// Goal: outputs wait for exactly the writes before them and leave in order (durable-objects.md section 2).
// Method: outputs that write a letter; batches become durable by hand.
#include "platform/durable/gates/output_gate.h"

#include <gtest/gtest.h>

namespace orrery::durable {
namespace {

struct Letter : GatedOutput {
  Letter(std::string& o, char c) : out(o), letter(c) {}
  void release() override { out += letter; }
  void broken(const runtime::ErrorInfo&) override { out += '!'; }
  std::string& out;
  char letter;
};

class OutputGateTest : public ::testing::Test {
 protected:
  void say(char c) { gate.pass(std::make_unique<Letter>(out, c)); }
  std::string out;
  OutputGate gate;
};

TEST_F(OutputGateTest, AnOutputBeforeAnyWriteLeavesAtOnce) {
  say('a');
  EXPECT_EQ(out, "a");
}

TEST_F(OutputGateTest, AnOutputWaitsForWritesBeforeItAndNotForLaterOnes) {
  gate.lock(1);
  say('a');
  gate.lock(2);
  say('b');
  EXPECT_EQ(out, "");
  gate.durable(1);
  EXPECT_EQ(out, "a");
  gate.durable(2);
  EXPECT_EQ(out, "ab");
}

TEST_F(OutputGateTest, ABrokenGateReplacesWhatWaitsAndWhatComes) {
  gate.lock(1);
  say('a');
  gate.break_gate({});
  gate.durable(1);
  say('b');
  EXPECT_EQ(out, "!!");
}

TEST_F(OutputGateTest, AHeldGateKeepsEvenDurableOutputsBackInOrder) {
  gate.hold(true);
  say('a');
  gate.lock(1);
  say('b');
  gate.durable(1);
  EXPECT_EQ(out, "");
  gate.hold(false);
  EXPECT_EQ(out, "ab");
}

}  // namespace
}  // namespace orrery::durable
