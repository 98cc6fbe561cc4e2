// The errors that an object's callers see when something happens to the object itself: exact texts and
// flags of durable-objects.md sections 1, 2 and 7 and platform.md 9.1, in one place.
#pragma once

#include "platform/runtime/error_info.h"

namespace orrery::durable {

// The host lost the object, the network broke, or nobody can tell what became of an event.
runtime::ErrorInfo connection_lost();
// The output gate waited 30 s for durability.
runtime::ErrorInfo durability_timeout();
// blockConcurrencyWhile took 30 s.
runtime::ErrorInfo section_timeout();
// alarm() took 15 minutes.
runtime::ErrorInfo alarm_timeout();
runtime::ErrorInfo cpu_exceeded();
runtime::ErrorInfo memory_exceeded();
// Recovery or storage failed below the object.
runtime::ErrorInfo storage_internal();
// The constructor, a critical section or abort() ended the object for this reason.
runtime::ErrorInfo reset_because(const runtime::ErrorInfo& reason);

}  // namespace orrery::durable
