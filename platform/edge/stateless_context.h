// One stateless event: a request to a Worker's fetch handler, from its first turn until its answer and its
// waitUntil promises are done. It has no gates: calls and answers leave at once.
//
// The context closes when the answer has left and nothing is promised to waitUntil, at the latest
// `kWaitUntilLimit` after the answer (platform.md 1.2). An event whose handler can no longer settle (no
// operation, no timer, no waiter) gets the error that the real runtime gives, without help from
// garbage collection.
#pragma once

#include "platform/worker/worker_isolate.h"
#include "sim/net/network.h"

namespace orrery::edge {

inline constexpr Duration kWaitUntilLimit = seconds(30);  // platform.md 1.2

class StatelessContext final : public worker::EventContext {
 public:
  // Told when the context has closed and may be used again.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void finished(StatelessContext& context) = 0;
  };
  StatelessContext(worker::WorkerIsolate& worker, Owner& owner) : worker_(worker), owner_(owner) {}
  ~StatelessContext() override;

  // Runs the handler's first turn.
  void start(const net::Caller& caller, const runtime::HttpRequest& request);

  void respond(runtime::EventId, Ref<const runtime::HttpResponse>) override;
  void respond_value(runtime::EventId, Ref<Buffer>) override;
  void respond_error(runtime::EventId, const runtime::ErrorInfo&) override;
  void call(worker::OutgoingCall call) override;
  void settle(runtime::OperationId operation, Ref<const worker::AnswerMessage> answer) override;
  void timer_due(runtime::TimerId timer) override;
  void wait_until_changed(int pending) override { wait_until_ = pending; }
  void isolate_lost(const runtime::ErrorInfo& error) override;

 private:
  template <class Enter>
  void turn(const char* why, Enter&& enter);
  void answer_page(int status, int code);
  void finish();

  worker::WorkerIsolate& worker_;
  Owner& owner_;
  net::Caller caller_;
  bool answered_ = false;
  bool open_ = false;
  int wait_until_ = 0;
  EventHandle wait_until_limit_;
};

}  // namespace orrery::edge
