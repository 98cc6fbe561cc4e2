#include "platform/edge/stateless_context.h"

#include "platform/edge/service_calls.h"
#include "platform/worker/errors.h"
#include "platform/worker/rpc_hub.h"
#include "platform/worker/settle.h"

namespace orrery::edge {

inline constexpr Site kWaitUntilSite{"edge.wait_until_limit"};
inline constexpr Site kServiceAnswer{"edge.service_answer"};

namespace {
// Texts of the real runtime.
constexpr const char* kHung =
    "The Workers runtime canceled this request because it detected that your Worker's code had hung and would "
    "never generate a response. Refer to: https://developers.cloudflare.com/workers/observability/errors/";
constexpr std::string_view kCutOff =
    "waitUntil() tasks did not complete within the allowed time after invocation end and have been cancelled. "
    "See: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil";
}  // namespace

StatelessContext::~StatelessContext() { worker_.world().loop().cancel(wait_until_limit_); }

void StatelessContext::start(const net::Caller& caller, const runtime::HttpRequest& request) {
  caller_ = caller;
  request_ = &request;
  if (!begin()) return;
  turn("fetch", [&](runtime::Isolate& isolate) {
    return isolate.dispatch_fetch(context_id(), 1, {}, request, {});
  });
}

bool StatelessContext::begin() {
  answered_ = false;
  wait_until_ = 0;
  subrequests_ = 0;
  if (const runtime::ErrorInfo* error = worker_.ensure_started()) {
    fail(*error, true, 500, 1101);
    owner_.finished(*this);
    return false;
  }
  worker_.open(*this, runtime::ContextKind::kStateless, worker_.lane());
  open_ = true;
  return true;
}

void StatelessContext::take_call(const ServiceCaller& caller, worker::OutgoingCall call) {
  service_ = caller;
  call_ = std::move(call);
}

void StatelessContext::start_call() {
  depth_ = static_cast<uint8_t>(call_.depth + 1);
  if (!begin()) return;
  const worker::OutgoingCall call = std::move(call_);
  call_ = {};
  const bool fetch = static_cast<bool>(call.request);
  const runtime::Binding& binding = *service_.binding;
  worker_.world().announce(ServiceEvent{worker_.lane(), service_.worker->name(), depth_,
                                        binding.entrypoint,
                                        fetch ? call.request->method : call.method,
                                        fetch ? call.request->url : std::string_view()});
  if (!fetch && call.rpc && !call.rpc->plain()) {
    runtime::RpcEvent event;
    event.entrypoint = binding.entrypoint;
    event.props = binding.value;
    event.message = call.arguments;
    return turn("call", [&](runtime::Isolate&) {
      return worker::dispatch_rpc(worker_, *this, 1, event, *call.rpc, call.method,
                                  worker_.process().host_id());
    });
  }
  turn(fetch ? "fetch" : "call", [&](runtime::Isolate& isolate) {
    return fetch ? isolate.dispatch_fetch(context_id(), 1, binding.entrypoint, *worker_.taken(*this, call.request, call.rpc),
                                          binding.value)
                 : isolate.dispatch_rpc(context_id(), 1, binding.entrypoint, call.method,
                                        call.arguments, binding.value);
  });
}

template <class Enter>
void StatelessContext::turn(const char* why, Enter&& enter) {
  runtime::TurnResult result = worker_.turn(*this, why, enter);
  switch (result.kind) {
    case runtime::TurnKind::kOk:
    case runtime::TurnKind::kException:
      break;
    case runtime::TurnKind::kTerminatedCpu:
      fail("Worker exceeded CPU time limit.", 503, 1102);
      return finish();
    case runtime::TurnKind::kCrashed:
      answered_ = true;  // nobody is left to answer
      return;
    case runtime::TurnKind::kTerminatedMemory:
      return;  // isolate_lost follows
    case runtime::TurnKind::kAborted:
      fail(result.error ? *result.error : runtime::ErrorInfo(), true, 500, 1101);
      return finish();
  }
  if (answered_) {
    if (over()) return finish();
    // Whoever refers to what its result gave out keeps it.
    if (wait_until_ > 0 && given_results() == 0 && !worker_.serves_socket(*this) && wait_until_limit_.slot == UINT32_MAX)
      wait_until_limit_ = worker_.world().loop().schedule_in(
          kWaitUntilLimit, kWaitUntilSite, worker_.process().owner(), [this] { cut_off(); });
  } else if (worker_.isolate().pending_operations(context_id()) == 0 && given() == 0 && open_calls_ == 0 &&
             !worker_.listens(*this)) {
    runtime::ErrorInfo error;
    error.message = kHung;
    worker_.report_failure(lane(), worker::EventFailed::Why::kException, error);
    fail(error, true, 500, 1101);
    finish();
  }
}

// What waitUntil still waits for has had its time.
void StatelessContext::cut_off() {
  wait_until_limit_ = {};
  ORRERY_SOMETIMES(worker_.world(), true, "waitUntil is cut off after its limit");
  worker_.world().announce(worker::ConsoleLine{lane(), "warn", kCutOff, {}});
  finish();
}

void StatelessContext::reply(runtime::EventId event, Ref<worker::AnswerMessage> answer) {
  if (!keeping_.empty()) worker_.rpc().stamp(worker_, *this, event, *answer);
  if (event < kFirstCall) return reply(std::move(answer));
  Call& call = calls_[event - kFirstCall];
  if (!call.open) return;
  call.open = false;
  --open_calls_;
  call.caller.reply(std::move(answer));
}

void StatelessContext::respond_rpc(runtime::EventId event, Ref<worker::AnswerMessage> answer) {
  reply(event, std::move(answer));
}

void StatelessContext::rpc_arrived(const net::Caller& caller, Ref<const worker::ObjectMessage> message) {
  size_t index = 0;
  while (index < calls_.size() && calls_[index].open) ++index;
  if (index == calls_.size()) calls_.emplace_back();
  calls_[index] = {caller, true};
  ++open_calls_;
  runtime::RpcEvent event;
  event.message = message->arguments;
  turn("call", [&](runtime::Isolate&) {
    return worker::dispatch_rpc(worker_, *this, kFirstCall + static_cast<runtime::EventId>(index), event,
                                *message->rpc, message->method, caller.from());
  });
}

void StatelessContext::rpc_released(uint32_t number, bool is_result) {
  turn("release", [&](runtime::Isolate& isolate) {
    return isolate.rpc_released(context_id(), number, is_result);
  });
}

void StatelessContext::reply(Ref<const worker::AnswerMessage> answer) {
  if (answered_) return;
  answered_ = true;
  if (!service_.worker) return caller_.reply(std::move(answer));
  service_.worker->answer_later(kServiceAnswer, service_.context, service_.operation, std::move(answer));
}

void StatelessContext::respond(runtime::EventId, Ref<const runtime::HttpResponse> response) {
  reply(worker::AnswerMessage::of(std::move(response)));
}

void StatelessContext::respond_value(runtime::EventId event, Ref<Buffer> value) {
  reply(event, worker::AnswerMessage::of_value(std::move(value)));
}

void StatelessContext::respond_error(runtime::EventId event, const runtime::ErrorInfo& error) {
  if (event < kFirstCall && keeping_.empty()) return fail(error, true, 500, 1101);
  runtime::ErrorInfo seen = error;
  seen.remote = true;
  reply(event, worker::AnswerMessage::of_error(std::move(seen)));
}

void StatelessContext::fail(const runtime::ErrorInfo& error, bool remote, int status, int code) {
  if (answered_) return;
  if (service_.worker) {
    runtime::ErrorInfo seen = error;
    seen.remote = remote;
    return reply(worker::AnswerMessage::of_error(std::move(seen)));
  }
  auto response = make_ref<runtime::HttpResponse>();
  response->status = status;
  response->status_text = status == 500 ? "Internal Server Error" : "Service Unavailable";
  response->headers.append("content-type", "text/plain; charset=UTF-8");
  response->body = runtime::HttpBody::of("error code: " + std::to_string(code));
  reply(worker::AnswerMessage::of(std::move(response)));
}

void StatelessContext::fail(std::string message, int status, int code) {
  runtime::ErrorInfo error;
  error.message = std::move(message);
  fail(error, true, status, code);
}

void StatelessContext::call(worker::OutgoingCall call) {
  worker_.outbound().send(worker_, context_id(), std::move(call));
}

void StatelessContext::stream(runtime::OperationId operation, Ref<const worker::StreamMessage> message) {
  worker_.rpc().send_stream(worker_, operation, std::move(message));
}

void StatelessContext::send_frame(uint32_t end, Ref<const runtime::SocketFrame> frame) {
  worker_.sockets().send(end, frame);
}

void StatelessContext::socket_readable(uint32_t end) {
  turn("socket", [&](runtime::Isolate&) { return worker_.read_socket(*this, end); });
}

void StatelessContext::settle(runtime::OperationId operation,
                              Ref<const worker::AnswerMessage> answer) {
  turn("answer", [&](runtime::Isolate&) {
    return worker::settle_operation(worker_, *this, operation, *answer);
  });
}

void StatelessContext::timer_due(runtime::TimerId timer) {
  turn("timer",
       [&](runtime::Isolate& isolate) { return isolate.fire_timer(context_id(), timer); });
}

void StatelessContext::isolate_lost(worker::IsolateEnd why) {
  switch (why) {
    case worker::IsolateEnd::kMemory: fail("Worker exceeded memory limit.", 503, 1102); break;
    case worker::IsolateEnd::kCpu: fail("Worker exceeded CPU time limit.", 503, 1102); break;
    case worker::IsolateEnd::kCodeUpdated: fail("The Worker was replaced by a new version.", 503, 1101); break;
  }
  finish();
}

void StatelessContext::finish() {
  if (!open_) return;
  open_ = false;
  worker_.world().loop().cancel(wait_until_limit_);
  for (Call& call : calls_) {
    if (!call.open) continue;
    call.open = false;
    call.caller.reply(worker::AnswerMessage::of_error(worker::context_ended()));
  }
  open_calls_ = 0;
  worker_.close(*this);
  owner_.finished(*this);
}

}  // namespace orrery::edge
