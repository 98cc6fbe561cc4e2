#include "platform/worker/rpc_hub.h"

#include "platform/channels.h"
#include "platform/worker/errors.h"
#include "platform/worker/settle.h"

namespace orrery::worker {

inline constexpr Site kRefusedCall{"rpc.refused"};

namespace {
// The longest a call along a reference may take; the real platform has no bound of its own.
constexpr Duration kAnswerTimeout = minutes(15);

constexpr uint64_t kAlongReference = uint64_t{1} << 63;
}  // namespace

RpcHub::RpcHub(host::Process& process, HostWorkers& workers) : process_(process), workers_(workers), streams_(process) {
  workers.connect(*this);
  process.network().serve(process, kRpcChannel, *this);
}

bool RpcHub::here(const Capability& c) const {
  return c.host == process_.host_id() && c.incarnation == process_.incarnation();
}

EventContext* RpcHub::context_of(const Capability& c) {
  WorkerIsolate* worker = here(c) ? workers_.find(c.worker) : nullptr;
  return worker ? worker->find(c.context) : nullptr;
}

void RpcHub::tell(host::HostId to, ReferenceMessage::What what, const Capability& capability) {
  process_.network().post(process_, to, kRpcChannel, make_ref<ReferenceMessage>(what, capability));
}

// ---- giving out and taking ----

Capability RpcHub::of(const WorkerIsolate& worker, const EventContext& context, uint32_t number) const {
  return {process_.host_id(), process_.incarnation(), worker.slot(), context.context_id(), number};
}

Capability RpcHub::give(WorkerIsolate& worker, EventContext& context, uint32_t number, bool result) {
  const Capability c = of(worker, context, number);
  exports_[c].result = result;
  context.has_references_ = true;
  ++context.given_;
  if (result) ++context.given_results_;
  context.rpc_given(number);
  return c;
}

uint32_t RpcHub::take(WorkerIsolate& worker, EventContext& context, const Capability& capability) {
  context.has_references_ = true;
  Import& made = imports_[++last_import_];
  made.from = capability;
  made.worker = &worker;
  made.owner = context.context_id();
  made.lane = context.lane();
  tell(capability.host, ReferenceMessage::What::kHold, capability);
  if (is_stream(capability)) streams_.take(last_import_, worker, context.context_id(), capability);
  return last_import_;
}

// The import ends from this side.
void RpcHub::forget(uint32_t number, const Import& import) {
  if (!import.broken) tell(import.from.host, ReferenceMessage::What::kRelease, import.from);
  if (is_stream(import.from)) streams_.released(number);
}

void RpcHub::broke(uint32_t number, Import& import, runtime::ErrorInfo error) {
  import.broken = true;
  if (is_stream(import.from)) streams_.broken(number, connection_lost());
  import.error = std::move(error);
}

void RpcHub::release(uint32_t number) {
  auto it = imports_.find(number);
  if (it == imports_.end()) return;
  forget(number, it->second);
  imports_.erase(it);
}

void RpcHub::withdraw(WorkerIsolate& worker, EventContext& context, uint32_t number) {
  auto it = exports_.find(of(worker, context, number));
  if (it == exports_.end() || it->second.holder != host::kNoHost) return;
  const Capability c = it->first;
  const bool result = it->second.result;
  exports_.erase(it);
  let_go(c, result);
}

// Nobody refers to it any more; the context it belongs to, if that is still there.
EventContext* RpcHub::let_go(const Capability& c, bool result) {
  if (is_stream(c)) streams_.dropped(c);
  EventContext* context = context_of(c);
  if (!context) return nullptr;
  --context->given_;
  if (result) --context->given_results_;
  return context;
}

void RpcHub::released(const Capability& c, bool result, bool is_answer) {
  if (EventContext* context = let_go(c, result)) context->rpc_released(c.number, is_answer);
}

void RpcHub::context_closed(WorkerIsolate& worker, EventContext& context) {
  const runtime::ContextId id = context.context_id();
  for (auto it = imports_.begin(); it != imports_.end();) {
    if (it->second.owner != id || it->second.worker != &worker) {
      ++it;
      continue;
    }
    forget(it->first, it->second);
    it = imports_.erase(it);
  }
  fail_streams(worker, context, connection_lost());
  const Capability first = of(worker, context, 0);
  for (auto it = exports_.lower_bound(first); it != exports_.end() && it->first.context == id &&
                                              it->first.worker == worker.slot();) {
    if (it->second.holder != host::kNoHost) tell(it->second.holder, ReferenceMessage::What::kBroken, it->first);
    it = exports_.erase(it);
  }
  std::erase_if(kept_, [&](const auto& entry) {
    return entry.second.place.context == id && entry.second.place.worker == worker.slot();
  });
  std::erase_if(pipelines_, [&](const auto& entry) {
    if (entry.first.first != worker.slot() || entry.second.owner != id) return false;
    if (entry.second.kept.number)
      tell(entry.second.kept.host, ReferenceMessage::What::kFinish, entry.second.kept);
    return true;
  });
  context.given_ = context.given_results_ = 0;
  context.keeping_.clear();
  context.has_references_ = false;
}

void RpcHub::fail_streams(WorkerIsolate& worker, EventContext& context, const runtime::ErrorInfo& error) {
  streams_.fail_all(of(worker, context, 0), error);
}

void RpcHub::send_stream(WorkerIsolate& worker, runtime::OperationId operation, Ref<const StreamMessage> message) {
  if (exports_.contains(message->stream)) return streams_.send(worker, operation, std::move(message));
  if (operation)
    worker.answer_later(kRefusedCall, message->stream.context, operation, AnswerMessage::of_error(connection_lost()));
}

void RpcHub::on_message(host::HostId from, const Ref<const net::Message>& message) {
  using What = ReferenceMessage::What;
  if (message->kind().hash == StreamMessage::kKind.hash) {
    Ref<const StreamMessage> part(&message->as<StreamMessage>());
    // What is granted for a stream that is no more comes too late.
    if (part->what == StreamMessage::What::kCredit && !exports_.contains(part->stream)) return;
    return streams_.on_message(from, part);
  }
  const auto& note = message->as<ReferenceMessage>();
  const Capability& c = note.capability;
  switch (note.what) {
    case What::kHold: {
      auto it = exports_.find(c);
      if (it == exports_.end()) return tell(from, What::kBroken, c);
      it->second.holder = from;
      return;
    }
    case What::kRelease: {
      auto it = exports_.find(c);
      if (it == exports_.end()) return;
      const bool result = it->second.result;
      exports_.erase(it);
      return released(c, result, false);
    }
    case What::kBroken:
      for (auto& [number, import] : imports_)
        if (import.from == c && !import.broken) broke(number, import, context_ended());
      return;
    case What::kFinish:
      for (auto it = kept_.begin(); it != kept_.end(); ++it) {
        if (it->second.place != c) continue;
        kept_.erase(it);
        return released(c, true, true);
      }
      return;
  }
}

void RpcHub::on_peer_lost(host::HostId peer) {
  for (auto& [number, import] : imports_) {
    if (import.from.host != peer || import.broken) continue;
    ORRERY_SOMETIMES(process_.world(), true, "a stub breaks because its host is lost");
    broke(number, import, connection_lost());
  }
  // Those it referred to; telling a context may end others.
  std::vector<std::pair<Capability, bool>> dropped;
  for (auto it = exports_.begin(); it != exports_.end();) {
    const bool drop = it->second.holder == peer && peer != process_.host_id();
    if (drop) dropped.emplace_back(it->first, it->second.result);
    it = drop ? exports_.erase(it) : std::next(it);
  }
  for (auto& [c, result] : dropped) released(c, result, false);
  std::vector<Capability> finished;
  for (auto it = kept_.begin(); it != kept_.end();) {
    const bool drop = it->second.caller == peer && peer != process_.host_id();
    if (drop) finished.push_back(it->second.place);
    it = drop ? kept_.erase(it) : std::next(it);
  }
  for (const Capability& c : finished) released(c, true, true);
}

// ---- calls ----

void RpcHub::call(WorkerIsolate& worker, runtime::ContextId context, OutgoingCall call) {
  host::HostId to = process_.host_id();
  if (call.target == runtime::TargetKind::kCapability) {
    auto it = imports_.find(call.binding);
    if (it == imports_.end() || it->second.broken)
      return worker.answer_later(
          kRefusedCall, context, call.operation,
          AnswerMessage::of_error(it == imports_.end() ? context_ended() : it->second.error));
    call.rpc->target = it->second.from;
    to = it->second.from.host;
  }
  auto message = make_ref<ObjectMessage>();
  // A caller of its own: between references and stubs of objects there is no order.
  message->caller_context = worker.key_of(context) | kAlongReference;
  message->number = uint64_t{process_.incarnation()} << 40 | ++last_call_;
  message->depth = static_cast<uint8_t>(call.depth + 1);
  message->method = std::move(call.method);
  message->arguments = std::move(call.arguments);
  message->rpc = std::move(call.rpc);
  process_.tasks().spawn(deliver(worker, context, call.operation, to, std::move(message)));
}

Task<void> RpcHub::deliver(WorkerIsolate& worker, runtime::ContextId context, runtime::OperationId operation,
                           host::HostId to, Ref<const ObjectMessage> message) {
  net::Reply reply = co_await process_.network().call(process_, to, kRpcChannel, std::move(message), kAnswerTimeout);
  Ref<const AnswerMessage> answer;
  if (reply.ok()) answer = Ref<const AnswerMessage>(&reply.message->as<AnswerMessage>());
  else answer = AnswerMessage::of_error(connection_lost());
  worker.deliver_answer(context, operation, std::move(answer));
}

void RpcHub::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  const auto& event = message->as<ObjectMessage>();
  Capability target = event.rpc->target;
  EventContext* context = nullptr;
  if (event.rpc->on) {
    CallName name = event.rpc->name(caller.from());
    name.operation = event.rpc->on;
    auto it = kept_.find(name);
    if (it != kept_.end()) context = context_of(it->second.place);
  } else if (exports_.contains(target)) {
    context = context_of(target);
  }
  if (!context) return caller.reply(AnswerMessage::of_error(context_ended()));
  context->rpc_arrived(caller, Ref<const ObjectMessage>(&event));
}

// ---- pipelining ----

void RpcHub::follow(WorkerIsolate& worker, EventContext& context, runtime::OperationId on,
                    runtime::OperationId operation) {
  Pipeline& pipeline = pipelines_[{worker.slot(), on}];
  pipeline.owner = context.context_id();
  ++pipeline.open;
  followers_[{worker.slot(), operation}] = {worker.slot(), on};
  context.has_references_ = true;
}

void RpcHub::note_answer(WorkerIsolate& worker, runtime::OperationId operation, const AnswerMessage& answer,
                         bool wanted) {
  const Operation self{worker.slot(), operation};
  if (!wanted)
    for (const Capability& c : answer.capabilities) tell(c.host, ReferenceMessage::What::kRelease, c);
  auto mine = pipelines_.find(self);
  if (mine != pipelines_.end()) {
    mine->second.arrived = true;
    mine->second.kept = answer.kept;
    end_pipeline(self);
  } else if (answer.kept.number) {
    tell(answer.kept.host, ReferenceMessage::What::kFinish, answer.kept);
  }
  auto follower = followers_.find(self);
  if (follower == followers_.end()) return;
  const Operation on = follower->second;
  followers_.erase(follower);
  auto pipeline = pipelines_.find(on);
  if (pipeline == pipelines_.end()) return;
  --pipeline->second.open;
  end_pipeline(on);
}

void RpcHub::end_pipeline(const Operation& operation) {
  auto it = pipelines_.find(operation);
  if (it->second.open > 0 || !it->second.arrived) return;
  if (it->second.kept.number) tell(it->second.kept.host, ReferenceMessage::What::kFinish, it->second.kept);
  pipelines_.erase(it);
}

uint32_t RpcHub::keep(WorkerIsolate& worker, EventContext& context, runtime::EventId event, const CallName& name) {
  const Capability place{process_.host_id(), process_.incarnation(), worker.slot(), context.context_id(),
                         ++last_kept_};
  kept_[name] = {place, name.host};
  context.keeping_.emplace_back(event, last_kept_);
  context.has_references_ = true;
  ++context.given_;
  ++context.given_results_;
  return last_kept_;
}

uint32_t RpcHub::kept(const CallName& name) const {
  auto it = kept_.find(name);
  return it == kept_.end() ? 0 : it->second.place.number;
}

void RpcHub::stamp(WorkerIsolate& worker, EventContext& context, runtime::EventId event, AnswerMessage& answer) {
  auto& keeping = context.keeping_;
  for (auto it = keeping.begin(); it != keeping.end(); ++it) {
    if (it->first != event) continue;
    answer.kept = {process_.host_id(), process_.incarnation(), worker.slot(), context.context_id(), it->second};
    keeping.erase(it);
    return;
  }
}

runtime::TurnResult dispatch_rpc(WorkerIsolate& worker, EventContext& context, runtime::EventId event,
                                 runtime::RpcEvent call, const RpcInfo& rpc, std::string_view method,
                                 host::HostId caller) {
  RpcHub& hub = worker.rpc();
  const CallName name = rpc.name(caller);
  if (rpc.on) {
    CallName on = name;
    on.operation = rpc.on;
    call.on = runtime::RpcEvent::On::kAnswer;
    call.number = hub.kept(on);
  } else if (rpc.target.number) {
    call.on = runtime::RpcEvent::On::kExport;
    call.number = rpc.target.number;
  }
  if (!rpc.message) call.method = method;
  const std::vector<uint32_t> imports = worker.take(context, rpc.capabilities);
  call.imports = imports;
  if (rpc.keep) call.keep = hub.keep(worker, context, event, name);
  return worker.isolate().dispatch_rpc_message(context.context_id(), event, call);
}

void RpcHub::count_held(std::map<std::string, uint64_t>& out) const {
  for (const auto& [number, import] : imports_)
    if (!is_stream(import.from)) ++out[process_.world().trace().lane_at(import.lane).name];
}

}  // namespace orrery::worker
