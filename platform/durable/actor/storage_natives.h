// The natives behind `ctx.storage` (platform/durable/js): JavaScript values in and out, everything else is
// ObjectDatabase. Each checks that the object named is the one whose turn it is: storage of another
// object, kept in a global, cannot be used (platform.md 1.3, I/O ownership).
#pragma once

#include <span>

#include "platform/durable/storage/object_database.h"
#include "platform/runtime/native_function.h"

namespace orrery::durable {

class Actor;

// The object named by a native's first argument if it is the one whose turn it is; else null with an
// exception pending.
Actor* calling_actor(const v8::FunctionCallbackInfo<v8::Value>& info);
// The same, for a change; of a read replica null, with an exception pending.
Actor* calling_writer(const v8::FunctionCallbackInfo<v8::Value>& info);
// True when `error` was set and is now pending in JavaScript.
bool throw_storage_error(const v8::FunctionCallbackInfo<v8::Value>& info,
                         const StorageError& error);

std::span<const runtime::NativeFunction> storage_natives();

}  // namespace orrery::durable
