// Errors of calls between contexts, wherever they are: exact texts and flags (durable-objects.md 7.1, 12).
#pragma once

#include "platform/runtime/error_info.h"

namespace orrery::worker {

// A host or the network between was lost, or nobody can tell what became of an event.
inline runtime::ErrorInfo connection_lost() {
  runtime::ErrorInfo error;
  error.message = "Network connection lost.";
  error.retryable = true;
  return error;
}

// The context that gave out what is called has ended.
inline runtime::ErrorInfo context_ended() {
  runtime::ErrorInfo error;
  error.message = "The execution context which hosts this callback is no longer running.";
  return error;
}

}  // namespace orrery::worker
