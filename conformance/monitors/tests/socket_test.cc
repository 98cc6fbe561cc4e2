// Goal: WS-1 and DO-OG-3 are broken by exactly what they forbid. Method: events by hand.
#include "conformance/monitors/tests/rig.h"
#include "platform/runtime/socket_frame.h"

namespace orrery::monitors {
namespace {

using rules::RuleId;

struct Sockets : Rig {
  void SetUp() override { start(1); }
  void reads(uint64_t reader, uint64_t sender, uint32_t number) {
    auto frame = runtime::SocketFrame::message(runtime::SocketFrame::What::kText, Buffer::copy("x"));
    frame->sender = sender;
    frame->number = number;
    tell(worker::SocketRead{lane, reader, *frame});
  }
  void closes(uint64_t reader, uint64_t sender, uint32_t number) {
    auto frame = runtime::SocketFrame::close(1000, "");
    frame->sender = sender;
    frame->number = number;
    tell(worker::SocketRead{lane, reader, *frame});
  }
};

TEST_F(Sockets, FramesInOrderAreFineOnEachSocketByItself) {
  reads(1, 10, 1);
  reads(2, 20, 1);
  reads(1, 10, 2);
  reads(2, 20, 2);
  closes(1, 10, 3);
  tell(worker::SocketRead{lane, 2, *runtime::SocketFrame::lost()});
  reads(1, 11, 1);
  EXPECT_EQ(all(), 0u);
  EXPECT_EQ(monitors.exercised(RuleId::kSocketOrder), 6u);
}
TEST_F(Sockets, AFrameLeftOutBreaksWs1) {
  reads(1, 10, 1);
  reads(1, 10, 3);
  EXPECT_EQ(broken(RuleId::kSocketOrder), 1u);
}
TEST_F(Sockets, AFrameTwiceBreaksWs1) {
  reads(1, 10, 1);
  reads(1, 10, 1);
  EXPECT_EQ(broken(RuleId::kSocketOrder), 1u);
}
TEST_F(Sockets, AFrameOfAnotherSocketBreaksWs1) {
  reads(1, 10, 1);
  reads(1, 20, 2);
  EXPECT_EQ(broken(RuleId::kSocketOrder), 1u);
}
TEST_F(Sockets, AFrameAheadOfAWritesDurabilityBreaksOg3) {
  event(1);
  tell(durable::ObjectStreamed{lane, 1, 0, 10, true});
  EXPECT_EQ(all(), 0u);
  write(1);
  turn_ends();
  commit(1, 1);
  tell(durable::ObjectStreamed{lane, 1, 0, 10, true});
  EXPECT_EQ(broken(RuleId::kOutputGateFrames), 1u);
}
TEST_F(Sockets, AMessageInsideASectionBreaksIg1UnlessItsSocketIsTheSections) {
  tell(durable::SectionBegan{lane, 1, 6, 1});
  tell(durable::ObjectMessage{lane, 1, true});
  turn_ends();
  EXPECT_EQ(all(), 0u);
  tell(durable::ObjectMessage{lane, 1, false});
  EXPECT_EQ(broken(RuleId::kInputGateSection), 1u);
}

}  // namespace
}  // namespace orrery::monitors
