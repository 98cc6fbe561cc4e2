// What leaves an object through its output gate (durable-objects.md 2.4).
#pragma once

#include "platform/durable/actor/actor.h"

namespace orrery::durable {

// The answer to an event.
class Actor::ReplyOutput final : public GatedOutput {
 public:
  ReplyOutput(Actor& a, const net::Caller& c, Ref<worker::AnswerMessage> m, Batch n)
      : actor_(a), caller_(c), answer_(std::move(m)), needs_(n) {}
  void release() override { actor_.send_reply(caller_, answer_, needs_); }
  void broken(const runtime::ErrorInfo& error) override {
    caller_.reply(worker::AnswerMessage::of_error(error));
  }

 private:
  Actor& actor_;
  net::Caller caller_;
  Ref<worker::AnswerMessage> answer_;
  Batch needs_;
};

// A call of the object's JavaScript to somebody else.
class Actor::CallOutput final : public GatedOutput {
 public:
  CallOutput(worker::WorkerIsolate& worker, runtime::ContextId context, worker::OutgoingCall call)
      : worker_(worker), context_(context), call_(std::move(call)) {}
  void release() override { worker_.outbound().send(worker_, context_, std::move(call_)); }
  void broken(const runtime::ErrorInfo&) override {}  // whoever waits for it is gone

 private:
  worker::WorkerIsolate& worker_;
  runtime::ContextId context_;
  worker::OutgoingCall call_;
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
