#include "platform/edge/outbound.h"

#include "platform/channels.h"
#include "platform/durable/actor/errors.h"

namespace orrery::edge {

namespace {

// How long an origin may take before the edge gives up on it (a 524 in production).
constexpr Duration kOriginTimeout = seconds(100);

inline constexpr Site kNextTurn{"edge.answer"};

std::string_view host_of(std::string_view url) {
  size_t start = url.find("://");
  start = start == std::string_view::npos ? 0 : start + 3;
  size_t end = url.find_first_of("/?#", start);
  std::string_view authority = url.substr(start, end == url.npos ? end : end - start);
  size_t user = authority.rfind('@');
  if (user != authority.npos) authority.remove_prefix(user + 1);
  return authority.substr(0, authority.find(':'));
}

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
  if (call.target == runtime::TargetKind::kDurableObject)
    return objects_->send(context, std::move(call));

  if (call.target == runtime::TargetKind::kBinding) {
    auto kind = worker.deployment().code()->bindings[call.binding].kind;
    return services_.at(kind)->start(worker, context, std::move(call));
  }

  Ref<const worker::AnswerMessage> refusal;
  if (call.target == runtime::TargetKind::kService) {
    runtime::ErrorInfo error;
    error.message = "Service bindings are not supported yet.";
    refusal = worker::AnswerMessage::of_error(error);
  } else {
    auto origin = origins_.find(host_of(call.request->url));
    if (origin != origins_.end()) {
      process_.tasks().spawn(
          fetch_origin(worker, context, call.operation, origin->second, std::move(call.request)));
      return;
    }
    // Nobody answers for that name: what a visitor gets when the origin's DNS does not resolve.
    refusal = page(530, "", "error code: 1016");
  }
  process_.world().loop().schedule(
      process_.world().now(), kNextTurn, process_.owner(),
      [&worker, context, operation = call.operation, refusal = std::move(refusal)] {
        worker.deliver_answer(context, operation, refusal);
      });
}

Task<void> EdgeOutbound::fetch_origin(worker::WorkerIsolate& worker, runtime::ContextId context,
                                      runtime::OperationId operation, host::HostId origin,
                                      Ref<const runtime::HttpRequest> request) {
  auto message = make_ref<worker::FetchMessage>(std::move(request));
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
