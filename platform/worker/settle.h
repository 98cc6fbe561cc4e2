// What comes from the network becomes a turn: answers resolve waiting promises, method calls are dispatched.
#pragma once

#include "platform/runtime/isolate.h"
#include "platform/worker/messages.h"
#include "platform/worker/worker_isolate.h"

namespace orrery::worker {

inline runtime::TurnResult settle_operation(WorkerIsolate& worker, EventContext& context,
                                            runtime::OperationId operation,
                                            const AnswerMessage& answer) {
  runtime::Isolate& isolate = worker.isolate();
  const runtime::ContextId id = context.context_id();
  switch (answer.what) {
    case AnswerMessage::What::kResponse:
      return isolate.settle_fetch(id, operation, *worker.taken(context, answer));
    case AnswerMessage::What::kValue:
      if (!answer.rpc_message) [[likely]]
        return isolate.settle_rpc(id, operation, answer.value);
      return isolate.settle_rpc_message(id, operation, answer.value,
                                        worker.take(context, answer.capabilities));
    case AnswerMessage::What::kCells:
      return isolate.settle_cells(id, operation, *answer.cells);
    case AnswerMessage::What::kError:
    case AnswerMessage::What::kNotHere:
      break;
  }
  return isolate.fail(id, operation, answer.error);
}

// A method call that is not plain: on an entrypoint or object (`on`), on something given out, on a kept result.
runtime::TurnResult dispatch_rpc(WorkerIsolate& worker, EventContext& context, runtime::EventId event,
                                 runtime::RpcEvent call, const RpcInfo& rpc, std::string_view method,
                                 host::HostId caller);

}  // namespace orrery::worker
