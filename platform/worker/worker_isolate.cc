#include "platform/worker/worker_isolate.h"

#include <algorithm>

#include "platform/worker/rpc_hub.h"
#include "sim/core/check.h"
#include "sim/net/network.h"

namespace orrery::worker {

inline constexpr Site kTimer{"worker.timer"};
inline constexpr Site kOwnTurn{"worker.own_turn"};
inline constexpr Site kEntropy{"worker.entropy"};
inline constexpr Site kSpent{"worker.isolate_spent"};
inline constexpr Site kRefused{"worker.refused_call"};
inline constexpr Site kSocketFrame{"worker.socket_frame"};

namespace {
// How long events under way may go on with replaced code. Source: platform.md 4.1.
constexpr Duration kOldCodePatience = seconds(30);

const char* level_name(runtime::ConsoleLevel level) {
  static constexpr const char* kNames[] = {"debug", "log", "info", "warn", "error"};
  return kNames[static_cast<int>(level)];
}
}  // namespace

WorkerIsolate::WorkerIsolate(host::Process& process, const Application& application,
                             uint32_t index, Outbound& outbound, const runtime::Weaken& weaken)
    : process_(process),
      application_(application),
      index_(index),
      deployment_(application.worker(index)),
      outbound_(outbound),
      weaken_(weaken) {
  std::string name = "isolate:" + process.host().name().substr(5) + "/" + deployment_.label();
  lane_ = world().trace().lane(name, "isolate", process.lane());
}

WorkerIsolate::~WorkerIsolate() {
  for (auto& [id, timer] : timers_) world().loop().cancel(timer.event);  // tidy: cancelling has no order
  world().loop().cancel(outdated_limit_);
}

const runtime::ErrorInfo* WorkerIsolate::ensure_started() {
  if (isolate_) return nullptr;
  if (startup_error_) return startup_error_.get();
  runtime::Isolate::Options options = deployment_.isolate_options();
  options.first_generation = isolates_made_++ << 24;
  options.weaken = weaken_;
  isolate_ = std::make_unique<runtime::Isolate>(deployment_.snapshot(), deployment_.code(),
                                                static_cast<runtime::IsolateHost&>(*this), options);
  in_turn_ = true;
  runtime::TurnResult result = isolate_->start();
  in_turn_ = false;
  if (result) return nullptr;
  startup_error_ = result.error ? std::move(result.error) : std::make_unique<runtime::ErrorInfo>();
  isolate_.reset();
  report_failure(lane_, EventFailed::Why::kStartup, *startup_error_);
  return startup_error_.get();
}

void WorkerIsolate::open(EventContext& context, runtime::ContextKind kind, LaneId lane) {
  context.context_id_ = isolate_->open_context(kind, &context);
  context.lane_ = lane;
  context.served_stubs_.clear();
  context.broken_stubs_.clear();
  contexts_[context.context_id_] = &context;
}

void WorkerIsolate::close(EventContext& context) {
  if (contexts_.erase(context.context_id_) == 0) return;
  drop_sockets(context);
  if (context.has_references_) rpc_->context_closed(*this, context);
  if (isolate_) isolate_->close_context(context.context_id_);  // defers itself within a turn
  if (outdated_ && contexts_.empty()) give_up_isolate(IsolateEnd::kCodeUpdated);
}

EventContext* WorkerIsolate::find(runtime::ContextId id) {
  auto it = contexts_.find(id);
  return it == contexts_.end() ? nullptr : it->second;
}

void WorkerIsolate::begin_turn() {
  ORRERY_CHECK(!in_turn_ && isolate_);
  in_turn_ = true;
  calls_of_turn_.clear();
}

void WorkerIsolate::end_turn(EventContext& context, const char* why,
                             const runtime::TurnResult& result) {
  in_turn_ = false;
  world().announce(TurnEnded{context.lane(), why, result.meter_units, result.clock_reads,
                             result.clock_moved_ms});
  static const runtime::ErrorInfo kNoDetail;
  const runtime::ErrorInfo& error = result.error ? *result.error : kNoDetail;
  if (result.kind == runtime::TurnKind::kTerminatedCpu)
    report_failure(context.lane(), EventFailed::Why::kCpu, error);
  if (result.kind == runtime::TurnKind::kTerminatedMemory && !spent_) {
    report_failure(context.lane(), EventFailed::Why::kMemory, error);
    give_up_isolate(IsolateEnd::kMemory);
  }
}

void WorkerIsolate::give_up_isolate(IsolateEnd why) {
  if (spent_ || !isolate_) return;
  spent_ = true;
  // Not from within a turn's caller: that still holds its context.
  world().loop().schedule(world().now(), kSpent, process_.owner(), [this, why] { dispose_isolate(why); });
}

void WorkerIsolate::code_updated() {
  startup_error_.reset();
  if (!isolate_ || spent_ || outdated_) return;
  ORRERY_SOMETIMES(world(), !contexts_.empty(), "new code is deployed while an event of the old one is under way");
  outdated_ = true;
  if (contexts_.empty()) give_up_isolate(IsolateEnd::kCodeUpdated);
  outdated_limit_ = world().loop().schedule_in(kOldCodePatience, kSpent, process_.owner(), [this] {
    outdated_limit_ = {};
    if (outdated_) give_up_isolate(IsolateEnd::kCodeUpdated);
  });
}

void WorkerIsolate::dispose_isolate(IsolateEnd why) {
  // An event came in the meantime: it has its time too.
  if (why == IsolateEnd::kCodeUpdated && !contexts_.empty() && outdated_limit_.slot != UINT32_MAX) {
    spent_ = false;
    return;
  }
  std::vector<std::pair<runtime::ContextId, EventContext*>> lost;
  for (auto& entry : contexts_) lost.emplace_back(entry);  // tidy: sorted by id below
  std::sort(lost.begin(), lost.end());
  contexts_.clear();
  for (auto& [id, context] : lost) {
    drop_sockets(*context);
    if (context->has_references_) rpc_->context_closed(*this, *context);
  }
  for (auto& [id, timer] : timers_) world().loop().cancel(timer.event);  // tidy: has no order
  timers_.clear();
  isolate_.reset();
  spent_ = outdated_ = false;
  world().loop().cancel(outdated_limit_);
  for (auto& [id, context] : lost) context->isolate_lost(why);
}

// Stubs used latest stand last.
static auto find_served(std::vector<std::pair<uint32_t, uint64_t>>& served, uint32_t stub) {
  return std::find_if(served.rbegin(), served.rend(), [&](const auto& s) { return s.first == stub; });
}

// Notes which instance a stub reached. A context that uses more stubs than this forgets the oldest.
static void note_served(std::vector<std::pair<uint32_t, uint64_t>>& served, uint32_t stub, uint64_t epoch) {
  constexpr size_t kRemembered = 64;
  auto it = find_served(served, stub);
  if (it != served.rend()) {
    it->second = epoch;
    return;
  }
  if (served.size() == kRemembered) served.erase(served.begin());
  served.emplace_back(stub, epoch);
}

void WorkerIsolate::deliver_answer(runtime::ContextId id, runtime::OperationId operation,
                                   Ref<const AnswerMessage> answer, uint32_t stub) {
  EventContext* context = find(id);
  if (context && stub && answer->epoch) note_served(context->served_stubs_, stub, answer->epoch);
  if (rpc_) rpc_->answered(*this, operation, *answer, context != nullptr);
  if (context) context->settle(operation, std::move(answer));
  else if (answer->socket.end) sockets_->refuse(answer->socket);
}

void WorkerIsolate::answer_later(const Site& site, runtime::ContextId id, runtime::OperationId operation,
                                 Ref<const AnswerMessage> answer) {
  world().loop().schedule(world().now(), site, process_.owner(),
                          [this, id, operation, answer = std::move(answer)] {
                            deliver_answer(id, operation, answer);
                          });
}

std::vector<uint32_t> WorkerIsolate::take(EventContext& context, const std::vector<Capability>& capabilities) {
  std::vector<uint32_t> numbers;
  for (const Capability& c : capabilities) numbers.push_back(rpc_->take(*this, context, c));
  return numbers;
}

void WorkerIsolate::report_failure(LaneId lane, EventFailed::Why why,
                                   const runtime::ErrorInfo& error) {
  world().announce(EventFailed{lane, why, error});
}

EventContext& WorkerIsolate::current() {
  auto* context = static_cast<EventContext*>(isolate_->current_context_data());
  ORRERY_CHECK(context);
  return *context;
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
    auto served = find_served(context.served_stubs_, call.stub);
    if (served != context.served_stubs_.rend()) call.epoch = served->second;
  }
  if (++context.subrequests_ <= deployment_.isolate_options().subrequest_limit)
    return context.call(std::move(call));
  ORRERY_SOMETIMES(world(), true, "an event makes more calls than it may");
  runtime::ErrorInfo error;
  error.message = "Too many subrequests.";
  refuse(context, call, std::move(error));
}

void WorkerIsolate::stub_broke(runtime::ContextId id, uint32_t stub, const runtime::ErrorInfo& error) {
  EventContext* context = find(id);
  if (!context || stub == 0) return;
  auto [broken, first] = context->broken_stubs_.emplace(stub, error);
  broken->second.remote = false;
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
  call.rpc->worker = index_;
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

// In an event of its own: it may have been sent in a turn.
void WorkerIsolate::socket_readable(runtime::ContextId id, uint32_t end) {
  world().loop().schedule(world().now(), kSocketFrame, process_.owner(), [this, id, end] {
    if (EventContext* context = find(id)) context->socket_readable(end);
  });
}

runtime::TurnResult WorkerIsolate::read_socket(EventContext& context, uint32_t end) {
  const runtime::ContextId id = context.context_id();
  runtime::TurnResult result;
  if (Ref<const runtime::SocketFrame> frame = sockets_->next(end)) result = isolate_->socket_frame(id, end, *frame);
  sockets_->read_on(end);
  if (!sockets_->open(end)) std::erase(context.sockets_, end);
  return result;
}

bool WorkerIsolate::listens(const EventContext& context) const {
  return std::any_of(context.sockets_.begin(), context.sockets_.end(),
                     [this](uint32_t end) { return sockets_->listens(end); });
}

bool WorkerIsolate::serves_socket(const EventContext& context) const {
  return std::any_of(context.sockets_.begin(), context.sockets_.end(),
                     [this](uint32_t end) { return sockets_->serves(end); });
}

void WorkerIsolate::drop_sockets(EventContext& context) {
  for (uint32_t end : std::exchange(context.sockets_, {})) sockets_->drop(end);
}

Ref<const runtime::HttpResponse> WorkerIsolate::taken(EventContext& context, const AnswerMessage& answer) {
  if (!answer.socket.end) [[likely]] return taken(context, answer.response, answer.capabilities);
  context.sockets_.push_back(sockets_->take(answer.socket));
  return runtime::with_socket(*answer.response, context.sockets_.back());
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
}

std::optional<Instant> WorkerIsolate::next_timer(runtime::ContextId context) const {
  std::optional<Instant> next;
  for (const auto& [id, timer] : timers_)  // tidy: the least has no order
    if (timer.context == context && (!next || timer.due < *next)) next = timer.due;
  return next;
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
