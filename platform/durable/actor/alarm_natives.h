// What `ctx.storage`'s alarm methods stand on.
#pragma once

#include "platform/durable/actor/storage_natives.h"

namespace orrery::durable {

// (actor): the alarm's time, or null.
void alarm_get(const v8::FunctionCallbackInfo<v8::Value>& info);
// (actor, milliseconds or null, unconfirmed)
void alarm_set(const v8::FunctionCallbackInfo<v8::Value>& info);
// (actor): the running handler is not tried again.
void alarm_no_retry(const v8::FunctionCallbackInfo<v8::Value>& info);

}  // namespace orrery::durable
