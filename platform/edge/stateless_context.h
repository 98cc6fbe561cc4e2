// One stateless event: a client's request to a Worker's fetch handler, or a call of another Worker through a
// service binding, from its first turn until its answer and its waitUntil promises are done. It has no gates:
// calls and answers leave at once.
//
// A client gets a page where the handler fails, a Worker the exception itself with `remote` set.
//
// The context closes when the answer has left and nothing is promised to waitUntil, at the latest
// `kWaitUntilLimit` after the answer (platform.md 1.2). An event whose handler can no longer settle (no
// operation, no timer, no waiter) gets the error that the real runtime gives, without help from
// garbage collection.
#pragma once

#include <vector>

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

  // The Worker that calls through a service binding; all of it lives on this host.
  struct ServiceCaller {
    worker::WorkerIsolate* worker = nullptr;
    runtime::ContextId context = runtime::kNoContext;
    runtime::OperationId operation = 0;
    const runtime::Binding* binding = nullptr;
  };
  // Keeps the call until start_call runs its first turn.
  void take_call(const ServiceCaller& caller, worker::OutgoingCall call);
  void start_call();

  worker::WorkerIsolate& worker() const { return worker_; }
  // The request whose answer is still to come, or null. For comparing only: it may be gone.
  const runtime::HttpRequest* serves() const { return open_ && !answered_ ? request_ : nullptr; }
  // The calling Worker's context (WorkerIsolate::key_of) that the answer is still to reach, or kNoCaller.
  static constexpr uint64_t kNoCaller = UINT64_MAX;
  uint64_t serves_context() const {
    return service_.worker && !answered_ ? service_.worker->key_of(service_.context) : kNoCaller;
  }
  runtime::OperationId service_operation() const { return service_.operation; }

  void respond(runtime::EventId, Ref<const runtime::HttpResponse>) override;
  void respond_value(runtime::EventId, Ref<Buffer>) override;
  void respond_error(runtime::EventId, const runtime::ErrorInfo&) override;
  void respond_rpc(runtime::EventId, Ref<worker::AnswerMessage>) override;
  void rpc_arrived(const net::Caller&, Ref<const worker::ObjectMessage>) override;
  void rpc_released(uint32_t number, bool is_result) override;
  void call(worker::OutgoingCall call) override;
  void stream(runtime::OperationId operation, Ref<const worker::StreamMessage> message) override;
  void send_frame(uint32_t end, Ref<const runtime::SocketFrame> frame) override;
  void socket_readable(uint32_t end) override;
  void settle(runtime::OperationId operation, Ref<const worker::AnswerMessage> answer) override;
  void timer_due(runtime::TimerId timer) override;
  void wait_until_changed(int pending) override { wait_until_ = pending; }
  void isolate_lost(worker::IsolateEnd why) override;

 private:
  // Opens the context; false when the Worker cannot start, which is then answered.
  bool begin();
  template <class Enter>
  void turn(const char* why, Enter&& enter);
  void reply(runtime::EventId event, Ref<worker::AnswerMessage> answer);
  void reply(Ref<const worker::AnswerMessage> answer);
  // Nobody waits for anything here any more: no answer, no waitUntil, no reference to what its result gave out, no
  // WebSocket that left with it.
  bool over() const {
    return answered_ && wait_until_ == 0 && given_results() == 0 && open_calls_ == 0 && !worker_.serves_socket(*this);
  }
  // The event failed: `error` for a Worker, for a client the page that a visitor sees (platform.md 1.5).
  void fail(const runtime::ErrorInfo& error, bool remote, int status, int code);
  void fail(std::string message, int status, int code);
  void cut_off();
  void finish();

  worker::WorkerIsolate& worker_;
  Owner& owner_;
  net::Caller caller_;
  ServiceCaller service_;        // no worker: a client called
  worker::OutgoingCall call_;    // what it calls, until the first turn
  const runtime::HttpRequest* request_ = nullptr;
  bool answered_ = false;
  bool open_ = false;
  int wait_until_ = 0;
  // Calls on what it gave out: event kFirstCall + index.
  static constexpr runtime::EventId kFirstCall = 2;
  struct Call {
    net::Caller caller;
    bool open = false;
  };
  std::vector<Call> calls_;
  uint32_t open_calls_ = 0;
  EventHandle wait_until_limit_;
};

}  // namespace orrery::edge
