// What leaves an object through its output gate (durable-objects.md 2.4).
#pragma once

#include "platform/durable/actor/actor.h"
#include "platform/worker/byte_streams.h"

namespace orrery::durable {

// The answer to an event.
class Actor::ReplyOutput final : public GatedOutput {
 public:
  ReplyOutput(Actor& a, const net::Caller& c, Ref<worker::AnswerMessage> m, Batch n,
              uint64_t output)
      : actor_(a), caller_(c), answer_(std::move(m)), needs_(n), output_(output) {}
  void release() override { actor_.send_reply(caller_, answer_, needs_, output_, true); }
  void broken(const runtime::ErrorInfo& error) override {
    auto answer = worker::AnswerMessage::of_error(error);
    answer->broke = true;
    caller_.reply(answer);
  }

 private:
  Actor& actor_;
  net::Caller caller_;
  Ref<worker::AnswerMessage> answer_;
  Batch needs_;
  uint64_t output_;
};

// A call of the object's JavaScript to somebody else.
class Actor::CallOutput final : public GatedOutput {
 public:
  CallOutput(Actor& actor, worker::OutgoingCall call, uint64_t output)
      : actor_(actor), call_(std::move(call)), output_(output) {}
  void release() override { actor_.send_call(std::move(call_), output_); }
  void broken(const runtime::ErrorInfo&) override {}  // whoever waits for it is gone

 private:
  Actor& actor_;
  worker::OutgoingCall call_;
  uint64_t output_;
};

// A part of a stream that the object writes; the gate is that of the moment at which it was written (2.4, 2.5).
class Actor::StreamOutput final : public GatedOutput {
 public:
  StreamOutput(Actor& actor, runtime::OperationId operation, Ref<const worker::StreamMessage> message,
               uint64_t output)
      : actor_(actor), operation_(operation), message_(std::move(message)), output_(output) {}
  void release() override { actor_.send_chunk(operation_, std::move(message_), output_); }
  void broken(const runtime::ErrorInfo&) override {}  // its reader hears of the object's end

 private:
  Actor& actor_;
  runtime::OperationId operation_;
  Ref<const worker::StreamMessage> message_;
  uint64_t output_;
};

// A frame of a WebSocket; each waits for the gate of the moment at which it was sent (2.4).
class Actor::FrameOutput final : public GatedOutput {
 public:
  FrameOutput(Actor& actor, uint32_t end, Ref<const runtime::SocketFrame> frame, uint64_t output)
      : actor_(actor), end_(end), frame_(std::move(frame)), output_(output) {}
  void release() override { actor_.send_frame(end_, frame_, output_); }
  void broken(const runtime::ErrorInfo&) override {}  // the socket is lost with the object

 private:
  Actor& actor_;
  uint32_t end_;
  Ref<const runtime::SocketFrame> frame_;
  uint64_t output_;
};

// storage.sync(): the promise resolves when the gate would let an output pass.
class Actor::SyncOutput final : public GatedOutput {
 public:
  SyncOutput(Actor& actor, runtime::OperationId operation)
      : actor_(actor), operation_(operation) {}
  void release() override {
    actor_.settle(operation_, worker::AnswerMessage::of_value(nullptr));
  }
  void broken(const runtime::ErrorInfo&) override {}  // the object is gone first (3.8)

 private:
  Actor& actor_;
  runtime::OperationId operation_;
};

}  // namespace orrery::durable
