// One Worker version on one host: its isolate, made at first use, and the contexts in it. All JavaScript of
// that version on that host runs here: `turn` is the only way in.
//
// The isolate is spent when it goes over its memory limit, or an object over its CPU limit: every context in it
// is told, and the next event makes a fresh one. So it is when new code is deployed, but that lets stateless
// events end. A crash of the process destroys this service, and with it contexts and
// isolate, without running any JavaScript.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/runtime/isolate.h"
#include "platform/worker/application.h"
#include "platform/worker/event_context.h"
#include "platform/worker/events.h"
#include "sim/host/host.h"

namespace orrery::worker {

// How calls leave a host: to objects, other Workers, the internet. Implemented by the edge room; answers
// come back through WorkerIsolate::deliver_answer.
class Outbound {
 public:
  virtual ~Outbound() = default;
  virtual void send(class WorkerIsolate& worker, runtime::ContextId context, OutgoingCall call) = 0;
};

// A service of the platform behind bindings of one kind (KV, ...). Answers come back through
// WorkerIsolate::deliver_answer, never before `start` has returned.
class BindingService {
 public:
  virtual ~BindingService() = default;
  virtual void start(class WorkerIsolate& worker, runtime::ContextId context, OutgoingCall call) = 0;
};

class WorkerIsolate final : private runtime::IsolateHost, private SocketReader {
 public:
  // The version in a slot of the application.
  WorkerIsolate(host::Process& process, const Application& application, uint32_t slot,
                Outbound& outbound, const runtime::Weaken& weaken = {});
  ~WorkerIsolate();

  host::Process& process() { return process_; }
  World& world() { return process_.world(); }
  const Application& application() const { return application_; }
  uint32_t slot() const { return slot_; }
  // The Worker's number in the application; 0 is the one that clients reach.
  uint32_t index() const { return application_.worker_of(slot_); }
  const Deployment& deployment() const { return deployment_; }
  const std::string& name() const { return deployment_.code()->name; }
  const Application::Place& place_of(uint32_t binding) const {
    return application_.place(slot_, binding);
  }
  runtime::Isolate& isolate() { return *isolate_; }
  LaneId lane() const { return lane_; }
  Outbound& outbound() { return outbound_; }

  // Makes and starts the isolate if there is none. Null, or why the Worker cannot start.
  const runtime::ErrorInfo* ensure_started();

  void open(EventContext& context, runtime::ContextKind kind, LaneId lane);
  // No JavaScript runs for it any more; late answers and timers are dropped.
  void close(EventContext& context);
  // A context's number among those of all versions of this host; slots stay far below 2^24.
  uint64_t key_of(runtime::ContextId context) const { return context | uint64_t{slot_} << 24; }
  // When the next timer of a context fires; nothing when it has none.
  std::optional<Instant> next_timer(runtime::ContextId context) const;

  // The open context with this id, or null.
  EventContext* find(runtime::ContextId id);

  // Runs one turn: `enter` calls exactly one function of the isolate and returns its result. Limits are
  // announced; a spent isolate is disposed of after the turn, and its contexts told.
  template <class Enter>
  runtime::TurnResult turn(EventContext& context, const char* why, Enter&& enter) {
    begin_turn();
    runtime::TurnResult result = enter(*isolate_);
    end_turn(context, why, result);
    return result;
  }

  // Where references between contexts are kept; set once, when there is one.
  void connect(class RpcHub& rpc) { rpc_ = &rpc; }
  RpcHub& rpc() { return *rpc_; }
  void connect(WebSockets& sockets) { sockets_ = &sockets; }
  WebSockets& sockets() { return *sockets_; }
  // Runs the turn in which a context gets the next frame of an end; how it ended.
  runtime::TurnResult read_socket(EventContext& context, uint32_t end);
  // A context listens to a WebSocket; it keeps a WebSocket open whose other end has left with its answer.
  bool listens(const EventContext& context) const;
  bool serves_socket(const EventContext& context) const;
  // The numbers by which a context refers to what came to it.
  std::vector<uint32_t> take(EventContext& context, const std::vector<Capability>& capabilities);
  // A message that came whose body may be a stream, as the context has it: with the number of its import.
  Ref<const runtime::HttpRequest> taken(EventContext& context, const Ref<const runtime::HttpRequest>& request,
                                        const Ref<RpcInfo>& rpc) {
    return rpc ? taken(context, request, rpc->capabilities) : request;
  }
  template <class Http>
  Ref<const Http> taken(EventContext& context, const Ref<const Http>& message,
                        const std::vector<Capability>& capabilities) {
    if (!message->body.stream) [[likely]] return message;
    runtime::HttpBody body;
    body.stream = take(context, capabilities).front();
    return runtime::with_body(*message, std::move(body));
  }
  // A response that came, as the context has it.
  Ref<const runtime::HttpResponse> taken(EventContext& context, const AnswerMessage& answer);

  // An answer for a call of a context; dropped if the context is gone. `stub`: through which it was called, 0: none.
  void deliver_answer(runtime::ContextId context, runtime::OperationId operation,
                      Ref<const AnswerMessage> answer, uint32_t stub = 0);
  // The same in a turn of its own, now: turns never nest, not even those of two isolates.
  void answer_later(const Site& site, runtime::ContextId context, runtime::OperationId operation,
                    Ref<const AnswerMessage> answer);

  // An object broke while a call through this stub was under way.
  void stub_broke(runtime::ContextId context, uint32_t stub, const runtime::ErrorInfo& error);
  // The process crashes at so many host calls of a context (kNoContext: of any here) from now, within a turn: `crash` is
  // to end it, and is called when the loop comes round.
  void crash_at_host_call(uint32_t calls, runtime::ContextId context, std::function<void()> crash);
  // False when the next event has to wait for the isolate to be made.
  bool warm() const { return isolate_ != nullptr; }
  // Whether no event is under way in it, and no object lives in it.
  bool resting() const { return contexts_.empty(); }
  // Throws the isolate away when the loop comes round, and tells every context that is still open.
  void give_up_isolate(IsolateEnd why);
  // Its code was replaced: objects are told at once; the isolate goes with the last event under way in it, or
  // when those had their time.
  void code_updated();
  // It serves after all: what code_updated said of a version that was replaced no longer holds.
  void code_kept();

  void report_failure(LaneId lane, EventFailed::Why why, const runtime::ErrorInfo& error);

 private:
  struct Timer {
    runtime::ContextId context;
    EventHandle event;
    Instant due{0};
  };

  void begin_turn();
  // Host calls as a sweep counts them (sim/core/sweep.h).
  void sweep_turn();
  void swept_turn(EventContext& context, const char* why, bool crashed);
  void end_turn(EventContext& context, const char* why, const runtime::TurnResult& result);
  void dispose_isolate(IsolateEnd why);
  EventContext& current();
  // Hands the call to its context, or refuses it when the event has made too many.
  void leave(OutgoingCall call);
  void refuse(const EventContext& context, const OutgoingCall& call, runtime::ErrorInfo error);
  OutgoingCall rpc_call(runtime::OperationId operation, const runtime::Target& target, std::string_view method,
                        Ref<Buffer> arguments);
  Namespace& objects_of(uint32_t binding) { return *place_of(binding).objects->objects; }

  // runtime::IsolateHost
  int64_t now_us() override;
  void random_bytes(std::span<uint8_t> out) override;
  void start_fetch(runtime::ContextId, runtime::OperationId, const runtime::Target&,
                   Ref<const runtime::HttpRequest>) override;
  void start_rpc(runtime::ContextId, runtime::OperationId, const runtime::Target&,
                 std::string_view method, Ref<Buffer> arguments) override;
  void start_rpc_call(runtime::ContextId, runtime::OperationId, const runtime::Target&, std::string_view label,
                      Ref<Buffer> message, std::span<const uint32_t> exports,
                      runtime::OperationId on) override;
  bool keep_result(runtime::ContextId, runtime::OperationId) override;
  void respond_rpc(runtime::ContextId, runtime::EventId, Ref<Buffer> message,
                   std::span<const uint32_t> exports) override;
  void write_stream(runtime::ContextId, runtime::OperationId, uint32_t number, runtime::HttpBody chunk) override;
  void fail_stream(runtime::ContextId, uint32_t number, const runtime::ErrorInfo& error) override;
  void read_stream(runtime::ContextId, runtime::OperationId, uint32_t import) override;
  void withdraw_export(runtime::ContextId, uint32_t number) override;
  uint32_t open_sockets(runtime::ContextId) override;
  void accept_socket(runtime::ContextId, uint32_t end) override;
  void send_socket(runtime::ContextId, uint32_t end, Ref<runtime::SocketFrame>) override;
  uint32_t import_own(runtime::ContextId, uint32_t exported) override;
  void release_import(uint32_t number) override;
  void start_binding(runtime::ContextId, runtime::OperationId, uint32_t binding,
                     std::string_view method, Ref<const runtime::Cells> arguments,
                     bool gated) override;
  void respond(runtime::ContextId, runtime::EventId, Ref<const runtime::HttpResponse>) override;
  void respond_value(runtime::ContextId, runtime::EventId, Ref<Buffer>) override;
  void respond_error(runtime::ContextId, runtime::EventId, const runtime::ErrorInfo&) override;
  void start_turn(runtime::ContextId, runtime::OperationId) override;
  void start_timer(runtime::ContextId, runtime::TimerId, int64_t delay_ms) override;
  void cancel_timer(runtime::ContextId, runtime::TimerId) override;
  void console(runtime::ContextId, runtime::ConsoleLevel, std::string_view text,
               const runtime::SourcePosition&) override;
  void wait_until_changed(runtime::ContextId, int pending) override;
  runtime::ObjectId id_from_name(uint32_t binding, std::string_view name) override;
  runtime::ObjectId new_unique_id(uint32_t binding) override;
  int parse_id(uint32_t binding, std::string_view hex, runtime::ObjectId& id) override;
  uint32_t jurisdiction_of(uint32_t binding, const runtime::ObjectId& id) override;
  runtime::SectionId begin_section(runtime::ContextId) override;
  void end_section(runtime::ContextId, runtime::SectionId, const runtime::ErrorInfo*) override;
  void abort_context(runtime::ContextId, const runtime::ErrorInfo& reason) override;

  // SocketReader
  void socket_readable(runtime::ContextId context, uint32_t end) override;
  void drop_sockets(EventContext& context);

  host::Process& process_;
  const Application& application_;
  uint32_t slot_;
  const Deployment& deployment_;
  Outbound& outbound_;
  runtime::Weaken weaken_;
  LaneId lane_;
  std::unique_ptr<runtime::Isolate> isolate_;
  std::unique_ptr<runtime::ErrorInfo> startup_error_;
  uint32_t isolates_made_ = 0;
  bool in_turn_ = false;
  RpcHub* rpc_ = nullptr;
  WebSockets* sockets_ = nullptr;
  std::vector<Ref<RpcInfo>> calls_of_turn_;  // that may still be told to keep their results
  std::function<void()> crash_;
  uint32_t sweeping_ = 0;  // how many host calls were left when this turn of a sweep began
  bool spent_ = false;       // its end is on the way
  bool outdated_ = false;    // it runs replaced code
  EventHandle outdated_limit_;
  // Looked up by id; walked only where no order can show.
  std::unordered_map<runtime::ContextId, EventContext*> contexts_;
  std::unordered_map<runtime::TimerId, Timer> timers_;
};

}  // namespace orrery::worker
