#include "platform/edge/stateless_context.h"

#include "platform/worker/settle.h"

namespace orrery::edge {

inline constexpr Site kWaitUntilSite{"edge.wait_until_limit"};

StatelessContext::~StatelessContext() { worker_.world().loop().cancel(wait_until_limit_); }

void StatelessContext::start(const net::Caller& caller, const runtime::HttpRequest& request) {
  caller_ = caller;
  answered_ = false;
  wait_until_ = 0;
  if (worker_.ensure_started()) return answer_page(500, 1101);
  worker_.open(*this, runtime::ContextKind::kStateless, worker_.lane());
  open_ = true;
  turn("fetch", [&](runtime::Isolate& isolate) {
    return isolate.dispatch_fetch(context_id(), 1, {}, request);
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
      answer_page(503, 1102);
      return finish();
    case runtime::TurnKind::kTerminatedMemory:
      return;  // isolate_lost follows
    case runtime::TurnKind::kAborted:
      answer_page(500, 1101);
      return finish();
  }
  if (answered_) {
    if (wait_until_ == 0) return finish();
    if (wait_until_limit_.slot == UINT32_MAX)
      wait_until_limit_ = worker_.world().loop().schedule_in(
          kWaitUntilLimit, kWaitUntilSite, worker_.process().owner(), [this] { finish(); });
  } else if (worker_.isolate().pending_operations(context_id()) == 0) {
    runtime::ErrorInfo error;
    error.message = "The script will never generate a response.";
    worker_.report_failure(lane(), worker::EventFailed::Why::kException, error);
    answer_page(500, 1101);
    finish();
  }
}

void StatelessContext::respond(runtime::EventId, Ref<const runtime::HttpResponse> response) {
  if (answered_) return;
  answered_ = true;
  caller_.reply(worker::AnswerMessage::of(std::move(response)));
}

void StatelessContext::respond_value(runtime::EventId, Ref<Buffer> value) {
  if (answered_) return;
  answered_ = true;
  caller_.reply(worker::AnswerMessage::of_value(std::move(value)));
}

void StatelessContext::respond_error(runtime::EventId, const runtime::ErrorInfo&) {
  answer_page(500, 1101);
}

// The page that a visitor sees instead of an answer (platform.md 1.5).
void StatelessContext::answer_page(int status, int code) {
  if (answered_) return;
  answered_ = true;
  auto response = make_ref<runtime::HttpResponse>();
  response->status = status;
  response->status_text = status == 500 ? "Internal Server Error" : "Service Unavailable";
  response->headers.append("content-type", "text/plain; charset=UTF-8");
  response->body = runtime::HttpBody::of("error code: " + std::to_string(code));
  caller_.reply(worker::AnswerMessage::of(std::move(response)));
}

void StatelessContext::call(worker::OutgoingCall call) {
  worker_.outbound().send(worker_, context_id(), std::move(call));
}

void StatelessContext::settle(runtime::OperationId operation,
                              Ref<const worker::AnswerMessage> answer) {
  turn("answer", [&](runtime::Isolate& isolate) {
    return worker::settle_operation(isolate, context_id(), operation, *answer);
  });
}

void StatelessContext::timer_due(runtime::TimerId timer) {
  turn("timer",
       [&](runtime::Isolate& isolate) { return isolate.fire_timer(context_id(), timer); });
}

void StatelessContext::isolate_lost(const runtime::ErrorInfo&) {
  answer_page(503, 1102);
  finish();
}

void StatelessContext::finish() {
  if (!open_) return;
  open_ = false;
  worker_.world().loop().cancel(wait_until_limit_);
  worker_.close(*this);
  owner_.finished(*this);
}

}  // namespace orrery::edge
