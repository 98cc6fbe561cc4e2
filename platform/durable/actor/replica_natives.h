// The natives behind read replicas (platform/durable/js/storage.js): to have them, to be one, to reach the primary, to wait.
#pragma once

#include "platform/runtime/native_function.h"

namespace orrery::durable {

void storage_replicas(const v8::FunctionCallbackInfo<v8::Value>& info);
void storage_is_replica(const v8::FunctionCallbackInfo<v8::Value>& info);
void storage_primary(const v8::FunctionCallbackInfo<v8::Value>& info);
void storage_wait_for_bookmark(const v8::FunctionCallbackInfo<v8::Value>& info);

}  // namespace orrery::durable
