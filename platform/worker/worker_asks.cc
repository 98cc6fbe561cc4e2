// What JavaScript asks of the world (runtime/isolate_host.h), for the context whose turn it is.
#include <algorithm>

#include "platform/worker/rpc_hub.h"
#include "platform/worker/worker_isolate.h"
#include "sim/core/check.h"
#include "sim/net/network.h"

namespace orrery::worker {

inline constexpr Site kTimer{"worker.timer"};
inline constexpr Site kOwnTurn{"worker.own_turn"};
inline constexpr Site kEntropy{"worker.entropy"};
inline constexpr Site kRefused{"worker.refused_call"};

static const char* level_name(runtime::ConsoleLevel level) {
  static constexpr const char* kNames[] = {"debug", "log", "info", "warn", "error"};
  return kNames[static_cast<int>(level)];
}

int64_t WorkerIsolate::now_us() { return process_.clock().wall_ms() * 1000; }

void WorkerIsolate::random_bytes(std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size();) {
    uint64_t bits = world().decide().bits(kEntropy);
    for (int b = 0; b < 8 && i < out.size(); ++b, ++i) out[i] = static_cast<uint8_t>(bits >> 8 * b);
  }
}

void WorkerIsolate::leave(OutgoingCall call) {
  EventContext& context = current();
  call.depth = context.depth();
  if (call.target == runtime::TargetKind::kDurableObject) {
    if (!context.broken_stubs_.empty()) {
      auto broken = context.broken_stubs_.find(call.stub);
      ORRERY_SOMETIMES(world(), broken != context.broken_stubs_.end(), "a stub is used again after its object broke");
      if (broken != context.broken_stubs_.end()) return refuse(context, call, broken->second);
    }
    call.epoch = context.served_by(call.stub);
  }
  if (++context.subrequests_ <= deployment_.isolate_options().subrequest_limit)
    return context.call(std::move(call));
  ORRERY_SOMETIMES(world(), true, "an event makes more calls than it may");
  runtime::ErrorInfo error;
  error.message = "Too many subrequests.";
  refuse(context, call, std::move(error));
}

void WorkerIsolate::refuse(const EventContext& context, const OutgoingCall& call, runtime::ErrorInfo error) {
  answer_later(kRefused, context.context_id(), call.operation, AnswerMessage::of_error(std::move(error)));
}

static OutgoingCall call_to(runtime::OperationId operation, const runtime::Target& target) {
  OutgoingCall call;
  call.operation = operation;
  call.target = target.kind;
  call.binding = target.binding;
  if (target.kind == runtime::TargetKind::kDurableObject) {
    const NamespaceHandle handle(target.binding);
    call.binding = handle.binding;
    call.hint = handle.hint;
    call.primary_only = handle.primary_only;
  }
  call.stub = target.stub;
  call.id = target.id;
  call.object_name = target.object_name;
  return call;
}

void WorkerIsolate::start_fetch(runtime::ContextId, runtime::OperationId operation,
                                const runtime::Target& target,
                                Ref<const runtime::HttpRequest> request) {
  OutgoingCall call = call_to(operation, target);
  if (request->body.stream) {
    call.rpc = make_ref<RpcInfo>();
    call.rpc->capabilities.push_back(rpc_->give(*this, current(), request->body.stream, false));
  }
  call.request = std::move(request);
  leave(std::move(call));
}

void WorkerIsolate::start_rpc(runtime::ContextId, runtime::OperationId operation,
                              const runtime::Target& target, std::string_view method,
                              Ref<Buffer> arguments) {
  leave(rpc_call(operation, target, method, std::move(arguments)));
}

OutgoingCall WorkerIsolate::rpc_call(runtime::OperationId operation, const runtime::Target& target,
                                     std::string_view method, Ref<Buffer> arguments) {
  OutgoingCall call = call_to(operation, target);
  call.method = method;
  call.arguments = std::move(arguments);
  call.rpc = make_ref<RpcInfo>();
  call.rpc->incarnation = process_.incarnation();
  call.rpc->worker = slot_;
  call.rpc->operation = operation;
  calls_of_turn_.push_back(call.rpc);
  return call;
}

void WorkerIsolate::start_rpc_call(runtime::ContextId, runtime::OperationId operation,
                                   const runtime::Target& target, std::string_view label, Ref<Buffer> message,
                                   std::span<const uint32_t> exports, runtime::OperationId on) {
  OutgoingCall call = rpc_call(operation, target, label, std::move(message));
  call.rpc->message = true;
  call.rpc->on = on;
  for (uint32_t number : exports) call.rpc->capabilities.push_back(rpc_->give(*this, current(), number, false));
  if (on) rpc_->follow(*this, current(), on, operation);
  leave(std::move(call));
}

bool WorkerIsolate::keep_result(runtime::ContextId, runtime::OperationId operation) {
  for (const Ref<RpcInfo>& call : calls_of_turn_) {
    if (call->operation != operation) continue;
    call->keep = true;
    return true;
  }
  return false;
}

uint32_t WorkerIsolate::import_own(runtime::ContextId, uint32_t exported) {
  return rpc_->take(*this, current(), rpc_->give(*this, current(), exported, false));
}

void WorkerIsolate::write_stream(runtime::ContextId, runtime::OperationId operation, uint32_t number,
                                 runtime::HttpBody chunk) {
  using What = StreamMessage::What;
  auto message = make_ref<StreamMessage>(chunk ? What::kChunk : What::kEnd, rpc_->of(*this, current(), number));
  message->chunk = std::move(chunk);
  current().stream(operation, std::move(message));
}

void WorkerIsolate::fail_stream(runtime::ContextId, uint32_t number, const runtime::ErrorInfo& error) {
  report_failure(current().lane(), EventFailed::Why::kException, error);
  auto message = make_ref<StreamMessage>(StreamMessage::What::kError, rpc_->of(*this, current(), number));
  message->error = error;
  message->error.remote = true;
  current().stream(0, std::move(message));
}

void WorkerIsolate::read_stream(runtime::ContextId, runtime::OperationId operation, uint32_t import) {
  current().operation_started(operation);
  rpc_->read_stream(import, operation);
}

void WorkerIsolate::withdraw_export(runtime::ContextId, uint32_t number) {
  rpc_->withdraw(*this, current(), number);
}

void WorkerIsolate::release_import(uint32_t number) { rpc_->release(number); }

// ---- WebSockets ----

uint32_t WorkerIsolate::open_sockets(runtime::ContextId) {
  const uint32_t end = sockets_->open_pair();
  current().sockets_.insert(current().sockets_.end(), {end, end + 1});
  return end;
}

void WorkerIsolate::accept_socket(runtime::ContextId context, uint32_t end) {
  current().socket_accepted(end);
  sockets_->accept(end, *this, context, current().lane());
}

void WorkerIsolate::send_socket(runtime::ContextId, uint32_t end, Ref<runtime::SocketFrame> frame) {
  sockets_->stamp(end, *frame);
  current().send_frame(end, std::move(frame));
}

void WorkerIsolate::start_binding(runtime::ContextId, runtime::OperationId operation,
                                  uint32_t binding, std::string_view method,
                                  Ref<const runtime::Cells> arguments, bool gated) {
  OutgoingCall call;
  call.operation = operation;
  call.target = runtime::TargetKind::kBinding;
  call.binding = binding;
  call.method = method;
  call.cells = std::move(arguments);
  call.gated = gated;
  leave(std::move(call));
}

void WorkerIsolate::respond(runtime::ContextId, runtime::EventId event,
                            Ref<const runtime::HttpResponse> response) {
  if (response->socket) [[unlikely]] {
    std::erase(current().sockets_, response->socket);
    const SocketName socket = sockets_->give(response->socket);
    auto answer = AnswerMessage::of(std::move(response));
    answer->socket = socket;
    return current().respond_rpc(event, std::move(answer));
  }
  if (!response->body.stream) [[likely]] return current().respond(event, std::move(response));
  const Capability stream = rpc_->give(*this, current(), response->body.stream, true);
  auto answer = AnswerMessage::of(std::move(response));
  answer->capabilities.push_back(stream);
  current().respond_rpc(event, std::move(answer));
}
void WorkerIsolate::respond_value(runtime::ContextId, runtime::EventId event, Ref<Buffer> value) {
  current().respond_value(event, std::move(value));
}
void WorkerIsolate::respond_rpc(runtime::ContextId, runtime::EventId event, Ref<Buffer> message,
                                std::span<const uint32_t> exports) {
  auto answer = AnswerMessage::of_value(std::move(message));
  answer->rpc_message = true;
  for (uint32_t number : exports) answer->capabilities.push_back(rpc_->give(*this, current(), number, true));
  current().respond_rpc(event, std::move(answer));
}
void WorkerIsolate::respond_error(runtime::ContextId, runtime::EventId event,
                                  const runtime::ErrorInfo& error) {
  report_failure(current().lane(), EventFailed::Why::kException, error);
  current().respond_error(event, error);
}

void WorkerIsolate::start_turn(runtime::ContextId context, runtime::OperationId operation) {
  current().operation_started(operation);
  answer_later(kOwnTurn, context, operation, AnswerMessage::of_value(nullptr));
}

void WorkerIsolate::start_timer(runtime::ContextId context, runtime::TimerId timer,
                                int64_t delay_ms) {
  // An interval begins anew after its turn, so it is not the current context that counts.
  EventContext* owner = find(context);
  if (!owner) return;
  Duration wait = process_.clock().world_duration(millis(delay_ms));
  owner->timer_started(timer);
  ++owner->timers_;
  auto& entry = timers_[timer];
  entry.context = context;
  entry.due = world().now() + wait;
  entry.event = world().loop().schedule_in(wait, kTimer, process_.owner(), [this, context, timer] {
    timers_.erase(timer);
    EventContext* c = find(context);
    if (!c) return;
    --c->timers_;
    c->timer_due(timer);
  });
  // The timers of one event fire in their order; those of two, whose clocks only happen to agree, in any (even strands:
  // odd ones are streams).
  world().loop().on_strand(entry.event, static_cast<uint32_t>(mix64(key_of(context), 0)) & ~1u);
}

void WorkerIsolate::cancel_timer(runtime::ContextId, runtime::TimerId timer) {
  auto it = timers_.find(timer);
  if (it == timers_.end()) return;
  world().loop().cancel(it->second.event);
  if (EventContext* owner = find(it->second.context)) --owner->timers_;
  timers_.erase(it);
}

void WorkerIsolate::console(runtime::ContextId context, runtime::ConsoleLevel level,
                            std::string_view text, const runtime::SourcePosition& position) {
  EventContext* c = find(context);
  std::string source;
  if (!position.file.empty())
    source = position.file + ":" + std::to_string(position.line);
  world().announce(ConsoleLine{c ? c->lane() : lane_, level_name(level), text, source});
}

void WorkerIsolate::wait_until_changed(runtime::ContextId, int pending) {
  current().wait_until_changed(pending);
}

runtime::ObjectId WorkerIsolate::id_from_name(uint32_t binding, std::string_view name) {
  const NamespaceHandle handle(binding);
  return objects_of(handle.binding).from_name(name, handle.jurisdiction);
}

runtime::ObjectId WorkerIsolate::new_unique_id(uint32_t binding) {
  std::array<uint8_t, 16> random;
  random_bytes(random);
  const NamespaceHandle handle(binding);
  return objects_of(handle.binding).from_random(random, handle.jurisdiction);
}

int WorkerIsolate::parse_id(uint32_t binding, std::string_view hex, runtime::ObjectId& id) {
  auto parsed = objects_of(NamespaceHandle(binding).binding).parse(hex);
  id = parsed.id;
  return !parsed.well_formed ? 1 : !parsed.ours && !weaken_.ids_unchecked ? 2 : 0;
}

uint32_t WorkerIsolate::jurisdiction_of(uint32_t binding, const runtime::ObjectId& id) {
  return static_cast<uint32_t>(objects_of(NamespaceHandle(binding).binding).jurisdiction_of(id));
}

runtime::SectionId WorkerIsolate::begin_section(runtime::ContextId) {
  return current().begin_section();
}
void WorkerIsolate::end_section(runtime::ContextId, runtime::SectionId section,
                                const runtime::ErrorInfo* error) {
  current().end_section(section, error);
}
void WorkerIsolate::abort_context(runtime::ContextId, const runtime::ErrorInfo& reason) {
  current().aborted(reason);
}

}  // namespace orrery::worker
