// The errors that an object's callers see when something happens to the object itself: exact texts and
// flags of durable-objects.md sections 1, 2 and 7 and platform.md 9.1, in one place. `remote` is not among the
// flags: workerd 1.20260426.1 sets it on what a handler threw, and on the failure of a fetch under way.
#pragma once

#include <cstdint>

#include "platform/worker/errors.h"

namespace orrery::durable {

using worker::connection_lost;
// The output gate waited 30 s for durability.
runtime::ErrorInfo durability_timeout();
// blockConcurrencyWhile took 30 s.
runtime::ErrorInfo section_timeout();
// It waits for what cannot come before it ends.
runtime::ErrorInfo section_deadlock();
// alarm() took 15 minutes.
runtime::ErrorInfo alarm_timeout();
runtime::ErrorInfo cpu_exceeded();
runtime::ErrorInfo memory_exceeded();
// A new version of the object's Worker was deployed.
runtime::ErrorInfo code_updated();
// A migration deleted the class, and all its objects with it. The real text is not known.
runtime::ErrorInfo class_deleted(const std::string& class_name);
// The object does not take an event: it has too many, too much, for too long, or got them too fast.
enum class Overload : uint8_t { kRequests, kData, kAge, kRate };
runtime::ErrorInfo overloaded(Overload why);
// Recovery or storage failed below the object.
runtime::ErrorInfo storage_internal();
// The constructor, a critical section or abort() ended the object for this reason.
runtime::ErrorInfo reset_because(const runtime::ErrorInfo& reason);

}  // namespace orrery::durable
