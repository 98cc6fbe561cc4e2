// The natives behind `ctx.storage` (platform/durable/js): JavaScript values in and out, everything else is
// ObjectDatabase. Each checks that the object named is the one whose turn it is: storage of another
// object, kept in a global, cannot be used (platform.md 1.3, I/O ownership).
#pragma once

#include <span>

#include "platform/runtime/native_function.h"

namespace orrery::durable {

std::span<const runtime::NativeFunction> storage_natives();

}  // namespace orrery::durable
