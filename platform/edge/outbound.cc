#include "platform/edge/outbound.h"

#include "platform/channels.h"
#include "platform/durable/actor/errors.h"
#include "platform/edge/url_host.h"

namespace orrery::edge {

namespace {

constexpr const char* kTooDeep =
    "Subrequest depth limit exceeded. This request recursed through Workers too many times. This can happen e.g. "
    "if you have a Worker or Durable Object that calls other Workers or objects recursively.";

// How long an origin may take before the edge gives up on it (a 524 in production).
constexpr Duration kOriginTimeout = seconds(100);

inline constexpr Site kNextTurn{"edge.answer"};

Ref<const worker::AnswerMessage> page(int status, std::string_view text, std::string_view body) {
  auto response = make_ref<runtime::HttpResponse>();
  response->status = status;
  response->status_text = text;
  response->body = runtime::HttpBody::of(body);
  return worker::AnswerMessage::of(std::move(response));
}

}  // namespace

void EdgeOutbound::send(worker::WorkerIsolate& worker, runtime::ContextId context,
                        worker::OutgoingCall call) {
  using runtime::TargetKind;
  const bool inside = call.target == TargetKind::kDurableObject || call.target == TargetKind::kService ||
                      call.target == TargetKind::kCapability;
  Ref<const worker::AnswerMessage> refusal;
  if (inside && call.depth >= worker::kMaxCallDepth) {
    ORRERY_SOMETIMES(process_.world(), true, "a chain of calls reaches its greatest depth");
    runtime::ErrorInfo error;
    error.message = kTooDeep;
    refusal = worker::AnswerMessage::of_error(std::move(error));
  } else if (call.target == TargetKind::kCapability ||
             (call.target == TargetKind::kService && call.rpc && call.rpc->on)) {
    return rpc_->call(worker, context, std::move(call));
  } else if (call.target == TargetKind::kDurableObject) {
    return objects_->send(worker, context, std::move(call));
  } else if (call.target == TargetKind::kService) {
    return service_calls_->start(worker, context, std::move(call));
  } else if (call.target == TargetKind::kBinding) {
    auto kind = worker.deployment().code()->bindings[call.binding].kind;
    return services_.at(kind)->start(worker, context, std::move(call));
  } else {
    auto origin = origins_.find(host_of(call.request->url));
    if (origin != origins_.end()) {
      process_.tasks().spawn(
          fetch_origin(worker, context, call.operation, origin->second,
                       make_ref<worker::FetchMessage>(std::move(call.request), std::move(call.rpc))));
      return;
    }
    // Nobody answers for that name: what a visitor gets when the origin's DNS does not resolve.
    refusal = page(530, "", "error code: 1016");
  }
  worker.answer_later(kNextTurn, context, call.operation, std::move(refusal));
}

struct EdgeOutbound::Fetch {
  Fetch(std::vector<const Fetch*>& list, uint64_t c, host::HostId o)
      : context(c), origin(o), all(list) {
    all.push_back(this);
  }
  ~Fetch() { std::erase(all, this); }
  Fetch(const Fetch&) = delete;
  uint64_t context;
  host::HostId origin;
  std::vector<const Fetch*>& all;
};

std::vector<host::HostId> EdgeOutbound::waiting_on(uint64_t context) const {
  std::vector<host::HostId> out;
  for (const Fetch* f : fetches_)
    if (f->context == context) out.push_back(f->origin);
  return out;
}

Task<void> EdgeOutbound::fetch_origin(worker::WorkerIsolate& worker, runtime::ContextId context,
                                      runtime::OperationId operation, host::HostId origin,
                                      Ref<const worker::FetchMessage> message) {
  Fetch listed(fetches_, worker.key_of(context), origin);
  net::Reply reply = co_await process_.network().call(process_, origin, kOriginChannel,
                                                      std::move(message), kOriginTimeout);
  Ref<const worker::AnswerMessage> answer;
  if (reply.ok()) {
    answer = Ref<const worker::AnswerMessage>(&reply.message->as<worker::AnswerMessage>());
  } else if (reply.error == net::CallError::kTimeout) {
    answer = page(524, "", "error code: 524");
  } else {
    answer = page(523, "", "error code: 523");
  }
  worker.deliver_answer(context, operation, std::move(answer));
}

}  // namespace orrery::edge
