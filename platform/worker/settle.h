// Turns an answer from the network into the turn that resolves a waiting promise.
#pragma once

#include "platform/runtime/isolate.h"
#include "platform/worker/messages.h"

namespace orrery::worker {

inline runtime::TurnResult settle_operation(runtime::Isolate& isolate, runtime::ContextId context,
                                            runtime::OperationId operation,
                                            const AnswerMessage& answer) {
  switch (answer.what) {
    case AnswerMessage::What::kResponse:
      return isolate.settle_fetch(context, operation, *answer.response);
    case AnswerMessage::What::kValue:
      return isolate.settle_rpc(context, operation, answer.value);
    case AnswerMessage::What::kCells:
      return isolate.settle_cells(context, operation, *answer.cells);
    case AnswerMessage::What::kError:
    case AnswerMessage::What::kNotHere:
      break;
  }
  return isolate.fail(context, operation, answer.error);
}

}  // namespace orrery::worker
